"""What PhonePe tells unasked: genuine, forged, malformed; and nothing private in what is shown."""

import base64
import hashlib
import json
from typing import Any

import pytest

from domain.money import Money
from providers.contract import Status
from providers.notices import (
    Notice,
    NoticeForged,
    NoticeKind,
    NoticeRequest,
    NoticeUnreadable,
)
from providers.phonepe.checksums import checksum
from tests.providers.harness_phonepe import (
    HEX,
    REFERENCE,
    REFUND,
    SALT_KEY,
    V2,
    adapter,
    answering,
)

GOOD = hashlib.sha256(f"{V2['webhook_username']}:{V2['webhook_password']}".encode()).hexdigest()
ORDER = {"merchantOrderId": HEX, "state": "COMPLETED", "amount": 15_000}


def read(body: bytes, checkout: str = "link", **headers: str) -> Notice:
    with answering(b"") as server:
        notice: Notice = adapter(server, checkout).read_notice(
            NoticeRequest({name.replace("_", "-"): text for name, text in headers.items()}, body)
        )
        assert server.requests == []
    return notice


def webhook(event: object, payload: object, authorization: str = GOOD) -> Notice:
    body = json.dumps({"event": event, "payload": payload}).encode()
    return read(body, authorization=authorization)


def callback(told: Any, salt: str = SALT_KEY, index: str = "1") -> Notice:
    encoded = base64.b64encode(json.dumps(told).encode()).decode()
    body = json.dumps({"response": encoded}).encode()
    return read(body, "v1", x_verify=checksum(encoded, salt, index))


@pytest.mark.parametrize(
    ("event", "kind", "reference", "status"),
    [
        ("checkout.order.completed", NoticeKind.PAYMENT, REFERENCE, Status.SUCCEEDED),
        ("pg.order.completed", NoticeKind.PAYMENT, REFERENCE, Status.SUCCEEDED),
        ("paylink.order.failed", NoticeKind.PAYMENT, REFERENCE, Status.SUCCEEDED),
        ("pg.transaction.failed", NoticeKind.PAYMENT, REFERENCE, None),
        ("pg.refund.accepted", NoticeKind.REFUND, REFUND, None),
        ("pg.refund.completed", NoticeKind.REFUND, REFUND, None),
        ("settlement.done", NoticeKind.OTHER, None, None),
    ],
)
def test_each_event_is_about_something(
    event: str, kind: NoticeKind, reference: str | None, status: Status | None
) -> None:
    notice = webhook(event, ORDER | {"merchantRefundId": REFUND.replace("-", "")})
    assert (notice.kind, notice.reference, notice.status) == (kind, reference, status)
    assert notice.word == event
    assert notice.amount == Money(15_000, "INR")


@pytest.mark.parametrize("change", [{"merchantOrderId": "ORD-1"}, {"merchantOrderId": None}, {}])
def test_a_reference_that_is_none_of_ours_is_none(change: dict[str, object]) -> None:
    payload = change and ORDER | change
    assert webhook("pg.order.completed", payload).reference is None


@pytest.mark.parametrize(
    "change", [{"state": "SOMETHING_NEW", "amount": "many"}, {"state": ["x"], "amount": -1}]
)
def test_what_cannot_be_read_decides_nothing(change: dict[str, object]) -> None:
    notice = webhook("pg.order.completed", ORDER | change)
    assert (notice.status, notice.amount) == (None, None)


def test_any_case_of_the_header_is_as_good() -> None:
    assert webhook("pg.order.completed", ORDER, GOOD.upper()).reference == REFERENCE
    assert webhook("pg.order.completed", ORDER, f" {GOOD}\n").reference == REFERENCE


@pytest.mark.parametrize(
    "header", ["", GOOD[:-1], GOOD[:-1] + "x", f"SHA256({GOOD})", "ſ" * 64, "\udcff", "Basic eDp5"]
)
def test_a_forged_webhook_is_told_before_it_is_read(header: str) -> None:
    for body in (b"{}", b"no json", json.dumps({"event": "x", "payload": {}}).encode()):
        with pytest.raises(NoticeForged):
            read(body, authorization=header)
    with pytest.raises(NoticeForged):
        read(b"{}")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"no json", b"\xff\xfe{}", b'{"event":"x"}', b'{"payload":{}}']
    + [b'{"event":7,"payload":{}}', b'{"event":"a b","payload":{}}', b'{"event":"x","payload":[]}']
    + [b'{"event":"x","event":"y","payload":{}}', b'{"event":"","payload":{}}'],
)
def test_a_malformed_webhook_is_unreadable(body: bytes) -> None:
    with pytest.raises(NoticeUnreadable):
        read(body, authorization=GOOD)


def test_the_same_delivery_has_the_same_key_and_another_one_another() -> None:
    first, again = webhook("pg.order.failed", ORDER), webhook("pg.order.failed", ORDER)
    other = webhook("pg.order.failed", ORDER | {"amount": 1})
    assert first.delivery_key == again.delivery_key != other.delivery_key
    assert len(first.delivery_key) <= 120


def test_what_is_shown_holds_nothing_private_and_ends() -> None:
    private = {
        "name": "Asha Zacharias",
        "vpa": "asha@ybl",
        "phoneNumber": "+919999999999",
        "utr": "206378866112",
        "url": "https://phon.pe/abc123",
        "note": "call 919999999999 at https://phon.pe/abc123",
        "echo": V2["webhook_password"],
        "padding": "x" * 5_000,
    }
    shown = webhook("pg.order.completed", private).shown
    assert "pg.order.completed" in shown
    assert len(shown) <= 1_000
    for text in ("Asha", "asha@ybl", "9999999999", "206378866112", "phon.pe", "Simulated1"):
        assert text not in shown


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("PAYMENT_SUCCESS", Status.SUCCEEDED),
        ("PAYMENT_ERROR", Status.FAILED),
        ("TIMED_OUT", Status.EXPIRED),
        ("SOMETHING_NEW", None),
    ],
)
def test_a_callback_of_v1(code: str, status: Status | None) -> None:
    notice = callback({"code": code, "data": {"merchantTransactionId": HEX, "amount": 10_000}})
    assert (notice.kind, notice.reference) == (NoticeKind.PAYMENT, REFERENCE)
    assert (notice.word, notice.status) == (code, status)
    assert notice.amount == Money(10_000, "INR")


@pytest.mark.parametrize(("salt", "index"), [("another", "1"), (SALT_KEY, "2")])
def test_a_callback_that_is_not_signed_by_this_account_is_forged(salt: str, index: str) -> None:
    with pytest.raises(NoticeForged):
        callback({"code": "PAYMENT_SUCCESS", "data": {}}, salt, index)


def test_a_callback_without_a_signature_is_forged() -> None:
    with pytest.raises(NoticeForged):
        read(b'{"response":"e30="}', "v1")
    with pytest.raises(NoticeForged):
        read(b'{"response":"e30="}', "v1", x_verify="\udcff###1")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"response":7}', b"\xff"])
def test_a_callback_without_a_body_is_unreadable(body: bytes) -> None:
    with pytest.raises(NoticeUnreadable):
        read(body, "v1", x_verify="x")


@pytest.mark.parametrize("encoded", ["%%%", "bm8ganNvbg==", "W10=", "é"])
def test_a_signed_callback_that_is_no_json_is_unreadable(encoded: str) -> None:
    body = json.dumps({"response": encoded}).encode()
    with pytest.raises(NoticeUnreadable):
        read(body, "v1", x_verify=checksum(encoded, SALT_KEY, "1"))


@pytest.mark.parametrize(
    "told", [{"code": 7, "data": {}}, {"data": {}}, {"code": "X"}, {"code": "a b", "data": {}}]
)
def test_a_signed_callback_in_other_words_is_unreadable(told: dict[str, object]) -> None:
    with pytest.raises(NoticeUnreadable):
        callback(told)
