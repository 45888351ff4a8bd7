"""When a payment must be looked at again. The due time stands in the row; sweeps only claim and
hand over.
"""

import random
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from domain.claiming import claim
from domain.models import Payment
from domain.nudges import Nudge, promise
from domain.policy import Policy
from domain.states import (
    AWAITING_CUSTOMER,
    AWAITING_OTP,
    CALLING,
    ENDED_UNPAID,
    SUCCEEDED,
    UNCERTAIN,
)

ATTEND = "workers.payments.attend"
QUEUE = "payments"
# Late money: what ended unpaid is watched for a week.
_WATCH = (timedelta(hours=1), timedelta(hours=6), *(timedelta(days=day) for day in range(1, 8)))


def ask_now(db: Session, payment: Payment, now: datetime) -> None:
    """Let the provider be asked at once, by whoever hears the nudge or finds the row due. While the
    customer may still pay it is a question out of turn: the one that stood next is still to come.
    Of an uncertain payment each one counts, because a person is to look after so many.
    """
    is_out_of_turn = payment.next_check_at is not None and payment.next_check_at > now
    if is_out_of_turn and payment.status == AWAITING_CUSTOMER:
        payment.checks = max(0, payment.checks - 1)
    payment.next_check_at = now
    promise(db, Nudge(ATTEND, QUEUE, str(payment.id)))


def next_check(payment: Payment, now: datetime, policy: Policy) -> datetime:
    """When to ask about an open question again; counts the check."""
    delays = policy.check_delays_seconds
    delay = delays[min(payment.checks, len(delays) - 1)]
    payment.checks += 1
    if payment.status == UNCERTAIN and payment.checks >= len(delays):
        # Asked often enough: somebody reads the provider's books, while we go on asking.
        payment.review = payment.review or UNCERTAIN
    if payment.negative_since is not None:
        delay = min(delay, policy.negative_again_seconds)
    spread = 1 + random.uniform(-policy.check_spread, policy.check_spread)  # noqa: S311 - only spreads load
    return now + timedelta(seconds=delay * spread * policy.check_pace)


def next_watch(payment: Payment, now: datetime) -> datetime | None:
    """When to look for late money, or for more of it, next; None when nothing was ever sent, or a
    week is over.
    """
    if payment.started_at is None or payment.ended_at is None:
        return None
    times = (payment.ended_at + after for after in _WATCH)
    return next((time for time in times if time > now), None)


def claim_due(db: Session, limit: int, policy: Policy) -> list[UUID]:
    """Ids of payments that are due, each handed to one claimer only; they come back if nobody
    attends to them.
    """
    return claim(db, Payment, limit, policy.claim_seconds)


def is_leased(payment: Payment, now: datetime) -> bool:
    """Whether somebody calls the provider for this payment now."""
    return payment.lease_until is not None and payment.lease_until > now


def look_again(payment: Payment, now: datetime, policy: Policy) -> None:
    """Set the due time by where the payment stands: maybe elsewhere than before a question. A link
    is looked at when it ends, too.
    """
    if payment.status == SUCCEEDED:
        payment.next_check_at = next_watch(payment, now) if policy.watches_paid else None
    elif payment.status in CALLING:
        payment.next_check_at = payment.lease_until or payment.next_check_at
    elif payment.status == AWAITING_OTP:
        payment.next_check_at = payment.deadline_at
    elif payment.status in ENDED_UNPAID:
        payment.next_check_at = next_watch(payment, now)
    else:
        payment.next_check_at = next_check(payment, now, policy)
    if payment.status == AWAITING_CUSTOMER and payment.deadline_at and payment.next_check_at:
        over = payment.deadline_at + timedelta(seconds=policy.expiry_grace_seconds)
        if over > now:
            payment.next_check_at = min(payment.next_check_at, over)


def leave(payment: Payment, now: datetime, policy: Policy) -> None:
    """Set aside what needs nothing now, so that a sweep does not come back to it every time. A
    link, and what is watched after it was paid, keep the time that their provider's terms set: a
    nudge that comes late or twice must not end a watch.
    """
    if payment.status not in (AWAITING_CUSTOMER, SUCCEEDED):
        look_again(payment, now, policy)
