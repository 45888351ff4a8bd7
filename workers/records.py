"""What is written down after a call to a provider: each kind of answer as work for the moment when
the payment is locked.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from domain import payments
from domain.database import repeat
from domain.payments import Locked, ProviderCall, Word
from domain.policy import Policy
from providers.contract import (
    ApproveOnPhone,
    Call,
    Charge,
    OpenLink,
    Outcome,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    WrongOtp,
)

# How long to wait for a database that does not take what a provider answered.
_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)

log = structlog.get_logger(__name__)


def write_patiently(write: Callable[[Session], None]) -> None:
    """Write down what came of a call, repeated where the database asks for it. An answer that we
    hold is not thrown away because the database is away for a moment.
    """
    for pause_seconds in _PAUSES_SECONDS:
        try:
            return repeat(write)
        except (OperationalError, PoolTimeout) as error:
            log.warning("answer_not_recorded", error=type(error).__name__)
            time.sleep(pause_seconds)
    return repeat(write)


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be written, and the call that it came of; None: none was made."""

    write: Callable[[Session, Locked], None]
    call: Call | None


def opened(answer: OpenLink | ApproveOnPhone) -> payments.Opened:
    """What the customer was given to pay with."""
    if isinstance(answer, ApproveOnPhone):
        return payments.Opened(answer.provider_reference, answer.expires_at)
    return payments.Opened(
        answer.provider_reference, answer.expires_at, answer.url, answer.qr, answer.launcher
    )


def words(charge: Charge, outcome: Outcome, source: str, policy: Policy) -> Record:
    """What the provider said, and a word of its own for whatever else was taken under the order."""
    first = Word(
        status=outcome.status.value,
        source=source,
        delivery_key=f"{charge.reference}:{outcome.call.digest}",
        receipt=outcome.receipt,
        amount=outcome.amount,
        reference=outcome.reference,
        debit_reference=outcome.debit_reference,
        reason=outcome.reason.value if outcome.reason else None,
        body=outcome.call.body,
        call=story(outcome.call),
    )
    words = [first]
    for other in outcome.also:
        key = f"{charge.reference}:{outcome.call.digest[:32]}:{other.receipt}"[:120]
        beside = replace(first, receipt=other.receipt, amount=other.amount, delivery_key=key)
        words.append(replace(beside, debit_reference=None, call=None))

    def record(db: Session, locked: Locked) -> None:
        for word in words:
            payments.record_word(db, locked, word, policy)

    return Record(record, outcome.call)


def lost(error: ProviderUncertain | None, policy: Policy) -> Record:
    """A write was not answered, or not even sent."""
    call = story(error.call) if error else None
    return Record(
        lambda db, locked: payments.lose_answer(db, locked, policy, call),
        error.call if error else None,
    )


def refused(error: ProviderRefused) -> Record:
    """Answered and refused: nothing moved."""
    reason, call = error.reason.value, story(error.call)
    return Record(lambda db, locked: payments.record_refusal(db, locked, reason, call), error.call)


def wrong_otp(error: WrongOtp) -> Record:
    """The code was wrong."""
    reason, call = error.reason.value, story(error.call)
    return Record(
        lambda db, locked: payments.record_wrong_otp(db, locked, reason, call), error.call
    )


def not_voided(error: ProviderError, policy: Policy) -> Record:
    """The provider did not void it, or did not say so."""
    call = story(error.call)
    return Record(
        lambda db, locked: payments.record_not_voided(db, locked, policy, call), error.call
    )


def not_told(error: ProviderError, policy: Policy) -> Record:
    """A question without an answer."""
    call, pause_seconds = story(error.call), error.retry_after_seconds
    return Record(
        lambda db, locked: payments.record_failed_check(db, locked, call, policy, pause_seconds),
        error.call,
    )


def story(call: Call) -> ProviderCall:
    """One call, as a line of the payment's story."""
    return ProviderCall(call.operation, call.http_status, call.milliseconds, call.code)
