"""How a payment ends without money: the customer cancels, the clock runs out, or the booking is
paid otherwise.
"""

from datetime import datetime

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from domain.models import Booking, Payment
from domain.payments.schedule import ask_now, next_watch
from domain.payments.story import Locked, ProviderCall, move, write_event
from domain.states import (
    AWAITING_CUSTOMER,
    AWAITING_OTP,
    CANCELLED,
    CREATED,
    ENDED,
    EXPIRED,
    STARTING,
    UNCERTAIN,
    WAITING,
)

BY_CUSTOMER = "customer"
NO_LONGER_OWED = "no_longer_owed"
REPLACED = "replaced"


def end(
    db: Session,
    payment: Payment,
    to: str,
    kind: str,
    now: datetime,
    *,
    told: str | None,
    call: ProviderCall | None = None,
) -> None:
    """Move to an ending without money, and watch for late money from now on.

    A customer who asked for the payment to be cancelled was told so, and is not told a second
    ending.
    """
    payment.ended_at = now
    payment.lease_until = payment.negative_since = None
    was_told = payment.status == AWAITING_CUSTOMER and payment.cancel_reason == NO_LONGER_OWED
    if payment.cancel_reason == BY_CUSTOMER or was_told:
        told = None
    move(db, payment, to, kind, told=told, call=call, note=payment.failure)
    payment.next_check_at = next_watch(payment, now)


def takes_code(payment: Payment) -> bool:
    """Whether the customer types a code for this payment."""
    return payment.otp_tries > 0


def is_by_link(payment: Payment) -> bool:
    """Whether the customer pays behind a link or a picture, and not in an app of theirs."""
    return not takes_code(payment) and payment.payer_number is None


def nobody_can_pay(payment: Payment) -> bool:
    """Whether nothing can have moved: the code was never handed over, or nobody was ever given the
    link.
    """
    if takes_code(payment):
        return payment.confirm_begun_at is None
    return is_by_link(payment) and payment.link_url is None and payment.link_qr is None


def cancel(db: Session, locked: Locked) -> bool:
    """The customer's wish to cancel. False: too late, or over already; `payment.status` says which.

    A payment that the provider is being asked to start is marked only: whoever hears the answer
    ends it. So is one whose customer was given a link: the provider is asked to void it, and what
    was paid until then still counts.
    """
    payment, now = locked.payment, locked.now
    if payment.status in (CREATED, AWAITING_OTP):
        payment.cancel_reason = BY_CUSTOMER
        end(db, payment, CANCELLED, "cancelled", now, told=None)
        return True
    if payment.cancel_requested_at is not None and payment.status not in ENDED:
        return True
    waits_for_answer = payment.status in (STARTING, AWAITING_CUSTOMER)
    if waits_for_answer or (payment.status == UNCERTAIN and nobody_can_pay(payment)):
        payment.cancel_requested_at = now
        payment.cancel_reason = BY_CUSTOMER
        write_event(db, payment, "cancel_requested")
        if payment.status == AWAITING_CUSTOMER:
            ask_now(db, payment, now)
        return True
    return False


def expire(db: Session, locked: Locked) -> None:
    """The customer's time is over, by the database's clock."""
    end(db, locked.payment, EXPIRED, "expired", locked.now, told="expired")


def drop(db: Session, payment: Payment, reason: str, now: datetime) -> None:
    """Cancel a waiting payment without its customer's asking; they are told why, once it
    is over.
    """
    payment.cancel_reason = payment.failure = reason
    if payment.status in (CREATED, AWAITING_OTP):
        end(db, payment, CANCELLED, reason, now, told="cancelled")
    elif payment.status == AWAITING_CUSTOMER:
        payment.cancel_requested_at = now
        write_event(db, payment, "cancel_requested", told="withdrawn", note=reason)
        ask_now(db, payment, now)
    else:
        payment.cancel_requested_at = now
        write_event(db, payment, "cancel_requested", note=reason)


def cancel_those_that_no_longer_fit(db: Session, booking: Booking, now: datetime) -> None:
    """After money came in: end the waiting payments of a locked booking that ask for more than it
    still owes.
    """
    owed = 0 if booking.cancelled_at else booking.total_minor - booking.paid_minor
    others = db.execute(_NO_LONGER_FITTING, {"booking": booking.id, "owed": owed}).scalars()
    for other in others:
        drop(db, other, NO_LONGER_OWED, now)


_NO_LONGER_FITTING = (
    select(Payment)
    .where(
        Payment.booking_id == bindparam("booking", type_=BigInteger),
        Payment.status.in_(WAITING),
        Payment.cancel_requested_at.is_(None),
        Payment.amount_minor > bindparam("owed", type_=BigInteger),
    )
    .order_by(Payment.id)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
