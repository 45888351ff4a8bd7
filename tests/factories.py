"""Rows for tests: a fictional operator, its tours, bookings and customers, each with what the test
names and defaults for the rest.
"""

import itertools
import json
from datetime import date, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func
from sqlalchemy.orm import Session

from domain import ledger
from domain.models import (
    Account,
    Booking,
    Contact,
    ContactIdentity,
    Departure,
    Operator,
    Payment,
    Staff,
    Tour,
    Transfer,
)
from domain.payments.story import write_event
from domain.references import reference_key
from domain.sealing import Sealer
from domain.states import CREATED

_numbers = itertools.count(1)

PHONE = "263774975187"


def operator(db: Session, name: str | None = None) -> Operator:
    row = Operator(name=name or f"Operator {next(_numbers)}")
    db.add(row)
    db.flush()
    return row


def staff(
    db: Session,
    email: str,
    owner: Operator | None = None,
    *,
    vouched_by: Staff | None = None,
    approver_after: timedelta | None = timedelta(days=-1),
) -> Staff:
    """An admin, or `owner`'s own; an approver since yesterday. `approver_after`: from now on, or
    None, never.
    """
    row = Staff(
        email=email,
        role="admin" if owner is None else "operator",
        operator_id=None if owner is None else owner.id,
        created_by=None if vouched_by is None else vouched_by.id,
        approver_from=None if approver_after is None else func.clock_timestamp() + approver_after,
    )
    db.add(row)
    db.flush()
    db.refresh(row)
    return row


def tour(
    db: Session, owner: Operator, number: int = 5, name: str = "Victoria Falls Safari"
) -> Tour:
    row = Tour(id=number, operator_id=owner.id, name=name)
    db.add(row)
    db.flush()
    return row


def departure(db: Session, of: Tour, on: date = date(2027, 2, 10)) -> Departure:
    row = Departure(tour_id=of.id, start_date=on)
    db.add(row)
    db.flush()
    return row


def booking(
    db: Session,
    owner: Operator,
    on: Departure | None = None,
    *,
    reference: str = "KS-2024-001",
    name: str = "Tendai Moyo",
    phone: str | None = PHONE,
    total_minor: int = 50_000,
    paid_minor: int = 0,
    currency: str = "USD",
    deposit_minor: int | None = None,
) -> Booking:
    """A booking; what it was paid comes from an opening transfer."""
    row = Booking(
        reference=reference,
        reference_key=reference_key(reference),
        operator_id=owner.id,
        departure_id=on.id if on else None,
        lead_name=name,
        lead_phone=phone,
        currency=currency,
        total_minor=total_minor,
        deposit_minor=deposit_minor,
        paid_minor=paid_minor,
        payment_status=ledger.payment_status(paid_minor, total_minor),
    )
    db.add(row)
    db.flush()
    if paid_minor:
        db.add(
            Transfer(
                kind="opening",
                debit=ledger.opening_account(owner.id),
                credit=ledger.booking_account(row.id),
                amount_minor=paid_minor,
                currency=currency,
                booking_id=row.id,
            )
        )
        db.flush()
    return row


def account(
    db: Session,
    owner: Operator,
    sealer: Sealer,
    *,
    base_url: str = "http://127.0.0.1:9/omari",
    merchant_key: str = "key",
    currency: str = "USD",
) -> Account:
    """An Omari account."""
    row = Account(
        operator_id=owner.id,
        provider="omari",
        currency=currency,
        name=f"omari {currency}",
        settings={"base_url": base_url, "channel": "WEB"},
        secrets_sealed=sealer.seal(json.dumps({"merchant_key": merchant_key})),
    )
    db.add(row)
    db.flush()
    return row


def contact(db: Session, address: str = f"+{PHONE}") -> Contact:
    row = Contact()
    db.add(row)
    db.flush()
    db.add(ContactIdentity(contact_id=row.id, address=address))
    db.flush()
    return row


def payment(
    db: Session,
    of: Booking,
    by: Contact,
    through: Account,
    *,
    amount_minor: int = 10_000,
    payer_number: str | None = PHONE,
    payment_id: UUID | None = None,
) -> Payment:
    """A payment that was just opened."""
    key = payment_id or uuid4()
    row = Payment(
        id=key,
        booking_id=of.id,
        contact_id=by.id,
        account_id=through.id,
        provider="omari",
        reference=str(key),
        amount_minor=amount_minor,
        currency=of.currency,
        payer_number=payer_number,
        status=CREATED,
        version=0,
        otp_try=1,
        otp_tries=3,
        checks=0,
        hold_until=func.clock_timestamp() + timedelta(minutes=5),
        next_check_at=func.clock_timestamp(),
    )
    db.add(row)
    db.flush()
    write_event(db, row, "opened")
    db.flush()
    db.refresh(row)
    return row
