"""Money on its way back among the rules of money: asked for, agreed to, sent, lost, taken back."""

from collections.abc import Callable
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import refunds
from domain.database import transaction
from domain.models import Refund, Transfer
from domain.money import Money
from domain.payments import Word
from domain.refunds import Following, LockedRefund, NotRefunded, RefundAct, RefundWish, RefundWord
from tests import factories
from tests.domain.rules_model import (
    HANGS_SECONDS,
    HIDDEN_SECONDS,
    LEASE_SECONDS,
    ROOM_SECONDS,
    OneBooking,
    OnePayment,
    OneRefund,
)
from tests.domain.rules_world import CALL, POLICY, World

which = st.integers(0, 5)
_NEGATIVE = ("failed", "not_found")


class MoneyBack(World):
    """Refunds and reversals of the payments that brought money."""

    staff: list[int]

    def _hire(self, db: Session) -> list[int]:
        return [factories.staff(db, f"{name}@example.com").id for name in ("anna", "ben")]

    # What staff do

    @precondition(lambda self: any(one.delivered for one in self.all))
    @rule(
        index=which,
        part=st.sampled_from([1, 2, 2, 3]),
        by=st.integers(0, 1),
        alone=st.booleans(),
        fate=st.sampled_from(["none", "answered", "pending", "lost", "died"]),
    )
    def ask_for_refund(self, index: int, part: int, by: int, alone: bool, fate: str) -> None:
        """`part`: of the amount, all, half or a third. `fate` of its call, so that many get far."""
        payment = self._paid(index)
        amount_minor = payment.amount_minor // part
        wish = RefundWish(
            uuid4(), payment.id, Money(amount_minor, "USD"), "why", self.staff[by], "provider"
        )
        with transaction() as db:
            asked = refunds.request(db, wish, amount_minor if alone else 0)
        allowed = amount_minor <= self._may_go_back(payment)
        assert isinstance(asked, Refund) == allowed, "never above what is left, and never below"
        if isinstance(asked, Refund):
            self.refunds.append(OneRefund(asked.id, payment, amount_minor))
            if fate != "none":
                self._approve(0, 1 - by)
                self._attend_refund(self.refunds[-1], fate, done=bool(part % 2))

    @precondition(lambda self: self.refunds)
    @rule(index=which, by=st.integers(0, 1))
    def approve_refund(self, index: int, by: int) -> None:
        self._approve(index, by)

    def _approve(self, index: int, by: int) -> None:
        one = self._refund_at(index)
        with transaction() as db:
            before = db.get_one(Refund, one.id)
            asked_by, status = before.requested_by, before.status
        with transaction() as db:
            done = refunds.approve(db, one.id, self.staff[by])
            approved = not isinstance(done, NotRefunded)
        assert not (approved and asked_by == self.staff[by]), "one person is not two"
        if status == "requested" and asked_by != self.staff[by]:
            held = self._left(one.payment) >= 0 and self._unpromised(one.payment.booking) >= 0
            assert approved == (held and before.review is None)

    @precondition(lambda self: self.refunds)
    @rule(index=which)
    def reject_refund(self, index: int) -> None:
        one = self._refund_at(index)
        with transaction() as db:
            done = refunds.reject(db, one.id, self.staff[0], "no")
            rejected = not isinstance(done, NotRefunded)
        assert not (rejected and one.calls), "the provider has it"
        one.over = one.over or rejected

    # What a worker does, and what becomes of its call

    @precondition(lambda self: self.refunds)
    @rule(
        index=which,
        fate=st.sampled_from(["answered", "answered", "pending", "refused", "lost", "silent"]),
        done=st.booleans(),
    )
    def attend_refund(self, index: int, fate: str, done: bool) -> None:
        self._attend_refund(self._refund_at(index), fate, done)

    def _attend_refund(self, one: OneRefund, fate: str, done: bool) -> None:
        with transaction() as db:
            locked = refunds.lock(db, one.id)
            act = refunds.due_act(db, locked)
            if act is not RefundAct.LEAVE:
                over = self.clock + ROOM_SECONDS >= one.call_runs_until
                assert over, f"{act} while a call may run"
            if act is RefundAct.SEND:
                assert one.calls == 0, "sent twice"
                one.calls += 1
                refunds.begin_send(db, locked, 30, POLICY)
                one.leased_until = one.call_runs_until = self.clock + LEASE_SECONDS
            elif act is RefundAct.LOSE:
                refunds.lose_answer(db, locked, Following.PROVIDER, POLICY, None)
            elif act is RefundAct.LEAVE:
                refunds.leave(locked, POLICY)
        if act is RefundAct.SEND:
            self._send(one, fate, done)
        elif act is RefundAct.ASK:
            self._ask_about(one, fate)
        if fate != "died":
            one.call_runs_until = -1

    def _send(self, one: OneRefund, fate: str, done: bool) -> None:
        if fate == "answered":
            one.given_at = self.clock
            self._hear(one, "succeeded")
        elif fate == "pending":
            one.working = True
            self._hear(one, "pending")
        elif fate == "refused":
            one.refused = one.over = True
            self._write(
                one, lambda db, locked: refunds.record_refusal(db, locked, "declined", CALL)
            )
        else:
            if done:
                one.given_at = self.clock
            else:
                one.hangs_until = self.clock + HANGS_SECONDS
            if fate != "died":
                self._write(
                    one,
                    lambda db, locked: refunds.lose_answer(
                        db, locked, Following.PROVIDER, POLICY, CALL
                    ),
                )

    def _ask_about(self, one: OneRefund, fate: str) -> None:
        if fate in ("lost", "died"):
            self._write(
                one, lambda db, locked: refunds.record_failed_check(db, locked, CALL, POLICY)
            )
            return
        truth = one.truth()
        hidden = one.given_at is not None and self.clock - one.given_at <= HIDDEN_SECONDS
        if fate == "silent" and hidden and not one.working:
            truth = "not_found"
        before = self._refund_status(one)
        self._hear(one, truth)
        if before == "uncertain" and truth in _NEGATIVE:
            ended = self._refund_status(one) == "failed"
            assert not ended or one.may_end_on_word(self.clock), "ended on a young negative word"
            one.hear_negative(self.clock)
        else:
            one.first_negative_at = None

    def _hear(self, one: OneRefund, status: str) -> None:
        """The provider's word; what the books must make of it."""
        failed_before = self._refund_status(one) == "failed"
        revives = not failed_before or one.amount_minor <= self._left(one.payment)
        word = RefundWord(status, uuid4().hex, amount=Money(one.amount_minor, "USD"), call=CALL)
        self._write(one, lambda db, locked: refunds.record_word(db, locked, word, POLICY))
        if status == "succeeded" and not one.booked and revives:
            one.booked = one.payment.give_back(one.amount_minor)
        if status not in _NEGATIVE and revives:
            one.over = False
        if status in _NEGATIVE:
            one.over = self._refund_status(one) == "failed"

    # What else the provider does

    @precondition(lambda self: any(one.hangs_until >= self.clock for one in self.refunds))
    @rule()
    def hanging_refund_arrives(self) -> None:
        one = next(one for one in self.refunds if one.hangs_until >= self.clock)
        one.hangs_until = -1
        one.given_at = self.clock

    @precondition(lambda self: any(one.working for one in self.refunds))
    @rule(good=st.booleans())
    def pending_refund_ends(self, good: bool) -> None:
        one = next(one for one in self.refunds if one.working)
        one.working, one.refused = False, not good
        if good:
            one.given_at = self.clock

    @precondition(lambda self: any(one.delivered for one in self.all))
    @rule(index=which, part=st.sampled_from([1, 2]), again=st.booleans())
    def reversal(self, index: int, part: int, again: bool) -> None:
        """The provider takes money back by itself, and we hear of it, maybe for the second time."""
        payment = self._paid(index)
        known = again and payment.reversed
        receipt = next(iter(payment.reversed)) if known else self._receipt()
        # A statement may have shown less than was asked for.
        minor = min(payment.amount_minor // part, sum(payment.delivered.values()))
        word = Word(
            status="reversed",
            source="statement",
            delivery_key=f"{receipt}:{next(self.numbers)}",
            receipt=receipt,
            amount=Money(minor, "USD"),
            reference=str(payment.id),
        )
        with transaction() as db:
            done = refunds.reverse(db, payment.id, word)
        assert done.known == bool(known)
        payment.reverse(receipt, minor)

    # What must be true after every step

    @invariant()
    def money_back_agrees(self) -> None:
        with transaction() as db:
            rows = db.execute(
                select(Transfer.refund_id, func.sum(Transfer.amount_minor))
                .where(Transfer.kind == "refund")
                .group_by(Transfer.refund_id)
            )
            posted = {refund_id: int(total) for refund_id, total in rows}
            taken_back = db.execute(
                select(func.coalesce(func.sum(Transfer.amount_minor), 0)).where(
                    Transfer.kind == "reversal"
                )
            ).scalar_one()
        assert posted == {one.id: one.amount_minor for one in self.refunds if one.booked}
        assert taken_back == sum(sum(one.reversed.values()) for one in self.all)
        assert all(one.given_at is not None for one in self.refunds if one.booked)

    # The end

    def _attend_due_refunds(self) -> None:
        """What the sweep finds; a provider that still worked on one is done with it."""
        with transaction() as db:
            due = set(refunds.claim_due(db, 100, POLICY))
        for one in self.refunds:
            if one.working:
                one.working, one.given_at = False, self.clock
            if one.id in due:
                self._attend_refund(one, "answered", done=True)
        self.money_back_agrees()

    def _refunds_are_over(self) -> None:
        for one in self.refunds:
            with transaction() as db:
                found = db.get_one(Refund, one.id)
            over = found.status in ("requested", "succeeded", "failed")
            assert over or found.review is not None, f"a refund stays {found.status}"
            seen = one.booked or found.review is not None
            assert seen or one.given_at is None, "money went back and the books do not say so"

    # Doing it

    def _paid(self, index: int) -> OnePayment:
        paid = [one for one in self.all if one.delivered]
        return paid[-1 - index % len(paid)]

    def _refund_at(self, index: int) -> OneRefund:
        return self.refunds[-1 - index % len(self.refunds)]

    def _left(self, payment: OnePayment) -> int:
        """What came in, less what was taken back or moved, and all refunds that have not failed."""
        promised = sum(
            one.amount_minor for one in self.refunds if one.payment is payment and not one.over
        )
        not_here = max(payment.on_other_minor, payment.reversed_beyond_minor)
        gone = sum(payment.reversed.values()) + not_here
        return sum(payment.delivered.values()) - gone - promised

    def _promised_back(self, payment: OnePayment) -> int:
        """What refunds under way will take."""
        return sum(
            one.amount_minor
            for one in self.refunds
            if one.payment is payment and not one.over and not one.booked
        )

    def _unpromised(self, booking: OneBooking) -> int:
        """What a booking was paid and no refund under way will take from it."""
        return booking.paid_minor - sum(
            min(one.on_booking_minor, max(0, self._promised_back(one) - one.in_suspense_minor))
            for one in self.all
            if one.booking is booking
        )

    def _may_go_back(self, payment: OnePayment) -> int:
        surplus = max(0, payment.in_suspense_minor - self._promised_back(payment))
        there = surplus + max(0, self._unpromised(payment.booking))
        return max(0, min(self._left(payment), there))

    def _refund_status(self, one: OneRefund) -> str:
        with transaction() as db:
            return db.execute(select(Refund.status).where(Refund.id == one.id)).scalar_one()

    def _write(self, one: OneRefund, record: Callable[[Session, LockedRefund], object]) -> None:
        with transaction() as db:
            record(db, refunds.lock(db, one.id))
