"""What a payment needs done outside: the provider is asked to start it, handed the code, or asked
what became of it.

    attend ▸ lock ▸ what is due? ─┬▸ start    lease ▸ COMMIT ▸ call ▸ record
                                  ├▸ confirm  lease ▸ COMMIT ▸ call ▸ record ▸ the code is deleted
                                  ├▸ ask      COMMIT ▸ call ▸ record
                                  └▸ expire, cancel, or leave
                     then the contact's conversation hears what is to be told

One job for all of it, because the row says what is due. Safe to run twice, at any time, anywhere.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from bot.turns import drain
from domain import payments
from domain.crashpoints import reach, reach_during
from domain.database import name_commit, repeat, transaction
from domain.models import Payment
from domain.money import Money
from domain.payments import Act, Locked, ProviderCall, Word
from domain.states import CONFIRMING
from providers.contract import (
    Call,
    Charge,
    ConfirmsByOtp,
    EnterOtp,
    Outcome,
    Provider,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    WrongOtp,
)
from workers.process import current, job

log = structlog.get_logger(__name__)

Record = Callable[[Session, Locked], None]
# How long to wait for a database that does not take what a provider answered.
_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class _Task:
    """What was decided under the lock, for outside of it. `send_before` is by time.monotonic()."""

    act: Act
    contact_id: int
    charge: Charge | None = None
    provider: Provider | None = None
    otp_try: int = 0
    otp: str | None = None
    send_before: float = 0.0

    def __repr__(self) -> str:
        return f"_Task({self.act})"


@job
def attend(payment_id: str) -> None:
    """Do what a payment needs now, and let its customer hear of it. Safe to run again, at
    any time.
    """
    payment = UUID(payment_id)
    task = _decide(payment)
    if task.act is Act.START:
        reach("start_leased")
        _record(payment, _start(task))
    elif task.act is Act.CONFIRM:
        reach("confirm_leased")
        _record(payment, _confirm(task))
        current().runtime.vault.delete(payment, task.otp_try)
    elif task.act is Act.ASK:
        _record(payment, _ask(task))
    if task.act is not Act.LEAVE:
        drain(current().runtime, task.contact_id)


def _decide(payment_id: UUID) -> _Task:
    """Under the lock: what is due, and the lease for it, committed before any call."""
    runtime = current().runtime
    with transaction() as db:
        known = db.get_one(Payment, payment_id)
    # Read before the lock: the vault is no database, and must not be waited for under one.
    looked_for = (known.status, known.otp_try)
    is_given = known.status == CONFIRMING
    otp = runtime.vault.read(payment_id, known.otp_try) if is_given else None
    reach("code_read")
    started = time.monotonic()
    with transaction() as db:
        locked = payments.lock(db, payment_id)
        payment = locked.payment
        act = payments.due_act(locked)
        if act is Act.CONFIRM and looked_for != (payment.status, payment.otp_try):
            act = Act.LEAVE  # The code came after we looked: whoever its nudge calls will find it.
        if act is Act.CONFIRM and otp is None:
            payments.code_lost(db, locked)
            return _Task(Act.LOSE, payment.contact_id)
        if act in (Act.LEAVE, Act.LOSE, Act.EXPIRE, Act.CANCEL):
            _settle_here(db, locked, act)
            return _Task(act, payment.contact_id)
        provider = runtime.accounts.adapter(db, payment.account_id)
        seconds = provider.terms.call_seconds
        if act is Act.START:
            payments.begin_start(db, locked, seconds, runtime.policy)
        elif act is Act.CONFIRM:
            payments.begin_confirm(db, locked, seconds, runtime.policy)
        return _Task(
            act=act,
            contact_id=payment.contact_id,
            charge=_charge(payment),
            provider=provider,
            otp_try=payment.otp_try,
            otp=otp,
            send_before=started + runtime.policy.lease_margin_seconds,
        )


def _settle_here(db: Session, locked: Locked, act: Act) -> None:
    """What needs no call."""
    policy = current().runtime.policy
    if act is Act.LOSE:
        payments.lose_answer(db, locked, policy, None)
    elif act is Act.EXPIRE:
        payments.expire(db, locked)
    elif act is Act.CANCEL:
        payments.cancel(db, locked)
    else:
        payments.look_again(locked.payment, locked.now, policy)


def _charge(payment: Payment) -> Charge:
    return Charge(
        reference=payment.reference,
        amount=Money(payment.amount_minor, payment.currency),
        payer_number=payment.payer_number,
        description=payment.reference,
        provider_reference=payment.provider_reference,
    )


def _start(task: _Task) -> Record:
    """Ask the provider to begin. No transaction is open: a slow provider holds no lock and no
    connection.
    """
    charge, provider = _parts(task)
    if time.monotonic() > task.send_before:
        return _lost(None)
    reach_during("start_calling")
    try:
        answer = provider.start(charge)
    except ProviderUncertain as error:
        return _lost(error)
    except ProviderRefused as error:
        return _refused(error)
    reach("start_answered")
    if not isinstance(answer, EnterOtp):
        raise TypeError(f"{provider.name} asked for {type(answer).__name__}, which no step serves")
    seconds = provider.terms.customer_seconds

    def record(db: Session, locked: Locked) -> None:
        payments.record_started(db, locked, answer.otp_reference, seconds, _story(answer.call))

    return record


def _confirm(task: _Task) -> Record:
    """Hand the customer's code to the provider, once."""
    charge, provider = _parts(task)
    # The lease is looked at once more: a process that slept since it was taken must not send.
    if time.monotonic() > task.send_before:
        return _lost(None)
    if task.otp is None or not isinstance(provider, ConfirmsByOtp):
        raise TypeError(f"{provider.name} takes no code")
    reach_during("confirm_calling")
    try:
        outcome = provider.confirm(charge, task.otp)
    except ProviderUncertain as error:
        return _lost(error)
    except WrongOtp as error:
        return _wrong_otp(error)
    except ProviderRefused as error:
        return _refused(error)
    reach("confirm_answered")
    return _word(charge, outcome, "confirm")


def _ask(task: _Task) -> Record:
    """Ask what became of it. Reading moves nothing, and may be repeated."""
    charge, provider = _parts(task)
    try:
        return _word(charge, provider.check(charge), "poll")
    except ProviderError as error:
        call = _story(error.call)

    def record(db: Session, locked: Locked) -> None:
        payments.record_failed_check(db, locked, call, current().runtime.policy)

    return record


def _parts(task: _Task) -> tuple[Charge, Provider]:
    if task.charge is None or task.provider is None:
        raise TypeError(f"{task} calls nobody")
    return task.charge, task.provider


def _word(charge: Charge, outcome: Outcome, source: str) -> Record:
    word = Word(
        status=outcome.status.value,
        source=source,
        delivery_key=f"{charge.reference}:{outcome.call.digest}",
        receipt=outcome.receipt,
        amount=outcome.amount,
        reference=outcome.reference,
        debit_reference=outcome.debit_reference,
        reason=outcome.reason.value if outcome.reason else None,
        body=outcome.call.body,
        call=_story(outcome.call),
    )

    def record(db: Session, locked: Locked) -> None:
        payments.record_word(db, locked, word, current().runtime.policy)

    return record


def _lost(error: ProviderUncertain | None) -> Record:
    call = _story(error.call) if error else None

    def record(db: Session, locked: Locked) -> None:
        payments.lose_answer(db, locked, current().runtime.policy, call)

    return record


def _refused(error: ProviderRefused) -> Record:
    def record(db: Session, locked: Locked) -> None:
        payments.record_refusal(db, locked, error.reason.value, _story(error.call))

    return record


def _wrong_otp(error: WrongOtp) -> Record:
    def record(db: Session, locked: Locked) -> None:
        payments.record_wrong_otp(db, locked, error.reason.value, _story(error.call))

    return record


def _record(payment_id: UUID, record: Record) -> None:
    """Write down what came of a call: booking and payment locked and read afresh, repeated where
    the database asks for it. An answer that we hold is not thrown away because the database is away
    for a moment.
    """

    def write(db: Session) -> None:
        record(db, payments.lock(db, payment_id))
        name_commit(db, "settled")

    for pause_seconds in _PAUSES_SECONDS:
        try:
            return repeat(write)
        except (OperationalError, PoolTimeout) as error:
            log.warning("answer_not_recorded", error=type(error).__name__)
            time.sleep(pause_seconds)
    return repeat(write)


def _story(call: Call) -> ProviderCall:
    return ProviderCall(call.operation, call.http_status, call.milliseconds, call.code)
