"""Kaspi's own words, byte for byte, against the adapters alone: no simulator that could share an
error with them. `recorded/kaspi/` holds bodies as documented (native) and as seen (proxy).
"""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from domain.money import Money
from providers.contract import (
    ApproveOnPhone,
    Charge,
    OpenLink,
    Outcome,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
)
from providers.kaspi import KaspiNative, KaspiProxy, NativeSettings, ProxySettings
from providers.refunds import RefundOrder, RefundOutcome, RefundStatus
from tests.providers.servers import Wire, always, http, wire

RECORDED = Path(__file__).parent / "recorded" / "kaspi"
BIN = "000000000000"
DEVICE = "00000000-0000-4000-8000-000000000001"
REFERENCE = "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11"
LINK = Charge(REFERENCE, Money(150_000, "KZT"), None, "KS-2024-001")
INVOICE = replace(LINK, payer_number="77077777777")
PAID = replace(LINK, provider_reference="15")
NOTHING = Money(0, "KZT")
REFUND = RefundOrder(
    "11111111-5c4b-4c6c-9b53-7a5b1f0f2c11", PAID, "15", Money(20_000, "KZT"), NOTHING, "weather"
)


def body(name: str) -> bytes:
    return (RECORDED / f"{name}.json").read_bytes().strip()


def native(server: Wire, version: str = "v01") -> KaspiNative:
    return KaspiNative(NativeSettings(f"{server.url}/r3", BIN, DEVICE, status_version=version))


def proxy(server: Wire) -> KaspiProxy:
    return KaspiProxy(
        ProxySettings(f"{server.url}/api/v2/paymentkaspi", "access-token", BIN, DEVICE)
    )


def first_line(server: Wire) -> str:
    return server.requests[0].decode().split("\r\n")[0]


def query(server: Wire) -> tuple[str, dict[str, str]]:
    """Path and parameters of the one request."""
    assert len(server.requests) == 1
    method, address, _ = first_line(server).split(" ")
    assert method == "GET"
    return urlsplit(address).path, dict(parse_qsl(urlsplit(address).query))


def test_a_native_link_is_asked_for_and_understood_as_documented() -> None:
    with wire(always(http(200, body("native_link_success")))) as server:
        act = native(server).start(LINK)

    assert first_line(server) == "POST /r3/v01/qr/create-link HTTP/1.1"
    assert server.body() == body("native_link_request")
    head = server.requests[0].decode().split("\r\n\r\n")[0]
    assert "Content-Type: application/json" in head
    assert re.search(r"X-Request-ID: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", head)
    url = "https://pay.kaspi.kz/pay/1234567890"
    expires_at = datetime(2026, 11, 21, 10, 33, tzinfo=UTC)
    assert act == OpenLink(url, "15", expires_at, act.call, qr=url)
    assert (act.call.operation, act.call.http_status, act.call.code) == ("link", 200, "0")


def test_a_native_invoice_is_asked_for_and_understood_as_documented() -> None:
    with wire(always(http(200, body("native_invoice_success")))) as server:
        act = native(server).start(INVOICE)

    assert first_line(server) == "POST /r3/v01/remote/create HTTP/1.1"
    assert server.body() == body("native_invoice_request")
    assert isinstance(act, ApproveOnPhone)
    assert act.provider_reference == "15"
    left = act.expires_at - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)


@pytest.mark.parametrize("version", ["v01", "v02"])
def test_a_native_status_is_asked_in_the_version_of_the_account(version: str) -> None:
    with wire(always(http(200, body("native_status_wait")))) as server:
        outcome = native(server, version).check(PAID)

    assert first_line(server) == f"GET /r3/{version}/payment/status/15 HTTP/1.1"
    assert outcome == Outcome(Status.OPEN, outcome.call)


def test_a_native_invoice_is_cancelled_as_documented() -> None:
    with wire(always(http(200, body("native_cancel_success")))) as server:
        outcome = native(server).cancel(replace(INVOICE, provider_reference="15"))

    assert first_line(server) == "POST /r3/v01/remote/cancel HTTP/1.1"
    assert server.body() == body("native_cancel_request")
    assert outcome.status is Status.CANCELLED


def test_a_native_refund_is_asked_for_and_understood_as_documented() -> None:
    with wire(always(http(200, body("native_return_success")))) as server:
        outcome = native(server).refund(REFUND)

    assert first_line(server) == "POST /r3/v01/payment/return HTTP/1.1"
    assert server.body() == body("native_return_request")
    assert outcome == RefundOutcome(RefundStatus.SUCCEEDED, outcome.call, provider_reference="15")


def test_a_native_refund_is_found_by_what_is_left() -> None:
    with wire(always(http(200, body("native_details_success")))) as server:
        outcome = native(server).check_refund(REFUND)

    assert query(server) == (
        "/r3/v01/payment/details",
        {"QrPaymentId": "15", "DeviceToken": DEVICE},
    )
    assert (outcome.status, outcome.amount) == (RefundStatus.SUCCEEDED, REFUND.amount)


def test_a_native_device_that_is_not_found_is_a_refusal() -> None:
    with (
        wire(always(http(200, body("native_device_not_found")))) as server,
        pytest.raises(ProviderRefused) as refused,
    ):
        native(server).start(LINK)

    assert (refused.value.call.code, refused.value.reason) == ("-1501", Reason.UNAVAILABLE)


def test_a_proxy_invoice_is_asked_for_and_understood_as_seen() -> None:
    with wire(always(http(200, body("proxy_create_success")))) as server:
        act = proxy(server).start(INVOICE)

    assert query(server) == (
        "/api/v2/paymentkaspi/create/",
        {
            "access_token": "access-token",
            "phone": "77077777777",
            "amount": "1500.00",
            "message": "KS-2024-001",
            "organizationBin": BIN,
            "deviceToken": DEVICE,
        },
    )
    assert isinstance(act, ApproveOnPhone)
    assert act.provider_reference == "12800000001"
    assert act.call.code == "0"


def test_a_proxy_status_is_asked_with_the_token_and_the_id() -> None:
    with wire(always(http(200, body("proxy_create_success")))) as server:
        outcome = proxy(server).check(replace(INVOICE, provider_reference="12800000001"))

    assert query(server) == (
        "/api/v2/paymentkaspi/status/",
        {"access_token": "access-token", "externalId": "12800000001"},
    )
    assert outcome.status is Status.OPEN


@pytest.mark.parametrize(
    ("name", "code"), [("proxy_device_not_found", "-1501"), ("proxy_bad_token", "bad_token")]
)
@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_errors_of_the_proxy_are_refusals_for_writes_and_uncertain_for_questions(
    name: str, code: str, status: int
) -> None:
    with wire(always(http(status, body(name)))) as server:
        for act in (
            lambda: proxy(server).start(LINK),
            lambda: proxy(server).start(INVOICE),
            lambda: proxy(server).refund(REFUND),
        ):
            with pytest.raises(ProviderRefused) as refused:
                act()
            assert (refused.value.call.code, refused.value.reason) == (code, Reason.UNAVAILABLE)
        with pytest.raises(ProviderUncertain) as uncertain:
            proxy(server).check(PAID)
    assert uncertain.value.call.code == code
