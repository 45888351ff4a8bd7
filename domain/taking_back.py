"""Money that was recorded as taken outside, taken back when two people agree: it never came, or it
was handed back to the traveller.

    take_back_outside   subject booking:<id>
                        detail transfer_id, amount_minor, currency,
                               cause: by_mistake, given_back

Never more of one posting than is left of it, nor what the booking no longer holds: what was moved
to another booking, or is promised to a refund under way. A cancelled booking gives as any other.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session, aliased

from domain import ledger
from domain.by_hand import file_finding
from domain.models import Booking, Evidence, Staff, Transfer
from domain.money import Money
from domain.outside import OUTSIDE
from domain.payments import lock_booking
from domain.payments.reviews import FOUND
from domain.refunds.posting import unpromised_of
from domain.staff.trail import by_person, entry
from domain.wishes import NotDone, Tools, Why, Wish

TAKEN_BACK = "taken_back"


class Cause(StrEnum):
    """Why it is taken back."""

    BY_MISTAKE = "by_mistake"  # it never came
    GIVEN_BACK = "given_back"  # it was handed back to the traveller


@dataclass(frozen=True, slots=True)
class Recorded:
    """Money that was recorded as taken outside. `record_id` names its receipt, `said` is how it was
    paid and where that can be looked up, `left` what was not taken back.
    """

    transfer_id: int
    record_id: UUID
    booking_id: int
    amount: Money
    left: Money
    at: datetime
    said: str


def left_of_each() -> ColumnElement[int]:
    """In a query of transfers, what of each was not taken back, in minor units."""
    back = aliased(Transfer)
    gone = select(func.coalesce(func.sum(back.amount_minor), 0)).where(
        back.takes_back_id == Transfer.id
    )
    return Transfer.amount_minor - gone.correlate(Transfer).scalar_subquery()


def recorded(db: Session, booking_id: int, transfer_id: int) -> Recorded | None:
    """One posting of outside money of a booking; None where there is none."""
    row = db.execute(
        select(Transfer, Evidence, left_of_each())
        .join(Evidence, Evidence.id == Transfer.evidence_id)
        .where(
            Transfer.id == transfer_id,
            Transfer.booking_id == booking_id,
            Transfer.kind == OUTSIDE,
        )
    ).one_or_none()
    if row is None:
        return None
    posted, evidence, left_minor = row
    return Recorded(
        transfer_id=posted.id,
        record_id=UUID(evidence.delivery_key),
        booking_id=booking_id,
        amount=Money(posted.amount_minor, posted.currency),
        left=Money(int(left_minor), posted.currency),
        at=posted.at,
        said=evidence.body,
    )


def recorded_by(db: Session, wish: Wish) -> Recorded:
    """The posting that a wish is about. Raises NoResultFound where the booking has none such."""
    found = recorded(db, int(wish.named("booking")), int(wish.detail["transfer_id"]))
    if found is None:
        raise NoResultFound(f"{wish.subject} has no such money from outside")
    return found


def cause_of(wish: Wish) -> Cause:
    """Raises KeyError or ValueError for a wish without one."""
    return Cause(wish.detail["cause"])


def may_take_back(db: Session, wish: Wish) -> NotDone | None:
    """What stands against taking it back now."""
    booking = lock_booking(db, int(wish.named("booking")))
    if wish.operator_id is None or booking.operator_id != wish.operator_id:
        return NotDone(Why.OTHER_OPERATOR)
    cause_of(wish)
    amount, posted = wish.money(), recorded_by(db, wish)
    if amount.amount_minor <= 0:
        return NotDone(Why.NOT_POSITIVE)
    if amount.currency != booking.currency:
        return NotDone(Why.OTHER_CURRENCY)
    if amount > posted.left:
        return NotDone(Why.ABOVE_LEFT, left=posted.left)
    there = held_by(db, booking)
    return NotDone(Why.ABOVE_HELD, left=there) if amount > there else None


def held_by(db: Session, booking: Booking) -> Money:
    """What a locked booking was paid and no refund under way will take from it."""
    return Money(max(0, unpromised_of(db, booking)), booking.currency)


def take_back(db: Session, wish: Wish, second: Staff, _tools: Tools) -> None:
    """The reverse posting; the booking owes the amount again."""
    booking = lock_booking(db, int(wish.named("booking")))
    amount, cause, posted = wish.money(), cause_of(wish), recorded_by(db, wish)
    key, said = f"{FOUND}{wish.proposal_id}", f"{cause}: {wish.evidence.strip()}"
    db.add(
        Transfer(
            kind=TAKEN_BACK,
            debit=ledger.booking_account(booking.id),
            credit=ledger.outside_account(booking.operator_id),
            amount_minor=amount.amount_minor,
            currency=amount.currency,
            booking_id=booking.id,
            evidence_id=file_finding(db, TAKEN_BACK, key, amount, said),
            takes_back_id=posted.transfer_id,
        )
    )
    ledger.lower_paid(booking, amount)
    detail = {
        "proposal": str(wish.proposal_id),
        "amount_minor": amount.amount_minor,
        "currency": amount.currency,
        "cause": cause.value,
    }
    db.add(entry(by_person(second), "outside_taken_back", f"booking:{booking.id}", detail))
    db.flush()
