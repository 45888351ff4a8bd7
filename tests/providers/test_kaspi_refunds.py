"""Money back from Kaspi: never above what is left, never twice, and silence is no success."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from domain.money import Money
from providers.contract import Charge, ProviderError, ProviderRefused, ProviderUncertain, Reason
from providers.kaspi import KaspiNative, KaspiProxy, NativeSettings, ProxySettings
from providers.refunds import FollowsRefunds, RefundOrder, RefundOutcome, Refunds, RefundStatus
from tests.providers.servers import Wire, always, http, wire
from tests.providers.test_kaspi import REASONS, UNCLEAR

BIN = "123456789012"
DEVICE = "device-secret-0001"


def tenge(minor: int) -> Money:
    return Money(minor, "KZT")


CHARGE = Charge(
    "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11",
    tenge(150_000),
    None,
    "KS-2024-001",
    provider_reference="15",
)
ORDER = RefundOrder(
    "11111111-5c4b-4c6c-9b53-7a5b1f0f2c11", CHARGE, "15", tenge(20_000), tenge(30_000), "weather"
)


def native(server: Wire) -> KaspiNative:
    return KaspiNative(NativeSettings(f"{server.url}/r3", BIN, DEVICE))


def proxy(server: Wire) -> KaspiProxy:
    return KaspiProxy(ProxySettings(server.url, "access-token", BIN, DEVICE))


def refunded(provider: str, answer: bytes) -> RefundOutcome | ProviderError:
    with wire(always(answer)) as server:
        adapter = native(server) if provider == "native" else proxy(server)
        try:
            return adapter.refund(ORDER)
        except ProviderError as error:
            return error
        finally:
            assert len(server.requests) == 1


def native_answer(code: object, data: object = None) -> bytes:
    return http(200, json.dumps({"StatusCode": code, "Message": "…", "Data": data}).encode())


def proxy_answer(http_status: int = 200, **fields: object) -> bytes:
    return http(http_status, json.dumps(fields).encode())


def details(left: str, total: str = "1500.00", number: str = "15") -> bytes:
    body = '{"StatusCode":0,"Data":{"QrPaymentId":%s,"TotalAmount":%s,"AvailableReturnAmount":%s}}'
    return http(200, (body % (number, total, left)).encode())


def test_who_can_be_asked_about_a_refund() -> None:
    with wire(always(b"")) as server:
        assert isinstance(native(server), Refunds)
        assert isinstance(native(server), FollowsRefunds)
        assert isinstance(proxy(server), Refunds)
        assert not isinstance(proxy(server), FollowsRefunds)


def test_every_code_at_a_refund() -> None:
    for code, reason in REASONS.items():
        for provider, answer in (
            ("native", native_answer(code)),
            ("proxy", proxy_answer(status=False, data={"errors": {str(code): "…"}})),
        ):
            error = refunded(provider, answer)
            assert type(error) is ProviderRefused
            assert (error.reason, error.call.operation) == (reason, "refund")
    for code in UNCLEAR:
        assert type(refunded("native", native_answer(code))) is ProviderUncertain


def proxy_answer_of(**change: object) -> bytes:
    data = {"externalId": "15", "returnOperationId": 77, "refundedAmount": 200, **change}
    return proxy_answer(status=True, data=data, http_code=200)


@pytest.mark.parametrize(
    ("provider", "answer", "done"),
    [
        ("native", native_answer(0, {"ReturnOperationId": 77}), True),
        ("native", native_answer(0, {"ReturnOperationId": "77"}), True),
        ("native", native_answer(0, {"ReturnOperationId": None}), False),
        ("native", native_answer(0, {"ReturnOperationId": True}), False),
        ("native", native_answer(0, {}), False),
        ("native", native_answer(0), False),
        ("native", http(200, b""), False),
        ("proxy", proxy_answer_of(), True),
        ("proxy", proxy_answer_of(externalId=15), True),
        ("proxy", proxy_answer_of(externalId="16"), False),
        ("proxy", proxy_answer_of(externalId=None), False),
        ("proxy", proxy_answer_of(returnOperationId=None), False),
        ("proxy", proxy_answer_of(refundedAmount="200"), False),
        ("proxy", proxy_answer_of(refundedAmount=None), False),
        ("proxy", proxy_answer_of(refundedAmount=200.005), False),
        ("proxy", http(200, b""), False),
        ("proxy", http(200, b" \n"), False),
        ("proxy", http(200, b"null"), False),
        ("proxy", http(204, b""), False),
        ("proxy", http(404, b""), False),
    ],
    ids=range(20),
)
def test_a_refund_is_done_when_that_is_said_whole_and_uncertain_else(
    provider: str, answer: bytes, done: bool
) -> None:
    outcome = refunded(provider, answer)

    if done:
        assert isinstance(outcome, RefundOutcome)
        assert (outcome.status, outcome.provider_reference) == (RefundStatus.SUCCEEDED, "77")
        assert outcome.amount == (tenge(20_000) if provider == "proxy" else None)
    else:
        assert type(outcome) is ProviderUncertain


@pytest.mark.parametrize(
    "answer",
    [
        proxy_answer(404, status=False, error="Payment not found"),
        http(200, b'{"status":false,"error":"Payment not found","http_code":404}'),
    ],
    ids=["http", "told"],
)
def test_404_of_the_proxy_is_a_payment_that_cannot_be_given_back(answer: bytes) -> None:
    error = refunded("proxy", answer)

    assert type(error) is ProviderRefused
    assert (error.reason, error.call.code) == (Reason.DECLINED, "404")


@pytest.mark.parametrize(
    "change",
    [
        {"amount": tenge(0)},
        {"amount": tenge(-1)},
        {"amount": Money(20_000, "USD")},
        {"refunded_before": Money(0, "USD")},
        {"receipt": ""},
        {"receipt": "15&amount=1"},
    ],
    ids=str,
)
def test_what_can_never_be_given_back_is_refused_unasked(change: dict[str, object]) -> None:
    order = replace(ORDER, **change)
    with wire(always(native_answer(0, {"ReturnOperationId": 77}))) as server:
        for act in (native(server).refund, native(server).check_refund, proxy(server).refund):
            with pytest.raises(ProviderRefused) as refused:
                act(order)
            assert refused.value.reason is Reason.BAD_REQUEST

    assert server.requests == []


def test_all_that_is_left_can_be_given_back() -> None:
    with wire(always(native_answer(0, {"ReturnOperationId": 77}))) as server:
        native(server).refund(replace(ORDER, amount=tenge(120_000)))

    assert json.loads(server.body(), parse_float=Decimal)["Amount"] == Decimal("1200.00")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (details("1000.00"), RefundStatus.SUCCEEDED),
        (details("1000"), RefundStatus.SUCCEEDED),
        (details("1000", number='"15"'), RefundStatus.SUCCEEDED),
        (details("1200.00"), RefundStatus.NOT_FOUND),
        (details("800.00"), None),
        (details("1000.01"), None),
        (details("1500.00"), None),
        (details("0"), None),
        (details('"1000.00"'), None),
        (details("null"), None),
        (details("1000.00", total="null"), None),
        (details("1000.00", number="16"), None),
        (details("1000.00", number="null"), None),
        (native_answer(-1601), None),
        (native_answer(-999), None),
        (native_answer(0), None),
        (http(200, b""), None),
    ],
    ids=range(17),
)
def test_what_is_left_tells_whether_a_refund_was_done(
    answer: bytes, status: RefundStatus | None
) -> None:
    with wire(always(answer)) as server:
        if status is None:
            with pytest.raises(ProviderUncertain):
                native(server).check_refund(ORDER)
        else:
            assert native(server).check_refund(ORDER).status is status


def test_the_last_refund_leaves_nothing() -> None:
    with wire(always(details("0.00"))) as server:
        outcome = native(server).check_refund(replace(ORDER, amount=tenge(120_000)))

    assert outcome.status is RefundStatus.SUCCEEDED
