"""PhonePe's adapter (v2): every state, code and edge, and what is never sent or shown."""

import base64
import json
import logging
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.money import Money
from providers.answers import NOT_CONNECTED
from providers.contract import (
    Cancels,
    Charge,
    Outcome,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Receipt,
    Status,
)
from providers.entry import CredentialsMissing, Surroundings, Timeouts
from providers.notices import ReadsNotices
from providers.phonepe import ENTRY, PhonePe, PhonePeV1
from providers.refunds import (
    FollowsRefunds,
    RefundOrder,
    Refunds,
    RefundStatus,
)
from tests.providers.clock import Clock
from tests.providers.harness_phonepe import (
    CHARGE,
    HEX,
    REFUND,
    TOKEN,
    TOKEN_FIELDS,
    V1,
    V2,
    adapter,
    answering,
    ask,
    calls,
)
from tests.providers.servers import http, wire
from tests.providers.shelf import MemoryShelf

ORDER_ID = "OMO2611211015400000000001"
ORDER = RefundOrder(REFUND, CHARGE, ORDER_ID, Money(5_000, "INR"), Money(0, "INR"), "cancelled")
LINK = {"orderId": ORDER_ID, "state": "ACTIVE", "paylinkUrl": "https://phon.pe/abc123"}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
STATUS = {"orderId": ORDER_ID, "state": "PENDING", "amount": 15_000, "paymentDetails": []}
PAID = STATUS | {"state": "COMPLETED"}
BACK = {"refundId": "OMR1", "amount": 5_000, "state": "PENDING"}


def start(provider: Any) -> Any:
    return provider.start(CHARGE)


def check(provider: Any) -> Any:
    return provider.check(CHARGE)


def refund(provider: Any) -> Any:
    return provider.refund(ORDER)


def check_refund(provider: Any) -> Any:
    return provider.check_refund(ORDER)


def attempt(number: int, **changes: object) -> dict[str, object]:
    fields = {"transactionId": f"OM{number}", "amount": 15_000, "state": "COMPLETED"}
    return fields | changes


# The account.


def test_the_keys_choose_the_api() -> None:
    surroundings = Surroundings("https://a/c", "https://a/b", MemoryShelf())
    v2 = ENTRY.make(V2, Timeouts(), surroundings)
    v1 = ENTRY.make(V2 | V1, Timeouts(), surroundings)

    assert (type(v2), type(v1)) == (PhonePe, PhonePeV1)
    for provider in (v2, v1):
        assert isinstance(provider, Refunds)
        assert isinstance(provider, FollowsRefunds)
        assert isinstance(provider, ReadsNotices)
    assert isinstance(v2, Cancels)
    assert not isinstance(v1, Cancels)


def test_what_an_account_lacks_is_named() -> None:
    assert ENTRY.missing(V2) == ENTRY.missing(V1) == ()
    assert ENTRY.missing({}) == tuple(V2)
    assert ENTRY.missing({"salt_key": "x"}) == ("environment", "merchant_id", "salt_index")
    assert issubclass(CredentialsMissing, ValueError)


@pytest.mark.parametrize(
    "wrong",
    [
        V2 | {"environment": "TEST"},
        V2 | {"checkout": "card"},
        V2 | {"base_url": "ftp://example.com"},
        V2 | {"client_secret": "two words"},
        V1 | {"merchant_id": "a/b"},
        V1 | {"salt_index": "one"},
        V1 | {"salt_key": "two words"},
    ],
    ids=str,
)
def test_what_can_never_work_is_refused_without_showing_a_key(wrong: dict[str, str]) -> None:
    surroundings = Surroundings("https://a/c", "https://a/b", MemoryShelf())
    with pytest.raises(ValueError, match="of PhonePe must") as error:
        ENTRY.make(wrong, Timeouts(), surroundings)
    assert "two words" not in str(error.value)


def test_each_environment_has_its_hosts() -> None:
    surroundings = Surroundings("https://a/c", "https://a/b", MemoryShelf())
    live = ENTRY.make(V2 | {"environment": "PRODUCTION"}, Timeouts(), surroundings)
    settings = live._settings
    assert settings.payment_url == "https://api.phonepe.com/apis/pg"
    assert settings.token_url == "https://api.phonepe.com/apis/identity-manager"
    assert settings.script_url == "https://mercury.phonepe.com/web/bundle/checkout.js"
    old = ENTRY.make(V1 | {"environment": "PRODUCTION"}, Timeouts(), surroundings)
    assert old._settings.payment_url == "https://api.phonepe.com/apis/hermes"
    for text in (repr(settings), repr(old._settings), repr(live), repr(old)):
        assert V2["client_secret"] not in text
        assert V2["webhook_password"] not in text
        assert V1["salt_key"] not in text


@pytest.mark.parametrize(
    ("checkout", "wish", "life"),
    [("link", 60, 300), ("link", 86_400, 86_400), ("link", 10**8, 2_592_000)]
    + [(way, wish, life) for way in ("page", "qr") for wish, life in ((60, 300), (9_000, 3_600))],
)
def test_a_payment_lives_as_long_as_phonepe_lets_it(checkout: str, wish: int, life: int) -> None:
    surroundings = Surroundings("https://a/c", "https://a/b", MemoryShelf())
    credentials = V2 | {"checkout": checkout}
    terms = ENTRY.make(credentials, Timeouts(link_seconds=wish), surroundings).terms(None)
    assert terms.customer_seconds == life
    assert terms.hold_seconds == min(life, 1_800)
    assert terms.check_delays_seconds[:3] == (5.0, 5.0, 5.0)


# start


@pytest.mark.parametrize(
    ("checkout", "fields"),
    [
        ("link", LINK | {"state": "COMPLETED"}),
        ("link", LINK | {"state": "PAUSED"}),
        ("link", LINK | {"state": None}),
        ("link", LINK | {"orderId": None}),
        ("link", LINK | {"orderId": "a b"}),
        ("link", LINK | {"paylinkUrl": "javascript:alert(1)"}),
        ("link", LINK | {"paylinkUrl": 7}),
        ("link", LINK | {"expireAt": "soon"}),
        ("link", LINK | {"expireAt": 10**30}),
        ("link", LINK | {"expireAt": True}),
        ("link", {}),
        ("page", LINK),
        ("qr", LINK),
        ("qr", LINK | {"qrData": "not base64!"}),
        ("qr", LINK | {"qrData": base64.b64encode(b"GIF89a").decode()}),
        ("qr", LINK | {"intentUrl": "https://example.com"}),
    ],
)
def test_a_start_in_words_that_we_do_not_know_is_uncertain(
    checkout: str, fields: dict[str, object]
) -> None:
    assert type(ask(start, fields, checkout=checkout)) is ProviderUncertain


def test_a_picture_alone_will_do() -> None:
    act = ask(start, LINK | {"state": "PENDING", "qrData": PNG}, checkout="qr")
    assert (act.url, act.qr) == (None, f"data:image/png;base64,{PNG}")


def test_a_link_without_an_end_ends_when_we_wished() -> None:
    act = ask(start, LINK)
    left = act.expires_at - datetime.now(UTC)
    assert timedelta(seconds=1_190) < left <= timedelta(seconds=1_200)


@pytest.mark.parametrize(
    ("status", "fields", "kind", "reason"),
    [
        (400, {"code": "BAD_REQUEST"}, ProviderRefused, Reason.BAD_REQUEST),
        (400, {"errorCode": "INVALID_EXPIRY"}, ProviderRefused, Reason.BAD_REQUEST),
        (400, {"code": "NOTIFICATION_ATTEMPTS_BREACHED"}, ProviderRefused, Reason.LIMIT),
        (400, {"code": "SOMETHING_NEW"}, ProviderUncertain, Reason.UNAVAILABLE),
        (400, {"code": 7}, ProviderUncertain, Reason.UNAVAILABLE),
        (400, {}, ProviderUncertain, Reason.UNAVAILABLE),
        (403, {"code": "FORBIDDEN"}, ProviderRefused, Reason.UNAVAILABLE),
        (403, b"<html>", ProviderRefused, Reason.UNAVAILABLE),
        (409, {"code": "BAD_REQUEST"}, ProviderUncertain, Reason.UNAVAILABLE),
        (417, {"code": "INVALID_TRANSACTION_ID"}, ProviderUncertain, Reason.UNAVAILABLE),
        (417, {"code": "INVALID_MERCHANT_ORDER_ID"}, ProviderUncertain, Reason.UNAVAILABLE),
        (417, {"code": "BAD_REQUEST"}, ProviderUncertain, Reason.UNAVAILABLE),
        (500, {"code": "INTERNAL_SERVER_ERROR"}, ProviderUncertain, Reason.UNAVAILABLE),
        (200, b"[]", ProviderUncertain, Reason.UNAVAILABLE),
        (200, b"", ProviderUncertain, Reason.UNAVAILABLE),
        (200, b"<html>", ProviderUncertain, Reason.UNAVAILABLE),
    ],
)
def test_errors_at_start(status: int, fields: Any, kind: type, reason: Reason) -> None:
    error = ask(start, fields, status)
    assert (type(error), error.reason) == (kind, reason)


def test_too_many_calls_say_how_long_to_wait() -> None:
    busy = http(429, b'{"code":"TOO_MANY_REQUESTS"}', "Retry-After: 7")
    with answering(busy) as server:
        provider = adapter(server)
        with pytest.raises(ProviderRefused) as refused:
            provider.start(CHARGE)
        with pytest.raises(ProviderUncertain) as uncertain:
            provider.check(CHARGE)
    assert refused.value.retry_after_seconds == uncertain.value.retry_after_seconds == 7
    assert refused.value.reason is Reason.UNAVAILABLE


@pytest.mark.parametrize(
    "change", [{"amount": Money(99, "INR")}, {"amount": Money(15_000, "USD")}], ids=str
)
@pytest.mark.parametrize("checkout", ["link", "v1"])
def test_what_phonepe_never_takes_is_not_sent(change: dict[str, Any], checkout: str) -> None:
    with answering(http(200, b"{}")) as server:
        provider = adapter(server, checkout)
        with pytest.raises(ProviderRefused):
            provider.start(replace(CHARGE, **change))
    assert server.requests == []


@pytest.mark.parametrize("phone", [None, "263771234567", "91999"])
def test_a_customer_whom_we_do_not_know_is_none(phone: str | None) -> None:
    charge = Charge(CHARGE.reference, CHARGE.amount, None, "Order 42", customer_phone=phone)
    with answering(http(200, json.dumps(LINK).encode())) as server:
        adapter(server).start(charge)
    details = json.loads(server.body())["paymentFlow"]["customerDetails"]
    assert details == {"name": None, "phoneNumber": None, "email": None}


# check


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("PENDING", Status.OPEN),
        ("ACTIVE", Status.OPEN),
        ("COMPLETED", Status.SUCCEEDED),
        ("FAILED", Status.FAILED),
        ("EXPIRED", Status.EXPIRED),
        ("CANCELLED", Status.CANCELLED),
    ],
)
def test_every_state(state: str, status: Status) -> None:
    outcome = ask(check, STATUS | {"state": state})
    assert outcome.status is status
    assert outcome.receipt == (ORDER_ID if status is Status.SUCCEEDED else None)
    assert outcome.amount == Money(15_000, "INR")


@pytest.mark.parametrize(
    "change",
    [
        {"state": "REVERSED"},
        {"state": "completed"},
        {"state": None},
        {"state": ["COMPLETED"]},
        {"orderId": None},
        {"orderId": 7},
        {"amount": None},
        {"amount": 0},
        {"amount": -15_000},
        {"amount": "15000"},
        {"amount": 150.5},
        {"amount": True},
        {"amount": 10**20},
        {"merchantOrderId": "another"},
        {"merchantOrderId": 7},
        {"paymentDetails": "none"},
        {"paymentDetails": ["none"]},
        {"paymentDetails": [attempt(1), attempt(2, transactionId=None)]},
        {"paymentDetails": [attempt(1), attempt(2, amount=None)]},
        {"paymentDetails": [attempt(1), attempt(2, amount="many")]},
        {"paymentDetails": [attempt(1, rail={"utr": ["x"]})]},
        {"expireAt": "soon"},
    ],
    ids=str,
)
def test_a_success_that_cannot_be_read_is_uncertain(change: dict[str, object]) -> None:
    assert type(ask(check, PAID | change)) is ProviderUncertain


@pytest.mark.parametrize("status", [400, 404, 417])
def test_the_words_of_success_with_another_http_status_are_uncertain(status: int) -> None:
    assert type(ask(check, PAID, status)) is ProviderUncertain
    assert type(ask(start, LINK, status)) is ProviderUncertain
    assert type(ask(refund, BACK, status)) is ProviderUncertain
    assert type(ask(check_refund, BACK, status)) is ProviderUncertain


def test_our_own_reference_is_dashed_again() -> None:
    outcome = ask(check, PAID | {"merchantOrderId": HEX.upper()})
    assert outcome.reference == CHARGE.reference


def test_another_order_than_the_one_that_was_made_is_uncertain() -> None:
    other = replace(CHARGE, provider_reference="OMO9")
    assert type(ask(lambda provider: provider.check(other), PAID)) is ProviderUncertain
    same = replace(CHARGE, provider_reference=ORDER_ID)
    assert ask(lambda provider: provider.check(same), PAID).receipt == ORDER_ID


def test_the_receipt_is_the_same_before_and_after_the_attempt_is_listed() -> None:
    for details in ([], [attempt(1)], [attempt(1), attempt(2, state="FAILED")]):
        outcome = ask(check, PAID | {"paymentDetails": details})
        assert (outcome.receipt, outcome.also) == (ORDER_ID, ())


def test_never_more_receipts_than_attempts_whatever_each_answer_lists() -> None:
    listed = ([2], [1], [2, 1], [1, 2], [3, 2], [3, 1, 2, 2], [3])
    receipts = set()
    for numbers in listed:
        details = [attempt(number) for number in numbers]
        outcome: Outcome = ask(check, PAID | {"paymentDetails": details})
        receipts |= {outcome.receipt, *(each.receipt for each in outcome.also)}
    assert receipts == {ORDER_ID, "OM2", "OM3"}
    assert outcome.also == ()


def test_two_successes_are_two_moneys() -> None:
    details = [attempt(7, amount=14_000), attempt(3), attempt(5, state="FAILED")]
    outcome = ask(check, PAID | {"paymentDetails": details})
    assert outcome.also == (Receipt("OM7", Money(14_000, "INR")),)


def test_money_under_an_order_that_says_there_is_none_is_uncertain() -> None:
    for state in ("PENDING", "FAILED", "EXPIRED"):
        fields = STATUS | {"state": state, "paymentDetails": [attempt(1)]}
        assert type(ask(check, fields)) is ProviderUncertain


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ZM", Reason.DECLINED),
        ("Z9", Reason.INSUFFICIENT_FUNDS),
        ("TXN_AUTO_FAILED", Reason.DECLINED),
        ("U90", Reason.UNAVAILABLE),
        ("NEVER_HEARD", None),
    ],
)
def test_why_it_failed(code: str, reason: Reason | None) -> None:
    for name in ("errorCode", "detailedErrorCode"):
        outcome = ask(check, STATUS | {"state": "FAILED", name: code})
        assert (outcome.status, outcome.reason) == (Status.FAILED, reason)


def test_a_failure_after_its_end_and_without_a_cause_is_an_expiry() -> None:
    past, future = 1_600_000_000_000, 4_000_000_000_000
    failed = STATUS | {"state": "FAILED"}
    assert ask(check, failed | {"expireAt": past}).status is Status.EXPIRED
    assert ask(check, failed | {"expireAt": future}).status is Status.FAILED
    caused = failed | {"expireAt": past, "errorCode": "INVALID_MPIN"}
    assert ask(check, caused).status is Status.FAILED


def test_an_order_that_was_made_in_another_way_is_found_there() -> None:
    unknown = http(400, b'{"code":"INVALID_MERCHANT_ORDER_ID"}')
    known = replace(CHARGE, provider_reference=ORDER_ID)
    with answering(unknown, http(200, json.dumps(PAID).encode())) as server:
        assert adapter(server, "link").check(known).status is Status.SUCCEEDED
    paths = [call.split(b" ")[1].decode() for call in calls(server)]
    assert paths[0].startswith("/paylinks/")
    assert paths[1].startswith("/checkout/")
    with answering(unknown) as server:
        assert adapter(server, "qr").check(known).status is Status.NOT_FOUND
        assert len(calls(server)) == 3
        assert adapter(server, "qr").check(CHARGE).status is Status.NOT_FOUND
        assert len(calls(server)) == 4


def test_what_does_not_fit_into_the_time_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("providers.phonepe.api.time", clock)

    def play(connection: socket.socket) -> None:
        if server.requests[-1].startswith(b"POST /v1/oauth"):
            connection.sendall(http(200, json.dumps(TOKEN_FIELDS).encode()))
        else:
            clock.ahead_seconds += 3.2
            connection.sendall(http(400, b'{"code":"INVALID_MERCHANT_ORDER_ID"}'))

    known = replace(CHARGE, provider_reference=ORDER_ID)
    with wire(play) as server, pytest.raises(ProviderUncertain) as uncertain:
        adapter(server, seconds=10.0).check(known)
    assert uncertain.value.call.code == NOT_CONNECTED
    assert len(calls(server)) == 2


def test_the_probe_wants_to_hear_that_nothing_is_there() -> None:
    unknown = {"code": "INVALID_MERCHANT_ORDER_ID"}
    assert ask(lambda p: p.probe(), unknown, 400).code == "INVALID_MERCHANT_ORDER_ID"
    assert type(ask(lambda p: p.probe(), PAID)) is ProviderUncertain
    assert type(ask(lambda p: p.probe(), {"code": "BAD_REQUEST"}, 400)) is ProviderUncertain


# cancel


@pytest.mark.parametrize(
    ("first", "state", "status"),
    [
        (http(200, b'{"state":"CANCELLED"}'), "CANCELLED", Status.CANCELLED),
        (http(200, b""), "CANCELLED", Status.CANCELLED),
        (http(400, b'{"code":"BAD_REQUEST"}'), "COMPLETED", Status.SUCCEEDED),
        (http(400, b'{"code":"BAD_REQUEST"}'), "ACTIVE", Status.OPEN),
    ],
)
def test_after_a_cancel_the_status_counts(first: bytes, state: str, status: Status) -> None:
    with answering(first, http(200, json.dumps(STATUS | {"state": state}).encode())) as server:
        provider = adapter(server)
        assert provider.can_cancel(CHARGE)
        assert provider.cancel(CHARGE).status is status
    cancelled, asked = calls(server)
    assert cancelled.startswith(f"POST /paylinks/v1/{HEX}/cancel ".encode())
    assert asked.startswith(f"GET /paylinks/v1/{HEX}/status ".encode())


@pytest.mark.parametrize("status", [404, 409, 500])
def test_a_cancel_without_a_clear_answer_is_uncertain(status: int) -> None:
    assert type(ask(lambda p: p.cancel(CHARGE), {"code": "X"}, status)) is ProviderUncertain


def test_only_links_can_be_cancelled() -> None:
    with answering(http(200, b"{}")) as server:
        assert not adapter(server, "page").can_cancel(CHARGE)
        assert not adapter(server, "qr").can_cancel(CHARGE)


# refunds


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("PENDING", RefundStatus.PENDING),
        ("CONFIRMED", RefundStatus.PENDING),
        ("COMPLETED", RefundStatus.SUCCEEDED),
        ("FAILED", RefundStatus.FAILED),
    ],
)
def test_every_state_of_a_refund(state: str, status: RefundStatus) -> None:
    for call in (refund, check_refund):
        outcome = ask(call, BACK | {"state": state})
        assert (outcome.status, outcome.provider_reference) == (status, "OMR1")
        assert outcome.amount == Money(5_000, "INR")


@pytest.mark.parametrize(
    "change",
    [{"state": "ACCEPTED"}, {"state": None}, {"refundId": None}, {"amount": "5000"}]
    + [{"merchantRefundId": "another"}],
    ids=str,
)
def test_a_refund_in_words_that_we_do_not_know_is_uncertain(change: dict[str, object]) -> None:
    assert type(ask(refund, BACK | change)) is ProviderUncertain
    assert type(ask(check_refund, BACK | change)) is ProviderUncertain


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "BAD_REQUEST", ProviderRefused),
        (400, "INVALID_MERCHANT_ORDER_ID", ProviderRefused),
        (400, "SOMETHING_NEW", ProviderUncertain),
        (401, "AUTHORIZATION_FAILED", ProviderRefused),
        (417, "INVALID_TRANSACTION_ID", ProviderUncertain),
        (429, "TOO_MANY_REQUESTS", ProviderRefused),
        (500, "INTERNAL_SERVER_ERROR", ProviderUncertain),
    ],
)
def test_errors_at_a_refund(status: int, code: str, kind: type) -> None:
    assert type(ask(refund, {"code": code}, status)) is kind


def test_a_refund_that_they_do_not_know_is_not_found() -> None:
    for code in ("INVALID_MERCHANT_REFUND_ID", "INVALID_MERCHANT_ORDER_ID"):
        assert ask(check_refund, {"code": code}, 400).status is RefundStatus.NOT_FOUND
    assert type(ask(check_refund, {"code": "BAD_REQUEST"}, 400)) is ProviderUncertain


# What is never shown.


def test_a_name_in_any_script_is_not_shown() -> None:
    named = replace(CHARGE, customer_name="आशा राव")
    echo = LINK | {"note": "for आशा राव"}
    for text in (json.dumps(echo, ensure_ascii=False), json.dumps(echo)):
        shown = ask(lambda provider: provider.start(named), text.encode()).call.body
        assert '"note": "for [hidden]"' in shown


@pytest.mark.parametrize("status", [200, 400, 403, 417, 500])
@pytest.mark.parametrize("checkout", ["link", "page", "qr", "v1"])
def test_nothing_private_stands_in_a_call_an_error_or_a_log(
    checkout: str, status: int, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    private = [
        V2["client_secret"],
        V2["webhook_password"] if checkout != "v1" else V1["salt_key"],
        TOKEN if checkout != "v1" else V1["salt_key"],
        "919999999999",
        "Asha",
        "https://phon.pe/abc123",
        "upi://pay?pa=shop@ybl",
        "asha@ybl",
        PNG,
    ]
    if checkout == "v1":
        private.remove(V2["client_secret"])
    echo = LINK | {
        "message": " ".join(private[:5]) + " see https://phon.pe/abc123",
        "redirectUrl": "https://phon.pe/abc123",
        "intentUrl": "upi://pay?pa=shop@ybl",
        "qrData": PNG,
        "code": private[0],
        "paymentDetails": [{"rail": {"vpa": "asha@ybl"}}],
        "data": {"instrumentResponse": {"redirectInfo": {"url": "https://phon.pe/abc123"}}},
    }
    result = ask(start, echo, status, checkout)
    shown = f"{result!r} {result} {result.call!r} {caplog.text} {capsys.readouterr()}"
    for text in private:
        assert text not in shown
