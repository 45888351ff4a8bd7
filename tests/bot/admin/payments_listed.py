"""Payments for lists: of two operators, by two providers, at moments that the test names."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.database import transaction
from domain.models import Account, Booking, Payment
from tests import factories
from tests.bot.admin.conftest import House

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Ids: bookings and accounts by name. `KS-1`, `KS-2` are the operator's own (USD, on one
    departure), `KZ-1` its booking in KZT, `OT-1` the stranger's.
    """

    bookings: dict[str, int]
    accounts: dict[str, int]
    contacts: dict[str, int]


@pytest.fixture
def shelf(house: House) -> Shelf:
    """What the payments are for."""
    with transaction() as db:
        accounts = {}
        for name, operator_id, provider, currency in (
            ("omari", house.operator_id, "omari", "USD"),
            ("kaspi", house.operator_id, "kaspi", "KZT"),
            ("foreign", house.stranger_id, "omari", "USD"),
        ):
            row = Account(
                operator_id=operator_id,
                provider=provider,
                currency=currency,
                name=name,
                secrets_sealed=b"",
            )
            db.add(row)
            db.flush()
            accounts[name] = row.id
        own = db.get_one(factories.Operator, house.operator_id)
        stranger = db.get_one(factories.Operator, house.stranger_id)
        on = factories.departure(db, factories.tour(db, own, 5), date(2026, 4, 1))
        there = factories.departure(db, factories.tour(db, stranger, 6), date(2026, 4, 1))
        bookings: dict[str, Booking] = {}
        contacts = {}
        for number, (reference, owner, departure, currency) in enumerate(
            (
                ("KS-1", own, on, "USD"),
                ("KS-2", own, on, "USD"),
                ("KZ-1", own, None, "KZT"),
                ("OT-1", stranger, there, "USD"),
            )
        ):
            phone = f"26377497518{number}"
            bookings[reference] = factories.booking(
                db,
                owner,
                departure,
                reference=reference,
                name=f"Traveller {reference}",
                phone=phone,
                currency=currency,
                total_minor=10_000_000,
            )
            contacts[reference] = factories.contact(db, f"+{phone}").id
        return Shelf({name: row.id for name, row in bookings.items()}, accounts, contacts)


def paid_for(shelf: Shelf, reference: str, *, minutes: float = 0, **columns: Any) -> UUID:
    """A payment for a booking, opened so many minutes before NOON; failed, unless the test says
    otherwise.
    """
    provider, currency, account = ("omari", "USD", "omari")
    if reference == "KZ-1":
        provider, currency, account = ("kaspi", "KZT", "kaspi")
    elif reference == "OT-1":
        account = "foreign"
    key = columns.pop("id", None) or uuid4()
    values = {
        "amount_minor": 10_000,
        "status": "failed",
        "version": 1,
        "hold_until": NOON,
        "created_at": NOON - timedelta(minutes=minutes),
        **columns,
    }
    with transaction() as db:
        db.add(
            Payment(
                id=key,
                booking_id=shelf.bookings[reference],
                contact_id=shelf.contacts[reference],
                account_id=shelf.accounts[account],
                provider=provider,
                reference=str(key),
                currency=currency,
                **values,
            )
        )
    return key
