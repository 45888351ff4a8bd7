"""What came of a refund's one call, and of each question about it.

No function here calls anybody. Each runs in a short transaction with booking, payment and refund
locked.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from domain.money import Money
from domain.payments import ProviderCall, Word
from domain.payments.settling import file_evidence
from domain.policy import Policy
from domain.refunds.posting import (
    call_those_that_wait,
    give_back,
    leave_to_a_person,
    what_is_left,
)
from domain.refunds.schedule import look_again
from domain.refunds.states import CALLING, FAILED, OPEN, PENDING, SENDING, SUCCEEDED, UNCERTAIN
from domain.refunds.story import LockedRefund, write

REFUNDED = "refunded"
_NOT_FOUND = "not_found"


class Following(StrEnum):
    """Who finds out what became of a refund whose call was not answered."""

    PROVIDER = "provider"  # it can be asked
    PERSON = "person"  # it cannot: somebody reads its statement


@dataclass(frozen=True, slots=True)
class RefundWord:
    """What a provider says about a refund. `status` is one of pending, succeeded, failed,
    not_found; `digest` the sha256 of the answer, which names this very delivery. What the answer
    does not carry is None.
    """

    status: str
    digest: str
    provider_reference: str | None = None
    amount: Money | None = None
    reference: str | None = None
    reason: str | None = None
    body: str = ""
    call: ProviderCall | None = None


def lose_answer(
    db: Session,
    locked: LockedRefund,
    following: Following,
    policy: Policy,
    call: ProviderCall | None,
) -> None:
    """The one call got no answer, or none that we understand. It may have taken place: it is never
    sent again.
    """
    refund = locked.refund
    if refund.status != SENDING:
        if call is not None:
            write(db, locked, "refund_answer_ignored", call=call)
        return
    refund.status, refund.checks = UNCERTAIN, 0
    write(db, locked, "refund_uncertain", call=call)
    if following is Following.PERSON:
        leave_to_a_person(db, locked, "uncertain_refund", None)
    else:
        look_again(refund, locked.now, policy)


def record_refusal(db: Session, locked: LockedRefund, reason: str, call: ProviderCall) -> None:
    """The provider answered the one call and refused for good: nothing went back."""
    if locked.refund.status not in CALLING:
        write(db, locked, "refund_answer_ignored", call=call, word=reason)
        return
    _fail(db, locked, reason, call)
    locked.refund.next_check_at = None


def nobody_to_ask(db: Session, locked: LockedRefund) -> None:
    """The provider cannot be asked what became of it, so somebody reads its statement."""
    if locked.refund.status in (PENDING, UNCERTAIN):
        leave_to_a_person(db, locked, "uncertain_refund", None)
    else:
        locked.refund.next_check_at = None


def record_failed_check(
    db: Session, locked: LockedRefund, call: ProviderCall, policy: Policy
) -> None:
    """A question got no answer. It changes nothing but the time of the next."""
    write(db, locked, "refund_asked", call=call, word="no_answer")
    if locked.refund.next_check_at is not None:
        look_again(locked.refund, locked.now, policy)


def record_word(db: Session, locked: LockedRefund, word: RefundWord, policy: Policy) -> None:
    """What the provider says of a refund that was sent. A positive word counts at once; after a
    lost answer a negative one must be old enough, and given twice.
    """
    refund = locked.refund
    if refund.status == SUCCEEDED or refund.sent_at is None:
        return
    mismatch = _mismatch(locked, word)
    if mismatch is not None:
        _file(db, locked, word, "mismatch")
        leave_to_a_person(db, locked, mismatch, word.call)
        return
    refund.provider_reference = refund.provider_reference or word.provider_reference
    if word.status in (SUCCEEDED, PENDING):
        _record_positive(db, locked, word, policy)
    elif refund.status == SENDING and word.status == _NOT_FOUND:
        # No answer to a call that asks for something: whoever got it may be doing it.
        lose_answer(db, locked, Following.PROVIDER, policy, word.call)
    elif refund.status == UNCERTAIN:
        _record_negative(db, locked, word, policy)
    elif word.status == FAILED and refund.status in OPEN:
        _file(db, locked, word, FAILED)
        _fail(db, locked, word.reason or FAILED, word.call)
        look_again(refund, locked.now, policy)
    else:
        write(db, locked, "refund_asked", call=word.call, word=word.status)
        look_again(refund, locked.now, policy)


def _record_positive(db: Session, locked: LockedRefund, word: RefundWord, policy: Policy) -> None:
    refund = locked.refund
    left_minor = what_is_left(db, locked.payment.id).left_minor
    if refund.status == FAILED and left_minor < refund.amount_minor:
        # Late: what was promised to somebody since then must not go back twice unseen.
        _file(db, locked, word, REFUNDED if word.status == SUCCEEDED else word.status)
        leave_to_a_person(db, locked, "late_refund", word.call)
        return
    if word.status == SUCCEEDED:
        give_back(db, locked, _file(db, locked, word, REFUNDED), word.call)
        return
    was_pending = refund.status == PENDING
    if was_pending:
        write(db, locked, "refund_asked", call=word.call, word=word.status)
    else:
        refund.status, refund.checks = PENDING, 0
        refund.failure = refund.ended_at = None
        refund.lease_until = refund.negative_since = None
        write(db, locked, "refund_accepted", told="refund_sent", call=word.call)
        call_those_that_wait(db, locked)
    look_again(refund, locked.now, policy)


def _record_negative(db: Session, locked: LockedRefund, word: RefundWord, policy: Policy) -> None:
    """Given twice, the first well after the lease's end: the provider may have been slow to write
    it down.
    """
    refund, now = locked.refund, locked.now
    counts_from = (refund.lease_until or now) + timedelta(seconds=policy.negative_wait_seconds)
    again = timedelta(seconds=policy.negative_again_seconds)
    since = refund.negative_since
    if now >= counts_from and since is not None and now >= since + again:
        _file(db, locked, word, word.status)
        _fail(db, locked, word.reason or word.status, word.call)
        look_again(refund, now, policy)
        return
    if now >= counts_from and since is None:
        refund.negative_since = now
    write(db, locked, "refund_asked", call=word.call, word=word.status)
    look_again(refund, now, policy)
    if now < counts_from and refund.next_check_at is not None:
        refund.next_check_at = min(refund.next_check_at, counts_from)


def _fail(db: Session, locked: LockedRefund, reason: str, call: ProviderCall | None) -> None:
    """Nothing went back. Where the customer was told that it would, a person must look."""
    refund = locked.refund
    refund.review = "refund_failed" if refund.status == PENDING else None
    refund.status, refund.failure = FAILED, reason
    refund.lease_until = refund.negative_since = None
    refund.ended_at, refund.checks = locked.now, 0
    write(db, locked, "refund_failed", call=call, word=reason)
    call_those_that_wait(db, locked)


def _mismatch(locked: LockedRefund, word: RefundWord) -> str | None:
    """What of the word does not agree with what was asked, as far as the answer carries it."""
    refund = locked.refund
    asked = Money(refund.amount_minor, locked.payment.currency)
    if word.reference is not None and word.reference != str(refund.id):
        return "reference_mismatch"
    if word.amount is not None and word.amount != asked:
        return "amount_mismatch"
    known, given = refund.provider_reference, word.provider_reference
    if known is not None and given is not None and known != given:
        return "reference_mismatch"
    return None


def _file(db: Session, locked: LockedRefund, word: RefundWord, as_word: str) -> int:
    return file_evidence(
        db,
        locked.payment,
        Word(
            status=as_word,
            source="refund",
            delivery_key=f"{locked.refund.id}:{word.digest}:{as_word}",
            receipt=word.provider_reference,
            amount=word.amount,
            reference=word.reference,
            body=word.body,
        ),
    )
