"""What two people know and no provider tells us: money given back outside, what became of a refund
that nobody answered for, what a provider took back. All with evidence.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Session

from domain.models import Booking, Refund, Staff
from domain.money import Money
from domain.payments import Locked, Word
from domain.payments import lock as lock_payment
from domain.payments.settling import file_evidence
from domain.policy import Policy
from domain.refunds.answers import REFUNDED
from domain.refunds.asking import LONGEST_REASON, does_not_fit
from domain.refunds.posting import call_those_that_wait, give_back, held_of, what_is_left
from domain.refunds.refusals import NotRefunded, Why
from domain.refunds.reversing import Reversal, reverse
from domain.refunds.schedule import look_again
from domain.refunds.states import APPROVED, FAILED, OUTSIDE, PENDING, SENDING, UNCERTAIN
from domain.refunds.story import LockedRefund, beside, lock, write, write_act
from domain.staff.pairs import Unfit, second_of, who_may
from domain.staff.trail import by_person, entry


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
    if len(wish.evidence.strip()) > LONGEST_REASON:
        return NotRefunded(Why.NO_REASON)
    refused = outside_does_not_fit(db, locked, wish.amount, wish.evidence)
    return refused or post_outside(db, locked, wish, people)


def outside_does_not_fit(
    db: Session, locked: Locked, amount: Money, evidence: str
) -> NotRefunded | None:
    """What stands against this amount's having been given back of a locked payment, if anything."""
    refused = does_not_fit(db, locked, amount, evidence[:LONGEST_REASON])
    if refused is not None:
        return refused
    held = held_of(db, locked.booking, locked.payment)
    short = amount.amount_minor > held.booking_minor + held.suspense_minor
    return NotRefunded(Why.NOT_HELD) if short else None


def post_outside(
    db: Session, locked: Locked, wish: OutsideWish, people: tuple[Staff, Staff]
) -> Refund:
    """Post what fits, by two people who may. Longer evidence is kept whole in what is filed."""
    refund = Refund(
        id=wish.refund_id,
        payment_id=wish.payment_id,
        amount_minor=wish.amount.amount_minor,
        way=OUTSIDE,
        status=APPROVED,
        reason=wish.evidence.strip()[:LONGEST_REASON].strip(),
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
    both = _two(db, locked.booking, *people)
    if isinstance(both, NotRefunded):
        return both
    if not evidence.strip():
        return NotRefunded(Why.NO_REASON)
    refused = cannot_conclude(db, locked, finding)
    if refused is not None:
        return refused
    write_finding(db, locked, both, finding, evidence, policy)
    return locked.refund


def write_finding(
    db: Session,
    locked: LockedRefund,
    both: tuple[Staff, Staff],
    finding: Finding,
    evidence: str,
    policy: Policy,
) -> None:
    """Write down what two people, who may, found of a refund that `cannot_conclude` lets pass."""
    if finding is Finding.GIVEN_BACK:
        give_back(db, locked, _file(db, locked, evidence, REFUNDED), None)
    else:
        _file(db, locked, evidence, "not_refunded")
        _close(db, locked, policy)
    for person in both:
        detail = {"finding": finding.value, "evidence": evidence.strip()}
        write_act(db, person, "refund_concluded", locked.refund, **detail)


def cannot_conclude(db: Session, locked: LockedRefund, finding: Finding) -> NotRefunded | None:
    """What stands against this finding about a locked refund now, if anything."""
    refund = locked.refund
    running = refund.lease_until is not None and refund.lease_until > locked.now
    if refund.status == SENDING or running:
        return NotRefunded(Why.STILL_CALLING)
    reviewed = refund.status in (PENDING, FAILED) and refund.review is not None
    if refund.status != UNCERTAIN and not reviewed:
        return NotRefunded(Why.NOT_WAITING)
    if finding is Finding.GIVEN_BACK and not _is_held(db, locked):
        return NotRefunded(Why.NOT_HELD)
    return None


def record_reversal(
    db: Session, payment_id: UUID, people: tuple[int, int], word: Word
) -> Reversal | NotRefunded:
    """Two people write down what a provider took back by itself, as `reverse` does. Audited; known
    already, it changes nothing. `people` are the ids of two of staff.
    """
    locked = lock_payment(db, payment_id)
    both = _two(db, locked.booking, *people)
    if isinstance(both, NotRefunded):
        return both
    done = reverse(db, payment_id, word)
    if not done.known:
        first, second = both
        detail = {"second": second.email, "receipt": word.receipt}
        db.add(entry(by_person(first), "reversal_recorded", f"payment:{payment_id}", detail))
    return done


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
    """The two, if they may be two: the machine's owner names both, and the rules are the same."""
    first = who_may(db, staff_id, booking.operator_id)
    if first is None:
        return NotRefunded(Why.NOT_ALLOWED)
    second = second_of(db, first.id, second_id, booking.operator_id)
    return NotRefunded(Why(second.value)) if isinstance(second, Unfit) else (first, second)


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
