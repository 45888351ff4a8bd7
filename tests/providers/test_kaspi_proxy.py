"""Kaspi behind the PHP proxy: its odd answers, and its token that stands in every address."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
import structlog

from domain.money import Money
from providers.contract import (
    ApproveOnPhone,
    Charge,
    OpenLink,
    Outcome,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
)
from providers.kaspi import KaspiPace, KaspiProxy, ProxySettings
from tests.providers.servers import always, http, mute, wire
from tests.providers.test_kaspi import GONE, REASONS, UNCLEAR

BIN = "123456789012"
TOKEN = "access-9f/2+=?"
DEVICE = "device-secret-0001"
PHONE = "77015550123"
REFERENCE = "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11"
LINK = Charge(REFERENCE, Money(150_000, "KZT"), None, "KS-2024-001")
INVOICE = replace(LINK, payer_number=PHONE)
PAID = replace(LINK, provider_reference="12800000001")
URL = "https://pay.kaspi.kz/pay/1234567890"
MADE = {"paymentLink": URL, "paymentId": 12800000001, "expireDate": "2026-11-21T15:33:00+05:00"}
STATUS = {"externalId": "12800000001", "status": "Processed"}
CALLS: dict[str, Callable[[KaspiProxy], object]] = {
    "link": lambda kaspi: kaspi.start(LINK),
    "invoice": lambda kaspi: kaspi.start(INVOICE),
    "status": lambda kaspi: kaspi.check(PAID),
}


def adapter(url: str, seconds: float = 10.0) -> KaspiProxy:
    pace = KaspiPace(connect_seconds=seconds, call_seconds=seconds)
    return KaspiProxy(ProxySettings(url, TOKEN, BIN, DEVICE, pace))


def fine(data: object, http_code: object = 200, status: int = 200) -> bytes:
    body = {"status": True, "data": data, "http_code": http_code}
    return http(status, json.dumps(body).encode())


def errors(*codes: object, status: int = 200) -> bytes:
    told = {str(code): "…" for code in codes}
    return http(status, json.dumps({"status": False, "data": {"errors": told}}).encode())


def answered(call: str, answer: bytes) -> object:
    with wire(always(answer)) as server:
        try:
            return CALLS[call](adapter(server.url))
        except ProviderError as error:
            return error
        finally:
            assert len(server.requests) == 1


@pytest.mark.parametrize("call", ["link", "invoice"])
def test_codes_that_the_proxy_passes_on_mean_what_kaspi_means(call: str) -> None:
    for code, reason in REASONS.items():
        error = answered(call, errors(code))
        assert type(error) is ProviderRefused
        assert (error.reason, error.call.code) == (reason, str(code))
    for code in (*UNCLEAR, "x", "", "٣", "1.5"):
        assert type(answered(call, errors(code))) is ProviderUncertain


@pytest.mark.parametrize("code", [*REASONS, *UNCLEAR])
def test_a_code_at_the_status_says_nothing_but_not_found(code: int) -> None:
    answer = answered("status", errors(code))

    if code in GONE:
        assert isinstance(answer, Outcome)
        assert answer.status is Status.NOT_FOUND
    else:
        assert type(answer) is ProviderUncertain


def test_of_several_codes_the_one_counts_that_leaves_most_open() -> None:
    assert type(answered("link", errors(-1501, 990000028))) is ProviderRefused
    unclear = answered("link", errors(-1501, -999))
    assert type(unclear) is ProviderUncertain
    assert unclear.call.code == "-999"


@pytest.mark.parametrize(
    ("data", "url"),
    [
        (MADE, URL),
        (MADE | {"paymentId": "12800000001"}, URL),
        (MADE | {"paymentLink": None}, None),
        (MADE | {"paymentId": None}, None),
        (MADE | {"expireDate": "soon"}, None),
        (MADE | {"errors": {"-999": "…"}}, None),
        ([], None),
        (None, None),
    ],
    ids=range(8),
)
def test_a_link_is_whole_or_uncertain(data: object, url: str | None) -> None:
    act = answered("link", fine(data))

    if url is None:
        assert type(act) is ProviderUncertain
    else:
        assert isinstance(act, OpenLink)
        assert (act.url, act.qr, act.provider_reference) == (url, url, "12800000001")


@pytest.mark.parametrize(
    ("change", "made"),
    [
        ({}, True),
        ({"status": "RemotePaymentCreated"}, True),
        ({"externalId": 12800000001}, True),
        ({"externalId": ""}, False),
        ({"status": "Error"}, False),
        ({"status": "Processed"}, False),
        ({"status": "Reversed"}, False),
        ({"status": None}, False),
    ],
    ids=str,
)
def test_an_invoice_that_does_not_stand_open_is_uncertain(
    change: dict[str, object], made: bool
) -> None:
    act = answered("invoice", fine({"externalId": "12800000001", "status": "Wait"} | change))

    if made:
        assert isinstance(act, ApproveOnPhone)
        assert act.provider_reference == "12800000001"
    else:
        assert type(act) is ProviderUncertain


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "answer",
    [
        http(200, b""),
        http(200, b"[]"),
        http(200, b"OK"),
        http(404, b"<html>"),
        http(200, b"{}"),
        http(302, b"", "Location: /elsewhere"),
        fine(MADE | STATUS, status=500),
        fine(MADE | STATUS, status=400),
        fine(MADE | STATUS, http_code=500),
        fine(MADE | STATUS, http_code=None),
        http(200, b'{"status":"true","data":{"externalId":"1","status":"Wait"}}'),
        http(200, b'{"status":1,"data":{"externalId":"1","status":"Wait"}}'),
        http(200, b'{"status":false,"data":[]}'),
        http(200, b'{"status":false,"data":{"errors":[]}}'),
        http(200, b'{"status":false,"data":{"errors":{}}}'),
        http(200, b'{"status":false,"error":"Something else"}'),
        http(200, b'{"status":false,"error":null}'),
    ],
    ids=range(17),
)
def test_an_answer_in_no_shape_that_was_seen_is_uncertain(call: str, answer: bytes) -> None:
    assert type(answered(call, answer)) is ProviderUncertain


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, Status.SUCCEEDED),
        ({"externalId": 12800000001}, Status.SUCCEEDED),
        ({"status": "RemotePaymentCreated"}, Status.OPEN),
        ({"status": "Error"}, Status.FAILED),
        ({"amount": 1500}, Status.SUCCEEDED),
        ({"amount": "1500"}, None),
        ({"externalId": "12800000002"}, None),
        ({"externalId": None}, None),
        ({"status": "Paid"}, None),
    ],
    ids=str,
)
def test_a_status_is_of_the_payment_that_was_asked_for(
    change: dict[str, object], status: Status | None
) -> None:
    answer = answered("status", fine(STATUS | change))

    if status is None:
        assert type(answer) is ProviderUncertain
    else:
        assert isinstance(answer, Outcome)
        assert answer.status is status
        assert answer.receipt == ("12800000001" if status is Status.SUCCEEDED else None)
        assert answer.amount == (Money(150_000, "KZT") if "amount" in change else None)


def test_a_payment_without_an_id_is_asked_of_nobody() -> None:
    with wire(always(fine(STATUS))) as server:
        assert adapter(server.url).check(LINK).status is Status.NOT_FOUND
        with pytest.raises(ProviderUncertain):
            adapter(server.url).check(INVOICE)

    assert server.requests == []


@pytest.mark.parametrize("answer", [errors(-1601), errors(-99000001), fine({"status": "Wait"})])
def test_a_probe_asks_for_a_payment_that_nobody_made(answer: bytes) -> None:
    with wire(always(answer)) as server:
        call = adapter(server.url).probe()

    assert (call.operation, call.http_status) == ("probe", 200)


@pytest.mark.parametrize(
    "answer", [errors(-999), http(401, b'{"status":false,"error":"Invalid access token"}')]
)
def test_a_probe_without_a_good_answer_is_uncertain(answer: bytes) -> None:
    with wire(always(answer)) as server, pytest.raises(ProviderUncertain):
        adapter(server.url).probe()


@pytest.mark.parametrize("number", ["87015550123", "7701555012", "", "77015550123 "])
def test_a_number_in_another_form_is_refused_unasked(number: str) -> None:
    with wire(always(fine(MADE))) as server, pytest.raises(ProviderRefused) as refused:
        adapter(server.url).start(replace(LINK, payer_number=number))

    assert server.requests == []
    assert refused.value.reason is Reason.BAD_REQUEST


@pytest.mark.parametrize("way", ["answered", "echoed", "lost", "silent", "nowhere", "nonsense"])
def test_the_address_with_its_token_stands_nowhere(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    echo = f"GET /create/?access_token={TOKEN}&phone={PHONE}&deviceToken={DEVICE}"
    plays = {
        "answered": always(fine(MADE)),
        "echoed": always(http(500, f"{echo} access-9f%2F2%2B%3D%3F".encode())),
        "lost": lambda connection: connection.close(),
        "nonsense": always(b"nonsense\r\n\r\n"),
    }
    caplog.set_level(logging.DEBUG)
    kept: list[object] = []
    with mute() as silent, wire(plays.get(way, plays["answered"])) as server:
        url = {"silent": silent.url, "nowhere": "http://127.0.0.1:9"}.get(way, server.url)
        with structlog.testing.capture_logs() as logs:
            for charge in (LINK, INVOICE):
                try:
                    kept.append(adapter(url, seconds=0.5).start(charge).call)
                except ProviderUncertain as error:
                    # What a crash report would show: the error, and whatever led to it.
                    kept += [error, repr(error), error.call, repr(error.__context__)]

    text = f"{kept} {logs} {caplog.text} {vars(adapter('http://x'))['_door']!r}"
    assert len(logs) == 2
    for private in ("access-9f", "access_token=a", DEVICE, PHONE[-9:]):
        assert private not in text
