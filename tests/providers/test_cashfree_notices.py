"""Cashfree's webhooks: genuine, forged and malformed ones, and those that the simulator sends."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from flask import Blueprint, request

from domain.money import Money
from providers.cashfree import Cashfree, CashfreeSettings
from providers.contract import Charge, OpenLink, Status
from providers.notices import (
    Notice,
    NoticeForged,
    NoticeKind,
    NoticeRequest,
    NoticeUnreadable,
)
from providers.refunds import RefundOrder
from providers.simulators.cashfree.hooks import sign
from tests.providers.harness_cashfree import SECRET_KEY, CashfreeHarness, cashfree
from tests.providers.servers import simulator

RECORDED = Path(__file__).parent / "recorded" / "cashfree"
VECTORS = json.loads((RECORDED / "vectors.json").read_text())
REFERENCE = "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11"
REFUND = "5a7b7b1e-1d2c-4f3a-8b9c-0d1e2f3a4b5c"
SECRET = "TESTSECRET_cf_0001"
NOW = "1746427759733"


def reader(secret: str = SECRET, previous: str | None = None) -> Cashfree:
    return Cashfree(CashfreeSettings("TEST", "app", secret, previous))


def signed(body: bytes, secret: str = SECRET, **headers: str) -> NoticeRequest:
    given = {"x-webhook-timestamp": NOW, "x-webhook-signature": sign(secret, NOW, body)}
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return NoticeRequest(given | named, body)


def read(fields: object, **headers: str) -> Notice:
    return reader().read_notice(signed(json.dumps(fields).encode(), **headers))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_signatures_are_those_of_the_vectors(vector: dict[str, str]) -> None:
    body = vector["body"].encode()
    headers = {
        "x-webhook-timestamp": vector["timestamp"],
        "x-webhook-signature": vector["signature"],
    }

    assert sign(vector["secret"], vector["timestamp"], body) == vector["signature"]
    notice = reader(vector["secret"]).read_notice(NoticeRequest(headers, body))
    assert notice.kind is NoticeKind.PAYMENT
    assert (notice.word, notice.status, notice.amount) == (
        "SUCCESS",
        Status.SUCCEEDED,
        Money(17_000, "INR"),
    )
    assert notice.reference is None  # an order that is none of ours
    assert notice.delivery_key == hashlib.sha256(body).hexdigest()


def test_the_raw_bytes_are_signed_and_not_what_they_mean() -> None:
    one, other = VECTORS
    headers = {"x-webhook-timestamp": one["timestamp"], "x-webhook-signature": one["signature"]}

    with pytest.raises(NoticeForged):
        reader().read_notice(NoticeRequest(headers, other["body"].encode()))


def test_the_secret_before_still_counts_and_no_other() -> None:
    body = VECTORS[0]["body"].encode()
    old = signed(body, "old-secret")

    assert reader("new-secret", "old-secret").read_notice(old).word == "SUCCESS"
    for stranger in (reader("new-secret"), reader("new-secret", "older-secret")):
        with pytest.raises(NoticeForged):
            stranger.read_notice(old)


@pytest.mark.parametrize(
    "change",
    [
        {"x-webhook-signature": ""},
        {"x-webhook-signature": "ü"},
        {"x-webhook-signature": "AAAA"},
        {"x-webhook-timestamp": ""},
        {"x-webhook-timestamp": NOW + "0"},
        {"x-webhook-timestamp": "ü"},
    ],
    ids=str,
)
def test_a_notice_that_is_not_signed_is_forged(change: dict[str, str]) -> None:
    genuine = signed(VECTORS[0]["body"].encode())

    with pytest.raises(NoticeForged):
        reader().read_notice(NoticeRequest({**genuine.headers, **change}, genuine.body))
    with pytest.raises(NoticeForged):
        reader().read_notice(NoticeRequest({}, genuine.body))


@pytest.mark.parametrize(
    ("name", "kind", "reference", "word", "status", "amount"),
    [
        ("webhook_payment", "payment", REFERENCE, "SUCCESS", Status.SUCCEEDED, 15_000),
        ("webhook_link", "payment", REFERENCE, "PARTIALLY_PAID", Status.OPEN, 2_200),
        (
            "webhook_refund",
            "refund",
            "5a7b7b1e-1d2c-4f3a-8b9c-0d1e2f3a4b5c",
            "SUCCESS",
            None,
            5_000,
        ),
    ],
)
def test_recorded_notices(
    name: str, kind: str, reference: str, word: str, status: Status | None, amount: int
) -> None:
    body = (RECORDED / f"{name}.json").read_bytes().strip()
    notice = reader().read_notice(signed(body, x_idempotency_key="n9rn7079wqXcse3GEDEX=="))

    assert notice == Notice(
        "n9rn7079wqXcse3GEDEX==",
        NoticeKind(kind),
        reference,
        word,
        status,
        Money(amount, "INR"),
        notice.shown,
    )
    for private in ("Asha", "John", "9999999999", "9000000000", "john@", "a@ybl", "://"):
        assert private not in notice.shown
    assert len(notice.shown) <= 1_000


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("FAILED", Status.OPEN),
        ("USER_DROPPED", Status.OPEN),
        ("PENDING", Status.OPEN),
        ("NEW", None),
    ],
)
def test_a_failed_attempt_is_not_the_end_of_its_payment(word: str, status: Status | None) -> None:
    data = {"order": {"order_id": "x"}, "payment": {"payment_status": word}}
    notice = read({"type": f"PAYMENT_{word}_WEBHOOK", "data": data})

    assert (notice.kind, notice.word, notice.status) == (NoticeKind.PAYMENT, word, status)
    assert notice.amount is None


@pytest.mark.parametrize(
    ("order", "reference"),
    [
        ({"order_id": REFERENCE.replace("-", "")}, REFERENCE),
        ({"order_id": "CFPay_1", "order_tags": {"link_id": REFERENCE.replace("-", "")}}, REFERENCE),
        ({"order_id": "CFPay_1", "order_tags": {"link_id": "LNK-42"}}, None),
        ({"order_id": "CFPay_1", "order_tags": None}, None),
        ({"order_id": 7, "order_tags": []}, None),
        ({}, None),
    ],
    ids=str,
)
def test_whose_payment_a_notice_is_about(order: dict[str, object], reference: str | None) -> None:
    payment = {"payment_status": "SUCCESS", "payment_amount": "1.00", "payment_currency": "INR"}
    notice = read({"type": "PAYMENT_SUCCESS_WEBHOOK", "data": {"order": order, "payment": payment}})

    assert (notice.reference, notice.amount) == (reference, Money(100, "INR"))


@pytest.mark.parametrize("kind", ["PAYMENT_CHARGES_WEBHOOK", "SETTLEMENT_SUCCESS", "DISPUTE"])
def test_notices_about_other_things(kind: str) -> None:
    notice = read({"type": kind, "data": {}})

    assert (notice.kind, notice.reference, notice.word) == (NoticeKind.OTHER, None, kind)


def test_a_refund_of_cashfrees_own_is_none_of_ours() -> None:
    refund = {"refund_status": "SUCCESS", "refund_amount": 1, "refund_currency": "INR"}
    notice = read({"type": "AUTO_REFUND_STATUS_WEBHOOK", "data": {"auto_refund": refund}})

    assert (notice.kind, notice.reference) == (NoticeKind.REFUND, None)
    assert notice.amount == Money(100, "INR")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        b'{"type": 7, "data": {}}',
        b'{"type": "two words", "data": {}}',
        b'{"type": "PAYMENT_SUCCESS_WEBHOOK"}',
        b'{"type": "PAYMENT_SUCCESS_WEBHOOK", "data": []}',
        b'{"type": "PAYMENT_SUCCESS_WEBHOOK", "data": {"order": {}}}',
        b'{"type": "PAYMENT_SUCCESS_WEBHOOK", "data": {"order": {}, "payment": {}}}',
        b'{"type": "PAYMENT_LINK_EVENT", "data": {"link_status": 1}}',
        b'{"type": "REFUND_STATUS_WEBHOOK", "data": {}}',
        b'{"type": "REFUND_STATUS_WEBHOOK", "data": {"refund": "x"}}',
        b'{"type": "REFUND_STATUS_WEBHOOK", "type": "X", "data": {"refund": {}}}',
    ],
)
def test_an_authentic_notice_in_no_words_of_theirs_is_unreadable(body: bytes) -> None:
    with pytest.raises(NoticeUnreadable):
        reader().read_notice(signed(body))


@pytest.mark.parametrize("key", ["", "x" * 121, "two words", "ü"])
def test_a_delivery_without_a_usable_key_is_known_by_its_bytes(key: str) -> None:
    body = VECTORS[0]["body"].encode()
    notice = reader().read_notice(signed(body, x_idempotency_key=key))

    assert notice.delivery_key == hashlib.sha256(body).hexdigest()


class Merchant:
    """Hears webhooks; answers with the statuses in `answers` first, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[NoticeRequest] = []
        self.answers: list[int] = []
        self._more = threading.Condition()

    def hear(self) -> tuple[str, int]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self._more:
            self.heard.append(NoticeRequest(headers, request.get_data()))
            self._more.notify_all()
            return "", self.answers.pop(0) if self.answers else 200

    def wait(self, count: int) -> list[Notice]:
        """The notices, once there are so many."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.heard) >= count, timeout=20)
            return [reader(SECRET_KEY).read_notice(one) for one in self.heard]


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with listening() as one:
        yield one


@contextmanager
def listening() -> Iterator[Merchant]:
    merchant, blueprint = Merchant(), Blueprint("merchant", __name__)
    blueprint.add_url_rule("/hear", "hear", merchant.hear, methods=["POST"])
    with simulator(blueprint, "/bot") as url:
        merchant.url = f"{url}/hear"
        yield merchant


@pytest.fixture
def sandbox(merchant: Merchant) -> Iterator[CashfreeHarness]:
    with cashfree(webhook_url=merchant.url) as one:
        yield one


def begun(sandbox: CashfreeHarness) -> Charge:
    charge = sandbox.charge()
    sandbox.begin(sandbox.provider(), charge)
    return charge


def test_a_payment_is_told_twice_over_by_attempt_and_by_link(
    sandbox: CashfreeHarness, merchant: Merchant
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge, "decline")
    assert [notice.word for notice in merchant.wait(1)] == ["FAILED"]
    sandbox.pay(charge)

    failed, attempt, link = merchant.wait(3)
    assert (failed.status, attempt.status, link.status) == (
        Status.OPEN,
        Status.SUCCEEDED,
        Status.SUCCEEDED,
    )
    assert {failed.reference, attempt.reference, link.reference} == {charge.reference}
    assert link.amount == attempt.amount == charge.amount
    assert len({failed.delivery_key, attempt.delivery_key, link.delivery_key}) == 3


def test_a_notice_that_is_not_taken_comes_again_under_the_same_key(
    sandbox: CashfreeHarness, merchant: Merchant
) -> None:
    merchant.answers = [500, 302]
    sandbox.pay(begun(sandbox), "drop")

    notices = merchant.wait(3)
    assert len({notice.delivery_key for notice in notices}) == 1
    attempts = [one.headers["x-webhook-attempt"] for one in merchant.heard]
    assert attempts == ["1", "2", "3"]


def test_notices_come_twice_late_the_wrong_way_round_or_never(
    sandbox: CashfreeHarness, merchant: Merchant
) -> None:
    sandbox.turn("webhook", "duplicate")
    sandbox.pay(begun(sandbox), "decline")
    keys = [notice.delivery_key for notice in merchant.wait(2)]
    assert len(set(keys)) == 1

    sandbox.turn("webhook", "reversed")
    sandbox.pay(begun(sandbox))
    assert [notice.word for notice in merchant.wait(4)][2:] == ["PAID", "SUCCESS"]

    sandbox.turn("webhook", "late", seconds=0.2)
    began = time.monotonic()
    sandbox.pay(begun(sandbox), "drop")
    assert merchant.wait(5)[4].word == "USER_DROPPED"
    assert time.monotonic() - began >= 0.2

    sandbox.turn("webhook", "none")
    sandbox.pay(begun(sandbox), "drop")
    sandbox.pay(begun(sandbox), "decline")
    assert [notice.word for notice in merchant.wait(6)][5:] == ["FAILED"]


def test_a_notice_may_come_before_the_link_is_answered(
    sandbox: CashfreeHarness, merchant: Merchant
) -> None:
    sandbox.turn("webhook", "early")
    charge, provider = sandbox.charge(), sandbox.provider()
    link = provider.start(charge)

    assert isinstance(link, OpenLink)
    assert [notice.reference for notice in merchant.wait(2)] == [charge.reference] * 2
    assert provider.check(charge).status is Status.SUCCEEDED


def test_ends_refunds_and_reversals_are_told(sandbox: CashfreeHarness, merchant: Merchant) -> None:
    provider, charge = sandbox.provider(), begun(sandbox)
    sandbox.pay(charge)
    receipt = provider.check(charge).receipt
    refund = RefundOrder(
        REFERENCE, charge, receipt, Money(1_000, "INR"), Money(0, "INR"), "tour off"
    )
    provider.refund(refund)
    told = merchant.wait(3)[2]
    assert (told.kind, told.reference, told.word) == (NoticeKind.REFUND, REFERENCE, "SUCCESS")

    cancelled = begun(sandbox)
    provider.cancel(cancelled)
    assert merchant.wait(4)[3].status is Status.CANCELLED

    paid = begun(sandbox)
    sandbox.pay(paid)
    merchant.wait(6)
    number = sandbox.listed(paid)["id"]
    assert sandbox.post(f"reverse/{number}").status_code == 200
    assert sandbox.post(f"reverse/{number}").status_code == 409
    reversal = merchant.wait(7)[6]
    assert (reversal.kind, reversal.reference, reversal.amount) == (
        NoticeKind.REFUND,
        None,
        paid.amount,
    )


def test_a_second_success_tells_its_own_amount_and_not_the_sum(
    sandbox: CashfreeHarness, merchant: Merchant
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge)
    merchant.wait(2)
    sandbox.pay(charge, again=True)

    assert [notice.amount for notice in merchant.wait(4)] == [charge.amount] * 4


def test_only_this_machine_is_told(merchant: Merchant) -> None:
    with cashfree(webhook_url="http://bot.example.com/hear") as sandbox:
        sandbox.pay(begun(sandbox), "decline")
        sent = requests.get(f"{sandbox.url}/_sim/webhooks", timeout=5).json()

    assert sent == []
    assert merchant.heard == []
