"""PhonePe's own words, byte for byte, against the adapters alone: no simulator that could share an
error with them. `recorded/phonepe/` holds bodies of its documentation, with ids of our form.
"""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from domain.money import Money
from providers.contract import Outcome, ProviderRefused, ProviderUncertain, Reason, Status
from providers.notices import NoticeKind, NoticeRequest
from providers.phonepe.checksums import checksum, encode
from providers.phonepe.notices import read_callback, read_webhook
from providers.refunds import RefundOrder, RefundOutcome, RefundStatus
from providers.simulators.phonepe.webhooks import webhook_authorization
from providers.wire_json import read_json_object
from tests.providers.harness_phonepe import (
    CHARGE,
    HEX,
    REFERENCE,
    REFUND,
    TOKEN,
    adapter,
    answering,
    calls,
    phonepe,
)
from tests.providers.servers import Wire, http

RECORDED = Path(__file__).parent / "recorded" / "phonepe"
VECTORS = json.loads((RECORDED / "vectors.json").read_text())
ORDER_ID = "OMO2611211015400000000001"
EXPIRES_AT = datetime.fromtimestamp(1763713200, UTC)
ORDER = RefundOrder(REFUND, CHARGE, ORDER_ID, Money(5_000, "INR"), Money(0, "INR"), "cancelled")


def body(name: str) -> bytes:
    return (RECORDED / f"{name}.json").read_bytes().strip()


def sent(server: Wire) -> tuple[str, bytes]:
    """First line and body of the only call beside that for a token."""
    (call,) = calls(server)
    head, _, text = call.partition(b"\r\n\r\n")
    return head.decode().split("\r\n")[0], text


def test_a_token_is_asked_for_as_documented_and_sent_with_each_call() -> None:
    with answering(http(400, body("unknown_order"))) as server:
        adapter(server).probe()

    asked, call = server.requests
    assert asked.startswith(b"POST /v1/oauth/token HTTP/1.1\r\n")
    assert b"Content-Type: application/x-www-form-urlencoded" in asked
    assert asked.partition(b"\r\n\r\n")[2] == (
        b"client_id=SIMULATED_CLIENT&client_version=1"
        b"&client_secret=simulated-client-secret%2F%2B%3D1&grant_type=client_credentials"
    )
    assert f"Authorization: O-Bearer {TOKEN}\r\n".encode() in call


def test_a_link_is_asked_for_as_documented_and_understood() -> None:
    with answering(http(200, body("link_success"))) as server:
        act = adapter(server, "link").start(CHARGE)

    line, asked = sent(server)
    assert line == "POST /paylinks/v1/pay HTTP/1.1"
    moment = re.compile(rb'"expireAt":\d{13}')
    assert moment.sub(b"", asked) == moment.sub(b"", body("link_request"))
    assert (act.url, act.provider_reference) == ("https://phon.pe/abc123", ORDER_ID)
    assert act.expires_at == datetime.fromtimestamp(1763798400, UTC)
    assert (act.launcher, act.qr) == (None, None)


def test_a_page_is_asked_for_as_documented_and_understood() -> None:
    with answering(http(200, body("page_success"))) as server:
        act = adapter(server, "page").start(CHARGE)

    assert sent(server) == ("POST /checkout/v2/pay HTTP/1.1", body("page_request"))
    assert act.url == "https://mercury-uat.phonepe.com/transact/uat_v2?token=bWFkZS11cA"
    assert act.launcher == f"{server.url}/web/bundle/checkout.js"
    assert (act.provider_reference, act.expires_at) == (ORDER_ID, EXPIRES_AT)


def test_a_code_is_asked_for_as_documented_and_understood() -> None:
    with answering(http(200, body("qr_success"))) as server:
        act = adapter(server, "qr").start(CHARGE)

    assert sent(server) == ("POST /payments/v2/pay HTTP/1.1", body("qr_request"))
    assert act.url is None
    assert act.qr == f"upi://pay?pa=shop@ybl&am=150.00&tr={ORDER_ID}"
    assert (act.provider_reference, act.expires_at) == (ORDER_ID, EXPIRES_AT)


@pytest.mark.parametrize(
    ("checkout", "path"),
    [
        ("link", f"/paylinks/v1/{HEX}/status"),
        ("page", f"/checkout/v2/order/{HEX}/status?details=true&errorContext=true"),
        ("qr", f"/payments/v2/order/{HEX}/status?details=true&errorContext=true"),
    ],
)
def test_a_status_is_asked_for_as_documented_and_understood(checkout: str, path: str) -> None:
    with answering(http(200, body("status_completed"))) as server:
        outcome = adapter(server, checkout).check(CHARGE)

    assert sent(server) == (f"GET {path} HTTP/1.1", b"")
    assert outcome == Outcome(
        Status.SUCCEEDED,
        outcome.call,
        receipt=ORDER_ID,
        debit_reference="206378866112",
        amount=Money(15_000, "INR"),
    )


def test_a_failure_is_understood() -> None:
    with answering(http(200, body("status_failed"))) as server:
        outcome = adapter(server, "page").check(CHARGE)

    assert (outcome.status, outcome.reason) == (Status.FAILED, Reason.DECLINED)
    assert outcome.receipt is None


def test_an_unknown_order_is_not_found_and_a_used_reference_uncertain() -> None:
    with answering(http(400, body("unknown_order"))) as server:
        assert adapter(server).check(CHARGE).status is Status.NOT_FOUND
    with answering(http(417, body("duplicate_order"))) as server, pytest.raises(ProviderUncertain):
        adapter(server).start(CHARGE)


def test_a_refund_is_asked_for_as_documented_and_followed() -> None:
    with answering(http(200, body("refund_success"))) as server:
        begun = adapter(server).refund(ORDER)
    assert sent(server) == ("POST /payments/v2/refund HTTP/1.1", body("refund_request"))
    with answering(http(200, body("refund_status_completed"))) as server:
        ended = adapter(server).check_refund(ORDER)
    path = f"/payments/v2/refund/{ORDER.reference.replace('-', '')}/status"
    assert sent(server) == (f"GET {path} HTTP/1.1", b"")

    refund_id, amount = "OMR2611211100000000000001", Money(5_000, "INR")
    assert begun == RefundOutcome(RefundStatus.PENDING, begun.call, refund_id, amount)
    assert ended == RefundOutcome(RefundStatus.SUCCEEDED, ended.call, refund_id, amount, REFUND)


def test_webhooks_are_understood() -> None:
    vector = VECTORS["phonepe_v2_webhook"][0]
    headers = {"authorization": vector["authorization"].upper()}
    keys = (vector["username"], vector["password"])

    order = read_webhook(NoticeRequest(headers, body("webhook_order")), *keys)
    refund = read_webhook(NoticeRequest(headers, body("webhook_refund")), *keys)

    assert (order.kind, order.reference) == (NoticeKind.PAYMENT, REFERENCE)
    assert (order.word, order.status) == ("checkout.order.completed", Status.SUCCEEDED)
    assert order.amount == Money(15_000, "INR")
    assert order.delivery_key == hashlib.sha256(body("webhook_order")).hexdigest()
    assert (refund.kind, refund.reference) == (NoticeKind.REFUND, REFUND)
    assert (refund.word, refund.status) == ("pg.refund.completed", None)


def test_the_simulator_signs_webhooks_as_the_vector_says() -> None:
    vector = VECTORS["phonepe_v2_webhook"][0]
    signed = webhook_authorization(vector["username"], vector["password"])
    assert signed == vector["authorization"]


@pytest.mark.parametrize("vector", VECTORS["phonepe_v1"], ids=lambda vector: vector["name"])
def test_checksums_are_as_the_vectors_say(vector: dict[str, str]) -> None:
    encoded = vector.get("base64", "")
    if encoded:
        assert encode(read_json_object(vector["json"].encode())) == encoded
    text = encoded + vector.get("path", "")
    assert checksum(text, vector["salt"], vector["index"]) == vector["xverify"]


def test_the_simulator_takes_the_requests_of_the_vectors_and_no_others() -> None:
    salt = VECTORS["phonepe_v1"][0]["salt"]
    answers = []
    with phonepe("v1", merchant_id="MERCHANT0001", salt_key=salt) as harness:
        for vector in VECTORS["phonepe_v1"][:3]:
            for xverify in (vector["xverify"], vector["xverify"].replace("#1", "#2")):
                answers.append(_post(harness.url, vector, xverify))

    assert answers == [
        (200, "PAYMENT_INITIATED"),
        (401, "AUTHORIZATION_FAILED"),
        (400, "BAD_REQUEST"),  # not paid yet
        (401, "AUTHORIZATION_FAILED"),
        (200, "PAYMENT_PENDING"),
        (401, "AUTHORIZATION_FAILED"),
    ]


def _post(url: str, vector: dict[str, str], xverify: str) -> tuple[int, str]:
    headers = {"X-VERIFY": xverify, "X-MERCHANT-ID": "MERCHANT0001"}
    method = "POST" if "base64" in vector else "GET"
    json_body = {"request": vector["base64"]} if "base64" in vector else None
    answer = requests.request(
        method, url + vector["path"], json=json_body, headers=headers, timeout=10
    )
    return answer.status_code, answer.json()["code"]


def test_a_v1_callback_is_understood() -> None:
    vector = VECTORS["phonepe_v1"][3]
    request = NoticeRequest({"x-verify": vector["xverify"]}, vector["body"].encode())

    notice = read_callback(request, vector["salt"], vector["index"])

    assert (notice.kind, notice.word) == (NoticeKind.PAYMENT, "PAYMENT_SUCCESS")
    assert (notice.status, notice.amount) == (Status.SUCCEEDED, Money(10_000, "INR"))
    assert notice.reference is None  # "T0001-pay" is none of ours
    assert "206378866112" not in notice.shown


def test_v1_is_asked_as_documented_and_understood() -> None:
    with answering(http(200, body("v1_pay_success"))) as server:
        act = adapter(server, "v1", merchant_id="MERCHANT0001").start(CHARGE)

    line, asked = sent(server)
    assert line == "POST /pg/v1/pay HTTP/1.1"
    encoded = json.loads(asked)["request"]
    assert json.loads(base64.b64decode(encoded)) == {
        "merchantId": "MERCHANT0001",
        "merchantTransactionId": HEX,
        "merchantUserId": HEX,
        "amount": 15000,
        "redirectUrl": "https://bot.example.com/back",
        "redirectMode": "REDIRECT",
        "callbackUrl": "https://bot.example.com/callbacks/phonepe",
        "mobileNumber": "9999999999",
        "paymentInstrument": {"type": "PAY_PAGE"},
    }
    wanted = checksum(encoded + "/pg/v1/pay", "simulated-salt-key-0001", "1")
    assert f"X-VERIFY: {wanted}\r\n".encode() in server.requests[0]
    assert act.url == "https://mercury-uat.phonepe.com/transact/bWFkZS11cA"
    assert act.provider_reference == HEX


def test_a_v1_status_is_asked_for_as_documented_and_understood() -> None:
    with answering(http(200, body("v1_status_success"))) as server:
        outcome = adapter(server, "v1", merchant_id="MERCHANT0001").check(CHARGE)

    path = f"/pg/v1/status/MERCHANT0001/{HEX}"
    assert sent(server) == (f"GET {path} HTTP/1.1", b"")
    head = server.requests[0]
    wanted = checksum(path, "simulated-salt-key-0001", "1")
    assert f"X-VERIFY: {wanted}\r\n".encode() in head
    assert b"X-MERCHANT-ID: MERCHANT0001\r\n" in head
    assert outcome == Outcome(
        Status.SUCCEEDED,
        outcome.call,
        receipt="T2611210000000000000001",
        debit_reference="206378866112",
        amount=Money(10_000, "INR"),
        reference=REFERENCE,
    )


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [("v1_bad_request", 400, "bad_request"), ("v1_unauthorized", 401, "unavailable")],
)
def test_v1_errors_are_understood(name: str, status: int, reason: str) -> None:
    with answering(http(status, body(name))) as server:
        provider = adapter(server, "v1")
        with pytest.raises(ProviderRefused) as refused:
            provider.start(CHARGE)
        with pytest.raises(ProviderUncertain):
            provider.check(CHARGE)
    assert refused.value.reason == reason


def test_v1_knows_of_no_such_payment() -> None:
    with answering(http(404, body("v1_not_found"))) as server:
        provider = adapter(server, "v1")
        assert provider.check(CHARGE).status is Status.NOT_FOUND
        assert provider.check_refund(ORDER).status is RefundStatus.NOT_FOUND
        assert provider.probe().http_status == 404
