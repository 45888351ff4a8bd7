"""What a payment needs now: decided under its lock, by the database's clock."""

from datetime import timedelta
from enum import StrEnum

from domain.payments.schedule import is_leased
from domain.payments.story import Locked
from domain.policy import Policy
from domain.states import (
    AWAITING_CUSTOMER,
    AWAITING_OTP,
    CALLING,
    CONFIRMING,
    CREATED,
    SUCCEEDED,
    UNCERTAIN,
)


class Act(StrEnum):
    """What a payment needs now."""

    LEAVE = "leave"
    START = "start"
    CONFIRM = "confirm"
    LOSE = "lose"
    ASK = "ask"
    EXPIRE = "expire"
    CANCEL = "cancel"
    VOID = "void"


def due_act(locked: Locked, policy: Policy) -> Act:
    """What to do with a locked payment now, by the database's clock. Whoever finds a lease running
    leaves.
    """
    payment, now = locked.payment, locked.now
    if payment.status in CALLING and payment.lease_until is not None:
        # A lease that has run out means that a call may have been made: from here on we only ask.
        return Act.LEAVE if payment.lease_until > now else Act.LOSE
    if payment.status == CREATED:
        return Act.EXPIRE if payment.hold_until <= now else Act.START
    if payment.status == CONFIRMING:
        return Act.CONFIRM
    if payment.status == AWAITING_OTP:
        if payment.cancel_requested_at is not None:
            return Act.CANCEL
        over = payment.deadline_at is not None and payment.deadline_at <= now
        return Act.EXPIRE if over else Act.LEAVE
    if payment.status == AWAITING_CUSTOMER:
        if payment.lease_until is None and payment.cancel_requested_at is not None:
            return Act.VOID
        return Act.LEAVE if is_leased(payment, now) or not _is_asked(locked, policy) else Act.ASK
    if payment.status == SUCCEEDED:
        # Somebody heard that there is more: a second success under one order.
        nothing_to_ask = payment.next_check_at is None or not _is_asked(locked, policy)
        return Act.LEAVE if nothing_to_ask else Act.ASK
    if payment.status == UNCERTAIN and payment.review is not None and is_leased(payment, now):
        return Act.LEAVE  # a word that does not agree came while the call is still under way
    # What was never sent, no provider knows anything of.
    return Act.LEAVE if payment.started_at is None else Act.ASK


def _is_asked(locked: Locked, policy: Policy) -> bool:
    """Whether a question is due: some providers may be asked at certain times only, and a nudge
    that comes twice is no such time. What a sweep has just claimed is due.
    """
    due, claimed = locked.payment.next_check_at, timedelta(seconds=policy.claim_seconds)
    return due is None or due <= locked.now + claimed
