"""The one door for money: credited exactly once, never above what is owed, never on a word that
does not agree.
"""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from domain import payments
from domain.database import current, transaction
from domain.models import Booking
from domain.money import Money
from domain.payments import Word
from tests import factories
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


def test_settling_credits_the_booking_and_leaves_something_to_tell() -> None:
    world = w.build(paid_minor=10_000)
    payment = w.open_payment(world)
    w.walk(payment, "start", "code", "given", "confirm")

    settlement = w.settle(payment)

    assert settlement.credited == Money(10_000, "USD")
    booking = w.booking_of(world)
    assert (booking.paid_minor, booking.payment_status) == (20_000, "DEPOSIT_PAID")
    assert booking.joined_at is not None
    settled = w.payment_of(payment)
    assert (settled.status, settled.provider_reference) == ("succeeded", "H5PS")
    assert settled.next_check_at is None
    assert w.told(payment) == ["otp_sent", "settled"]
    w.assert_books_agree()


def test_settling_twice_changes_nothing() -> None:
    world = w.build()
    payment = w.open_payment(world)
    w.settle(payment)
    version = w.payment_of(payment).version

    again = w.settle(payment)

    assert again.known
    assert w.booking_of(world).paid_minor == 10_000
    assert w.payment_of(payment).version == version
    w.assert_books_agree()


def test_the_whole_balance_makes_it_paid() -> None:
    world = w.build(total_minor=10_000)
    w.settle(w.open_payment(world))
    assert w.booking_of(world).payment_status == "PAID"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"amount": Money(10_001, "USD")}, "amount_mismatch"),
        ({"amount": Money(10_000, "ZWG")}, "currency_mismatch"),
        ({"reference": "00000000-0000-0000-0000-000000000000"}, "reference_mismatch"),
    ],
)
def test_what_does_not_agree_credits_nothing_and_waits_for_a_person(
    changed: dict[str, object], why: str
) -> None:
    world = w.build()
    payment = w.open_payment(world)
    w.walk(payment, "start", "code", "given", "confirm")
    right = w.success(payment)
    word = Word(
        **{
            name: changed.get(name, getattr(right, name))
            for name in ("status", "source", "delivery_key", "receipt", "amount", "reference")
        }
    )

    settlement = w.settle(payment, word)

    assert settlement.mismatch == why
    assert w.booking_of(world).paid_minor == 0
    held = w.payment_of(payment)
    assert (held.status, held.review) == ("uncertain", why)
    assert w.told(payment)[-1] == "uncertain"
    w.assert_books_agree()


def test_a_receipt_that_was_credited_to_another_payment_credits_nothing() -> None:
    world = w.build()
    first = w.open_payment(world)
    w.settle(first)
    second = w.open_payment(world)

    settlement = w.settle(second, w.success(second, receipt="H5PS"))

    assert settlement.mismatch == "receipt_of_another"
    assert w.booking_of(world).paid_minor == 10_000
    w.assert_books_agree()


@pytest.mark.parametrize("ending", ["expire", "cancel"])
def test_late_money_is_still_money(ending: str) -> None:
    world = w.build()
    payment = w.open_payment(world)
    w.walk(payment, "start", "code", ending)
    assert w.payment_of(payment).next_check_at is not None

    w.settle(payment)

    assert w.booking_of(world).paid_minor == 10_000
    assert w.payment_of(payment).status == "succeeded"
    assert w.told(payment)[-1] == "late"
    w.assert_books_agree()


def test_late_money_above_the_balance_is_a_surplus() -> None:
    world = w.build(total_minor=15_000)
    late = w.open_payment(world)
    w.walk(late, "start", "code", "expire")
    w.settle(w.open_payment(world), None)

    settlement = w.settle(late, w.success(late, receipt="LATE"))

    assert settlement.credited == Money(5_000, "USD")
    assert settlement.surplus == Money(5_000, "USD")
    booking = w.booking_of(world)
    assert (booking.paid_minor, booking.payment_status) == (15_000, "PAID")
    assert w.payment_of(late).review == "surplus"
    assert w.told(late)[-2:] == ["late", "surplus"], "and that the rest will be given back"
    with transaction() as db:
        assert w.transfers(db) == [("capture", 10_000), ("capture", 5_000), ("surplus", 5_000)]
    w.assert_books_agree()


def test_two_successes_under_one_payment_are_a_capture_and_a_surplus() -> None:
    world = w.build()
    payment = w.open_payment(world)
    w.settle(payment, w.success(payment, receipt="ONE"))

    w.settle(payment, w.success(payment, receipt="TWO"))
    w.settle(payment, w.success(payment, receipt="ONE"))
    w.settle(payment, w.success(payment, receipt="TWO"))

    assert w.booking_of(world).paid_minor == 10_000
    with transaction() as db:
        assert w.transfers(db) == [("capture", 10_000), ("surplus", 10_000)]
    assert w.told(payment) == ["settled", "paid_again"]
    w.assert_books_agree()


def test_money_for_a_cancelled_booking_is_a_surplus() -> None:
    world = w.build()
    payment = w.open_payment(world)
    with transaction() as db:
        booking = payments.lock_booking(db, world.booking_id)
        booking.cancelled_at = w.payment_of(payment).created_at

    settlement = w.settle(payment)

    assert settlement.credited.amount_minor == 0
    assert w.booking_of(world).paid_minor == 0
    assert w.told(payment) == ["surplus"], "it does not count for the booking, so nobody says so"
    w.assert_books_agree()


def test_other_waiting_payments_that_no_longer_fit_are_cancelled_and_told() -> None:
    world = w.build(total_minor=20_000)
    late = w.open_payment(world, world.request(10_000))
    w.walk(late, "start", "code", "expire")
    with transaction() as db:
        other = factories.contact(db, "+263771111111").id
    waiting = w.open_payment(world, world.request(15_000, contact_id=other, payer="263771111111"))
    w.walk(waiting, "start", "code")

    w.settle(late)

    dropped = w.payment_of(waiting)
    assert (dropped.status, dropped.failure) == ("cancelled", "no_longer_owed")
    assert w.told(waiting) == ["otp_sent", "cancelled"]


def test_a_negative_word_does_not_settle() -> None:
    world = w.build()
    payment = w.open_payment(world)
    word = Word(status="failed", source="poll", delivery_key="x", receipt="R")
    with pytest.raises(ValueError, match="only a word of success"), transaction() as db:
        payments.settle(db, payment, word)
    with transaction() as db:
        assert db.get_one(Booking, world.booking_id).paid_minor == 0


def test_money_that_does_not_agree_after_the_end_leaves_nothing_due_for_ever() -> None:
    world = w.build()
    payment = w.open_payment(world)
    w.settle(payment)
    word = replace(w.success(payment, receipt="TWO"), amount=Money(1, "USD"))
    with transaction() as db:
        payments.record_word(db, payments.lock(db, payment), word, w.POLICY)
    found = w.payment_of(payment)
    assert (found.review, found.next_check_at) == ("amount_mismatch", None)


def test_whose_receipt_it_is_is_found_by_an_index() -> None:
    """However many payments there were."""
    payment = w.open_payment(w.build())
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _u: Any, statement: str, values: Any, *_more: Any) -> None:
        if "FROM transfer" in statement:
            asked.append((statement, values))

    engine = current().engine
    event.listen(engine, "before_cursor_execute", note)
    w.settle(payment)
    event.remove(engine, "before_cursor_execute", note)
    ((statement, values),) = asked
    with engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
    assert any("uq_transfer_receipt" in line for line in plan), plan
