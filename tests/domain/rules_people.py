"""What people do among the rules of money: money from outside, taken and taken back, moves,
findings that take two.
"""

from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import func, select

from domain import proposals
from domain.database import transaction
from domain.models import Proposal, Transfer
from domain.money import Money
from domain.outside import Method, OutsideMoney, Posted, record
from domain.states import AWAITING_OTP, CANCELLED, EXPIRED, UNCERTAIN
from domain.wishes import NotDone, Tools, Why, Wish
from tests.domain.rules_model import LEASE_SECONDS, ROOM_SECONDS, OneBooking, OnePayment
from tests.domain.rules_refunds import MoneyBack, which
from tests.domain.rules_world import POLICY

amounts = st.sampled_from([0, 3_000, 10_000, 20_000, 50_000])
bookings = st.integers(0, 1)


class ByPeople(MoneyBack):
    """Two of staff, who know what no provider tells us."""

    bookings: list[OneBooking]
    operator_id: int

    @rule(booking=bookings, amount_minor=amounts, twice=st.booleans())
    def money_from_outside(self, booking: int, amount_minor: int, twice: bool) -> None:
        one = self.bookings[booking]
        amount = Money(amount_minor, "USD")
        money = OutsideMoney(uuid4(), one.id, amount, Method.CASH, "receipt", self.staff[0])
        fits = self._takes(one, amount_minor)
        for _ in range(1 + twice):
            with transaction() as db:
                assert isinstance(record(db, money), Posted) == fits
        if fits:
            one.paid_minor += amount_minor
            with transaction() as db:
                newest = select(func.max(Transfer.id)).where(Transfer.kind == "outside")
                one.outside[db.execute(newest).scalar_one()] = amount_minor

    @precondition(lambda self: any(one.outside for one in self.bookings))
    @rule(
        booking=bookings,
        index=which,
        part=st.sampled_from([1, 1, 2]),
        more_minor=st.sampled_from([0, 0, 1]),
        by=st.integers(0, 1),
        cause=st.sampled_from(["by_mistake", "given_back"]),
    )
    def take_back_outside(
        self, booking: int, index: int, part: int, more_minor: int, by: int, cause: str
    ) -> None:
        """`part`: of what is left of one posting; `more_minor` may be too much."""
        one = self.bookings[booking]
        if not one.outside:
            one = self.bookings[1 - booking]
        transfer_id = list(one.outside)[-1 - index % len(one.outside)]
        left_minor = one.outside[transfer_id]
        amount_minor = left_minor // part + more_minor
        most = min(left_minor, self._unpromised(one))
        detail = {"transfer_id": transfer_id, "amount_minor": amount_minor, "currency": "USD"}
        subject, fits = f"booking:{one.id}", 0 < amount_minor <= most
        assert self._agree("take_back_outside", subject, detail | {"cause": cause}, by) == fits
        if fits:
            one.paid_minor -= amount_minor
            one.outside[transfer_id] -= amount_minor

    @rule(giving=bookings, part=st.integers(1, 4), by=st.integers(0, 1))
    def move_money(self, giving: int, part: int, by: int) -> None:
        """`part`: of what was paid; a little where nothing was."""
        source, target = self.bookings[giving], self.bookings[1 - giving]
        amount_minor = source.paid_minor // part or 3_000
        fits = self._takes(target, amount_minor) and amount_minor <= self._unpromised(source)
        detail = {"to_booking_id": target.id, "amount_minor": amount_minor, "currency": "USD"}
        assert self._agree("move_money", f"booking:{source.id}", detail, by) == fits
        if fits:
            source.paid_minor -= amount_minor
            target.paid_minor += amount_minor

    @precondition(lambda self: any(one.delivered for one in self.all))
    @rule(
        index=which,
        part=st.sampled_from([1, 2, 3]),
        more_minor=st.sampled_from([0, 0, 1]),
        by=st.integers(0, 1),
        back=st.booleans(),
    )
    def move_of_payment(self, index: int, part: int, more_minor: int, by: int, back: bool) -> None:
        """`part`: of what one payment has where it is moved from; `back`: from where it was moved
        to; `more_minor` may be too much.
        """
        one = self._paid(index)
        source, target = (
            one.booking,
            next(each for each in self.bookings if each is not one.booking),
        )
        there_minor, promised_minor = one.held_minor, self._promised_back(one)
        if back and one.on_other_minor:
            source, target = target, source
            there_minor, promised_minor = min(one.on_other_minor, source.paid_minor), 0
        amount_minor = there_minor // part + more_minor
        beyond_surplus = max(0, promised_minor - one.in_suspense_minor)
        elsewhere = one.on_other_minor - (there_minor if source is not one.booking else 0)
        gone = max(0, one.reversed_beyond_minor - elsewhere)
        most = min(there_minor - beyond_surplus - gone, self._unpromised(source))
        fits = self._takes(target, amount_minor) and amount_minor <= most
        detail = {"to_booking_id": target.id, "amount_minor": amount_minor, "currency": "USD"}
        detail |= {"payment_id": str(one.id)}
        assert self._agree("move_money", f"booking:{source.id}", detail, by) == fits
        if fits:
            source.paid_minor -= amount_minor
            target.paid_minor += amount_minor
            moved_minor = amount_minor if source is one.booking else -amount_minor
            one.on_booking_minor -= moved_minor
            one.on_other_minor += moved_minor

    @precondition(lambda self: self.all)
    @rule(
        index=which,
        more_minor=st.sampled_from([-1_000, 0, 5_000]),
        by=st.integers(0, 1),
        done=st.booleans(),
    )
    def settle_by_statement(self, index: int, more_minor: int, by: int, done: bool) -> None:
        """The statement shows money, maybe another amount than was asked for."""
        one = self._at(index)
        self._lose_answer_of(one, done)
        status = self._status(one)
        receipt = next(iter(one.taken), None) or self._receipt()
        if receipt not in one.taken and (more_minor == 0 or not self._is_doubtful(one, status)):
            return
        minor = one.taken.get(receipt, one.amount_minor + more_minor)
        detail = {"amount_minor": minor, "currency": "USD", "receipt": receipt}
        settled = self._agree("settle_by_statement", f"payment:{one.id}", detail, by)
        assert not (settled and receipt in one.delivered), "credited twice"
        if settled:
            assert self._call_is_over(one)
            one.taken.setdefault(receipt, minor)
            is_first = not one.delivered
            one.deliver(receipt)
            one.found = one.found or is_first
            one.call_without_answer = False

    @precondition(lambda self: self.all)
    @rule(index=which, by=st.integers(0, 1), done=st.booleans())
    def close_as_not_paid(self, index: int, by: int, done: bool) -> None:
        """Also what the provider has taken or will take: people err, and late money counts."""
        one = self._at(index)
        self._lose_answer_of(one, done)
        before = self._status(one)
        if self._agree("close_as_not_paid", f"payment:{one.id}", {}, by):
            assert before == UNCERTAIN
            assert self._call_is_over(one)
            one.closed = True

    def _lose_answer_of(self, one: OnePayment, done: bool) -> None:
        """Where a code is waited for, it comes, the provider's answer does not, and time passes."""
        if self._status(one) == AWAITING_OTP:
            index = len(self.all) - 1 - self.all.index(one)
            self._give_code(index)
            self._attend(one, "lost", done, wrong=False)
            self._pass(LEASE_SECONDS + ROOM_SECONDS)

    def _is_doubtful(self, one: OnePayment, status: str) -> bool:
        """Whether the provider may have taken money that it never told us of."""
        return one.known_since is not None and status in (UNCERTAIN, EXPIRED, CANCELLED)

    def _call_is_over(self, one: OnePayment) -> bool:
        return self.clock + ROOM_SECONDS >= one.call_runs_until

    def _takes(self, one: OneBooking, amount_minor: int) -> bool:
        with transaction() as db:
            free = one.total_minor - one.paid_minor - self._promised(db, one)
        return not one.cancelled and 0 < amount_minor <= free

    def _agree(self, act: str, subject: str, detail: dict[str, object], by: int) -> bool:
        """One proposes, the other approves; nobody does both. Whether it was done."""
        proposal_id: UUID = uuid4()
        wish = Wish(
            proposal_id, act, subject, self.operator_id, detail, "statement", self.staff[by]
        )
        with transaction() as db:
            if isinstance(proposals.propose(db, wish), NotDone):
                return False
        tools = Tools(POLICY)
        with transaction() as db:
            alone = proposals.approve(db, proposal_id, self.staff[by], tools)
            assert alone == NotDone(Why.SAME_PERSON)
        with transaction() as db:
            done = proposals.approve(db, proposal_id, self.staff[1 - by], tools)
            assert isinstance(done, Proposal), "what could be proposed can be done at once"
        return True
