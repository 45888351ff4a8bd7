"""The one act that gives money back in the books: transfers, `paid`, the refund's end, in one
commit.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from domain import ledger
from domain.models import Booking, Payment, Refund, Transfer
from domain.money import Money
from domain.payments import ProviderCall
from domain.refunds.schedule import ask_now
from domain.refunds.states import APPROVED, FAILED, OUTSIDE, SENDING, SUCCEEDED, UNCERTAIN
from domain.refunds.story import LockedRefund, write


@dataclass(frozen=True, slots=True)
class Left:
    """What a payment brought and what of it has no way back yet, in minor units. `left_minor` is
    below zero where a provider took back what is promised to somebody.
    """

    brought_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class Held:
    """What is still in the books of what a payment brought, in minor units: on the booking, and in
    suspense.
    """

    booking_minor: int
    suspense_minor: int


def what_is_left(db: Session, payment_id: UUID) -> Left:
    """What came in, less what was taken back and every refund that has not failed."""
    came, gone = db.execute(
        select(
            func.coalesce(_sum_of("capture", "surplus"), 0),
            func.coalesce(_sum_of("reversal"), 0),
        ).where(Transfer.payment_id == payment_id)
    ).one()
    promised = db.execute(
        select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
            Refund.payment_id == payment_id, Refund.status != FAILED
        )
    ).scalar_one()
    return Left(int(came), int(came) - int(gone) - int(promised))


def _sum_of(*kinds: str) -> ColumnElement[int]:
    return func.sum(case((Transfer.kind.in_(kinds), Transfer.amount_minor), else_=0))


def held_of(db: Session, booking: Booking, payment: Payment) -> Held:
    """What a locked booking, and suspense, still hold of a payment."""
    parts = []
    for account in (
        ledger.booking_account(booking.id),
        ledger.suspense_account(booking.operator_id),
    ):
        signed = case(
            (Transfer.credit == account, Transfer.amount_minor),
            (Transfer.debit == account, -Transfer.amount_minor),
            else_=0,
        )
        parts.append(func.coalesce(func.sum(signed), 0))
    on_booking, in_suspense = db.execute(
        select(*parts).where(Transfer.payment_id == payment.id)
    ).one()
    return Held(min(int(on_booking), booking.paid_minor), int(in_suspense))


def give_back(
    db: Session, locked: LockedRefund, evidence_id: int, call: ProviderCall | None
) -> bool:
    """Post a refund that took place: surplus first, the rest from the booking, which owes it again.
    False: the books do not hold so much of the payment any more; nothing is posted, and a person
    must look.
    """
    refund, payment = locked.refund, locked.payment
    held = held_of(db, locked.booking, payment)
    from_suspense = min(held.suspense_minor, refund.amount_minor)
    from_booking = refund.amount_minor - from_suspense
    if from_booking > held.booking_minor:
        leave_to_a_person(db, locked, "not_held", call)
        return False
    _post(db, locked, evidence_id, from_booking, from_suspense)
    ledger.lower_paid(locked.booking, Money(from_booking, payment.currency))
    refund.status, refund.failure, refund.review = SUCCEEDED, None, None
    refund.lease_until = refund.next_check_at = refund.negative_since = None
    refund.ended_at = locked.now
    write(db, locked, "refunded", told="refunded", call=call)
    call_those_that_wait(db, locked)
    db.flush()
    return True


def _post(
    db: Session, locked: LockedRefund, evidence_id: int, from_booking: int, from_suspense: int
) -> None:
    booking, payment, refund = locked.booking, locked.payment, locked.refund
    if refund.way == OUTSIDE:
        to = ledger.outside_account(booking.operator_id)
    else:
        to = ledger.provider_account(payment.provider, payment.account_id)
    for account, part in (
        (ledger.suspense_account(booking.operator_id), from_suspense),
        (ledger.booking_account(booking.id), from_booking),
    ):
        if part:
            db.add(
                Transfer(
                    kind="refund",
                    debit=account,
                    credit=to,
                    amount_minor=part,
                    currency=payment.currency,
                    booking_id=booking.id,
                    payment_id=payment.id,
                    refund_id=refund.id,
                    evidence_id=evidence_id,
                )
            )


def leave_to_a_person(
    db: Session, locked: LockedRefund, review: str, call: ProviderCall | None
) -> None:
    """Something that nobody can decide by rule. Nothing is posted, and nobody asks any more."""
    refund = locked.refund
    if refund.status == SENDING:
        refund.status = UNCERTAIN
    refund.next_check_at = None
    mark(db, locked, review, call)


def mark(db: Session, locked: LockedRefund, review: str, call: ProviderCall | None) -> None:
    """Put a refund before a person, and leave it to go on by itself."""
    refund = locked.refund
    if refund.review != review:
        refund.review = review
        write(db, locked, "refund_review", call=call, word=review)


def call_those_that_wait(db: Session, locked: LockedRefund) -> None:
    """Only one call at a time for a payment: the next one may go now."""
    waiting = db.execute(
        select(Refund)
        .where(
            Refund.payment_id == locked.payment.id,
            Refund.status == APPROVED,
            Refund.review.is_(None),
            Refund.id != locked.refund.id,
        )
        .order_by(Refund.id)
        .with_for_update(key_share=True)
    ).scalars()
    for refund in waiting:
        ask_now(db, refund, locked.now)
