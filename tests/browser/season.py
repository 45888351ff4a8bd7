"""A season in the books, for pages to show: tours of three countries, groups that have paid in
part, payments of every kind over the last days. All of it by the rules of the domain; only then are
its moments moved into the past.
"""

import itertools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain import payments, proposals
from domain.models import Account, Booking, Contact, Departure, Operator, Payment, Tour
from domain.money import Money
from domain.payments import ProviderCall, Word
from domain.payments.story import move
from domain.policy import Policy
from domain.states import AWAITING_CUSTOMER
from domain.wishes import NotDone, Wish
from tests import factories
from tests.browser import talk

YEAR = datetime.now(UTC).year
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
_ONE_AFTER_THE_OTHER = """
    UPDATE payment_event SET at = at + later.seconds * interval '1 second' FROM (
        SELECT id, :step * (row_number() OVER (ORDER BY id) - 1) AS seconds
        FROM payment_event WHERE payment_id = :id
    ) AS later WHERE payment_event.id = later.id
"""
_ENDED_LAST = (
    "UPDATE payment SET ended_at = (SELECT max(at) FROM payment_event WHERE payment_id = :id)"
    " WHERE id = :id AND ended_at IS NOT NULL",
    "UPDATE transfer SET at = ended_at FROM payment WHERE payment.id = payment_id"
    " AND payment_id = :id",
    "UPDATE booking SET created_at = ended_at - interval '9 days', joined_at = ended_at"
    " FROM payment WHERE payment.id = :id AND booking.id = booking_id AND joined_at > ended_at",
)
_MOMENTS = (
    "created_at", "started_at", "confirm_begun_at", "lease_until", "hold_until", "deadline_at",
    "ended_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Season:
    """Ids of what pages are about."""

    operator_id: int
    departure_id: int
    booking_id: int
    paid: UUID
    uncertain: UUID
    surplus: UUID
    proposal: UUID
    contact_id: int
    account_id: int


def begin(db: Session, proposer_id: int, operator: str = "Kalai Safaris") -> Season:
    """Fill the books of an operator who has accounts with every provider. `proposer_id` of staff
    waits for a second person.
    """
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
        group = factories.departure(db, tour, _in(days))
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
    # Every step takes some seconds, and each payment is 37 minutes younger than the one before.
    for ago, (_, payment_id) in enumerate(reversed(made)):
        _age(db, payment_id, timedelta(minutes=90 + 37 * ago), 3 + 5 * ago % 13)
    _age(db, uncertain, timedelta(hours=3), 6)
    _age(db, surplus, timedelta(minutes=50), 4)
    talk.others(db, contact.id)
    talk.asks_for_a_person(db, contact, first)
    account_id = db.scalars(select(Account.id).where(Account.operator_id == owner.id)).first() or 0
    return Season(
        owner.id,
        groups[0].id,
        first.id,
        made[0][1],
        uncertain,
        surplus,
        _propose(db, owner, uncertain, proposer_id),
        contact.id,
        account_id,
    )


def _propose(db: Session, owner: Operator, payment_id: UUID, proposer_id: int) -> UUID:
    """Somebody found the payment on the statement, and waits for a second person."""
    proposal = proposals.propose(
        db,
        Wish(
            proposal_id=uuid4(),
            act="settle_by_statement",
            subject=f"payment:{payment_id}",
            operator_id=owner.id,
            detail={"amount_minor": 20_000, "currency": "USD", "receipt": "OM7731902"},
            evidence="Line 14 of Omari's statement of yesterday",
            staff_id=proposer_id,
        ),
    )
    if isinstance(proposal, NotDone):
        raise ValueError(proposal.why)
    return proposal.id


def _booking(
    db: Session, owner: Operator, on: Departure, number: int, currency: str, name: str
) -> Booking:
    return factories.booking(
        db,
        owner,
        on,
        reference=f"KS-{YEAR}-{number + 100}",
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


def _age(db: Session, payment_id: UUID, by: timedelta, step_seconds: int) -> None:
    """Let a payment's whole story have happened earlier, a step after the other. The tables refuse
    that to everybody but who owns the server.
    """
    db.flush()
    db.execute(text("SET LOCAL session_replication_role = replica"))
    moved = {"by": by, "id": payment_id, "step": step_seconds}
    for table, key, columns in (
        ("payment", "id", _MOMENTS),
        ("payment_event", "payment_id", ("at",)),
        ("transfer", "payment_id", ("at",)),
        ("evidence", "payment_id", ("at",)),
    ):
        changes = ", ".join(f"{column} = {column} - :by" for column in columns)
        db.execute(text(f"UPDATE {table} SET {changes} WHERE {key} = :id"), moved)  # noqa: S608
    db.execute(text(_ONE_AFTER_THE_OTHER), moved)
    for last in _ENDED_LAST:
        db.execute(text(last), moved)
    # What a worker would have done since.
    db.execute(text("UPDATE payment_event SET heard_at = at WHERE payment_id = :id"), moved)
    later = "next_check_at = clock_timestamp() + interval '1 hour'"
    db.execute(text(f"UPDATE payment SET {later} WHERE id = :id"), moved)  # noqa: S608
    db.execute(text("SET LOCAL session_replication_role = DEFAULT"))
    db.expire_all()


def first_departure() -> date:
    """The day on which the season's `departure_id` leaves."""
    return _in(12)


def _in(days: int) -> date:
    return date.today() + timedelta(days=days)  # noqa: DTZ011


def stranger(db: Session) -> int:
    """Another operator with one booking of its own. Returns the booking's id."""
    owner = factories.operator(db, "Baobab Trails")
    tour = Tour(id=91, operator_id=owner.id, name="Matobo Hills")
    db.add(tour)
    db.flush()
    on = factories.departure(db, tour, _in(9))
    return factories.booking(
        db, owner, on, reference="BT-2026-001", name="Privilege Ndlovu", phone="263771299999"
    ).id
