"""Nothing private stands in what the door keeps, says or logs."""

import json
import uuid

import pytest
import structlog

from domain.money import Money
from providers.answers import TIMED_OUT
from providers.contract import Call, Charge, ProviderUncertain
from providers.http import Door
from providers.omari import Omari, OmariSettings
from providers.redaction import Redactor
from tests.providers.doors import CODE, KEY, PHONE, door, uncertain_call
from tests.providers.servers import always, http, mute, wire

ECHOES = {
    "as sent": f"number {PHONE} code {CODE} key {KEY}",
    "as people write": "+263 77 497 5187, 0774975187, 263-77-497-5187, 836 066, 836-066",
    "as json": json.dumps({"msisdn": PHONE, "otp": int(CODE), "merchantKey": KEY, "phone": "+1 2"}),
    "in an address": "https://x.test/?key=key-9f%2F2%2B%3D%3F&to=263774975187",
    "somebody else's": '{"customer_mobile": "0771111111", "note": "call +263 77 111 1111"}',
}


def call_of(at: Door) -> Call:
    """What is kept of a call, however it was answered."""
    try:
        return at.call_json("ask", "POST", "/x", json={}, private=(PHONE, CODE)).call
    except ProviderUncertain as uncertain:
        return uncertain.call


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES.keys())
def test_an_echo_of_private_things_is_hidden(echo: str, status: int) -> None:
    with wire(always(http(status, echo.encode()))) as server:
        call = call_of(door(server.url, code_field="otp"))

    digits = "".join(character for character in call.body if character.isdigit())
    assert "[hidden]" in call.body
    assert [digits.count(n) for n in ("774975187", CODE, "771111111", "9f2")] == [0] * 4
    assert "key-9f" not in call.body


def test_what_is_not_private_stays_readable() -> None:
    body = b'{"code":"055","otpReference":"ETDC","amount":120.50,"created":"2026-11-21T10:15:40"}'
    with wire(always(http(200, body))) as server:
        answer = door(server.url).call_json("ask", "GET", "/x", private=(PHONE, CODE))

    assert answer.call.body == body.decode()


def test_a_long_code_of_a_provider_is_kept() -> None:
    with wire(always(http(200, b'{"code": 9900000281}'))) as server:
        assert door(server.url).call_json("ask", "GET", "/x").call.code == "9900000281"


def test_a_code_that_repeats_something_private_is_not_kept() -> None:
    with wire(always(http(200, f'{{"code": "{CODE}"}}'.encode()))) as server:
        answer = door(server.url).call_json("ask", "GET", "/x", private=(CODE,))

    assert answer.call.code is None
    assert answer.fields["code"] == CODE


def test_one_line_of_log_for_each_call_and_nothing_private_in_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    private = {"params": {"token": KEY}, "json": {"otp": CODE}, "private": (PHONE, CODE)}
    with (
        wire(always(http(200, b'{"code": "000"}'))) as server,
        structlog.testing.capture_logs() as lines,
    ):
        door(server.url).call_json("ask", "POST", "/x", **private)
    with structlog.testing.capture_logs() as failed, mute() as server:
        uncertain_call(door(server.url), **private)

    names = {"event", "log_level", "provider", "operation", "http_status", "milliseconds", "code"}
    assert [set(line) for line in lines + failed] == [names] * 2
    assert [line["code"] for line in lines + failed] == ["000", TIMED_OUT]
    assert [line["log_level"] for line in lines + failed] == ["info", "warning"]
    assert caplog.records == []


def test_an_error_holds_no_address_and_no_chain() -> None:
    with mute() as server, pytest.raises(ProviderUncertain) as uncertain:
        door(server.url).call_json("ask", "GET", "/x", params={"token": KEY})

    assert uncertain.value.__cause__ is None
    assert uncertain.value.__context__ is None
    assert str(uncertain.value) == "ask: http=None code=timed_out reason=unavailable"
    assert KEY not in repr(door(server.url))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ('{"deviceToken": "abc\\"def", "b": 1}', '{"deviceToken": "[hidden]", "b": 1}'),
        ('{"customer_email":"a@b.test"}', '{"customer_email":"[hidden]"}'),
        ('{"otp":112233,"otpReference":"ETDC"}', '{"otp":"[hidden]","otpReference":"ETDC"}'),
        ('{"url":"https://pay.test/x?id=1","n":1}', '{"url":"[hidden]","n":1}'),
        ('{"name": "Asha \\"A\\" Rao", "n": 1}', '{"name": "[hidden]", "n": 1}'),
        ('{"vpa": "asha@bank', '{"vpa": "[hidden]"'),
        ('{"note": "see https:\\/\\/pay.test\\/x now"}', '{"note": "see [hidden] now"}'),
        ('{"message": "Your OTP is 112233."}', '{"message": "Your OTP is [hidden]."}'),
        ('{"message": "PIN: 9911 was wrong"}', '{"message": "PIN: [hidden] was wrong"}'),
        ('{"message": "sent to 263771111111"}', '{"message": "sent to [hidden]"}'),
        ('{"code": "990000028", "amount": 12050}', '{"code": "990000028", "amount": 12050}'),
    ],
)
def test_private_things_that_we_did_not_send_are_hidden_too(said: str, kept: str) -> None:
    assert Redactor((), ())(said) == kept


@pytest.mark.parametrize("name", ["Zoë Ndlovu", "Li", "Айгуль"])
def test_a_name_of_this_call_is_hidden_however_json_writes_it(name: str) -> None:
    redacted = Redactor((), (name,))

    for said in (f"paid by {name}.", json.dumps({"payer": name})):
        assert name not in redacted(said)
        assert json.dumps(name)[1:-1] not in redacted(said)


@pytest.mark.parametrize("call", ["start", "confirm", "check"])
def test_omari_tells_the_door_what_is_private_in_each_call(call: str) -> None:
    echo = b'{"error": null, "message": "077 123 4567 sent 418-273 with merchant-key"}'
    charge = Charge(str(uuid.UUID(int=1)), Money(350, "USD"), "263771234567", "KS-2024-001")
    with wire(always(http(200, echo))) as server:
        omari = Omari(OmariSettings(server.url, "merchant-key"))
        ask = {
            "start": lambda: omari.start(charge),
            "confirm": lambda: omari.confirm(charge, "418273"),
            "check": lambda: omari.check(charge),
        }[call]
        with pytest.raises(ProviderUncertain) as uncertain:
            ask()

    code = "[hidden]" if call == "confirm" else "418-273"  # only one call knows the code
    message = f"[hidden] sent {code} with [hidden]"
    assert uncertain.value.call.body == f'{{"error": null, "message": "{message}"}}'
