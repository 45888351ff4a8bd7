"""What a refund needs done outside: the provider is told once to give the money back, and asked
what became of it until that is final.

    attend_refund ▸ lock ▸ what is due? ─┬▸ send  lease ▸ COMMIT ▸ call ▸ record
                                         ├▸ ask   COMMIT ▸ call ▸ record
                                         └▸ lose the answer, or leave
                     then the contact's conversation hears what is to be told

The row says what is due. Safe to run twice, at any time, anywhere.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from bot.turns import drain
from domain import refunds
from domain.crashpoints import reach, reach_during
from domain.database import transaction
from domain.money import Money
from domain.refunds import Following, LockedRefund, RefundAct, RefundWord
from providers.contract import (
    Provider,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
)
from providers.refunds import FollowsRefunds, RefundOrder, RefundOutcome, Refunds
from workers.charges import charge_of
from workers.process import current, job
from workers.records import story, write_patiently

Record = Callable[[Session, LockedRefund], None]


@dataclass(frozen=True, slots=True)
class _Task:
    """What was decided under the lock, for outside of it. `send_before` is by time.monotonic()."""

    act: RefundAct
    contact_id: int
    provider: Provider
    order: RefundOrder
    send_before: float

    def __repr__(self) -> str:
        return f"_Task({self.act})"


@job
def attend_refund(refund_id: str) -> None:
    """Do what a refund needs now, and let its customer hear of it. Safe to run again, at any
    time.
    """
    refund = UUID(refund_id)
    task = _decide(refund)
    if task.act is RefundAct.SEND:
        reach("refund_leased")
        _record(refund, _send(task))
    elif task.act is RefundAct.ASK:
        _record(refund, _ask(task))
    if task.act is not RefundAct.LEAVE:
        drain(current().runtime, task.contact_id)


def _decide(refund_id: UUID) -> _Task:
    """Under the lock: what is due, and the lease for it, committed before any call."""
    runtime = current().runtime
    started = time.monotonic()
    with transaction() as db:
        locked = refunds.lock(db, refund_id)
        payment = locked.payment
        provider = runtime.accounts.adapter(db, payment.account_id)
        act = refunds.due_act(db, locked)
        if act is RefundAct.SEND:
            _begin(db, locked, provider)
        elif act is RefundAct.LOSE:
            refunds.lose_answer(db, locked, _following(provider), runtime.policy, None)
        elif act is RefundAct.LEAVE:
            refunds.leave(locked, runtime.policy)
        elif not isinstance(provider, FollowsRefunds):
            refunds.nobody_to_ask(db, locked)
            act = RefundAct.LEAVE
        return _Task(
            act=act,
            contact_id=payment.contact_id,
            provider=provider,
            order=_order(db, locked),
            send_before=started + runtime.policy.lease_margin_seconds,
        )


def _begin(db: Session, locked: LockedRefund, provider: Provider) -> None:
    seconds = provider.terms(locked.payment.payer_number).call_seconds
    refunds.begin_send(db, locked, seconds, current().runtime.policy)
    db.flush()


def _following(provider: Provider) -> Following:
    return Following.PROVIDER if isinstance(provider, FollowsRefunds) else Following.PERSON


def _order(db: Session, locked: LockedRefund) -> RefundOrder:
    payment, refund = locked.payment, locked.refund
    return RefundOrder(
        reference=str(refund.id),
        charge=charge_of(payment, locked.booking),
        receipt=refund.receipt or payment.receipt or "",
        amount=Money(refund.amount_minor, payment.currency),
        refunded_before=Money(refunds.refunded_beside(db, refund), payment.currency),
        reason=refund.reason,
    )


def _send(task: _Task) -> Record:
    """Tell the provider to give the money back, once. No transaction is open: a slow provider holds
    no lock and no connection.
    """
    provider = task.provider
    # The lease is looked at once more: a process that slept since it was taken must not send.
    if time.monotonic() > task.send_before:
        return _lost(task, None)
    if not isinstance(provider, Refunds):
        raise TypeError(f"{provider.name} gives nothing back")
    reach_during("refund_calling")
    try:
        outcome = provider.refund(task.order)
    except ProviderUncertain as error:
        return _lost(task, error)
    except ProviderRefused as error:
        return _refused(error)
    reach("refund_answered")
    return _word(outcome)


def _ask(task: _Task) -> Record:
    """Ask what became of it. Reading moves nothing, and may be repeated."""
    if not isinstance(task.provider, FollowsRefunds):
        raise TypeError(f"{task.provider.name} cannot be asked about refunds")
    try:
        outcome = task.provider.check_refund(task.order)
        call, heard = story(outcome.call), _word(outcome)
    except ProviderError as error:
        call, heard = story(error.call), None
    beside_minor = task.order.refunded_before.amount_minor

    def record(db: Session, locked: LockedRefund) -> None:
        if heard is not None and refunds.still_counts(db, locked.refund, beside_minor):
            heard(db, locked)
        else:
            refunds.record_failed_check(db, locked, call, current().runtime.policy)

    return record


def _word(outcome: RefundOutcome) -> Record:
    word = RefundWord(
        status=outcome.status.value,
        digest=outcome.call.digest,
        provider_reference=outcome.provider_reference,
        amount=outcome.amount,
        reference=outcome.reference,
        reason=outcome.reason.value if outcome.reason else None,
        body=outcome.call.body,
        call=story(outcome.call),
    )

    def record(db: Session, locked: LockedRefund) -> None:
        refunds.record_word(db, locked, word, current().runtime.policy)

    return record


def _lost(task: _Task, error: ProviderUncertain | None) -> Record:
    call = story(error.call) if error else None
    following = _following(task.provider)

    def record(db: Session, locked: LockedRefund) -> None:
        refunds.lose_answer(db, locked, following, current().runtime.policy, call)

    return record


def _refused(error: ProviderRefused) -> Record:
    def record(db: Session, locked: LockedRefund) -> None:
        refunds.record_refusal(db, locked, error.reason.value, story(error.call))

    return record


def _record(refund_id: UUID, record: Record) -> None:
    """Write down what came of a call: everything locked and read afresh."""
    write_patiently(lambda db: record(db, refunds.lock(db, refund_id)))
