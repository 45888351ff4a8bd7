"""How a refund is asked for, agreed to and sent: never above what is left, by two people, once."""

import multiprocessing
import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from domain import refunds
from domain.database import Database, configure, repeat, transaction
from domain.models import AuditEntry, PaymentEvent, Refund, Staff
from domain.money import Money
from domain.nudges import Nudge, take
from domain.refunds import NotRefunded, OutsideWish, RefundWish, Why
from tests import factories
from tests.domain import refunds_world as r
from tests.domain import world as w
from tests.domain.people_world import notices

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def desk() -> r.Desk:
    return r.build()


def test_a_request_waits_for_a_second_person_and_is_written_down(desk: r.Desk) -> None:
    refund = r.ask(desk)
    found = r.refund_of(refund)
    assert (found.status, found.requested_by, found.approved_by) == ("requested", desk.anna, None)
    assert found.next_check_at is None
    assert r.approve(refund, desk.ben) is None
    found = r.refund_of(refund)
    assert (found.status, found.approved_by) == ("approved", desk.ben)
    assert r.seconds_until(found.next_check_at) < 1
    assert r.story(desk.payment) == ["refund_requested", "refund_approved"]
    assert r.acts() == [("anna", "refund_requested"), ("ben", "refund_approved")]
    assert w.booking_of(desk.world).paid_minor == 10_000, "nothing went back yet"
    w.assert_books_agree()


def test_an_approval_promises_the_call(desk: r.Desk) -> None:
    refund = r.ask(desk)
    with transaction() as db:
        refunds.approve(db, refund, desk.ben)
        assert take(db) == (Nudge("workers.refunds.attend_refund", "payments", str(refund)),)


REFUSED = {
    "nothing": (0, {}, Why.NOT_POSITIVE),
    "less than nothing": (-1, {}, Why.NOT_POSITIVE),
    "more than came": (10_001, {}, Why.ABOVE_LEFT),
    "another currency": (1, {"amount": Money(1, "ZWG")}, Why.OTHER_CURRENCY),
    "no reason": (1, {"reason": " "}, Why.NO_REASON),
    "too long a reason": (1, {"reason": "x" * 301}, Why.NO_REASON),
    "no such way": (1, {"way": "outside"}, Why.OUTSIDE_ONLY),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_changes_nothing(desk: r.Desk, what: str) -> None:
    amount_minor, changed, why = REFUSED[what]
    assert r.refused(desk, amount_minor, **changed).why is why
    with transaction() as db:
        assert db.execute(select(func.count(Refund.id))).scalar_one() == 0
    assert r.acts() == []


@pytest.mark.parametrize("who", ["stranger", "gone"])
def test_only_who_may_asks_approves_rejects_or_concludes(desk: r.Desk, who: str) -> None:
    person = getattr(desk, who)
    assert r.refused(desk, staff_id=person).why is Why.NOT_ALLOWED
    refund = r.ask(desk)
    assert r.approve(refund, person) is Why.NOT_ALLOWED
    with transaction() as db:
        assert refunds.reject(db, refund, person, "no") == NotRefunded(Why.NOT_ALLOWED)
    assert r.stands(refund) == ("requested", None, None)


def test_an_operators_own_staff_may_for_its_own_bookings(desk: r.Desk) -> None:
    refund = r.ask(desk, staff_id=desk.owner)
    assert r.approve(refund, desk.anna) is None


def test_nobody_approves_what_they_asked_for(desk: r.Desk) -> None:
    refund = r.ask(desk)
    assert r.approve(refund, desk.anna) is Why.SAME_PERSON
    assert r.refund_of(refund).status == "requested"


def test_the_second_person_is_an_approver_whom_the_first_did_not_let_in(desk: r.Desk) -> None:
    with transaction() as db:
        anna = db.get_one(Staff, desk.anna)
        puppet = factories.staff(db, "puppet@example.com", vouched_by=anna).id
        new = factories.staff(db, "new@example.com", approver_after=timedelta(hours=1)).id
    refund = r.ask(desk)
    assert r.approve(refund, puppet) is Why.VOUCHED_FOR
    assert r.approve(refund, new) is Why.NOT_APPROVER
    assert r.stands(refund) == ("requested", None, None)
    with transaction() as db:
        wish = OutsideWish(uuid4(), desk.payment, Money(1, "USD"), "cash", desk.anna, puppet)
        assert refunds.record_outside(db, wish) == NotRefunded(Why.VOUCHED_FOR)
        wish = OutsideWish(uuid4(), desk.payment, Money(1, "USD"), "cash", desk.anna, new)
        assert refunds.record_outside(db, wish) == NotRefunded(Why.NOT_APPROVER)


def test_who_may_approve_is_told_and_then_who_asked(desk: r.Desk) -> None:
    refund = r.ask(desk)
    assert notices("refund_waiting") == ["ben@example.com", "own@example.com"]
    r.approve(refund, desk.ben)
    assert notices("refund_waiting") == []
    assert notices("refund_approved") == ["anna@example.com"]
    other = r.ask(desk, 1_000)
    with transaction() as db:
        refunds.reject(db, other, desk.owner, "no")
    assert notices("refund_rejected") == ["anna@example.com"]
    mine = r.ask(desk, 1_000)
    with transaction() as db:
        refunds.reject(db, mine, desk.anna, "a slip")
        acts = db.scalars(select(AuditEntry.act).order_by(AuditEntry.id.desc()).limit(1)).all()
    assert notices("refund_rejected") == ["anna@example.com"], "of their own act nobody is told"
    assert notices("refund_waiting") == []
    assert acts == ["refund_withdrawn"]
    r.ask(desk, 500, alone_minor=500)
    assert notices("refund_waiting") == [], "nobody is asked"


def test_the_same_approval_twice_is_one_and_another_is_too_late(desk: r.Desk) -> None:
    refund = r.ask(desk)
    assert [r.approve(refund, desk.ben) for _ in range(2)] == [None, None]
    assert r.approve(refund, desk.owner) is Why.NOT_WAITING
    assert r.story(desk.payment).count("refund_approved") == 1


def test_a_small_amount_needs_no_second_person_where_that_is_allowed(desk: r.Desk) -> None:
    small, large = r.ask(desk, 500, alone_minor=500), r.ask(desk, 501, alone_minor=500)
    assert (r.refund_of(small).status, r.refund_of(small).approved_by) == ("approved", None)
    assert r.refund_of(large).status == "requested"
    w.assert_books_agree()


def test_many_small_amounts_are_not_small(desk: r.Desk) -> None:
    refunds = [r.ask(desk, minor, alone_minor=500) for minor in (300, 200, 1)]
    stood = [r.refund_of(refund).status for refund in refunds]
    assert stood == ["approved", "approved", "requested"]


def test_a_payment_that_brought_nothing_gives_nothing_back(desk: r.Desk) -> None:
    with transaction() as db:
        db.execute(text("UPDATE contact SET person_wanted_at = NULL"))
    unpaid = w.open_payment(desk.world)
    assert r.refused(desk, payment_id=unpaid).why is Why.NOTHING_CAME


def test_what_is_promised_counts_until_it_fails(desk: r.Desk) -> None:
    first = r.ask(desk, 7_000)
    assert r.refused(desk, 4_000) == NotRefunded(Why.ABOVE_LEFT, Money(3_000, "USD"))
    with transaction() as db:
        refunds.reject(db, first, desk.ben, "they come after all")
    assert r.stands(first) == ("failed", "rejected", None)
    r.ask(desk, 10_000)
    assert r.refused(desk, 1) == NotRefunded(Why.ABOVE_LEFT, Money(0, "USD"))


def test_what_was_sent_cannot_be_rejected(desk: r.Desk) -> None:
    refund = r.sent(desk)
    with transaction() as db:
        assert refunds.reject(db, refund, desk.ben, "no") == NotRefunded(Why.NOT_WAITING)


def test_asking_again_with_the_same_id_is_one_refund(desk: r.Desk) -> None:
    again = uuid4()
    assert [r.ask(desk, 6_000, refund_id=again) for _ in range(2)] == [again, again]
    assert r.refused(desk, 1_000, refund_id=again).why is Why.SENT_BEFORE
    assert r.refused(desk, 6_000, refund_id=again, staff_id=desk.stranger).why is Why.NOT_ALLOWED
    with transaction() as db:
        assert db.execute(select(func.count(Refund.id))).scalar_one() == 1


def request_one(url: str, wish: RefundWish) -> str:
    """In a process of its own: ask for money back."""
    configure(Database(url, pool_size=1))
    asked = repeat(lambda db: refunds.request(db, wish))
    return asked.why.value if isinstance(asked, NotRefunded) else "asked"


@pytest.mark.concurrency
def test_many_people_at_once_never_promise_more_than_came(desk: r.Desk, database_url: str) -> None:
    wishes = [r.wish(desk, 6_000) for _ in range(4)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        answers = pool.starmap(request_one, [(database_url, each) for each in wishes])
    assert sorted(answers) == ["above_left"] * 3 + ["asked"]
    w.assert_books_agree()


@pytest.mark.concurrency
def test_two_workers_at_once_take_one_lease(desk: r.Desk) -> None:
    refund = r.ask(desk)
    r.approve(refund, desk.ben)
    acts: list[str] = []
    together = threading.Barrier(2)

    def work() -> None:
        together.wait()
        with transaction() as db:
            locked = refunds.lock(db, refund)
            act = refunds.due_act(db, locked)
            if act is refunds.RefundAct.SEND:
                refunds.begin_send(db, locked, 30, r.POLICY)
            acts.append(act.value)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(acts) == ["leave", "send"]


def test_the_lease_is_the_calls_deadline_and_a_margin(desk: r.Desk) -> None:
    found = r.refund_of(r.sent(desk))
    assert 44 < r.seconds_until(found.lease_until) <= 45
    assert found.next_check_at == found.lease_until
    assert found.sent_at is not None


def test_whoever_finds_a_lease_leaves_and_run_out_asks(desk: r.Desk) -> None:
    refund = r.sent(desk)
    assert r.due(refund) == "leave"
    r.later(refund, 46)
    assert r.due(refund) == "lose"
    r.lose(refund)
    assert (r.stands(refund)[0], r.due(refund)) == ("uncertain", "ask")


def test_of_two_refunds_of_a_payment_one_is_sent_at_a_time(desk: r.Desk) -> None:
    first, second = r.sent(desk), r.ask(desk)
    r.approve(second, desk.ben)
    assert r.due(second) == "leave"
    with transaction() as db:
        refunds.leave(refunds.lock(db, second), r.POLICY)
    assert r.seconds_until(r.refund_of(second).next_check_at) > 50
    r.hear(first, "succeeded")
    assert r.seconds_until(r.refund_of(second).next_check_at) < 1, "its turn has come"
    assert r.due(second) == "send"


def test_due_refunds_are_handed_to_one_claimer_and_come_back(desk: r.Desk) -> None:
    refund = r.ask(desk)
    r.approve(refund, desk.ben)

    def claim() -> list[UUID]:
        with transaction() as db:
            return refunds.claim_due(db, 10, r.POLICY)

    assert [claim(), claim()] == [[refund], []]
    r.later(refund, 11)
    assert claim() == [refund]


def test_the_receipt_that_it_is_of_is_chosen_once(desk: r.Desk) -> None:
    r.surplus(desk)
    first = r.sent(desk, 8_000)
    assert r.refund_of(first).receipt == "SECOND", "what nobody owed goes back first"
    r.hear(first, "succeeded")
    assert r.refund_of(r.sent(desk, 8_000)).receipt == "H5PS"


def test_what_went_back_before_is_of_the_provider_and_of_this_payment(desk: r.Desk) -> None:
    first = r.sent(desk, 3_000)
    r.hear(first, "succeeded")
    with transaction() as db:
        outside = refunds.OutsideWish(
            uuid4(), desk.payment, Money(1_000, "USD"), "cash", desk.anna, desk.ben
        )
        refunds.record_outside(db, outside)
    second = r.sent(desk, 2_000)
    with transaction() as db:
        assert refunds.refunded_beside(db, db.get_one(Refund, second)) == 3_000


def test_what_went_back_in_the_place_of_a_failed_one_is_none_of_its_own(desk: r.Desk) -> None:
    """Who only says how much is left says the same of both: half of it is gone."""
    first = r.sent(desk, 5_000)
    r.lose(first)
    for seconds in (120, 120):
        r.later(first, seconds)
        r.hear(first, "not_found")
    assert r.stands(first) == ("failed", "not_found", None)
    second = r.sent(desk, 5_000)
    r.hear(second, "succeeded")
    with transaction() as db:
        assert refunds.refunded_beside(db, db.get_one(Refund, first)) == 5_000


def test_every_line_names_its_refund(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.hear(refund, "pending")
    r.hear(refund, "succeeded")
    with transaction() as db:
        rows = db.execute(
            select(PaymentEvent.told, PaymentEvent.refund_id)
            .where(PaymentEvent.kind.startswith("refund"))
            .order_by(PaymentEvent.id)
        ).all()
    assert [about for _, about in rows] == [refund] * 5
    assert [told for told, _ in rows] == [None, None, None, "refund_sent", "refunded"]


GUARDED = {
    "its amount": "UPDATE refund SET amount_minor = 1",
    "its payment": "UPDATE refund SET payment_id = gen_random_uuid()",
    "itself": "DELETE FROM refund",
    "that it was sent": "UPDATE refund SET sent_at = NULL",
    "when it was sent": "UPDATE refund SET sent_at = now()",
    "back to approved": "UPDATE refund SET status = 'approved'",
    "back to requested": "UPDATE refund SET status = 'requested'",
    "one person": "UPDATE refund SET approved_by = requested_by",
}


@pytest.mark.parametrize("what", GUARDED)
def test_the_database_refuses_to_change(desk: r.Desk, what: str) -> None:
    r.sent(desk)
    with pytest.raises(DBAPIError), transaction() as db:
        db.execute(text(GUARDED[what]))


def test_the_database_refuses_to_send_twice(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.refuse(refund)
    for sql in ("UPDATE refund SET status = 'approved'", "UPDATE refund SET status = 'sending'"):
        with pytest.raises(DBAPIError, match="does not move"), transaction() as db:
            db.execute(text(sql))
