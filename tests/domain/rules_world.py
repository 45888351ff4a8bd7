"""The world in which the rules of money are tried: what a worker does, each call's fate, and how
time passes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain import payments
from domain.database import transaction
from domain.models import Payment, Refund
from domain.money import Money
from domain.payments import Act, Locked, ProviderCall, Word
from domain.policy import Policy
from domain.states import AWAITING_OTP, CONFIRMING, ENDED, UNCERTAIN
from tests.domain.rules_model import (
    HANGS_SECONDS,
    HIDDEN_SECONDS,
    LEASE_SECONDS,
    ROOM_SECONDS,
    TRIES,
    OneBooking,
    OnePayment,
    OneRefund,
)

POLICY = Policy(
    payer_starts_per_hour=1000,
    payer_starts_per_day=1000,
    contact_starts_per_hour=1000,
    contact_starts_per_day=1000,
)
OPEN = ("created", "starting", "awaiting_otp", "confirming")
CALL = ProviderCall("test", 200, 1)
_MOMENTS = (
    Payment.started_at,
    Payment.confirm_begun_at,
    Payment.lease_until,
    Payment.hold_until,
    Payment.deadline_at,
    Payment.next_check_at,
    Payment.negative_since,
    Payment.ended_at,
)

_REFUND_MOMENTS = (
    Refund.lease_until,
    Refund.next_check_at,
    Refund.negative_since,
    Refund.ended_at,
)


class World(RuleBasedStateMachine):
    """Payments, the provider behind them, and a worker."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0
        self.all: list[OnePayment] = []
        self.refunds: list[OneRefund] = []
        self.numbers = count(1)

    # What a worker does, and what becomes of its call

    def _attend(self, one: OnePayment, fate: str, done: bool, wrong: bool) -> None:
        with transaction() as db:
            locked = payments.lock(db, one.id)
            act = payments.due_act(locked, POLICY)
            if act is not Act.LEAVE:
                over = self.clock + ROOM_SECONDS >= one.call_runs_until
                assert over, f"{act} while a call may run"
            if act in (Act.START, Act.CONFIRM):
                assert not one.call_without_answer, f"{act} after a call without an answer"
                begin = payments.begin_start if act is Act.START else payments.begin_confirm
                begin(db, locked, 30, POLICY)
                one.leased_until = one.call_runs_until = self.clock + LEASE_SECONDS
            elif act is Act.LOSE:
                payments.lose_answer(db, locked, POLICY, None)
            elif act is Act.EXPIRE:
                payments.expire(db, locked)
            elif act is Act.CANCEL:
                payments.cancel(db, locked)
        if act is Act.START:
            self._start(one, fate, done)
        elif act is Act.CONFIRM:
            self._confirm(one, fate, done, wrong)
        elif act is Act.ASK:
            self._ask(one, fate)
        if fate != "died":
            one.call_runs_until = -1

    def _give_code(self, index: int) -> None:
        with self._locked(index) as (one, db, locked):
            if locked.payment.status == AWAITING_OTP:
                taken = payments.begin_confirming(db, locked, POLICY)
                fits = one.amount_minor <= one.booking.total_minor - one.booking.paid_minor
                assert not taken or (fits and not one.booking.cancelled)

    def _start(self, one: OnePayment, fate: str, done: bool) -> None:
        if fate == "answered" or (fate != "refused" and done):
            one.known_since = self.clock
        if fate == "answered":
            self._record(
                one, lambda db, locked: payments.record_started(db, locked, "ETDC", 300, CALL)
            )
        elif fate == "refused":
            one.failed = True
            self._record(one, lambda db, locked: payments.record_refusal(db, locked, "limit", CALL))
        else:
            self._lose(one, fate)

    def _confirm(self, one: OnePayment, fate: str, done: bool, wrong: bool) -> None:
        if fate == "answered" and wrong:
            one.wrong_codes += 1
            one.failed = one.wrong_codes == TRIES
            self._record(
                one, lambda db, locked: payments.record_wrong_otp(db, locked, "wrong_otp", CALL)
            )
        elif fate == "refused" or one.failed:
            one.failed = True
            self._record(one, lambda db, locked: payments.record_refusal(db, locked, "funds", CALL))
        elif fate == "answered":
            one.take(self._receipt(), self.clock)
            self._succeed(one, "confirm")
        else:
            if done:
                one.take(self._receipt(), self.clock)
            else:
                one.hangs_until = self.clock + HANGS_SECONDS
            self._lose(one, fate)
            one.call_without_answer = True

    def _lose(self, one: OnePayment, fate: str) -> None:
        """No answer; where the worker died nobody wrote even that down."""
        if fate != "died":
            self._record(one, lambda db, locked: payments.lose_answer(db, locked, POLICY, CALL))

    def _ask(self, one: OnePayment, fate: str) -> None:
        truth = one.truth(self.clock)
        if fate in ("lost", "died"):
            self._record(
                one, lambda db, locked: payments.record_failed_check(db, locked, CALL, POLICY)
            )
            return
        if fate == "silent" and one.taken and self.clock - one.taken_at <= HIDDEN_SECONDS:
            truth = "not_found"
        if truth == "succeeded":
            self._succeed(one, "poll")
            return
        word = Word(truth, "poll", f"{one.id}:{next(self.numbers)}", reference=str(one.id))
        before = self._status(one)
        self._record(one, lambda db, locked: payments.record_word(db, locked, word, POLICY))
        if before == UNCERTAIN and truth != "open":
            ended = self._status(one) in ENDED
            assert not ended or one.may_end_on_word(self.clock), "ended on a young negative word"
            one.hear_negative(self.clock)
        else:
            one.first_negative_at = None

    def _succeed(self, one: OnePayment, source: str, receipt: str | None = None) -> None:
        """An authenticated word of success, by the way of its source."""
        receipt = receipt or next(iter(one.taken))
        word = self._word(one, source, receipt, one.amount_minor)
        if source == "statement":
            with transaction() as db:
                payments.settle(db, one.id, word)
        else:
            self._record(one, lambda db, locked: payments.record_word(db, locked, word, POLICY))
        one.deliver(receipt)
        one.call_without_answer = False

    def _word(self, one: OnePayment, source: str, receipt: str, minor: int) -> Word:
        return Word(
            status="succeeded",
            source=source,
            delivery_key=f"{one.id}:{next(self.numbers)}",
            receipt=receipt,
            amount=Money(minor, "USD"),
            reference=str(one.id),
        )

    # Doing it

    def _at(self, index: int) -> OnePayment:
        return self.all[-1 - index % len(self.all)]

    def _status(self, one: OnePayment) -> str:
        with transaction() as db:
            return db.execute(select(Payment.status).where(Payment.id == one.id)).scalar_one()

    def _record(self, one: OnePayment, record: Callable[[Session, Locked], object]) -> None:
        with transaction() as db:
            record(db, payments.lock(db, one.id))

    @contextmanager
    def _locked(self, index: int) -> Iterator[tuple[OnePayment, Session, Locked]]:
        one = self._at(index)
        with transaction() as db:
            yield one, db, payments.lock(db, one.id)

    def _receipt(self) -> str:
        return f"H{next(self.numbers):05d}"

    def _pass(self, seconds: float) -> None:
        """Let time pass: all moments move into the past."""
        self.clock += seconds
        moment = func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        with transaction() as db:
            db.execute(update(Payment).values({each: each - moment for each in _MOMENTS}))
            db.execute(update(Refund).values({each: each - moment for each in _REFUND_MOMENTS}))

    def _promised(self, db: Session, one: OneBooking, but: UUID | None = None) -> int:
        """What payments of a booking may still bring, added up one by one."""
        rows = db.execute(
            select(Payment, func.clock_timestamp()).where(
                Payment.booking_id == one.id, Payment.id.is_distinct_from(but)
            )
        ).all()
        return sum(
            payment.amount_minor
            for payment, now in rows
            if payment.cancel_requested_at is None
            and (
                payment.status in (CONFIRMING, UNCERTAIN)
                or (payment.status in OPEN and payment.hold_until > now)
            )
        )
