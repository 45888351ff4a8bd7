"""How a payment begins: what is free, what is held, how often, and one at a time."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from domain import payments
from domain.database import transaction
from domain.models import Payment
from domain.payments import NotOpened
from tests import factories
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


def refusal(request: payments.OpenRequest) -> NotOpened:
    with transaction() as db:
        opened = payments.open_payment(db, request, w.POLICY)
    assert isinstance(opened, NotOpened), opened
    return opened


def other_contact(phone: str = "263771111111") -> int:
    with transaction() as db:
        return factories.contact(db, f"+{phone}").id


def test_more_than_is_owed_and_less_than_the_minimum_are_refused() -> None:
    world = w.build(paid_minor=10_000)
    assert refusal(world.request(40_001)).why == "above_free"
    assert refusal(world.request(999)).why == "below_minimum"


def test_the_rest_may_be_less_than_the_minimum() -> None:
    world = w.build(total_minor=50_000, paid_minor=49_500)
    assert w.open_payment(world, world.request(500)) is not None


def test_a_paid_booking_takes_no_more() -> None:
    world = w.build(paid_minor=50_000)
    assert refusal(world.request()).why == "already_paid"


def test_an_open_payment_holds_the_balance_for_a_while() -> None:
    world = w.build(total_minor=20_000)
    first = w.open_payment(world, world.request(15_000))
    other = other_contact()
    request = world.request(10_000, contact_id=other, payer="263771111111")

    held = refusal(request)
    assert held.why == "above_free"
    assert held.until is not None

    w.later(first, 301)
    assert w.open_payment(world, request) is not None


def test_money_that_may_have_moved_holds_for_as_long_as_it_is_unknown() -> None:
    world = w.build(total_minor=15_000)
    first = w.open_payment(world, world.request(15_000))
    w.walk(first, "start", "code", "given", "confirm", "lose")
    w.later(first, 3_600)
    request = world.request(10_000, contact_id=other_contact(), payer="263771111111")
    assert refusal(request).why == "held"


def test_starting_another_cancels_the_first() -> None:
    world = w.build()
    first = w.open_payment(world)
    w.walk(first, "start", "code")
    second = w.open_payment(world)
    assert w.payment_of(first).status == "cancelled"
    assert w.payment_of(second).status == "created"
    w.assert_books_agree()


def test_while_one_is_confirmed_there_is_no_other() -> None:
    world = w.build()
    first = w.open_payment(world)
    w.walk(first, "start", "code", "given")
    assert refusal(world.request()).why == "busy"


def test_a_payers_number_has_one_open_payment_over_all_contacts() -> None:
    world = w.build()
    w.open_payment(world)
    assert refusal(world.request(contact_id=other_contact())).why == "number_busy"


def test_the_database_refuses_a_second_open_payment_of_a_contact() -> None:
    world = w.build()
    w.open_payment(world)
    with transaction() as db:
        booking = payments.lock_booking(db, world.booking_id)
        contact = db.get_one(factories.Contact, world.contact_id)
        account = db.get_one(factories.Account, world.account_id)
    with pytest.raises(IntegrityError, match="uq_payment_contact_open"), transaction() as db:
        factories.payment(db, booking, contact, account, payer_number="263772222222")


def test_starts_are_limited_per_number_and_hour_over_all_contacts() -> None:
    world = w.build()
    for number in range(3):
        payment = w.open_payment(
            world, world.request(contact_id=other_contact(f"26377111111{number}"))
        )
        w.walk(payment, "cancel")
    limited = refusal(world.request())
    assert limited.why == "number_limit"
    assert limited.until is not None

    assert limited.until > w.payment_of(payment).created_at


def test_a_new_code_opens_a_successor_with_the_hold_in_one_transaction() -> None:
    world = w.build(total_minor=10_000)
    first = w.open_payment(world)
    w.walk(first, "start", "code")
    with transaction() as db:
        locked = payments.lock(db, first)
        opened = payments.replace(db, locked, world.request(), w.POLICY)
        assert isinstance(opened, Payment)
        successor = opened.id
    assert w.payment_of(first).status == "cancelled"
    assert w.payment_of(successor).replaces == first


def test_the_code_is_not_taken_when_the_booking_no_longer_owes_the_amount() -> None:
    world = w.build(total_minor=10_000)
    first = w.open_payment(world)
    w.walk(first, "start", "code", "expire")
    second = w.open_payment(world)
    w.walk(second, "start")
    w.settle(first)
    # The provider's answer came after the money: the payment is over before a code is asked for.
    w.walk(second, "code")
    assert w.payment_of(second).status == "cancelled"
    assert w.told(second) == ["cancelled"]


def test_the_code_is_not_taken_when_what_another_has_under_way_fills_the_booking() -> None:
    """Late money made room for one of two that both were within the balance when they began."""
    world = w.build(total_minor=20_000)
    late = w.open_payment(world, world.request(5_000, payer="263770000001"))
    w.walk(late, "start", "code", "expire")
    first = w.open_payment(world, world.request(10_000))
    request = world.request(10_000, contact_id=other_contact(), payer="263771111111")
    second = w.open_payment(world, request)
    for payment in (first, second):
        w.walk(payment, "start", "code")
    w.settle(late, w.success(late, receipt="LATE", amount_minor=5_000))
    w.walk(first, "given")

    with transaction() as db:
        assert not payments.begin_confirming(db, payments.lock(db, second), w.POLICY)

    assert w.payment_of(second).status == "cancelled"
    w.settle(first)
    assert w.booking_of(world).paid_minor == 15_000


def test_two_payments_in_one_currency_only() -> None:
    world = w.build()
    with pytest.raises(ValueError, match="currency"), transaction() as db:
        payments.open_payment(db, world.request(currency="ZWG"), w.POLICY)


def test_who_may_not_begin_another_payment_keeps_the_one_that_waits() -> None:
    world = w.build()
    waiting = w.open_payment(world)
    w.walk(waiting, "start", "code")
    policy = replace(w.POLICY, contact_starts_per_hour=1)
    with transaction() as db:
        request = world.request(payer="263771000009")
        refused = payments.open_payment(db, request, policy)
        assert isinstance(refused, payments.NotOpened)
        assert refused.why == "contact_limit"
    assert w.payment_of(waiting).status == "awaiting_otp"
    w.assert_books_agree()
