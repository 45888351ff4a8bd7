"""The adapters beside the simulated PhonePe: every outcome, tokens, webhooks, its page."""

import base64
import socket
import struct
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from domain.money import Money
from providers.contract import Charge, ProviderRefused, ProviderUncertain, Reason, Status
from providers.notices import Notice, NoticeKind, NoticeRequest
from providers.refunds import RefundOrder, RefundStatus
from tests.providers.harness_phonepe import V2, PhonePeHarness, phonepe
from tests.providers.servers import Wire, http, wire

WAYS = ("link", "page", "qr", "v1")


@pytest.fixture(params=WAYS)
def beside(request: pytest.FixtureRequest) -> Iterator[PhonePeHarness]:
    with phonepe(request.param) as opened:
        yield opened


@pytest.fixture
def link() -> Iterator[PhonePeHarness]:
    with phonepe("link") as opened:
        yield opened


def begun(beside: PhonePeHarness, paise: int = 50) -> Charge:
    charge = replace(beside.charge(), amount=Money(12_000 + paise, "INR"))
    beside.begin(beside.provider(), charge)
    return charge


def paid(beside: PhonePeHarness, paise: int = 50) -> Charge:
    charge = begun(beside, paise)
    assert beside.pay(charge).status_code == 200
    return charge


def back(charge: Charge, amount_minor: int, reference: str | None = None) -> RefundOrder:
    zero, amount = Money(0, "INR"), Money(amount_minor, "INR")
    return RefundOrder(reference or str(uuid.uuid4()), charge, "x", amount, zero, "cancelled")


def soon(found: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not found() and time.monotonic() < ends:
        time.sleep(0.01)
    assert found()


# Outcomes.


def test_paid_is_what_the_book_says(beside: PhonePeHarness) -> None:
    provider, charge = beside.provider(), begun(beside)
    assert provider.check(charge).status is Status.OPEN

    beside.pay(charge)

    outcome = provider.check(charge)
    (debit,) = beside.book()["debits"]
    assert (outcome.status, outcome.amount) == (Status.SUCCEEDED, charge.amount)
    assert outcome.receipt == debit["receipt"]
    assert outcome.receipt == provider.check(charge).receipt
    assert beside.debits(charge) == [charge.amount]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("attempt", Status.OPEN),
        ("decline", Status.FAILED),
        ("insufficient", Status.FAILED),
        ("expire", Status.EXPIRED),
    ],
)
def test_unpaid_ends(beside: PhonePeHarness, answer: str, status: Status) -> None:
    charge = begun(beside)
    beside.pay(charge, answer)
    assert beside.provider().check(charge).status is status
    assert beside.debits(charge) == []


def test_after_a_failed_attempt_the_order_may_be_paid(beside: PhonePeHarness) -> None:
    charge = begun(beside)
    beside.pay(charge, "attempt")
    beside.pay(charge)
    outcome = beside.provider().check(charge)
    assert (outcome.status, outcome.also) == (Status.SUCCEEDED, ())


def test_late_money_is_still_money(beside: PhonePeHarness) -> None:
    charge = begun(beside)
    beside.pay(charge, "expire")
    assert beside.pay(charge).status_code == 409
    assert beside.pay(charge, "late").status_code == 200
    assert beside.provider().check(charge).status is Status.SUCCEEDED


def test_another_amount_is_told_as_it_is(beside: PhonePeHarness) -> None:
    charge = begun(beside)
    beside.pay(charge, amount_minor=11_900)
    assert beside.provider().check(charge).amount == Money(11_900, "INR")


@pytest.mark.parametrize("way", ["link", "page", "qr"])
def test_paid_twice_is_two_receipts_in_the_books_own_words(way: str) -> None:
    with phonepe(way) as beside:
        charge = paid(beside)
        beside.pay(charge, again=True)
        outcome = beside.provider().check(charge)
        receipts = {debit["receipt"] for debit in beside.book()["debits"]}
    assert {outcome.receipt, *(each.receipt for each in outcome.also)} == receipts
    assert len(receipts) == 2


def test_a_link_is_cancelled_and_a_paid_one_is_not(link: PhonePeHarness) -> None:
    provider, waiting, done = link.provider(), begun(link), paid(link)
    assert provider.cancel(waiting).status is Status.CANCELLED
    assert provider.cancel(waiting).status is Status.CANCELLED
    assert provider.cancel(done).status is Status.SUCCEEDED
    assert provider.cancel(link.charge()).status is Status.NOT_FOUND
    assert link.pay(waiting).status_code == 409


def test_an_order_ends_by_itself_when_its_time_is_over() -> None:
    with phonepe("v1", page_seconds=0.1) as beside:
        charge = begun(beside)
        soon(lambda: beside.provider().check(charge).status is Status.EXPIRED)


def test_the_same_reference_twice_is_refused_there_and_uncertain_here(
    beside: PhonePeHarness,
) -> None:
    charge = begun(beside)
    with pytest.raises(ProviderUncertain) as uncertain:
        beside.provider().start(charge)
    assert uncertain.value.call.http_status == 417
    assert len(beside.book()["payments"]) == 1


@pytest.mark.parametrize(
    ("paise", "status"),
    [(11, Status.SUCCEEDED), (12, Status.FAILED), (13, Status.EXPIRED), (16, Status.SUCCEEDED)],
)
@pytest.mark.parametrize("way", ["link", "page", "qr"])
def test_magic_amounts_end_by_themselves(way: str, paise: int, status: Status) -> None:
    with phonepe(way) as beside:
        charge = replace(beside.charge(), amount=Money(12_000 + paise, "INR"))
        beside.begin(beside.provider(), charge)
        outcome = beside.provider().check(charge)
    assert outcome.status is status
    assert len(outcome.also) == (1 if paise == 16 else 0)


def test_magic_amounts_that_are_told_late_or_wrong(beside: PhonePeHarness) -> None:
    provider, waiting, less = beside.provider(), begun(beside, 14), begun(beside, 15)
    told = [provider.check(waiting).status for _ in range(4)]
    assert told == [Status.OPEN] * 3 + [Status.SUCCEEDED]
    assert provider.check(less).amount == Money(11_915, "INR")


@pytest.mark.parametrize(
    ("paise", "error", "later"),
    [
        (17, ProviderRefused, Status.NOT_FOUND),
        (18, ProviderUncertain, Status.NOT_FOUND),
        (19, ProviderUncertain, Status.OPEN),
    ],
)
def test_magic_amounts_at_the_start(
    beside: PhonePeHarness, paise: int, error: type[Exception], later: Status
) -> None:
    provider = beside.provider()
    charge = replace(beside.charge(), amount=Money(12_000 + paise, "INR"))
    with pytest.raises(error):
        provider.start(charge)
    assert provider.check(charge).status is later


def test_one_order_may_be_told_as_open_for_a_while(beside: PhonePeHarness) -> None:
    beside.turn("check", "pending", times=2)
    charge = begun(beside)
    beside.pay(charge)
    told = [beside.provider().check(charge).status for _ in range(3)]
    assert told == [Status.OPEN, Status.OPEN, Status.SUCCEEDED]


# Refunds.


def test_refunds_in_parts_never_more_than_was_paid(beside: PhonePeHarness) -> None:
    provider, charge = beside.provider(), paid(beside)
    for amount_minor in (2_000, 10_050):
        order = back(charge, amount_minor)
        assert provider.refund(order).status is RefundStatus.PENDING
        ended = provider.check_refund(order)
        assert (ended.status, ended.reference) == (RefundStatus.SUCCEEDED, order.reference)
        assert ended.amount == order.amount
    with pytest.raises(ProviderRefused) as refused:
        provider.refund(back(charge, 1))
    assert refused.value.reason is Reason.BAD_REQUEST
    assert [each["amount_minor"] for each in beside.book()["refunds"]] == [2_000, 10_050]


def test_a_refund_of_nothing_paid_or_sent_twice_never_moves_twice(
    beside: PhonePeHarness,
) -> None:
    provider, waiting, charge = beside.provider(), begun(beside), paid(beside)
    with pytest.raises(ProviderRefused):
        provider.refund(back(waiting, 100))
    order = back(charge, 100)
    provider.refund(order)
    with pytest.raises(ProviderUncertain):
        provider.refund(order)
    assert len(beside.book()["refunds"]) == 1
    assert provider.check_refund(back(charge, 100)).status is RefundStatus.NOT_FOUND


def test_refunds_that_fail_wait_or_are_refused(beside: PhonePeHarness) -> None:
    provider = beside.provider()
    failing, slow = back(paid(beside, 21), 100), back(paid(beside, 22), 100)
    provider.refund(failing)
    provider.refund(slow)
    assert provider.check_refund(failing).status is RefundStatus.FAILED
    told = [provider.check_refund(slow).status for _ in range(4)]
    assert told == [RefundStatus.PENDING] * 3 + [RefundStatus.SUCCEEDED]
    with pytest.raises(ProviderRefused):
        provider.refund(back(paid(beside, 23), 100))


def test_knobs_of_refunds(beside: PhonePeHarness) -> None:
    provider, order = beside.provider(), back(paid(beside), 100)
    beside.turn("refund", "fail")
    beside.turn("refund_status", "pending", times=1)
    provider.refund(order)
    told = [provider.check_refund(order).status for _ in range(2)]
    assert told == [RefundStatus.PENDING, RefundStatus.FAILED]


# Tokens.


def test_a_revoked_token_is_replaced(link: PhonePeHarness) -> None:
    provider, charge = link.provider(), begun(link)
    requests.post(f"{link.url}/_sim/revoke", timeout=10).raise_for_status()
    assert provider.check(charge).status is Status.OPEN
    assert link.book()["requests"]["SIMULATED_CLIENT"] == {"token": 2}


def test_a_token_ends() -> None:
    with phonepe("link", token_seconds=-5) as beside:
        form = {
            "client_id": V2["client_id"],
            "client_secret": V2["client_secret"],
            "client_version": "1",
            "grant_type": "client_credentials",
        }
        given = requests.post(f"{beside.url}/v1/oauth/token", form, timeout=10).json()
        headers = {"Authorization": f"O-Bearer {given['access_token']}"}
        url = f"{beside.url}/paylinks/v1/x/status"
        answer = requests.get(url, headers=headers, timeout=10)
        wrong = requests.post(
            f"{beside.url}/v1/oauth/token", form | {"client_secret": "x"}, timeout=10
        )
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTHORIZATION_FAILED")
    assert wrong.status_code == 401


# Webhooks.


def notices(provider: Any, server: Wire) -> list[Notice]:
    """What came, as the adapter reads it."""
    found = []
    for each in server.requests:
        head, _, body = each.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
        headers = {name.lower(): text for name, _, text in lines}
        found.append(provider.read_notice(NoticeRequest(headers, body)))
    return found


@pytest.fixture
def inbox() -> Iterator[Wire]:
    with wire(lambda connection: connection.sendall(http(200, b""))) as server:
        yield server


@pytest.mark.parametrize(
    ("way", "word"),
    [
        ("link", "paylink.order.completed"),
        ("page", "checkout.order.completed"),
        ("qr", "pg.order.completed"),
        ("v1", "PAYMENT_SUCCESS"),
    ],
)
def test_a_payment_is_told_by_a_genuine_webhook(inbox: Wire, way: str, word: str) -> None:
    with phonepe(way, inbox.url) as beside:
        provider, charge = beside.provider(callback_url=inbox.url), beside.charge()
        provider.start(charge)
        beside.pay(charge)
        soon(lambda: len(inbox.requests) == 1)
        (notice,) = notices(provider, inbox)
    assert (notice.kind, notice.reference) == (NoticeKind.PAYMENT, charge.reference)
    assert (notice.word, notice.status) == (word, Status.SUCCEEDED)
    assert notice.amount == charge.amount


def test_a_webhook_comes_again_until_it_is_taken() -> None:
    left = [http(503, b""), http(500, b""), http(200, b"")]
    with (
        wire(lambda connection: connection.sendall(left.pop(0))) as server,
        phonepe("link", server.url) as beside,
    ):
        paid(beside)
        soon(lambda: len(server.requests) == 3)
        keys = {notice.delivery_key for notice in notices(beside.provider(), server)}
    assert len(keys) == 1


@pytest.mark.parametrize(("fault", "times"), [("none", 0), ("duplicate", 2), ("late", 1)])
def test_knobs_of_webhooks(inbox: Wire, fault: str, times: int) -> None:
    with phonepe("link", inbox.url) as beside:
        beside.turn("webhook", fault, seconds=1.0)
        paid(beside)
        if fault == "late":
            assert inbox.requests == []
        soon(lambda: len(inbox.requests) >= times)
        marker = paid(beside)  # whatever is told of the first came before this one, or not at all
        soon(lambda: len(inbox.requests) == times + 1)
        assert notices(beside.provider(), inbox)[-1].reference == marker.reference


def test_webhooks_out_of_order(inbox: Wire) -> None:
    with phonepe("link", inbox.url) as beside:
        beside.turn("webhook", "reversed")
        first, second = paid(beside), paid(beside)
        soon(lambda: len(inbox.requests) == 2)
        told = [notice.reference for notice in notices(beside.provider(), inbox)]
    assert told == [second.reference, first.reference]


def test_a_webhook_before_the_answer_to_the_start(inbox: Wire) -> None:
    with phonepe("link", inbox.url) as beside:
        beside.turn("start", "early")
        charge = beside.charge()
        beside.provider().start(charge)
        (notice,) = notices(beside.provider(), inbox)
        assert notice.reference == charge.reference
        assert beside.provider().check(charge).status is Status.SUCCEEDED


def test_a_refund_is_told_too(inbox: Wire) -> None:
    with phonepe("link", inbox.url) as beside:
        order = back(paid(beside), 100)
        beside.provider().refund(order)
        beside.provider().check_refund(order)
        soon(lambda: len(inbox.requests) == 3)
        told = notices(beside.provider(), inbox)
    words = {(notice.word, notice.reference) for notice in told if notice.kind == "refund"}
    names = {"pg.refund.accepted", "pg.refund.completed"}
    assert words == {(name, order.reference) for name in names}


def test_only_this_machine_is_ever_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    real = socket.getaddrinfo

    def watched(host: Any, *rest: Any, **options: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1", *rest, **options)

    with phonepe("link", "http://hooks.example.com/x") as beside:
        monkeypatch.setattr(socket, "getaddrinfo", watched)
        paid(beside)
        time.sleep(0.1)
    assert "hooks.example.com" not in asked


# What the customer sees, and the control API.


def test_the_page_shows_and_takes_a_payment() -> None:
    with phonepe("page") as beside:
        charge = begun(beside)
        url = beside.url_of(charge)
        page = requests.get(url, timeout=10)
        answer = requests.post(url, {"answer": "pay"}, timeout=10, allow_redirects=False)
        again = requests.post(url, {"answer": "pay"}, timeout=10, allow_redirects=False)
        after = requests.get(url, timeout=10)
        assert beside.debits(charge) == [charge.amount]
        assert requests.get(f"{beside.url}/pay/nothing", timeout=10).status_code == 404
    assert "INR 120.50" in page.text
    assert 'value="pay"' in page.text
    assert answer.headers["Location"] == "https://bot.example.com/back"
    assert again.status_code == 409
    assert "Paid." in after.text
    assert "<button" not in after.text


def test_the_script_opens_the_page() -> None:
    with phonepe("page") as beside:
        act = beside.provider().start(beside.charge())
        script = requests.get(act.launcher, timeout=10)
        assert requests.get(act.url, timeout=10).status_code == 200
    assert "PhonePeCheckout" in script.text
    assert script.headers["Content-Type"].startswith("text/javascript")


def test_the_picture_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with phonepe("qr") as beside:
        provider, charge = beside.provider(), beside.charge()
        assert provider.start(charge).qr.startswith("upi://pay?pa=simulated@ybl")
        monkeypatch.setattr("providers.simulators.phonepe.server.upi_address", lambda *_: None)
        act = provider.start(beside.charge())
    png = base64.b64decode(act.qr.removeprefix("data:image/png;base64,"))
    width, height = struct.unpack(">II", png[16:24])
    length = struct.unpack(">I", png[33:37])[0]
    assert len(zlib.decompress(png[41 : 41 + length])) == height * (width + 1)
    assert png[41 + length : 45 + length] == struct.pack(">I", zlib.crc32(png[37 : 41 + length]))


@pytest.mark.parametrize(
    ("path", "wish", "status"),
    [
        ("pay/nothing", {"answer": "pay"}, 404),
        ("pay/{id}", {"answer": "whatever"}, 409),
        ("pay/{id}", {"answer": "pay", "currency": "USD"}, 400),
        ("pay/{id}", {"answer": "pay", "amount_minor": "many"}, 400),
        ("pay/{id}", {"answer": "pay"}, 200),
        ("expire/{id}", None, 200),
        ("expire/nothing", None, 404),
        ("knobs", {"operation": "nothing", "fault": "drop"}, 400),
        ("knobs", {"operation": "pay", "fault": "late"}, 400),
        ("knobs", {"operation": "webhook", "fault": "late", "times": "x"}, 400),
        ("knobs", [], 400),
    ],
)
def test_the_control_api(link: PhonePeHarness, path: str, wish: object, status: int) -> None:
    charge = begun(link)
    url = f"{link.url}/_sim/{path.format(id=link.id_of(charge))}"
    assert requests.post(url, json=wish, timeout=10).status_code == status


def test_webhooks_can_be_looked_at_where_nobody_takes_them(link: PhonePeHarness) -> None:
    charge = paid(link)
    (made,) = requests.get(f"{link.url}/_sim/webhooks", timeout=10).json()
    headers = {name.lower(): text for name, text in made["headers"].items()}
    notice = link.provider().read_notice(NoticeRequest(headers, made["body"].encode()))
    assert (made["url"], notice.reference) == ("", charge.reference)


def test_everything_can_be_forgotten(link: PhonePeHarness) -> None:
    paid(link)
    link.turn("start", "drop")
    link.turn("webhook", "late")
    knobs = f"{link.url}/_sim/knobs"
    assert len(requests.get(knobs, timeout=10).json()) == 2
    assert requests.delete(knobs, timeout=10).json() == []
    requests.post(f"{link.url}/_sim/reset", timeout=10).raise_for_status()
    assert link.book() == {"payments": [], "debits": [], "refunds": [], "requests": {}}
    assert requests.get(f"{link.url}/_sim/webhooks", timeout=10).json() == []


def test_what_is_not_as_documented_is_refused() -> None:
    with phonepe("page") as beside:
        provider, charge = beside.provider(), beside.charge()
        provider.probe()
        token = provider._api._tokens.authorization()
        good = {"merchantOrderId": "a", "amount": 100, "paymentFlow": {}}
        wrong = [
            {"merchantOrderId": "a b"},
            {"merchantOrderId": "a" * 64},
            {"amount": 99},
            {"amount": "100"},
            {"amount": True},
            {"paymentFlow": None},
            {"expireAfter": 299},
            {"expireAfter": 3_601},
        ]
        for change in wrong:
            answer = requests.post(
                f"{beside.url}/checkout/v2/pay",
                json=good | change,
                headers={"Authorization": token},
                timeout=10,
            )
            assert answer.status_code == 400
        assert beside.book()["payments"] == []
        assert provider.check(charge).status is Status.NOT_FOUND
