"""Cashfree's own words, byte for byte, against the adapter alone: no simulator that could share an
error with it. `recorded/cashfree/` holds bodies as its documentation has them; where it says EXPIRY
the moment stands that was sent.
"""

import json
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from domain.money import Money
from providers.cashfree import Cashfree, CashfreeSettings
from providers.cashfree.order_types import (
    CodeRefused,
    EnterBankCode,
    Method,
    NewOrder,
    OrderRefused,
    OrdersSettings,
    OrderState,
    PayPage,
)
from providers.cashfree.orders import CashfreeOrders
from providers.contract import (
    Charge,
    Outcome,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
)
from providers.refunds import RefundOrder, RefundStatus
from tests.providers.servers import Play, Wire, always, http, wire

RECORDED = Path(__file__).parent / "recorded" / "cashfree"
REFERENCE = "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11"
REFUND = "5a7b7b1e-1d2c-4f3a-8b9c-0d1e2f3a4b5c"
CHARGE = Charge(REFERENCE, Money(15_000, "INR"), None, "Order 42", customer_phone="919999999999")
ORDER = NewOrder(
    REFERENCE, Money(15_000, "INR"), "c42", "Asha Rao", "919999999999", note="Order 42"
)
REFUND_ORDER = RefundOrder(
    REFUND, CHARGE, "12376123", Money(5_000, "INR"), Money(0, "INR"), "partial"
)


def body(name: str) -> bytes:
    return (RECORDED / f"{name}.json").read_bytes().strip()


def settings(server: Wire) -> CashfreeSettings:
    return CashfreeSettings(
        "TEST",
        "TEST_APP_ID",
        "TESTSECRET_cf_0001",
        base_url=f"{server.url}/pg",
        notify_url="https://bot.example.com/webhooks/cashfree",
        return_url="https://bot.example.com/pay/done",
    )


def cashfree(server: Wire) -> Cashfree:
    return Cashfree(settings(server))


def orders(server: Wire, takes_codes: bool = True) -> CashfreeOrders:
    return CashfreeOrders(OrdersSettings(settings(server), takes_codes))


def playing(*names: str) -> Play:
    """The bodies one after the other, the last one for ever; `409:name` with that status."""
    left = list(names)

    def play(connection: socket.socket) -> None:
        name = left.pop(0) if len(left) > 1 else left[0]
        status, _, name = name.rpartition(":")
        connection.sendall(http(int(status or 200), body(name)))

    return play


def lines(server: Wire) -> list[str]:
    return [request.decode().split("\r\n")[0] for request in server.requests]


def header(server: Wire, name: str, position: int = -1) -> str | None:
    head = server.requests[position].decode().split("\r\n\r\n")[0].split("\r\n")[1:]
    found = dict(line.split(": ", 1) for line in head)
    return found.get(name)


def sent(server: Wire, position: int = -1) -> str:
    """The body with the moment in it replaced, once that was found to be in the future."""
    text = server.body(position).decode()
    found = re.search(r'_expiry_time":"([^"]+)"', text)
    if found is None:
        return text
    seconds = (datetime.fromisoformat(found[1]) - datetime.now(UTC)).total_seconds()
    assert 1_190 < seconds <= 1_200
    return text.replace(found[1], "EXPIRY")


def test_a_link_is_made_as_documented() -> None:
    with wire(playing("link_active")) as server:
        link = cashfree(server).start(CHARGE)

    assert lines(server) == ["POST /pg/links HTTP/1.1"]
    assert sent(server) == body("create_link_request").decode()
    assert header(server, "x-client-id") == "TEST_APP_ID"
    assert header(server, "x-client-secret") == "TESTSECRET_cf_0001"
    assert header(server, "x-api-version") == "2025-01-01"
    assert header(server, "Content-Type") == "application/json"
    assert UUID(header(server, "x-idempotency-key"))
    assert link.url == link.qr == "https://payments-test.cashfree.com/links/o1tf1nvcvjhg"
    assert link.provider_reference == "1996567"
    assert link.expires_at == datetime(2026, 11, 22, 10, 45, tzinfo=UTC)


def test_the_same_charge_has_the_same_key_and_another_has_another() -> None:
    keys = []
    with wire(playing("link_active")) as server:
        for _ in range(2):
            cashfree(server).start(CHARGE)
            keys.append(header(server, "x-idempotency-key"))
        with pytest.raises(ProviderUncertain):  # the answer is about another link
            cashfree(server).start(Charge(REFUND, CHARGE.amount, None, "", customer_phone="91"))
        keys.append(header(server, "x-idempotency-key"))

    assert keys[0] == keys[1] != keys[2]


def test_an_open_link_takes_one_question() -> None:
    with wire(playing("link_active")) as server:
        outcome = cashfree(server).check(CHARGE)

    assert lines(server) == [f"GET /pg/links/{UUID(REFERENCE).hex} HTTP/1.1"]
    assert outcome == Outcome(
        Status.OPEN, outcome.call, amount=Money(15_000, "INR"), reference=REFERENCE
    )


def test_a_paid_link_is_followed_to_its_receipt() -> None:
    with wire(playing("link_paid", "link_orders", "payments")) as server:
        outcome = cashfree(server).check(CHARGE)

    assert lines(server) == [
        f"GET /pg/links/{UUID(REFERENCE).hex} HTTP/1.1",
        f"GET /pg/links/{UUID(REFERENCE).hex}/orders?status=ALL HTTP/1.1",
        "GET /pg/orders/ORD-42-1/payments HTTP/1.1",
    ]
    assert outcome == Outcome(
        Status.SUCCEEDED,
        outcome.call,
        receipt="12376123",
        amount=Money(15_000, "INR"),
        reference=REFERENCE,
    )


@pytest.mark.parametrize(
    ("first", "status"),
    [("link_expired", Status.SUCCEEDED), ("link_cancelled", Status.SUCCEEDED)],
)
def test_money_under_a_link_that_ended_is_money(first: str, status: Status) -> None:
    with wire(playing(first, "link_orders", "payments")) as server:
        assert cashfree(server).check(CHARGE).status is status


def test_a_link_is_voided_as_documented() -> None:
    with wire(playing("link_cancelled", "no_orders")) as server:
        assert cashfree(server).cancel(CHARGE).status is Status.CANCELLED

    assert lines(server)[0] == f"POST /pg/links/{UUID(REFERENCE).hex}/cancel HTTP/1.1"
    assert server.body(0) == b""
    assert UUID(header(server, "x-idempotency-key", 0))


@pytest.mark.parametrize("answer", ["refund_pending", "refund_pending_in_a_list"])
def test_a_refund_is_sent_and_followed_as_documented(answer: str) -> None:
    with wire(playing("link_orders", "payments", answer)) as server:
        outcome = cashfree(server).refund(REFUND_ORDER)
    with wire(playing("link_orders", "payments", answer)) as followed:
        later = cashfree(followed).check_refund(REFUND_ORDER)

    assert lines(server)[2] == "POST /pg/orders/ORD-42-1/refunds HTTP/1.1"
    assert server.body() == body("create_refund_request")
    assert lines(followed)[2] == f"GET /pg/orders/ORD-42-1/refunds/{UUID(REFUND).hex} HTTP/1.1"
    for told in (outcome, later):
        assert told.status is RefundStatus.PENDING
        assert (told.provider_reference, told.reference) == ("1553338", REFUND)
        assert told.amount == Money(5_000, "INR")


@pytest.mark.parametrize(
    ("status", "name", "kind", "reason"),
    [
        (400, "error_bad_url", ProviderRefused, Reason.BAD_REQUEST),
        (400, "error_version", ProviderRefused, Reason.BAD_REQUEST),
        (401, "error_authentication", ProviderRefused, Reason.UNAVAILABLE),
        (403, "error_authentication", ProviderRefused, Reason.UNAVAILABLE),
        (404, "error_not_found", ProviderRefused, Reason.BAD_REQUEST),
        (409, "error_exists", ProviderUncertain, Reason.DUPLICATE),
        (422, "error_idempotency", ProviderUncertain, Reason.DUPLICATE),
        (429, "error_rate", ProviderRefused, Reason.UNAVAILABLE),
        (500, "error_internal", ProviderUncertain, Reason.UNAVAILABLE),
        (502, "error_bank", ProviderUncertain, Reason.UNAVAILABLE),
        (400, "link_active", ProviderUncertain, Reason.UNAVAILABLE),
        (418, "error_bad_url", ProviderUncertain, Reason.UNAVAILABLE),
    ],
)
def test_errors_of_writes(
    status: int, name: str, kind: type[ProviderError], reason: Reason
) -> None:
    acts: list[Callable[[Wire], object]] = [
        lambda server: cashfree(server).start(CHARGE),
        lambda server: orders(server).create(ORDER),
    ]
    for act in acts:
        with wire(always(http(status, body(name), "x-ratelimit-retry: 42"))) as server:
            with pytest.raises(ProviderError) as raised:
                act(server)
            assert len(server.requests) == 1
        assert type(raised.value) is kind
        assert raised.value.reason is reason
        if status == 429:
            assert raised.value.retry_after_seconds == 42


@pytest.mark.parametrize(
    "answer",
    ["400:error_bad_url", "401:error_authentication", "404:error_exists", "429:error_rate"],
)
def test_errors_of_reads_are_uncertain(answer: str) -> None:
    with wire(playing(answer)) as server, pytest.raises(ProviderUncertain):
        cashfree(server).check(CHARGE)


def test_not_found_is_said_by_cashfree_itself() -> None:
    with wire(playing("404:error_not_found")) as server:
        assert cashfree(server).check(CHARGE).status is Status.NOT_FOUND


def made(server: Wire) -> OrderState:
    return orders(server).create(ORDER)


def test_an_order_is_made_and_asked_for_as_documented() -> None:
    with wire(playing("order_active", "order_paid")) as server:
        state = made(server)
        paid = orders(server).status(REFERENCE)

    assert lines(server) == [
        "POST /pg/orders HTTP/1.1",
        f"GET /pg/orders/{UUID(REFERENCE).hex} HTTP/1.1",
    ]
    assert sent(server, 0) == body("create_order_request").decode()
    assert (state.word, state.status, state.session) == ("ACTIVE", Status.OPEN, "session_XXXX")
    assert state.provider_reference == "2149460581"
    assert (paid.status, paid.amount) == (Status.SUCCEEDED, Money(15_000, "INR"))


def test_upi_and_net_banking_begin_as_documented() -> None:
    with wire(
        playing("order_active", "pay_upi_link", "pay_netbanking", "pay_upi_qrcode")
    ) as server:
        state, provider = made(server), orders(server)
        link = provider.initiate(state, Method.UPI, REFUND)
        bank = provider.initiate(state, "NETBANKING", REFUND, bank_code=3333)
        picture = provider.picture(state, REFUND)

    assert lines(server)[1] == "POST /pg/orders/sessions HTTP/1.1"
    assert server.body(1) == body("pay_upi_request")
    assert server.body(2) == body("pay_netbanking_request")
    assert link == PayPage("1669220077", "https://api.cashfree.com/pg/view/upi/…", None, link.call)
    assert bank == PayPage(
        "91235", "https://sandbox.cashfree.com/pg/view/gateway/…", None, bank.call
    )
    assert picture.qr == "data:image/png;base64,iVBORw0KGgo="
    assert "session_XXXX" not in repr((state, link, bank))
    assert "://" not in link.call.body + bank.call.body + picture.call.body


def test_a_code_is_handed_over_and_the_order_decides() -> None:
    plays = ("order_active", "pay_by_code", "otp_failed", "order_paid")
    with wire(playing(*plays)) as server:
        state, provider = made(server), orders(server)
        act = provider.initiate(state, "NETBANKING", REFUND)
        assert act == EnterBankCode("975654863", act.call)
        assert provider.confirm(state, "975654863", "111000").status is Status.SUCCEEDED

    assert lines(server)[2] == "POST /pg/orders/pay/authenticate/975654863 HTTP/1.1"
    assert server.body(2) == body("submit_otp_request")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ("otp_failed", CodeRefused, "Invalid OTP or payment failed"),
        ("400:otp_tries", OrderRefused, "Invalid OTP or payment failed"),
    ],
)
def test_a_code_that_brought_nothing_is_refused_in_plain_words(
    answer: str, error: type[OrderRefused | CodeRefused], words: str
) -> None:
    with wire(playing("order_active", answer, "order_active")) as server:
        state = made(server)
        with pytest.raises(error) as refused:
            orders(server).confirm(state, "975654863", "111000")

    assert refused.value.words == words


def test_a_code_that_was_taken_is_no_payment_yet() -> None:
    with wire(playing("order_active", "otp_success", "order_active")) as server:
        state = made(server)
        assert orders(server).confirm(state, "975654863", "111000").status is Status.OPEN


def test_a_code_is_sent_again_as_documented() -> None:
    with wire(playing("otp_success")) as server:
        orders(server).resend("975654863")

    assert server.body() == body("resend_otp_request")


def test_recorded_bodies_are_json() -> None:
    for path in RECORDED.glob("*.json"):
        json.loads(path.read_text())
