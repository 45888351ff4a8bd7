"""What happens around a call to a provider: what to do next, the lease before, and each kind of
answer after.

No function here calls anybody. Each runs in a short transaction with booking and payment locked.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain.models import Payment
from domain.payments.ending import REPLACED, end, expire, nobody_can_pay, takes_code
from domain.payments.giving_way import gives_way
from domain.payments.links import end_lease, is_over
from domain.payments.schedule import look_again
from domain.payments.settling import file_evidence, settle
from domain.payments.story import (
    Locked,
    ProviderCall,
    Word,
    move,
    take_lease,
    write_event,
)
from domain.policy import Policy
from domain.states import (
    AWAITING_CUSTOMER,
    AWAITING_OTP,
    CALLING,
    CANCELLED,
    CONFIRMING,
    ENDED_UNPAID,
    EXPIRED,
    FAILED,
    STARTING,
    SUCCEEDED,
    UNCERTAIN,
)

_NEGATIVE_ENDS = {
    "failed": FAILED,
    "expired": EXPIRED,
    "cancelled": CANCELLED,
    "not_found": FAILED,
}


def begin_start(db: Session, locked: Locked, call_seconds: float, policy: Policy) -> datetime:
    """Take the lease for asking the provider to start. Returns its end. Commit before the call."""
    payment = locked.payment
    payment.started_at = locked.now
    move(db, payment, STARTING, "starting")
    return take_lease(locked, call_seconds, policy)


def begin_confirm(db: Session, locked: Locked, call_seconds: float, policy: Policy) -> datetime:
    """Take the lease for handing the code over, and note for good that it was begun. Commit before
    the call.
    """
    locked.payment.confirm_begun_at = locked.now
    write_event(db, locked.payment, "confirm_begun")
    return take_lease(locked, call_seconds, policy)


def code_lost(db: Session, locked: Locked) -> None:
    """The code went out of the vault before anything was sent: back to waiting for one, and the
    customer is asked, unless the time for it is over.
    """
    payment = locked.payment
    over = payment.deadline_at is not None and payment.deadline_at <= locked.now
    payment.otp_try += 1
    payment.otp_tries += 1  # a code that nobody tried costs no try
    payment.next_check_at = payment.deadline_at
    move(db, payment, AWAITING_OTP, "code_lost", told=None if over else "code_lost")
    if over:
        db.flush()  # one edge at a time: the database looks at each
        expire(db, locked)


def record_started(
    db: Session, locked: Locked, otp_reference: str, customer_seconds: float, call: ProviderCall
) -> None:
    """The provider sent the customer a code."""
    payment, now = locked.payment, locked.now
    if payment.status not in (STARTING, UNCERTAIN) or payment.confirm_begun_at is not None:
        write_event(db, payment, "answer_ignored", call=call)
        return
    payment.otp_reference = otp_reference
    _open_for_code(db, locked, now + timedelta(seconds=customer_seconds), call)


def _open_for_code(
    db: Session, locked: Locked, deadline: datetime, call: ProviderCall | None
) -> None:
    payment, now = locked.payment, locked.now
    if payment.cancel_requested_at is None and gives_way(db, locked):
        payment.cancel_requested_at, payment.cancel_reason = now, REPLACED
    cancelled = payment.cancel_requested_at is not None
    payment.lease_until = payment.negative_since = None
    payment.deadline_at = deadline
    payment.hold_until = max(payment.hold_until, deadline)
    payment.next_check_at = deadline
    move(db, payment, AWAITING_OTP, "otp_sent", told=None if cancelled else "otp_sent", call=call)
    if cancelled:
        db.flush()  # one edge at a time: the database looks at each
        end(db, payment, CANCELLED, "cancelled", now, told="cancelled")


def record_refusal(db: Session, locked: Locked, reason: str, call: ProviderCall) -> None:
    """The provider answered a call and refused for good: nothing moved."""
    payment, now = locked.payment, locked.now
    if payment.status not in CALLING:
        write_event(db, payment, "answer_ignored", call=call, note=reason)
        return
    payment.failure = reason
    end(db, payment, FAILED, "refused", now, told="failed", call=call)


def record_wrong_otp(db: Session, locked: Locked, reason: str, call: ProviderCall) -> None:
    """The code was wrong: another try while there are any."""
    payment = locked.payment
    if payment.status != CONFIRMING:
        write_event(db, payment, "answer_ignored", call=call, note=reason)
        return
    if payment.otp_try >= payment.otp_tries:
        record_refusal(db, locked, "tries_exceeded", call)
        return
    payment.otp_try += 1
    payment.confirm_begun_at = payment.lease_until = None
    payment.next_check_at = payment.deadline_at
    move(db, payment, AWAITING_OTP, "otp_wrong", told="otp_wrong", call=call, note=reason)


def lose_answer(db: Session, locked: Locked, policy: Policy, call: ProviderCall | None) -> None:
    """A write got no answer, or none that we understand. Money may have moved: from here on we ask,
    and never resend.
    """
    payment, now = locked.payment, locked.now
    if payment.status not in CALLING:
        if call is not None:
            write_event(db, payment, "answer_ignored", call=call)
        return
    told = None if payment.cancel_requested_at is not None else "uncertain"
    payment.checks = 0
    move(db, payment, UNCERTAIN, "answer_lost", told=told, call=call)
    look_again(payment, now, policy)


def record_word(db: Session, locked: Locked, word: Word, policy: Policy) -> None:
    """What the provider says when asked. Success counts at once; a negative word must be old
    enough.

    An answer that would lead backwards is written down and changes nothing.
    """
    payment, now = locked.payment, locked.now
    if payment.status == AWAITING_CUSTOMER:
        end_lease(payment, now)
    if word.status == SUCCEEDED:
        settlement = settle(db, payment.id, word)
        paid = payment.status == SUCCEEDED
        if settlement.mismatch is not None or paid or payment.status in ENDED_UNPAID:
            look_again(payment, now, policy)
        return
    if payment.status == SUCCEEDED or payment.status in CALLING:
        write_event(db, payment, "answer_ignored", call=word.call, note=word.status)
        look_again(payment, now, policy)
        return
    if payment.status == AWAITING_CUSTOMER:
        _record_awaited(db, locked, word, policy)
    elif word.status == "open":
        _record_open(db, locked, word, policy)
    elif payment.status == UNCERTAIN:
        _record_negative(db, locked, word, policy)
    else:
        write_event(db, payment, "asked", call=word.call, note=word.status)
        look_again(payment, now, policy)


def _record_awaited(db: Session, locked: Locked, word: Word, policy: Policy) -> None:
    """A word about a link or an invoice. Where the provider never says "expired", we do, once it
    stands open well after its end.
    """
    payment, now = locked.payment, locked.now
    if word.status not in ("open", "not_found"):
        _end_on_word(db, payment, word, now)
        return
    write_event(db, payment, "asked", call=word.call, note=word.status)
    if is_over(payment, now, policy):
        file_evidence(db, payment, word)
        expire(db, locked)
        return
    look_again(payment, now, policy)


def _record_open(db: Session, locked: Locked, word: Word, policy: Policy) -> None:
    payment, now = locked.payment, locked.now
    payment.negative_since = None
    if payment.status == UNCERTAIN and nobody_can_pay(payment):
        # The answer to our first call was lost, but the provider did send the customer a code.
        if takes_code(payment) and payment.hold_until > now:
            _open_for_code(db, locked, payment.hold_until, word.call)
            return
        # A link that nobody was given is of no use, and another may be made.
        payment.failure = "no_answer" if takes_code(payment) else "unavailable"
        file_evidence(db, payment, word)
        to, told = (EXPIRED, "expired") if takes_code(payment) else (FAILED, "failed")
        end(db, payment, to, told, now, told=told)
        return
    write_event(db, payment, "asked", call=word.call, note=word.status)
    look_again(payment, now, policy)


def _record_negative(db: Session, locked: Locked, word: Word, policy: Policy) -> None:
    """Given twice, the first well after the lease's end: the provider may have been slow to write
    it down.
    """
    payment, now = locked.payment, locked.now
    called_by = payment.lease_until or payment.confirm_begun_at or payment.started_at or now
    counts_from = called_by + timedelta(seconds=policy.negative_wait_seconds)
    again = timedelta(seconds=policy.negative_again_seconds)
    if (
        now >= counts_from
        and payment.negative_since is not None
        and now >= payment.negative_since + again
    ):
        _end_on_word(db, payment, word, now)
        return
    if now >= counts_from and payment.negative_since is None:
        payment.negative_since = now
    write_event(db, payment, "asked", call=word.call, note=word.status)
    look_again(payment, now, policy)
    if now < counts_from and payment.next_check_at is not None:
        payment.next_check_at = min(payment.next_check_at, counts_from)


def _end_on_word(db: Session, payment: Payment, word: Word, now: datetime) -> None:
    payment.failure = word.reason or word.status
    file_evidence(db, payment, word)
    to = _NEGATIVE_ENDS[word.status]
    told = {FAILED: "failed", EXPIRED: "expired", CANCELLED: "cancelled"}[to]
    if word.call is not None:
        write_event(db, payment, "asked", call=word.call, note=word.status)
    end(db, payment, to, "word", now, told=told)


def record_failed_check(
    db: Session, locked: Locked, call: ProviderCall, policy: Policy, pause_seconds: float = 0
) -> None:
    """A question got no answer. It changes nothing but the time of the next, which is not before
    the pause that the provider asked for.
    """
    payment, now = locked.payment, locked.now
    write_event(db, payment, "asked", call=call, note="no_answer")
    look_again(payment, now, policy)
    if payment.next_check_at is not None:
        earliest = now + timedelta(seconds=pause_seconds)
        payment.next_check_at = max(payment.next_check_at, earliest)
