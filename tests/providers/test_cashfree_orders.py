"""Cashfree's orders against the simulated Cashfree: pay, code, look, end, refund."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from domain.money import Money
from providers.cashfree.order_types import (
    CodeRefused,
    EnterBankCode,
    Method,
    NewOrder,
    OrderRefused,
    OrdersSettings,
    PayPage,
)
from providers.cashfree.orders import CashfreeOrders
from providers.cashfree.refunding import OrderRefund
from providers.contract import ProviderRefused, ProviderUncertain, Reason, Status
from providers.refunds import RefundStatus
from tests.providers.harness_cashfree import APP_ID, SECRET_KEY, CashfreeHarness, cashfree

CODE_BANK = 3_999


@pytest.fixture
def sandbox() -> Iterator[CashfreeHarness]:
    with cashfree() as one:
        yield one


@pytest.fixture
def orders(sandbox: CashfreeHarness) -> CashfreeOrders:
    return CashfreeOrders(OrdersSettings(sandbox.settings(), takes_codes=True))


def new() -> NewOrder:
    return NewOrder(
        str(uuid.uuid4()),
        Money(15_000, "INR"),
        "c42",
        "Asha Rao",
        "919876512345",
        email="asha@example.com",
        note="KS-2024-001",
    )


def attempt() -> str:
    return str(uuid.uuid4())


def test_an_order_is_paid_by_upi_and_its_status_says_so(
    sandbox: CashfreeHarness, orders: CashfreeOrders
) -> None:
    order = orders.create(new())
    page = orders.initiate(order, Method.UPI, attempt())
    assert isinstance(page, PayPage)
    assert orders.status(order.reference).status is Status.OPEN
    assert [one.word for one in orders.attempts(order.reference)] == ["PENDING"]

    requests.post(page.url, data={"answer": "pay"}, timeout=5).raise_for_status()
    assert orders.status(order.reference).status is Status.SUCCEEDED
    (paid,) = orders.attempts(order.reference)
    assert (paid.payment_id, paid.status) == (page.payment_id, Status.SUCCEEDED)
    assert paid.amount == Money(15_000, "INR")
    assert sandbox.book()["debits"][0]["receipt"] == page.payment_id


def test_an_attempt_may_fail_and_another_succeed(orders: CashfreeOrders) -> None:
    order = orders.create(new())
    first = orders.initiate(order, Method.NETBANKING, attempt(), bank_code=3_333)
    requests.post(first.url, data={"answer": "decline"}, timeout=5).raise_for_status()
    assert orders.status(order.reference).status is Status.OPEN
    second = orders.initiate(order, Method.UPI, attempt())
    requests.post(second.url, data={"answer": "pay"}, timeout=5).raise_for_status()

    assert orders.status(order.reference).status is Status.SUCCEEDED
    assert {one.word for one in orders.attempts(order.reference)} == {"FAILED", "SUCCESS"}


def test_the_same_attempt_begins_nothing_anew(orders: CashfreeOrders) -> None:
    order, same = orders.create(new()), attempt()
    one = orders.initiate(order, Method.UPI, same)
    other = orders.initiate(order, Method.UPI, same)

    assert one.payment_id == other.payment_id
    assert len(orders.attempts(order.reference)) == 1


def test_a_qr_picture_can_be_had(orders: CashfreeOrders) -> None:
    page = orders.picture(orders.create(new()), attempt())

    assert page.qr.startswith("data:image/png;base64,iVBOR")


def test_a_banks_code_is_confirmed_and_sent_again(orders: CashfreeOrders) -> None:
    order = orders.create(new())
    act = orders.initiate(order, Method.NETBANKING, attempt(), bank_code=CODE_BANK)
    assert isinstance(act, EnterBankCode)
    assert orders.resend(act.payment_id).http_status == 200
    with pytest.raises(CodeRefused) as wrong:
        orders.confirm(order, act.payment_id, "999999")
    assert wrong.value.words == "Invalid OTP or payment failed"

    assert orders.confirm(order, act.payment_id, "111000").status is Status.SUCCEEDED
    assert orders.confirm(order, act.payment_id, "111000").status is Status.SUCCEEDED


def test_three_wrong_codes_end_an_attempt_and_not_the_order(orders: CashfreeOrders) -> None:
    order = orders.create(new())
    act = orders.initiate(order, Method.NETBANKING, attempt(), bank_code=CODE_BANK)
    for _ in range(3):
        with pytest.raises(CodeRefused):
            orders.confirm(order, act.payment_id, "999999")
    with pytest.raises(OrderRefused) as over:
        orders.confirm(order, act.payment_id, "111000")

    assert over.value.words == "Invalid OTP or payment failed"
    assert orders.status(order.reference).status is Status.OPEN


@pytest.mark.parametrize("code", ["", "123", "12345a", "١١١٠٠٠", "123456789"])
def test_what_is_no_code_is_not_sent(
    sandbox: CashfreeHarness, orders: CashfreeOrders, code: str
) -> None:
    order = orders.create(new())
    with pytest.raises(CodeRefused) as refused:
        orders.confirm(order, "1453002795", code)

    assert refused.value.words == "Invalid OTP format"
    assert "1453002795" not in sandbox.book()["requests"]


def test_codes_are_taken_only_where_that_was_said(sandbox: CashfreeHarness) -> None:
    orders = CashfreeOrders(OrdersSettings(sandbox.settings()))
    order = orders.create(new())
    for act in (
        lambda: orders.initiate(order, Method.NETBANKING, attempt(), bank_code=CODE_BANK),
        lambda: orders.confirm(order, "1", "111000"),
        lambda: orders.resend("1"),
    ):
        with pytest.raises(OrderRefused) as refused:
            act()
        assert refused.value.words == "This bank asks for a code, which is not offered here"
    assert set(sandbox.book()["requests"]) == {uuid.UUID(order.reference).hex}


def test_an_order_without_a_phone_is_refused_in_plain_words(orders: CashfreeOrders) -> None:
    with pytest.raises(OrderRefused) as refused:
        orders.create(replace(new(), phone=""))

    assert refused.value.words == "Phone number required"
    assert refused.value.call.http_status is None


@pytest.mark.parametrize("method", ["CARD", "upi", ""])
def test_other_methods_are_refused_in_plain_words(orders: CashfreeOrders, method: str) -> None:
    order = orders.create(new())
    with pytest.raises(OrderRefused) as refused:
        orders.initiate(order, method, attempt())

    assert refused.value.words == "Payment method must be 'UPI' or 'NETBANKING'"


@pytest.mark.parametrize(
    "change", [{"phone": "98 765"}, {"amount": Money(99, "INR")}, {"amount": Money(900, "USD")}]
)
def test_what_cashfree_would_refuse_is_not_sent(
    orders: CashfreeOrders, change: dict[str, object]
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        orders.create(replace(new(), **change))
    assert refused.value.call.http_status is None


def test_the_same_reference_makes_no_second_order(
    sandbox: CashfreeHarness, orders: CashfreeOrders
) -> None:
    order = new()
    orders.create(order)
    for again in (order, replace(order, note="another body")):
        with pytest.raises(ProviderUncertain) as second:
            orders.create(again)
        assert second.value.reason is Reason.DUPLICATE
    assert len(sandbox.book()["payments"]) == 1


def test_an_order_is_ended_unless_it_is_being_paid(orders: CashfreeOrders) -> None:
    idle, busy, paid = (orders.create(new()) for _ in range(3))
    orders.initiate(busy, Method.UPI, attempt())
    page = orders.initiate(paid, Method.UPI, attempt())
    requests.post(page.url, data={"answer": "pay"}, timeout=5).raise_for_status()

    assert orders.terminate(idle.reference).status is Status.CANCELLED
    assert orders.terminate(busy.reference).word == "TERMINATION_REQUESTED"
    assert orders.terminate(paid.reference).status is Status.SUCCEEDED


def test_an_order_gives_money_back(orders: CashfreeOrders) -> None:
    order = orders.create(new())
    page = orders.initiate(order, Method.UPI, attempt())
    requests.post(page.url, data={"answer": "pay"}, timeout=5).raise_for_status()
    wish = OrderRefund(
        attempt(),
        uuid.UUID(order.reference).hex,
        page.payment_id,
        Money(5_000, "INR"),
        "PENDING",
    )

    assert orders.refund(wish).status is RefundStatus.PENDING
    assert orders.check_refund(wish).status is RefundStatus.PENDING
    assert orders.check_refund(replace(wish, reference=attempt())).status is RefundStatus.NOT_FOUND


def test_nothing_private_is_kept(orders: CashfreeOrders) -> None:
    wish = new()
    order = orders.create(wish)
    act = orders.initiate(order, Method.NETBANKING, attempt(), bank_code=CODE_BANK)
    state = orders.confirm(order, act.payment_id, "111000")
    shown = repr((wish, order, act, state))

    for private in (wish.name, wish.phone[2:], wish.email, order.session, "111000", "://"):
        assert private not in shown
    assert APP_ID not in shown
    assert SECRET_KEY not in shown
