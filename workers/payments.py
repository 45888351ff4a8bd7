"""What a payment needs done outside: the provider is asked to start it, handed the code, or asked
what became of it.

    attend ▸ lock ▸ what is due? ─┬▸ start    lease ▸ COMMIT ▸ call ▸ record
                                  ├▸ confirm  lease ▸ COMMIT ▸ call ▸ record ▸ the code is deleted
                                  ├▸ void     lease ▸ COMMIT ▸ call ▸ record
                                  ├▸ ask      COMMIT ▸ call ▸ record
                                  └▸ expire, cancel, or leave
                     then the contact's conversation hears what is to be told

One job for all of it, because the row says what is due. Safe to run twice, at any time, anywhere.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from bot.turns import drain
from domain import payments
from domain.crashpoints import reach, reach_during
from domain.database import name_commit, transaction
from domain.models import Payment
from domain.payments import Act, Locked
from domain.policy import Policy
from domain.states import CONFIRMING
from providers.contract import (
    Cancels,
    Charge,
    ConfirmsByOtp,
    EnterOtp,
    Provider,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    Terms,
    WrongOtp,
)
from workers import records
from workers.charges import charge_of, with_customer
from workers.probes import count
from workers.process import current, job
from workers.records import Record, write_patiently


@dataclass(frozen=True, slots=True)
class _Task:
    """What was decided under the lock, for outside of it. `send_before` is by time.monotonic(),
    `decided_at` by the database's clock.
    """

    act: Act
    contact_id: int
    policy: Policy
    charge: Charge | None = None
    provider: Provider | None = None
    otp_try: int = 0
    otp: str | None = None
    send_before: float = 0.0
    decided_at: datetime | None = None

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
        _record(payment, task, _start(task))
    elif task.act is Act.CONFIRM:
        reach("confirm_leased")
        _record(payment, task, _confirm(task))
        current().runtime.vault.delete(payment, task.otp_try)
    elif task.act is Act.VOID:
        _record(payment, task, _void(task))
    elif task.act is Act.ASK:
        _record(payment, task, _ask(task))
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
        act = payments.due_act(locked, runtime.policy)
        if act is Act.CONFIRM and looked_for != (payment.status, payment.otp_try):
            act = Act.LEAVE  # The code came after we looked: whoever its nudge calls will find it.
        if act is Act.CONFIRM and otp is None:
            payments.code_lost(db, locked)
            return _Task(Act.LOSE, payment.contact_id, runtime.policy)
        if act in (Act.LEAVE, Act.LOSE, Act.EXPIRE, Act.CANCEL):
            _settle_here(db, locked, act)
            return _Task(act, payment.contact_id, runtime.policy)
        provider = runtime.accounts.adapter(db, payment.account_id)
        charge = charge_of(payment, locked.booking)
        if act is Act.VOID and not (isinstance(provider, Cancels) and provider.can_cancel(charge)):
            act = Act.ASK
        terms = provider.terms(payment.payer_number)
        if act is Act.START:
            if not terms.otp_tries:
                charge = with_customer(db, charge, payment, locked.booking)
            payments.begin_start(db, locked, terms.call_seconds, runtime.policy)
        elif act is Act.CONFIRM:
            payments.begin_confirm(db, locked, terms.call_seconds, runtime.policy)
        elif act is Act.VOID:
            payments.begin_void(db, locked, terms.call_seconds, runtime.policy)
        return _Task(
            act=act,
            contact_id=payment.contact_id,
            charge=charge,
            provider=provider,
            policy=_policy_of(terms),
            otp_try=payment.otp_try,
            otp=otp,
            send_before=started + runtime.policy.lease_margin_seconds,
            decided_at=locked.now,
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
        payments.leave(locked.payment, locked.now, policy)


def _policy_of(terms: Terms) -> Policy:
    """Our numbers, with those that the provider's way of paying sets."""
    policy = current().runtime.policy
    delays = terms.check_delays_seconds
    grace, negative = terms.expiry_grace_seconds, terms.negative_wait_seconds
    return replace(
        policy,
        check_delays_seconds=delays or policy.check_delays_seconds,
        # What a provider publishes is kept to the letter.
        check_spread=0.0 if delays else policy.check_spread,
        watches_paid=terms.watches_paid,
        expiry_grace_seconds=policy.expiry_grace_seconds if grace is None else grace,
        negative_wait_seconds=(
            policy.negative_wait_seconds if negative is None else negative * policy.check_pace
        ),
    )


def _start(task: _Task) -> Record:
    """Ask the provider to begin. No transaction is open: a slow provider holds no lock and no
    connection.
    """
    charge, provider, policy = _parts(task)
    if time.monotonic() > task.send_before:
        return records.lost(None, task.policy)
    reach_during("start_calling")
    try:
        answer = provider.start(charge)
    except ProviderUncertain as error:
        return records.lost(error, task.policy)
    except ProviderRefused as error:
        return records.refused(error)
    reach("start_answered")
    call = records.story(answer.call)
    if isinstance(answer, EnterOtp):
        otp_reference = answer.otp_reference
        seconds = provider.terms(charge.payer_number).customer_seconds
        return Record(
            lambda db, locked: payments.record_started(db, locked, otp_reference, seconds, call),
            answer.call,
        )
    opened = records.opened(answer)
    return Record(
        lambda db, locked: payments.record_opened(db, locked, opened, policy, call), answer.call
    )


def _confirm(task: _Task) -> Record:
    """Hand the customer's code to the provider, once."""
    charge, provider, policy = _parts(task)
    # The lease is looked at once more: a process that slept since it was taken must not send.
    if time.monotonic() > task.send_before:
        return records.lost(None, task.policy)
    if task.otp is None or not isinstance(provider, ConfirmsByOtp):
        raise TypeError(f"{provider.name} takes no code")
    reach_during("confirm_calling")
    try:
        outcome = provider.confirm(charge, task.otp)
    except ProviderUncertain as error:
        return records.lost(error, task.policy)
    except WrongOtp as error:
        return records.wrong_otp(error)
    except ProviderRefused as error:
        return records.refused(error)
    reach("confirm_answered")
    return records.words(charge, outcome, "confirm", policy)


def _void(task: _Task) -> Record:
    """Ask the provider to void what nobody has paid yet. Whatever comes of it but a clear yes, the
    payment is asked about: it may have been paid a moment ago.
    """
    charge, provider, policy = _parts(task)
    if not isinstance(provider, Cancels):
        raise TypeError(f"{provider.name} voids nothing")
    if time.monotonic() > task.send_before:
        return records.lost(None, task.policy)
    try:
        return records.words(charge, provider.cancel(charge), "void", policy)
    except ProviderError as error:
        return records.not_voided(error, policy)


def _ask(task: _Task) -> Record:
    """Ask what became of it. Reading moves nothing, and may be repeated."""
    charge, provider, policy = _parts(task)
    try:
        return records.words(charge, provider.check(charge), "poll", policy)
    except ProviderError as error:
        return records.not_told(error, policy)


def _parts(task: _Task) -> tuple[Charge, Provider, Policy]:
    if task.charge is None or task.provider is None:
        raise TypeError(f"{task} calls nobody")
    return task.charge, task.provider, task.policy


def _record(payment_id: UUID, task: _Task, record: Record) -> None:
    """Write down what came of a call: booking and payment locked and read afresh."""

    def write(db: Session) -> None:
        locked = payments.lock(db, payment_id)
        record.write(db, locked)
        noticed_at = locked.payment.noticed_at
        if noticed_at is not None and task.decided_at is not None and noticed_at > task.decided_at:
            # What the provider told us unasked is newer than this answer.
            payments.ask_now(db, locked.payment, locked.now)
        if task.act is Act.ASK and task.decided_at is not None:
            payments.answer_customer(db, locked, task.decided_at)
        if task.provider is not None and record.call is not None:
            count(db, task.provider.name, record.call)
        name_commit(db, "settled")

    write_patiently(write)
