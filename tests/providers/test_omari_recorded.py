"""Omari's own words, byte for byte, against the adapter alone: no simulator that could share an
error with it. `recorded/omari/` holds bodies of Omari's protocol 1.2.0.
"""

from pathlib import Path

import pytest

from domain.money import Money
from providers.contract import Charge, Outcome, ProviderRefused, ProviderUncertain, Status, WrongOtp
from providers.omari import Omari, OmariSettings
from tests.providers.servers import Wire, always, http, wire

RECORDED = Path(__file__).parent / "recorded" / "omari"
REFERENCE = "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11"
CHARGE = Charge(REFERENCE, Money(350, "USD"), "263771234567", "KS-2024-001")
OTP = "418273"
RECEIPT = "H7ABCDEFGH0123456789JKMNPQ"


def body(name: str) -> bytes:
    return (RECORDED / f"{name}.json").read_bytes().strip()


def omari(server: Wire) -> Omari:
    return Omari(OmariSettings(server.url + "/payment", "merchant-key", call_seconds=10.0))


def first_line(server: Wire) -> str:
    return server.requests[0].decode().split("\r\n")[0]


def test_auth_is_sent_as_documented_and_its_success_understood() -> None:
    with wire(always(http(200, body("auth_success")))) as server:
        act = omari(server).start(CHARGE)

    assert first_line(server) == "POST /payment/auth HTTP/1.1"
    assert server.body() == body("auth_request")
    head = server.requests[0].decode().split("\r\n\r\n")[0].split("\r\n")
    assert "X-Merchant-Key: merchant-key" in head
    assert "Content-Type: application/json" in head
    assert act.otp_reference == "KQTZ"
    assert (act.call.operation, act.call.http_status, act.call.code) == ("auth", 200, "000")


def test_request_is_sent_as_documented_and_its_success_understood() -> None:
    with wire(always(http(200, body("request_success")))) as server:
        outcome = omari(server).confirm(CHARGE, OTP)

    assert first_line(server) == "POST /payment/request HTTP/1.1"
    assert server.body() == body("request_request")
    assert outcome == Outcome(
        Status.SUCCEEDED, outcome.call, receipt=RECEIPT, debit_reference="a1b2c3d4e5f6"
    )


def test_query_is_sent_as_documented_and_its_success_understood() -> None:
    with wire(always(http(200, body("query_success")))) as server:
        outcome = omari(server).check(CHARGE)

    assert first_line(server) == f"GET /payment/query/{REFERENCE} HTTP/1.1"
    assert server.body() == b""
    assert outcome == Outcome(
        Status.SUCCEEDED,
        outcome.call,
        receipt=RECEIPT,
        debit_reference="a1b2c3d4e5f6",
        amount=Money(350, "USD"),
        reference=REFERENCE,
    )


@pytest.mark.parametrize("status", [200, 400, 401, 422])
def test_an_invalid_otp_may_be_tried_again_whatever_the_http_status(status: int) -> None:
    with (
        wire(always(http(status, body("invalid_otp")))) as server,
        pytest.raises(WrongOtp) as wrong,
    ):
        omari(server).confirm(CHARGE, OTP)

    assert (wrong.value.call.http_status, wrong.value.call.code) == (status, "055")


@pytest.mark.parametrize("status", [201, 202])
def test_any_2xx_with_the_documented_words_is_a_success(status: int) -> None:
    with wire(always(http(status, body("request_success")))) as server:
        assert omari(server).confirm(CHARGE, OTP).receipt == RECEIPT


@pytest.mark.parametrize("status", [302, 400, 409, 500, 503])
def test_the_words_of_success_with_another_http_status_are_uncertain(status: int) -> None:
    for name in ("auth_success", "request_success", "query_success"):
        with wire(always(http(status, body(name)))) as server:
            provider = omari(server)
            call = {
                "auth_success": lambda p=provider: p.start(CHARGE),
                "request_success": lambda p=provider: p.confirm(CHARGE, OTP),
                "query_success": lambda p=provider: p.check(CHARGE),
            }[name]
            with pytest.raises(ProviderUncertain):
                call()


def test_an_answer_to_another_call_is_no_success() -> None:
    with wire(always(http(200, body("auth_success")))) as server:
        with pytest.raises(ProviderUncertain):
            omari(server).confirm(CHARGE, OTP)
        with pytest.raises(ProviderUncertain):
            omari(server).check(CHARGE)
    with wire(always(http(200, body("request_success")))) as server:
        with pytest.raises(ProviderUncertain):
            omari(server).start(CHARGE)
        with pytest.raises(ProviderUncertain):
            omari(server).check(CHARGE)


def test_an_invalid_otp_at_auth_is_a_refusal_and_at_query_uncertain() -> None:
    with wire(always(http(200, body("invalid_otp")))) as server:
        with pytest.raises(ProviderRefused):
            omari(server).start(CHARGE)
        with pytest.raises(ProviderUncertain):
            omari(server).check(CHARGE)
