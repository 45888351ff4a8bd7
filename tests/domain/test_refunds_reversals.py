"""What a provider takes back by itself: it happened, so the books say so, once; and what was on its
way back meanwhile waits for a person.
"""

import multiprocessing
from dataclasses import replace

import pytest

from domain import refunds
from domain.database import Database, configure, repeat, transaction
from domain.money import Money
from domain.payments import Word
from domain.refunds import NotRefunded, Reversal, Why
from tests.domain import refunds_world as r
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def desk() -> r.Desk:
    return r.build()


def word(desk: r.Desk, amount_minor: int = 10_000, receipt: str = "CB1") -> Word:
    return Word(
        status="reversed",
        source="statement",
        delivery_key=f"{receipt}:{amount_minor}",
        receipt=receipt,
        amount=Money(amount_minor, "USD"),
        reference=str(desk.payment),
    )


def reverse(desk: r.Desk, heard: Word) -> Reversal:
    with transaction() as db:
        return refunds.reverse(db, desk.payment, heard)


def paid(desk: r.Desk) -> tuple[int, str]:
    booking = w.booking_of(desk.world)
    return booking.paid_minor, booking.payment_status


def test_a_reversal_lowers_what_was_paid_and_is_a_persons(desk: r.Desk) -> None:
    done = reverse(desk, word(desk, 4_000))
    assert done == Reversal(Money(4_000, "USD"), review="reversed")
    assert paid(desk) == (6_000, "DEPOSIT_PAID")
    found = w.payment_of(desk.payment)
    assert (found.status, found.review) == ("succeeded", "reversed")
    assert r.transfers("reversal") == [("booking", 4_000)]
    assert r.story(desk.payment) == ["reversed"]
    w.assert_books_agree()


def test_hearing_of_it_again_changes_nothing(desk: r.Desk) -> None:
    reverse(desk, word(desk, 4_000))
    again = replace(word(desk, 4_000), source="callback", delivery_key="another delivery")
    assert reverse(desk, again).known
    assert paid(desk) == (6_000, "DEPOSIT_PAID")
    assert r.story(desk.payment) == ["reversed"]


def test_two_reversals_are_two(desk: r.Desk) -> None:
    reverse(desk, word(desk, 4_000))
    assert not reverse(desk, word(desk, 4_000, "CB2")).known
    assert paid(desk) == (2_000, "DEPOSIT_PAID")
    w.assert_books_agree()


def test_what_the_booking_does_not_hold_comes_from_suspense(desk: r.Desk) -> None:
    r.surplus(desk)
    reverse(desk, word(desk, 14_000))
    assert r.transfers("reversal") == [("booking", 10_000), ("suspense", 4_000)]
    assert paid(desk) == (0, "PENDING")
    w.assert_books_agree()


def test_what_was_refunded_before_is_not_posted_twice(desk: r.Desk) -> None:
    r.hear(r.sent(desk, 6_000), "succeeded")
    done = reverse(desk, word(desk))
    assert done == Reversal(Money(4_000, "USD"), review="reversed_beyond")
    assert paid(desk) == (0, "PENDING")
    assert reverse(desk, word(desk)).known
    w.assert_books_agree()


def test_what_nobody_holds_any_more_is_heard_of_once(desk: r.Desk) -> None:
    r.hear(r.sent(desk, 10_000), "succeeded")
    done = reverse(desk, word(desk))
    assert done == Reversal(Money(0, "USD"), review="reversed_beyond")
    assert reverse(desk, word(desk)).known
    assert w.payment_of(desk.payment).review == "reversed_beyond"
    w.assert_books_agree()


def test_a_reversed_payment_has_nothing_left_to_refund(desk: r.Desk) -> None:
    reverse(desk, word(desk, 7_000))
    assert r.refused(desk, 3_001).left == Money(3_000, "USD")


WRONG = {
    "amount": {"amount": Money(10_001, "USD")},
    "nothing": {"amount": Money(0, "USD")},
    "currency": {"amount": Money(10_000, "ZWG")},
    "reference": {"reference": "another"},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_reversal_that_does_not_agree_posts_nothing_until_one_does(
    desk: r.Desk, what: str
) -> None:
    for _ in range(2):
        done = reverse(desk, replace(word(desk), **WRONG[what]))
        assert done.posted == Money(0, "USD")
        assert done.review is not None
    assert paid(desk) == (10_000, "DEPOSIT_PAID")
    assert r.story(desk.payment) == ["reversed"]
    w.assert_books_agree()
    assert reverse(desk, word(desk)).posted == Money(10_000, "USD")
    w.assert_books_agree()


def test_a_reversal_of_another_payment_is_not_taken_from_this_one(desk: r.Desk) -> None:
    reverse(desk, word(desk, 4_000))
    other = w.open_payment(desk.world)
    w.settle(other, w.success(other, "OTHER"))
    with transaction() as db:
        heard = replace(word(desk, 4_000), reference=None)
        assert refunds.reverse(db, other, heard).review == "reversal_of_another"
    assert paid(desk) == (16_000, "DEPOSIT_PAID")
    w.assert_books_agree()


def test_a_word_that_is_none_of_reversal_is_refused(desk: r.Desk) -> None:
    for heard in (
        replace(word(desk), status="succeeded"),
        replace(word(desk), receipt=None),
        replace(word(desk), amount=None),
    ):
        with pytest.raises(ValueError, match="reversal"):
            reverse(desk, heard)


def test_what_was_only_approved_waits_for_a_person(desk: r.Desk) -> None:
    refund = r.ask(desk, 4_000)
    r.approve(refund, desk.ben)
    reverse(desk, word(desk))
    assert r.stands(refund) == ("approved", None, "no_longer_fits")
    assert r.refund_of(refund).next_check_at is None
    assert r.due(refund) == "leave"
    w.assert_books_agree()
    with transaction() as db:
        assert not isinstance(refunds.reject(db, refund, desk.anna, "reversed"), NotRefunded)
    assert r.stands(refund) == ("failed", "rejected", None)


def test_what_was_only_asked_for_is_not_approved_any_more(desk: r.Desk) -> None:
    refund = r.ask(desk, 4_000)
    reverse(desk, word(desk))
    assert r.approve(refund, desk.ben) is Why.NOT_HELD


def test_what_still_fits_goes_on(desk: r.Desk) -> None:
    refund = r.sent(desk, 4_000)
    reverse(desk, word(desk, 6_000))
    assert r.stands(refund) == ("sending", None, None)
    r.hear(refund, "succeeded")
    assert paid(desk) == (0, "PENDING")
    w.assert_books_agree()


@pytest.mark.parametrize("under_way", ["sending", "uncertain", "pending"])
def test_what_the_provider_has_already_is_followed_and_not_posted_twice(
    desk: r.Desk, under_way: str
) -> None:
    refund = r.sent(desk, 4_000)
    if under_way == "uncertain":
        r.lose(refund)
    if under_way == "pending":
        r.hear(refund, "pending")
    reverse(desk, word(desk))
    assert r.stands(refund) == (under_way, None, "no_longer_fits")
    assert r.refund_of(refund).next_check_at is not None
    w.assert_books_agree()
    r.hear(refund, "succeeded")
    status, _, review = r.stands(refund)
    assert (status in ("uncertain", "pending"), review) == (True, "not_held")
    assert paid(desk) == (0, "PENDING")
    w.assert_books_agree()


def test_what_fails_after_all_is_over(desk: r.Desk) -> None:
    refund = r.sent(desk, 4_000)
    reverse(desk, word(desk))
    r.refuse(refund)
    assert r.stands(refund) == ("failed", "declined", None)
    w.assert_books_agree()


def reverse_one(url: str, desk: r.Desk, delivery: str) -> bool:
    """In a process of its own: hear of the same reversal. Whether it was known."""
    configure(Database(url, pool_size=1))
    heard = replace(word(desk, 4_000), delivery_key=delivery)
    return repeat(lambda db: refunds.reverse(db, desk.payment, heard)).known


@pytest.mark.concurrency
def test_many_hear_of_it_at_once_and_it_is_posted_once(desk: r.Desk, database_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        known = pool.starmap(reverse_one, [(database_url, desk, str(n)) for n in range(4)])
    assert sorted(known) == [False, True, True, True]
    assert paid(desk) == (6_000, "DEPOSIT_PAID")
    w.assert_books_agree()


def test_what_went_back_twice_is_not_given_back_of_what_comes_later(desk: r.Desk) -> None:
    """The customer has been given all that they paid, once by a refund and once by a reversal."""
    r.hear(r.sent(desk, 10_000), "succeeded")
    reverse(desk, word(desk))
    r.surplus(desk)
    assert r.refused(desk, 1) == NotRefunded(Why.TAKEN_BACK, Money(0, "USD"))
    w.assert_books_agree()
