"""Money that staff took outside the chat: cash, a bank transfer, a card machine. Written down with
evidence, posted at once.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import ledger
from domain.by_hand import does_not_fit, file_finding
from domain.models import Booking, Evidence, Staff, Transfer
from domain.money import Money
from domain.payments import lock_booking
from domain.payments.ending import cancel_those_that_no_longer_fit
from domain.staff.pairs import who_may
from domain.staff.trail import by_person, entry
from domain.wishes import NotDone, Why

OUTSIDE = "outside"
LONGEST_EVIDENCE = 300


class Method(StrEnum):
    """How it was paid."""

    CASH = "cash"
    BANK = "bank"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class OutsideMoney:
    """Money that somebody of staff took for a booking. `record_id` is minted by who records:
    recording again with the same one changes nothing. `evidence` says where it can be looked up (a
    receipt's number): 1 to 300 characters.
    """

    record_id: UUID
    booking_id: int
    amount: Money
    method: Method
    evidence: str
    staff_id: int


@dataclass(frozen=True, slots=True)
class Posted:
    """What stands in the books: what was posted, and what the booking was paid and owes since.
    `known`: it was recorded before, and nothing was posted now.
    """

    booking_id: int
    amount: Money
    paid: Money
    owed: Money
    known: bool = False


def record(db: Session, money: OutsideMoney) -> Posted | NotDone:
    """Post money that came outside, once, and end the open payments that no longer fit. Audited. It
    tells nobody: who calls sends the receipt, unless it was `known`.

    Not above what the booking owes (ABOVE_OWED), nor what payments under way leave of that
    (ABOVE_FREE, `left`, and `until` when the first of them may end). Raises NoResultFound for an
    unknown booking.
    """
    booking = lock_booking(db, money.booking_id)
    person = who_may(db, money.staff_id, booking.operator_id)
    if person is None:
        return NotDone(Why.NOT_ALLOWED)
    before = _posted_before(db, money)
    if before is not None:
        if Money(before, booking.currency) != money.amount:
            return NotDone(Why.SENT_BEFORE)
        return _posted(booking, money.amount, known=True)
    if not 0 < len(money.evidence.strip()) <= LONGEST_EVIDENCE:
        return NotDone(Why.NO_EVIDENCE)
    refused = does_not_fit(db, booking, money.amount)
    if refused is not None:
        return refused
    said = f"{money.method}: {money.evidence.strip()}"
    evidence_id = file_finding(db, OUTSIDE, str(money.record_id), money.amount, said)
    db.add(
        Transfer(
            kind=OUTSIDE,
            debit=ledger.outside_account(booking.operator_id),
            credit=ledger.booking_account(booking.id),
            amount_minor=money.amount.amount_minor,
            currency=money.amount.currency,
            booking_id=booking.id,
            evidence_id=evidence_id,
        )
    )
    now = db.execute(select(func.clock_timestamp())).scalar_one()
    ledger.raise_paid(booking, money.amount, now)
    cancel_those_that_no_longer_fit(db, booking, now)
    _write_down(db, person, money)
    db.flush()
    return _posted(booking, money.amount, known=False)


def _posted(booking: Booking, amount: Money, *, known: bool) -> Posted:
    currency = booking.currency
    owed = max(0, booking.total_minor - booking.paid_minor)
    paid = Money(booking.paid_minor, currency)
    return Posted(booking.id, amount, paid, Money(owed, currency), known)


def _posted_before(db: Session, money: OutsideMoney) -> int | None:
    """The minor units that were posted under this id, if it is known."""
    return db.execute(
        select(Transfer.amount_minor)
        .join(Evidence, Evidence.id == Transfer.evidence_id)
        .where(
            Transfer.booking_id == money.booking_id,
            Transfer.kind == OUTSIDE,
            Evidence.provider == OUTSIDE,
            Evidence.source == "person",
            Evidence.delivery_key == str(money.record_id),
        )
    ).scalar_one_or_none()


def _write_down(db: Session, person: Staff, money: OutsideMoney) -> None:
    detail = {
        "record": str(money.record_id),
        "amount_minor": money.amount.amount_minor,
        "currency": money.amount.currency,
        "method": money.method.value,
        "evidence": money.evidence.strip(),
    }
    subject = f"booking:{money.booking_id}"
    db.add(entry(by_person(person), "outside_recorded", subject, detail))
