"""What two people know and no provider says: money given back outside, and what became of a refund
that nobody answered for. Both with evidence.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from domain.models import Booking, Refund, Staff
from domain.money import Money
from domain.payments import Word
from domain.payments import lock as lock_payment
from domain.payments.settling import file_evidence
from domain.policy import Policy
from domain.refunds.answers import REFUNDED
from domain.refunds.asking import does_not_fit
from domain.refunds.posting import call_those_that_wait, give_back, held_of, what_is_left
from domain.refunds.refusals import NotRefunded, Why
from domain.refunds.schedule import look_again
from domain.refunds.states import APPROVED, FAILED, OUTSIDE, PENDING, SENDING, UNCERTAIN
from domain.refunds.story import LockedRefund, beside, lock, who_may, write, write_act


class Finding(StrEnum):
    """What two people found out about a refund."""

    GIVEN_BACK = "given_back"
    NOT_GIVEN_BACK = "not_given_back"


@dataclass(frozen=True, slots=True)
class OutsideWish:
    """Money that staff gave back by themselves. `evidence` says how, for whoever checks it later:
    at most 300 characters. `refund_id` as in RefundWish.
    """

    refund_id: UUID
    payment_id: UUID
    amount: Money
    evidence: str
    staff_id: int
    approver_id: int


def record_outside(db: Session, wish: OutsideWish) -> Refund | NotRefunded:
    """Write down what two people say was given back without the provider. Within the same limits,
    and posted at once. Raises NoResultFound for an unknown payment.
    """
    locked = lock_payment(db, wish.payment_id)
    known = db.get(Refund, wish.refund_id)
    if known is not None:
        return known
    people = _two(db, locked.booking, wish.staff_id, wish.approver_id)
    if isinstance(people, NotRefunded):
        return people
    refused = does_not_fit(db, locked, wish.amount, wish.evidence)
    if refused is not None:
        return refused
    held = held_of(db, locked.booking, locked.payment)
    if wish.amount.amount_minor > held.booking_minor + held.suspense_minor:
        return NotRefunded(Why.NOT_HELD)
    refund = Refund(
        id=wish.refund_id,
        payment_id=wish.payment_id,
        amount_minor=wish.amount.amount_minor,
        way=OUTSIDE,
        status=APPROVED,
        reason=wish.evidence.strip(),
        requested_by=people[0].id,
        approved_by=people[1].id,
        approved_at=locked.now,
        checks=0,
    )
    db.add(refund)
    db.flush()
    both = beside(locked, refund)
    write_act(db, people[0], "refund_outside", refund, evidence=refund.reason)
    write_act(db, people[1], "refund_approved", refund)
    give_back(db, both, _file(db, both, wish.evidence, REFUNDED), None)
    return refund


def conclude(
    db: Session,
    refund_id: UUID,
    people: tuple[int, int],
    finding: Finding,
    evidence: str,
    policy: Policy,
) -> Refund | NotRefunded:
    """Two people say what became of a refund that is uncertain, or does not agree with what was
    asked. `people` are the ids of two of staff. Raises NoResultFound for an unknown refund.
    """
    locked = lock(db, refund_id)
    refund = locked.refund
    both = _two(db, locked.booking, *people)
    if isinstance(both, NotRefunded):
        return both
    if not evidence.strip():
        return NotRefunded(Why.NO_REASON)
    refused = _not_in_doubt(locked)
    if refused is not None:
        return refused
    if finding is Finding.GIVEN_BACK:
        if not _is_held(db, locked):
            return NotRefunded(Why.NOT_HELD)
        give_back(db, locked, _file(db, locked, evidence, REFUNDED), None)
    else:
        _file(db, locked, evidence, "not_refunded")
        _close(db, locked, policy)
    for person in both:
        detail = {"finding": finding.value, "evidence": evidence.strip()}
        write_act(db, person, "refund_concluded", refund, **detail)
    return refund


def _not_in_doubt(locked: LockedRefund) -> NotRefunded | None:
    refund = locked.refund
    running = refund.lease_until is not None and refund.lease_until > locked.now
    if refund.status == SENDING or running:
        return NotRefunded(Why.STILL_CALLING)
    reviewed = refund.status in (PENDING, FAILED) and refund.review is not None
    return None if refund.status == UNCERTAIN or reviewed else NotRefunded(Why.NOT_WAITING)


def _is_held(db: Session, locked: LockedRefund) -> bool:
    """Whether there is enough of the payment: of one that had failed, beside what was promised
    since.
    """
    refund = locked.refund
    if refund.status == FAILED:
        return what_is_left(db, locked.payment.id).left_minor >= refund.amount_minor
    held = held_of(db, locked.booking, locked.payment)
    return held.booking_minor + held.suspense_minor >= refund.amount_minor


def _close(db: Session, locked: LockedRefund, policy: Policy) -> None:
    refund = locked.refund
    refund.status, refund.failure, refund.review = FAILED, "not_given_back", None
    refund.lease_until = refund.negative_since = None
    refund.ended_at, refund.checks = locked.now, 0
    write(db, locked, "refund_failed", word="not_given_back")
    look_again(refund, locked.now, policy)
    call_those_that_wait(db, locked)


def _two(
    db: Session, booking: Booking, staff_id: int, second_id: int
) -> tuple[Staff, Staff] | NotRefunded:
    if staff_id == second_id:
        return NotRefunded(Why.SAME_PERSON)
    first, second = who_may(db, staff_id, booking), who_may(db, second_id, booking)
    if first is None or second is None:
        return NotRefunded(Why.NOT_ALLOWED)
    return first, second


def _file(db: Session, locked: LockedRefund, evidence: str, as_word: str) -> int:
    return file_evidence(
        db,
        locked.payment,
        Word(
            status=as_word,
            source="person",
            delivery_key=f"{locked.refund.id}:{as_word}",
            amount=Money(locked.refund.amount_minor, locked.payment.currency),
            body=evidence.strip(),
        ),
    )
