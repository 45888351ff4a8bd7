"""The one act that gives money back in the books: transfers, `paid`, the refund's end, in one
commit.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from domain import ledger
from domain.models import Booking, Evidence, Payment, Refund, Transfer
from domain.money import Money
from domain.payments import ProviderCall
from domain.payments.reviews import SURPLUS, standing
from domain.payments.story import Locked
from domain.refunds.schedule import ask_now
from domain.refunds.states import APPROVED, FAILED, OPEN, OUTSIDE, SENDING, SUCCEEDED, UNCERTAIN
from domain.refunds.story import LockedRefund, write


@dataclass(frozen=True, slots=True)
class Left:
    """What a payment brought and what of it has no way back yet, in minor units. `left_minor` is
    below zero where a provider took back what is promised to somebody. `moved_minor` is what other
    bookings have of it, `beyond_minor` what its provider took back that no transfer says, because
    neither its booking nor suspense held it.
    """

    brought_minor: int
    left_minor: int
    moved_minor: int
    beyond_minor: int


@dataclass(frozen=True, slots=True)
class Held:
    """What is still in the books of what a payment brought, in minor units: on the booking, and in
    suspense.
    """

    booking_minor: int
    suspense_minor: int


def what_is_left(db: Session, payment_id: UUID) -> Left:
    """What came in, less what was taken back, what was moved to another booking, and every refund
    that has not failed.
    """
    came, gone, moved = db.execute(
        select(
            func.coalesce(_sum_of("capture", "surplus"), 0),
            func.coalesce(_sum_of("reversal"), 0),
            func.coalesce(func.sum(_MOVED_AWAY), 0),
        )
        .join(Payment, Payment.id == Transfer.payment_id)
        .where(Transfer.payment_id == payment_id)
    ).one()
    promised = db.execute(
        select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
            Refund.payment_id == payment_id, Refund.status != FAILED
        )
    ).scalar_one()
    beyond_minor = reversed_beyond(db, payment_id)
    # What was taken back beyond is of what other bookings have, as far as they have it.
    not_here = max(int(moved), beyond_minor)
    left_minor = int(came) - int(gone) - int(promised) - not_here
    return Left(int(came), left_minor, int(moved), beyond_minor)


def reversed_beyond(db: Session, payment_id: UUID) -> int:
    """Minor units of a payment that its provider took back and no transfer says."""
    filed = select(func.coalesce(func.sum(Evidence.amount_minor), 0)).where(
        Evidence.payment_id == payment_id, Evidence.word == "reversed"
    )
    posted = select(func.coalesce(func.sum(Transfer.amount_minor), 0)).where(
        Transfer.payment_id == payment_id, Transfer.kind == "reversal"
    )
    difference = filed.scalar_subquery() - posted.scalar_subquery()
    return max(0, int(db.execute(select(difference)).scalar_one()))


# What a transfer of a payment's money took from the payment's own booking to another one.
_MOVED_AWAY = case(
    (or_(Transfer.kind != "move", Transfer.booking_id != Payment.booking_id), 0),
    (Transfer.debit.startswith("booking:"), Transfer.amount_minor),
    else_=-Transfer.amount_minor,
)


def _sum_of(*kinds: str) -> ColumnElement[int]:
    return func.sum(case((Transfer.kind.in_(kinds), Transfer.amount_minor), else_=0))


def held_of(db: Session, booking: Booking, payment: Payment) -> Held:
    """What a locked booking, and suspense, still hold of a payment."""
    on_booking, in_suspense = db.execute(
        select(
            _net_of(ledger.booking_account(booking.id)),
            _net_of(ledger.suspense_account(booking.operator_id)),
        ).where(Transfer.payment_id == payment.id)
    ).one()
    return Held(min(int(on_booking), booking.paid_minor), int(in_suspense))


def may_go_back(db: Session, booking: Booking, payment: Payment) -> int:
    """Minor units of a locked payment that another refund may promise: what is left of it, as far
    as suspense and the booking hold it. Money that was moved from the booking is not there.
    """
    left_minor = what_is_left(db, payment.id).left_minor
    in_suspense = held_of(db, booking, payment).suspense_minor
    promised = _promised(db, booking).get(payment.id, 0)
    surplus_minor = max(0, in_suspense - promised)
    return max(0, min(left_minor, surplus_minor + max(0, unpromised_of(db, booking))))


def may_leave(db: Session, booking: Booking, payment: Payment) -> int:
    """Minor units of a payment that may be moved from a locked booking: what the booking has of it
    and no refund under way was promised, less what its provider took back beyond and no other
    booking that it was moved to can stand in for.
    """
    held = held_of(db, booking, payment)
    promised = _promised(db, booking).get(payment.id, 0)
    beyond_surplus = max(0, promised - held.suspense_minor)
    left = what_is_left(db, payment.id)
    of_others = held.booking_minor if booking.id != payment.booking_id else 0
    gone_minor = max(0, left.beyond_minor - (left.moved_minor - of_others))
    own_minor = held.booking_minor - beyond_surplus - gone_minor
    return max(0, min(own_minor, unpromised_of(db, booking)))


def unpromised_of(db: Session, booking: Booking) -> int:
    """Minor units of what a locked booking was paid that no refund under way will take from it.
    Below zero where a provider took back, of what was left after a move, what is promised.
    """
    promised = _promised(db, booking)
    rows = db.execute(
        select(
            Transfer.payment_id,
            _net_of(ledger.booking_account(booking.id)),
            _net_of(ledger.suspense_account(booking.operator_id)),
        )
        .where(Transfer.payment_id.in_(promised))
        .group_by(Transfer.payment_id)
    )
    # Surplus goes back first. What a provider took back meanwhile, no refund takes any more.
    free_minor = booking.paid_minor
    for payment_id, on_booking, in_suspense in rows:
        beyond_surplus = max(0, promised.get(payment_id, 0) - int(in_suspense))
        free_minor -= min(int(on_booking), beyond_surplus)
    return free_minor


def _net_of(account: str) -> ColumnElement[int]:
    """What came to an account less what left it."""
    signed = case(
        (Transfer.credit == account, Transfer.amount_minor),
        (Transfer.debit == account, -Transfer.amount_minor),
        else_=0,
    )
    return func.coalesce(func.sum(signed), 0)


def _promised(db: Session, booking: Booking) -> dict[UUID | None, int]:
    """Minor units that refunds under way will take, by the payments of a booking."""
    rows = db.execute(
        select(Refund.payment_id, func.sum(Refund.amount_minor))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.booking_id == booking.id, Refund.status.in_(OPEN))
        .group_by(Refund.payment_id)
    )
    return {payment_id: int(total) for payment_id, total in rows}


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
    told = "refunded_outside" if refund.way == OUTSIDE else "refunded"
    write(db, locked, "refunded", told=told, call=call)
    if payment.review == SURPLUS:
        # It stays while there is more of it, and gives way to a word that it stood before.
        payment.review = standing(db, Locked(locked.booking, payment, locked.now))
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
