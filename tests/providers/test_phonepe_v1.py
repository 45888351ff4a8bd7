"""PhonePe's adapter for its old API (v1): every code and edge."""

import json
from dataclasses import replace
from typing import Any

import pytest

from domain.money import Money
from providers.contract import ProviderRefused, ProviderUncertain, Reason, Status
from providers.refunds import RefundOrder, RefundStatus
from tests.providers.harness_phonepe import CHARGE, HEX, REFERENCE, REFUND, adapter, answering, ask
from tests.providers.servers import http

ORDER = RefundOrder(REFUND, CHARGE, "T1", Money(5_000, "INR"), Money(0, "INR"), "cancelled")
PAGE = {"type": "PAY_PAGE", "redirectInfo": {"url": "https://mercury.example.com/t"}}
DATA = {"merchantTransactionId": HEX, "transactionId": "T1", "amount": 15_000}


def v1(call: Any, fields: Any, status: int = 200) -> Any:
    return ask(call, fields, status, "v1")


def start(provider: Any) -> Any:
    return provider.start(CHARGE)


def check(provider: Any) -> Any:
    return provider.check(CHARGE)


def told(code: object, **data: object) -> dict[str, object]:
    success = code in ("PAYMENT_SUCCESS", "PAYMENT_PENDING", "PAYMENT_INITIATED")
    return {"success": success, "code": code, "data": DATA | data}


def test_the_terms_are_those_of_v1() -> None:
    with answering(b"") as server:
        terms = adapter(server, "v1", seconds=7.0).terms(None)
    delays = terms.check_delays_seconds
    assert (terms.call_seconds, terms.customer_seconds) == (7.0, 1_200)
    assert 20 <= delays[0] <= 25
    assert sum(delays[1:11]) == 30
    assert sum(delays[11:21]) == 60
    assert sum(delays[21:27]) == 60
    assert delays[27:] == (30.0, 30.0, 60.0)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("PAYMENT_SUCCESS", Status.SUCCEEDED),
        ("PAYMENT_INITIATED", Status.OPEN),
        ("PAYMENT_PENDING", Status.OPEN),
        ("PAYMENT_ERROR", Status.FAILED),
        ("PAYMENT_DECLINED", Status.FAILED),
        ("TIMED_OUT", Status.EXPIRED),
        ("TRANSACTION_NOT_FOUND", Status.NOT_FOUND),
    ],
)
def test_every_code_of_a_status(code: str, status: Status) -> None:
    outcome = v1(check, told(code, state="COMPLETED"))
    assert outcome.status is status
    assert outcome.receipt == ("T1" if status is Status.SUCCEEDED else None)
    if status is not Status.NOT_FOUND:
        assert (outcome.amount, outcome.reference) == (Money(15_000, "INR"), REFERENCE)


@pytest.mark.parametrize("code", ["INTERNAL_SERVER_ERROR", "BAD_REQUEST", "NEW_WORD", None, 7])
def test_a_code_that_says_nothing_of_the_payment_is_uncertain(code: object) -> None:
    assert type(v1(check, told(code))) is ProviderUncertain


@pytest.mark.parametrize(
    "data",
    [
        {"state": "PENDING"},
        {"state": None},
        {"amount": None},
        {"amount": "15000"},
        {"amount": 0},
        {"transactionId": None},
        {"merchantTransactionId": "T0001-pay"},
        {"paymentInstrument": "UPI"},
        {"paymentInstrument": {"utr": 7}},
    ],
    ids=str,
)
def test_a_success_that_cannot_be_read_is_uncertain(data: dict[str, object]) -> None:
    fields = told("PAYMENT_SUCCESS", **({"state": "COMPLETED"} | data))
    assert type(v1(check, fields)) is ProviderUncertain


def test_a_success_that_says_it_is_none_is_uncertain() -> None:
    fields = told("PAYMENT_SUCCESS", state="COMPLETED")
    assert type(v1(check, fields | {"success": False})) is ProviderUncertain
    assert type(v1(check, fields | {"data": None})) is ProviderUncertain
    assert type(v1(check, fields, 400)) is ProviderUncertain


@pytest.mark.parametrize(
    "data",
    [
        {"instrumentResponse": PAGE, "merchantTransactionId": "another"},
        {"instrumentResponse": PAGE, "merchantTransactionId": None},
        {"instrumentResponse": {"redirectInfo": {"url": "javascript:x"}}},
        {"instrumentResponse": {"redirectInfo": "x"}},
        {"instrumentResponse": None},
    ],
    ids=str,
)
def test_a_start_in_words_that_we_do_not_know_is_uncertain(data: dict[str, object]) -> None:
    assert type(v1(start, told("PAYMENT_INITIATED", **data))) is ProviderUncertain


def test_a_page_that_is_not_said_to_be_begun_is_uncertain() -> None:
    good = told("PAYMENT_INITIATED", instrumentResponse=PAGE)
    assert v1(start, good).url == "https://mercury.example.com/t"
    assert type(v1(start, good | {"code": "PAYMENT_SUCCESS"})) is ProviderUncertain
    assert type(v1(start, good, 417)) is ProviderUncertain


@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        (400, {"success": False, "code": "BAD_REQUEST"}, ProviderRefused),
        (200, {"success": False, "code": "BAD_REQUEST"}, ProviderRefused),
        (200, {"success": True, "code": "BAD_REQUEST"}, ProviderUncertain),
        (401, b"", ProviderRefused),
        (403, {"code": "X"}, ProviderRefused),
        (417, {"success": False, "code": "DUPLICATE"}, ProviderUncertain),
        (500, {"success": False, "code": "INTERNAL_SERVER_ERROR"}, ProviderUncertain),
        (200, {"success": False, "code": "INTERNAL_SERVER_ERROR"}, ProviderUncertain),
    ],
)
def test_errors_of_a_write(status: int, fields: Any, kind: type) -> None:
    assert type(v1(start, fields, status)) is kind
    assert type(v1(lambda p: p.refund(ORDER), fields, status)) is kind


def test_too_many_calls_say_how_long_to_wait() -> None:
    with answering(http(429, b"{}", "Retry-After: 7")) as server:
        provider = adapter(server, "v1")
        with pytest.raises(ProviderRefused) as refused:
            provider.start(CHARGE)
        with pytest.raises(ProviderUncertain) as uncertain:
            provider.check(CHARGE)
    assert refused.value.retry_after_seconds == uncertain.value.retry_after_seconds == 7


def test_a_number_from_elsewhere_is_not_sent() -> None:
    good = json.dumps(told("PAYMENT_INITIATED", instrumentResponse=PAGE)).encode()
    with answering(http(200, good)) as server:
        adapter(server, "v1").start(replace(CHARGE, customer_phone="263771234567"))
    assert "mobileNumber" not in json.dumps(json.loads(server.body()))
    assert b"263771234567" not in server.requests[0]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("PAYMENT_SUCCESS", RefundStatus.SUCCEEDED),
        ("PAYMENT_PENDING", RefundStatus.PENDING),
        ("PAYMENT_ERROR", RefundStatus.FAILED),
        ("PAYMENT_DECLINED", RefundStatus.FAILED),
    ],
)
def test_every_code_of_a_refund(code: str, status: RefundStatus) -> None:
    fields = told(code, merchantTransactionId=REFUND.replace("-", ""), amount=5_000)
    for call in (lambda p: p.refund(ORDER), lambda p: p.check_refund(ORDER)):
        outcome = v1(call, fields)
        assert (outcome.status, outcome.reference) == (status, REFUND)
        assert (outcome.provider_reference, outcome.amount) == ("T1", Money(5_000, "INR"))


@pytest.mark.parametrize("code", ["TIMED_OUT", "INTERNAL_SERVER_ERROR", "NEW_WORD"])
def test_a_refund_that_must_be_asked_about_is_uncertain(code: str) -> None:
    assert type(v1(lambda p: p.refund(ORDER), told(code))) is ProviderUncertain
    assert type(v1(lambda p: p.check_refund(ORDER), told(code))) is ProviderUncertain


def test_a_refund_that_comes_too_late_is_refused() -> None:
    refused = v1(lambda p: p.refund(ORDER), told("REVERSAL_WINDOW_EXCEEDED"), 400)
    assert (type(refused), refused.reason) == (ProviderRefused, Reason.DECLINED)
