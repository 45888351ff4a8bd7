"""Kaspi's own API through its adapter: every code at every call, every word, odd answers."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import structlog

from domain.money import Money
from providers.contract import (
    Charge,
    OpenLink,
    Outcome,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
)
from providers.kaspi import KaspiNative, NativeSettings
from tests.providers.servers import always, http, wire

BIN = "123456789012"
DEVICE = "9f8e7d6c-0000-4000-8000-device-secret"
PHONE = "77015550123"
REFERENCE = "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11"
LINK = Charge(
    REFERENCE, Money(150_000, "KZT"), None, "KS-2024-001", customer_name="Aigerim Serikova"
)
INVOICE = replace(LINK, payer_number=PHONE)
PAID = replace(LINK, provider_reference="15")
SENT = replace(INVOICE, provider_reference="15")
URL = "https://pay.kaspi.kz/pay/1234567890"
MADE = {"PaymentLink": URL, "ExpireDate": "2026-11-21T15:33:00+05:00", "PaymentId": 15}
GONE = -1601, -99000001
REASONS = {
    **dict.fromkeys((-10000, -1501, -1502, -1503, -14000002), Reason.UNAVAILABLE),
    **dict.fromkeys((-99000002, -99000003, 990000018, 990000026, 990000033), Reason.UNAVAILABLE),
    **dict.fromkeys((990000028, -99000005), Reason.LIMIT),
    **dict.fromkeys((-99000011, -99000020), Reason.DECLINED),
    **dict.fromkeys((-1401, -1404, 99000010, 990000029, 990000031, 990000032), Reason.NO_WALLET),
    **dict.fromkeys(GONE, Reason.BAD_REQUEST),
}
UNCLEAR = (-999, -99000006, 1, -1, 500, 990000099, 10**30)
WRITES: dict[str, Callable[[KaspiNative], object]] = {
    "link": lambda kaspi: kaspi.start(LINK),
    "invoice": lambda kaspi: kaspi.start(INVOICE),
    "cancel": lambda kaspi: kaspi.cancel(SENT),
}
CALLS: dict[str, Callable[[KaspiNative], object]] = {
    **WRITES,
    "status": lambda kaspi: kaspi.check(PAID),
}


def said(code: object, data: object = None, status: int = 200) -> bytes:
    body = {"StatusCode": code, "Message": "…", "Data": data}
    return http(status, json.dumps(body).encode())


def answered(call: str, answer: bytes) -> object:
    """The adapter's answer, or the error that it raised."""
    with wire(always(answer)) as server:
        kaspi = KaspiNative(NativeSettings(f"{server.url}/r3", BIN, DEVICE))
        try:
            return CALLS[call](kaspi)
        except ProviderError as error:
            return error
        finally:
            assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("call", WRITES)
def test_a_known_code_refuses_a_write_and_no_other_does(call: str, status: int) -> None:
    for code, reason in REASONS.items():
        error = answered(call, said(code, status=status))
        assert type(error) is ProviderRefused
        assert (error.reason, error.call.code, error.call.operation) == (reason, str(code), call)
    for code in UNCLEAR:
        assert type(answered(call, said(code, status=status))) is ProviderUncertain


@pytest.mark.parametrize("code", [*REASONS, *UNCLEAR])
def test_a_question_that_was_not_answered_says_nothing_about_the_payment(code: int) -> None:
    answer = answered("status", said(code, {"Status": "Processed"}))

    if code in GONE:
        assert isinstance(answer, Outcome)
        assert answer.status is Status.NOT_FOUND
    else:
        assert type(answer) is ProviderUncertain


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("QrTokenCreated", Status.OPEN),
        ("Wait", Status.OPEN),
        ("RemotePaymentCreated", Status.OPEN),
        ("Processed", Status.SUCCEEDED),
        ("Error", Status.FAILED),
        ("RemotePaymentCanceled", Status.CANCELLED),
        ("RemotePaymentPaid", Status.SUCCEEDED),
        ("RemotePaymentRejected", Status.FAILED),
        ("RemotePaymentExpired", Status.EXPIRED),
        ("Expired", Status.EXPIRED),
        ("QrTokenDiscarded", Status.EXPIRED),
        ("processed", None),
        ("Reversed", None),
        ("", None),
        (None, None),
        (["Processed"], None),
        (0, None),
    ],
)
def test_every_word_of_a_status(word: object, status: Status | None) -> None:
    answer = answered("status", said(0, {"Status": word}))

    if status is None:
        assert type(answer) is ProviderUncertain
        return
    assert isinstance(answer, Outcome)
    assert answer.status is status
    assert answer.receipt == ("15" if status is Status.SUCCEEDED else None)
    assert answer.reason is (Reason.DECLINED if status is Status.FAILED else None)
    assert (answer.amount, answer.reference) == (None, None)


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("1500.00", Money(150_000, "KZT")),
        ("1500", Money(150_000, "KZT")),
        ("0.29", Money(29, "KZT")),
        ("99999999999.99", Money(9_999_999_999_999, "KZT")),
    ],
)
def test_an_amount_is_told_as_it_is_for_the_books_to_compare(amount: str, told: Money) -> None:
    body = b'{"StatusCode":0,"Data":{"Status":"Processed","Amount":%s,"TransactionId":"T1"}}'
    answer = answered("status", http(200, body % amount.encode()))

    assert isinstance(answer, Outcome)
    assert (answer.status, answer.amount, answer.receipt) == (Status.SUCCEEDED, told, "15")


@pytest.mark.parametrize("amount", ['"1500.00"', "true", "-1", "1500.005", "1e300", "[]", "1e12"])
def test_a_success_whose_amount_cannot_be_read_is_uncertain(amount: str) -> None:
    body = b'{"StatusCode":0,"Data":{"Status":"Processed","Amount":%s}}' % amount.encode()

    assert type(answered("status", http(200, body))) is ProviderUncertain


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "answer",
    [
        said("0", {**MADE, "QrPaymentId": 15, "Status": "Processed"}),
        said(False, {**MADE, "QrPaymentId": 15, "Status": "Processed"}),
        said(None, {**MADE, "QrPaymentId": 15, "Status": "Processed"}),
        said(0, {**MADE, "QrPaymentId": 15, "Status": "Processed"}, status=400),
        said(0, {**MADE, "QrPaymentId": 15, "Status": "Processed"}, status=500),
        said(0, {**MADE, "QrPaymentId": 15, "Status": "Processed"}, status=302),
        said(0),
        said(0, []),
        said(0, "OK"),
        http(200, b""),
        http(200, b"[]"),
        http(200, b"<html>"),
        http(404, b"{}"),
        http(200, b'{"StatusCode":0,"StatusCode":-1501,"Data":null}'),
        http(200, b'{"StatusCode":NaN}'),
    ],
    ids=range(15),
)
def test_an_answer_that_is_not_as_documented_is_uncertain(call: str, answer: bytes) -> None:
    assert type(answered(call, answer)) is ProviderUncertain


@pytest.mark.parametrize(
    "change",
    [
        {"PaymentLink": None},
        {"PaymentLink": "pay.kaspi.kz/pay/1"},
        {"PaymentLink": "javascript:alert(1)"},
        {"PaymentLink": "https://pay.kaspi.kz/pay/1 2"},
        {"PaymentLink": "https://" + "x" * 2_001},
        {"PaymentId": None},
        {"PaymentId": ""},
        {"PaymentId": 0},
        {"PaymentId": -15},
        {"PaymentId": True},
        {"PaymentId": 1.5},
        {"PaymentId": "../v02"},
        {"PaymentId": 10**19},
        {"ExpireDate": None},
        {"ExpireDate": 1_795_000_000},
        {"ExpireDate": "in three minutes"},
        {"ExpireDate": "0001-01-01T00:00:00+05:00"},
    ],
    ids=str,
)
def test_half_a_link_is_uncertain(change: dict[str, object]) -> None:
    assert isinstance(answered("link", said(0, MADE)), OpenLink)
    assert type(answered("link", said(0, MADE | change))) is ProviderUncertain


@pytest.mark.parametrize("identifier", [None, 0, "x", True, 10**19])
def test_an_invoice_without_its_id_is_uncertain(identifier: object) -> None:
    assert type(answered("invoice", said(0, {"QrPaymentId": identifier}))) is ProviderUncertain


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-21T15:33:00+05:00", 10),
        ("2026-11-21T15:33:00.1234567+06:00", 9),
        ("2026-11-21T15:33:00Z", 15),
        ("2026-11-21T15:33:00", 10),
    ],
)
def test_the_end_of_a_link_is_told_in_any_zone_and_without_one_in_kazakhstans(
    written: str, hour: int
) -> None:
    act = answered("link", said(0, MADE | {"ExpireDate": written}))

    assert isinstance(act, OpenLink)
    assert act.expires_at.replace(microsecond=0) == datetime(2026, 11, 21, hour, 33, tzinfo=UTC)


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize("status", [401, 403, 429])
@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"StatusCode":0,"Data":null}'])
def test_who_is_turned_away_at_the_gate_has_moved_nothing(
    call: str, status: int, body: bytes
) -> None:
    error = answered(call, http(status, body, "Retry-After: 7"))

    assert type(error) is ProviderRefused
    assert (error.reason, error.call.http_status) == (Reason.UNAVAILABLE, status)
    assert error.retry_after_seconds == (7 if status == 429 and body.startswith(b"{") else 0)


@pytest.mark.parametrize(("status", "pause_seconds"), [(401, 0), (403, 0), (429, 7)])
def test_a_question_that_is_turned_away_is_uncertain(status: int, pause_seconds: int) -> None:
    error = answered("status", http(status, b"{}", "Retry-After: 7"))

    assert type(error) is ProviderUncertain
    assert error.retry_after_seconds == pause_seconds


@pytest.mark.parametrize(
    "wrong",
    [
        replace(LINK, amount=Money(100, "USD")),
        replace(LINK, amount=Money(0, "KZT")),
        replace(LINK, amount=Money(-1, "KZT")),
        *(
            replace(LINK, payer_number=number)
            for number in ("", "87015550123", "+77015550123", "7701555012", "79161234567")
            + ("770155501234", "77015550123\n", "٧٧٠١٥٥٥٠١٢٣")
        ),
    ],
    ids=range(11),
)
def test_a_charge_that_kaspi_could_never_take_is_refused_unasked(wrong: Charge) -> None:
    with wire(always(said(0, MADE))) as server:
        kaspi = KaspiNative(NativeSettings(f"{server.url}/r3", BIN, DEVICE))
        with pytest.raises(ProviderRefused) as refused:
            kaspi.start(wrong)

    assert server.requests == []
    assert refused.value.reason is Reason.BAD_REQUEST


def test_a_payment_without_an_id_is_asked_of_nobody() -> None:
    with wire(always(said(0, {"Status": "Processed"}))) as server:
        kaspi = KaspiNative(NativeSettings(f"{server.url}/r3", BIN, DEVICE))
        link = kaspi.check(LINK)
        with pytest.raises(ProviderUncertain) as invoice:
            kaspi.check(INVOICE)
        with pytest.raises(ProviderUncertain):
            kaspi.check(replace(LINK, provider_reference="15/../16"))

    assert server.requests == []
    assert link.status is Status.NOT_FOUND
    assert (link.call.http_status, link.call.code) == (None, "no_id")
    assert invoice.value.call == link.call


def test_only_an_invoice_with_an_id_can_be_cancelled() -> None:
    with wire(always(said(0, {"Status": "RemotePaymentCanceled"}))) as server:
        kaspi = KaspiNative(NativeSettings(f"{server.url}/r3", BIN, DEVICE))
        for charge in (LINK, PAID, INVOICE, replace(INVOICE, provider_reference="x")):
            assert not kaspi.can_cancel(charge)
            with pytest.raises(ProviderRefused):
                kaspi.cancel(charge)
        assert server.requests == []
        assert kaspi.can_cancel(SENT)
        assert kaspi.cancel(SENT).status is Status.CANCELLED


@pytest.mark.parametrize("code", [0, -14000002])
def test_a_probe_is_answered_by_the_trade_points(code: int) -> None:
    with wire(always(said(code, [{"TradePointId": 1, "TradePointName": "A"}]))) as server:
        call = KaspiNative(NativeSettings(f"{server.url}/r3", BIN, DEVICE)).probe()

    assert server.requests[0].startswith(f"GET /r3/v01/partner/tradepoints/{BIN} ".encode())
    assert (call.operation, call.code) == ("probe", str(code))


@pytest.mark.parametrize("answer", [said(-10000), said(-999), said(0, status=403), http(200, b"")])
def test_a_probe_without_a_good_answer_is_uncertain(answer: bytes) -> None:
    with wire(always(answer)) as server, pytest.raises(ProviderUncertain):
        KaspiNative(NativeSettings(f"{server.url}/r3", BIN, DEVICE)).probe()


def test_each_request_has_a_number_of_its_own() -> None:
    with wire(always(said(0, {"Status": "Wait"}))) as server:
        kaspi = KaspiNative(NativeSettings(f"{server.url}/r3", BIN, DEVICE))
        for _ in range(3):
            kaspi.check(PAID)

    lines = [line for each in server.requests for line in each.split(b"\r\n")]
    assert len({line for line in lines if line.lower().startswith(b"x-request-id: ")}) == 3


@pytest.mark.parametrize("status", [200, 400, 500])
def test_nothing_private_stands_in_what_is_kept_or_logged(status: int) -> None:
    echo = {
        "Message": f"{DEVICE} {PHONE} 8 701 555 01 23 Aigerim Serikova",
        "PaymentLink": URL,
        "QrToken": URL,
        "DeviceToken": "another-token",
    }
    with structlog.testing.capture_logs() as logs:
        error = answered("invoice", said(f"8{PHONE[1:]}", echo, status))

    assert isinstance(error, ProviderUncertain)
    kept = f"{error.call} {error!r} {error} {logs}"
    assert [logged["operation"] for logged in logs] == ["invoice"]
    for private in (DEVICE, "015550123", "555 01 23", "pay.kaspi.kz", "another-token", "Serikova"):
        assert private not in kept


def test_a_made_link_is_kept_out_of_the_story() -> None:
    act = answered("link", said(0, MADE))

    assert isinstance(act, OpenLink)
    assert act.url == act.qr == URL
    assert "pay.kaspi.kz" not in f"{act.call} {act!r}"
    assert '"PaymentId": 15' in act.call.body
