"""A season in the books, for pages to show: tours of three countries, groups that have paid in
part, payments of every kind over the last days. All of it by the rules of the domain; only then are
its moments moved into the past.
"""

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain import payments
from domain.database import transaction
from domain.models import Account, Booking, Contact, Departure, Operator, Payment, Tour
from domain.money import Money
from domain.payments import ProviderCall, Word
from domain.payments.story import move
from domain.policy import Policy
from domain.states import AWAITING_CUSTOMER
from tests import factories

_POLICY = Policy(contact_starts_per_hour=100, contact_starts_per_day=100, minimum_minor=1)
_TRAVELLERS = {
    "USD": (
        "Rutendo Chikafu", "Farai Ncube", "Chipo Dube", "Tafadzwa Mlambo", "Nyasha Gumbo",
        "Kudzai Sibanda", "Memory Phiri", "Blessing Zhou", "Simba Marufu", "Ruvimbo Hove",
        "Anesu Chirwa", "Tanaka Moyo",
    ),
    "KZT": ("Aigerim Sadykova", "Daniyar Omarov", "Aliya Bekova", "Nurlan Akhmetov"),
    "INR": ("Asha Menon", "Rahul Iyer", "Kavya Nair", "Vikram Shetty", "Meera Pillai"),
}  # fmt: skip
_NUMBERS = {"USD": 263_771_200_100, "KZT": 77_015_560_100, "INR": 919_876_560_100}
_PROVIDERS = {"USD": "omari", "KZT": "kaspi", "INR": "cashfree"}
_TOTALS = {"USD": 48_000, "KZT": 4_500_000, "INR": 1_850_000}
# How a payment ends, over and over; most are paid.
_ENDS = ("paid", "paid", "paid", "declined", "paid", "expired", "paid", "cancelled", "paid", "paid")
_CALL = ProviderCall("check", 200, 240, "000")


@dataclass(frozen=True, slots=True)
class Season:
    """Ids of what pages are about."""

    operator_id: int
    departure_id: int
    booking_id: int
    paid: UUID
    uncertain: UUID
    surplus: UUID


def begin(db: Session, operator: str = "Kalai Safaris") -> Season:
    """Fill the books of an operator who has accounts with every provider."""
    owner = db.scalars(select(Operator).where(Operator.name == operator)).one()
    owner.contact = "office@kalai.example"
    plans = (
        ("USD", 31, "Victoria Falls Safari", 12),
        ("USD", 32, "Great Zimbabwe Day Trip", 0),
        ("KZT", 41, "Charyn Canyon", 20),
        ("INR", 51, "Kerala Backwaters", 34),
    )
    numbers, ends = itertools.count(1), itertools.cycle(_ENDS)
    groups: list[Departure] = []
    made: list[tuple[Booking, UUID]] = []
    for currency, number, name, days in plans:
        tour = Tour(id=number, operator_id=owner.id, name=name)
        db.add(tour)
        db.flush()
        group = factories.departure(db, tour, date.today() + timedelta(days=days))  # noqa: DTZ011
        groups.append(group)
        for traveller in _TRAVELLERS[currency]:
            booking = _booking(db, owner, group, next(numbers), currency, traveller)
            contact = _contact(db, booking, traveller)
            for part in (booking.total_minor // 2, booking.total_minor - booking.total_minor // 2):
                made.append((booking, _pay(db, booking, contact, part, next(ends))))
    first, contact = made[0][0], _contact(db, made[0][0], "Rutendo Chikafu")
    third = _booking(db, owner, groups[0], next(numbers), "USD", "Tawanda Zulu")
    uncertain = _pay(db, third, contact, 20_000, "uncertain")
    fourth = _booking(db, owner, groups[0], next(numbers), "USD", "Loveness Banda")
    surplus = _pay(db, fourth, _contact(db, fourth, "Loveness Banda"), 48_000, "twice")
    for ago, (_, payment_id) in enumerate(made):
        _age(db, payment_id, timedelta(minutes=37 * ago))
    _age(db, uncertain, timedelta(hours=3))
    _age(db, surplus, timedelta(minutes=50))
    return Season(owner.id, groups[0].id, first.id, made[0][1], uncertain, surplus)


def _booking(
    db: Session, owner: Operator, on: Departure, number: int, currency: str, name: str
) -> Booking:
    return factories.booking(
        db,
        owner,
        on,
        reference=f"KS-{datetime.now(UTC).year}-{number + 100}",
        name=name,
        phone=str(_NUMBERS[currency] + number),
        total_minor=_TOTALS[currency],
        currency=currency,
        deposit_minor=_TOTALS[currency] // 4,
    )


def _contact(db: Session, booking: Booking, name: str) -> Contact:
    known = db.scalars(
        select(Contact).where(Contact.profile_name == name.partition(" ")[0])
    ).first()
    if known is not None:
        return known
    contact = factories.contact(db, f"+{booking.lead_phone}")
    contact.profile_name = name.partition(" ")[0]
    return contact


def _pay(db: Session, booking: Booking, contact: Contact, amount_minor: int, end: str) -> UUID:
    """One payment from its opening to its end."""
    provider = _PROVIDERS[booking.currency]
    account_id = db.scalars(
        select(Account.id).where(
            Account.operator_id == booking.operator_id,
            Account.provider == provider,
            Account.currency == booking.currency,
        )
    ).one()
    opened = payments.open_payment(
        db,
        payments.OpenRequest(
            booking_id=booking.id,
            contact_id=contact.id,
            account_id=account_id,
            provider=provider,
            amount=Money(amount_minor, booking.currency),
            payer_number=booking.lead_phone if provider == "omari" else None,
            hold_seconds=300,
            otp_tries=3,
        ),
        _POLICY,
    )
    if not isinstance(opened, Payment):
        raise ValueError(f"not opened: {opened}")
    locked = payments.lock(db, opened.id)
    payments.begin_start(db, locked, 30, _POLICY)
    db.flush()  # each move by itself, as the table of legal moves wants it
    if provider == "omari":
        payments.record_started(db, locked, "ETDC", 300, ProviderCall("start", 200, 610, "000"))
    else:
        move(db, locked.payment, AWAITING_CUSTOMER, "started", told="link_made", call=_CALL)
        locked.payment.provider_reference = f"{provider[:2]}_{opened.id.hex[:12]}"
    _end(db, opened.id, amount_minor, booking.currency, end)
    db.flush()
    return opened.id


def _end(db: Session, payment_id: UUID, amount_minor: int, currency: str, end: str) -> None:
    locked = payments.lock(db, payment_id)
    if end == "expired":
        payments.expire(db, locked)
        return
    if end == "cancelled":
        payments.cancel(db, locked)
        return
    if locked.payment.provider == "omari":
        payments.begin_confirming(db, locked, _POLICY)
        payments.begin_confirm(db, locked, 30, _POLICY)
        db.flush()
    if end == "uncertain":
        payments.lose_answer(db, locked, _POLICY, ProviderCall("confirm", None, 30_000))
        return
    if end == "declined":
        payments.record_refusal(
            db, locked, "insufficient_funds", ProviderCall("confirm", 200, 480, "051")
        )
        return
    for receipt in ("A", "B") if end == "twice" else ("A",):
        payments.settle(
            db,
            payment_id,
            Word(
                status="succeeded",
                source="poll",
                delivery_key=f"{payment_id}:{receipt}",
                receipt=f"{payment_id.hex[:8].upper()}{receipt}",
                amount=Money(amount_minor, currency),
                reference=locked.payment.reference,
                debit_reference=f"DR{payment_id.hex[8:14].upper()}",
                call=_CALL,
            ),
        )


def _age(db: Session, payment_id: UUID, by: timedelta) -> None:
    """Let a payment's whole story have happened earlier. The tables refuse that to everybody but
    who owns the server.
    """
    db.flush()
    db.execute(text("SET LOCAL session_replication_role = replica"))
    moved = {"by": by, "id": payment_id}
    for table, key, columns in (
        ("payment", "id", ("created_at", "started_at", "confirm_begun_at", "ended_at")),
        ("payment_event", "payment_id", ("at",)),
        ("transfer", "payment_id", ("at",)),
        ("evidence", "payment_id", ("at",)),
    ):
        changes = ", ".join(f"{column} = {column} - :by" for column in columns)
        db.execute(text(f"UPDATE {table} SET {changes} WHERE {key} = :id"), moved)  # noqa: S608
    db.execute(text("SET LOCAL session_replication_role = DEFAULT"))


def stranger(db: Session) -> int:
    """Another operator with one booking of its own. Returns the booking's id."""
    owner = factories.operator(db, "Baobab Trails")
    tour = Tour(id=91, operator_id=owner.id, name="Matobo Hills")
    db.add(tour)
    db.flush()
    on = factories.departure(db, tour, date.today() + timedelta(days=9))  # noqa: DTZ011
    return factories.booking(
        db, owner, on, reference="BT-2026-001", name="Privilege Ndlovu", phone="263771299999"
    ).id


def fill() -> Season:
    """Fill the current database."""
    with transaction() as db:
        return begin(db)
