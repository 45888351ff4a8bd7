"""The rules of money in every order: hypothesis opens, starts, confirms, loses, cancels and lets
time pass, beside a model that only remembers what the provider did.

After each step the books are proved and compared with the model; at the end all faults stop, and
every payment must come to an end by the sweep alone. More of it: HYPOTHESIS_PROFILE=long.
"""

import os
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update

from domain import payments
from domain.audit import prove
from domain.database import Database, configure, transaction
from domain.models import Booking, Payment, PaymentEvent, Transfer
from domain.money import Money
from domain.payments.opening import hold_on
from domain.sealing import Sealer
from domain.states import AWAITING_OTP, CANCELLED, CONFIRMING, ENDED, EXPIRED, UNCERTAIN
from tests import factories
from tests.domain.rules_model import ENDINGS, TRIES, OneBooking, OnePayment
from tests.domain.rules_people import ByPeople
from tests.domain.rules_world import OPEN, POLICY
from tests.inputs.tables import Tables

SEALER = Sealer.of("account secrets", "a secret for tests, of a fair length")
NUMBERS = ("263774975187", "263771234567")
HOUR, DAY = 3_600, 86_400
# The short one does not shrink what it finds: that takes minutes, and the long one does it.
FOUND_AS_IT_IS = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile(
    "rules", max_examples=25, stateful_step_count=25, phases=FOUND_AS_IT_IS, database=None
)
settings.register_profile("rules-long", max_examples=600, stateful_step_count=60)
PROFILE = "rules-long" if os.environ.get("HYPOTHESIS_PROFILE") == "long" else "rules"

which = st.integers(0, 5)


class Rules(ByPeople):
    """Two bookings, two people, two numbers, one account."""

    tables: Tables

    @initialize()
    def begin(self) -> None:
        self.tables.empty()
        with transaction() as db:
            owner = factories.operator(db, "Kalai Safaris")
            rows = [
                factories.booking(db, owner, reference=f"KS-2024-00{number}", total_minor=total)
                for number, total in ((1, 50_000), (2, 20_000))
            ]
            self.bookings = [OneBooking(row.id, row.total_minor) for row in rows]
            self.contacts = [factories.contact(db, f"+{number}").id for number in NUMBERS]
            self.operator_id = owner.id
            self.account_id = factories.account(db, owner, SEALER).id
            self.staff = self._hire(db)

    # What customers do

    @rule(
        booking=st.integers(0, 1),
        contact=st.integers(0, 1),
        number=st.integers(0, 1),
        amount_minor=st.sampled_from([10_000, 15_000, 20_000, 30_000, 50_000]),
        fates=st.sampled_from([(), ("answered",), ("answered", "answered"), ("answered", "lost")]),
    )
    def open(
        self,
        booking: int,
        contact: int,
        number: int,
        amount_minor: int,
        fates: tuple[str, ...] = (),
    ) -> None:
        """`fates` are those of its first calls, so that many payments get far."""
        one = self.bookings[booking]
        request = payments.OpenRequest(
            booking_id=one.id,
            contact_id=self.contacts[contact],
            account_id=self.account_id,
            provider="omari",
            amount=Money(amount_minor, "USD"),
            payer_number=NUMBERS[number],
            hold_seconds=300,
            otp_tries=TRIES,
        )
        with transaction() as db:
            opened = payments.open_payment(db, request, POLICY)
            if not isinstance(opened, Payment):
                return
            self.all.append(OnePayment(opened.id, one, amount_minor))
            promised = self._promised(db, one, but=opened.id)
        assert not one.cancelled, "a cancelled booking takes no payment"
        assert amount_minor + promised <= one.total_minor - one.paid_minor, "promised twice"
        for fate in fates:
            self._give_code(0)
            self._attend(self._at(0), fate, done=False, wrong=False)

    @precondition(lambda self: self.all)
    @rule(index=which)
    def give_code(self, index: int) -> None:
        self._give_code(index)

    @precondition(lambda self: self.all)
    @rule(index=which)
    def cancel(self, index: int) -> None:
        with self._locked(index) as (one, db, locked):
            before = locked.payment.status
            done = payments.cancel(db, locked)
            assert not (done and before == CONFIRMING), "the provider has the code"
            assert not (done and one.call_without_answer and before == UNCERTAIN and one.taken)

    @precondition(lambda self: self.all)
    @rule(index=which)
    def resend(self, index: int) -> None:
        """Another payment in the place of one that waits for its code."""
        with self._locked(index) as (one, db, locked):
            old = locked.payment
            if old.status != AWAITING_OTP:
                return
            booking = one.booking
            request = payments.OpenRequest(
                booking_id=booking.id,
                contact_id=old.contact_id,
                account_id=self.account_id,
                provider="omari",
                amount=Money(one.amount_minor, "USD"),
                payer_number=old.payer_number,
                hold_seconds=300,
                otp_tries=TRIES,
            )
            opened = payments.replace(db, locked, request, POLICY)
            fits = one.amount_minor <= booking.total_minor - booking.paid_minor
            if isinstance(opened, Payment):
                assert fits, "promised more than is owed"
                assert not booking.cancelled
                assert (old.status, opened.replaces) == (CANCELLED, one.id)
                self.all.append(OnePayment(opened.id, booking, one.amount_minor))
            else:
                assert booking.cancelled or not fits
                assert old.status == AWAITING_OTP, "the old one stays as it is"

    @rule(seconds=st.sampled_from([1, 20, 40, 61, 120, 310, HOUR + 60]))
    def later(self, seconds: int) -> None:
        self._pass(seconds)

    @precondition(lambda self: len(self.all) > 2)
    @rule(index=st.integers(0, 1))
    def cancel_booking(self, index: int) -> None:
        self.bookings[index].cancelled = True
        with transaction() as db:
            db.execute(
                update(Booking)
                .where(Booking.id == self.bookings[index].id)
                .values(cancelled_at=func.clock_timestamp())
            )

    # What a worker does, and what becomes of its call

    @precondition(lambda self: self.all)
    @rule(
        index=which,
        fate=st.sampled_from(["answered", "answered", "refused", "lost", "died", "silent"]),
        done=st.booleans(),
        wrong=st.booleans(),
        code=st.booleans(),
    )
    def attend(self, index: int, fate: str, done: bool, wrong: bool, code: bool) -> None:
        """`done`: the provider did what it was asked although its answer was lost. `code`: the
        customer gives the code before, if one is waited for.
        """
        if code:
            self._give_code(index)
        self._attend(self._at(index), fate, done, wrong)

    # What else the provider does, and what else we are told

    @precondition(lambda self: any(one.hangs_until >= self.clock for one in self.all))
    @rule()
    def hanging_request_arrives(self) -> None:
        one = next(one for one in self.all if one.hangs_until >= self.clock)
        one.hangs_until = -1
        if not one.taken and not one.failed:
            one.take(self._receipt(), self.clock)

    @precondition(lambda self: self.all)
    @rule(index=which)
    def late_money(self, index: int) -> None:
        one = self._at(index)
        over = self._status(one) in (EXPIRED, CANCELLED)
        if over and one.known_since is not None and not one.taken:
            one.take(self._receipt(), self.clock)
            if self.clock % 2:
                self._succeed(one, "statement")

    @precondition(lambda self: any(one.taken for one in self.all))
    @rule(index=which, again=st.booleans())
    def statement(self, index: int, again: bool) -> None:
        """A receipt that we know already or not; or the provider took the money twice."""
        paid = [one for one in self.all if one.taken]
        one = paid[index % len(paid)]
        if again:
            one.take(self._receipt(), self.clock)
        for receipt in one.taken:
            self._succeed(one, "statement", receipt)

    @precondition(lambda self: self.all)
    @rule(index=which, of_another=st.booleans())
    def word_that_does_not_agree(self, index: int, of_another: bool) -> None:
        one = self._at(index)
        receipts = [each for other in self.all if other is not one for each in other.delivered]
        known = of_another and receipts
        minor = one.amount_minor if known else one.amount_minor + 1
        word = self._word(one, "statement", receipts[0] if known else self._receipt(), minor)
        if self._status(one) not in ("created",):
            with transaction() as db:
                settled = payments.settle(db, one.id, word)
            assert settled.mismatch is not None

    # What must be true after every step

    @invariant()
    def books_agree(self) -> None:
        with transaction() as db:
            assert prove(db) == []
            rows = db.execute(
                select(Transfer.payment_id, func.sum(Transfer.amount_minor))
                .where(Transfer.kind.in_(("capture", "surplus")))
                .group_by(Transfer.payment_id)
            )
            booked = {payment_id: int(total) for payment_id, total in rows}
            paid = {
                row.id: row.paid_minor for row in db.execute(select(Booking.id, Booking.paid_minor))
            }
        delivered = {one.id: sum(one.delivered.values()) for one in self.all if one.delivered}
        assert booked == delivered
        assert paid == {one.id: one.paid_minor for one in getattr(self, "bookings", ())}

    @invariant()
    def balances_are_held(self) -> None:
        """What a hold was for is free again once its payment is cancelled, ended or too old."""
        with transaction() as db:
            for one in getattr(self, "bookings", ()):
                held = hold_on(db, one.id)
                assert held.held_minor == self._promised(db, one)

    @invariant()
    def one_code_one_payment(self) -> None:
        with transaction() as db:
            rows = db.execute(
                select(Payment.contact_id, Payment.payer_number).where(
                    Payment.status.in_(OPEN), Payment.cancel_requested_at.is_(None)
                )
            ).all()
        assert len({contact for contact, _ in rows}) == len(rows)
        assert len({number for _, number in rows}) == len(rows)

    @invariant()
    def truth_is_told_once(self) -> None:
        with transaction() as db:
            rows = db.execute(
                select(PaymentEvent.payment_id, PaymentEvent.told)
                .where(PaymentEvent.told.in_(ENDINGS))
                .order_by(PaymentEvent.id)
            ).all()
        told: dict[UUID, list[str]] = {one.id: [] for one in self.all}
        for payment_id, name in rows:
            told[payment_id].append(name)
        for one in self.all:
            endings = told[one.id]
            assert endings in ([], *([name] for name in ENDINGS if name != "late"), ["late"]) or (
                endings in (["expired", "late"], ["cancelled", "late"])
                or (one.closed and endings == ["failed", "late"])
            ), f"told {endings}"
            lie = one.taken and "failed" in endings and not one.closed
            assert not lie, "told failed, and money moved"

    # The end

    def teardown(self) -> None:
        """Faults stop: the sweep finds what is due, the provider answers with the truth."""
        for seconds in (0, 60, 90, 90, 310, 120, 120, HOUR + 60, 5 * HOUR, *([DAY] * 8)):
            self._pass(seconds)
            with transaction() as db:
                due = set(payments.claim_due(db, 100, POLICY))
            for one in self.all:
                if one.id in due:
                    self._attend(one, "answered", done=True, wrong=False)
            self._attend_due_refunds()
            self.books_agree()
            self.truth_is_told_once()
        for one in self.all:
            assert self._status(one) in ENDED
            assert one.found or set(one.taken) == set(one.delivered), "money was lost"
        self._refunds_are_over()


def machine_of(database: Database) -> type[Rules]:
    """The machine on this test's database."""
    configure(database)
    Rules.tables = Tables()
    return Rules


def test_the_rules_hold_in_every_order(database: Database) -> None:
    run_state_machine_as_test(
        machine_of(database),
        settings=settings(
            settings.get_profile(PROFILE),
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
