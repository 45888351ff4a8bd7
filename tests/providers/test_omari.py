"""Omari's adapter: every code at every call, words that disagree, and what is never sent."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from domain.money import Money
from providers.contract import (
    Charge,
    Outcome,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
    WrongOtp,
)
from providers.omari import Omari, OmariSettings
from tests.providers.servers import always, http, wire

REFERENCE = "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11"
CHARGE = Charge(REFERENCE, Money(350, "USD"), "263771234567", "KS-2024-001")
SUCCESS = {
    "error": False,
    "message": "Success",
    "status": "Success",
    "responseCode": "000",
    "reference": REFERENCE,
    "amount": 3.5,
    "currency": "USD",
    "paymentReference": "H7ABCDEFGH0123456789JKMNPQ",
    "debitReference": "a1b2c3d4e5f6",
    "otpReference": "KQTZ",
}
CODES = [f"{number:03d}" for number in range(100)] + ["777", "A01", ""]
REASONS = {
    "005": Reason.DECLINED,
    "014": Reason.NO_WALLET,
    "042": Reason.NO_WALLET,
    "045": Reason.BLOCKED,
    "048": Reason.NO_WALLET,
    "051": Reason.INSUFFICIENT_FUNDS,
    "054": Reason.EXPIRED,
    "057": Reason.DECLINED,
    "061": Reason.LIMIT,
    "062": Reason.BLOCKED,
    "063": Reason.BLOCKED,
    "075": Reason.TRIES_EXCEEDED,
}
UNCLEAR_AT_AUTH = {"000", "006", "009", "020", "026", "091", "092", "095", "096"}
CALLS: dict[str, Callable[[Omari], object]] = {
    "auth": lambda omari: omari.start(CHARGE),
    "request": lambda omari: omari.confirm(CHARGE, "418273"),
    "query": lambda omari: omari.check(CHARGE),
}


def ask(call: str, fields: object, status: int = 200) -> object:
    """The adapter's answer, or the error that it raised, when Omari says `fields`."""
    with wire(always(http(status, json.dumps(fields).encode()))) as server:
        try:
            return CALLS[call](Omari(OmariSettings(server.url, "merchant-key")))
        except ProviderError as error:
            return error


def error(code: object, **fields: object) -> dict[str, object]:
    return {"error": True, "message": "…", "responseCode": code, **fields}


@pytest.mark.parametrize("code", CODES)
def test_an_error_at_auth_is_a_refusal_unless_it_is_trouble(code: str) -> None:
    answer = ask("auth", error(code))

    if code in UNCLEAR_AT_AUTH:
        assert type(answer) is ProviderUncertain
    else:
        assert type(answer) is ProviderRefused
        assert answer.reason is REASONS.get(code, Reason.BAD_REQUEST)


@pytest.mark.parametrize("code", CODES)
def test_an_error_at_request_is_uncertain_unless_it_is_known_to_be_final(code: str) -> None:
    answer = ask("request", error(code), status=400)

    if code in ("055", "019"):
        assert type(answer) is WrongOtp
        assert answer.reason is Reason.WRONG_OTP
    elif code in REASONS:
        assert type(answer) is ProviderRefused
        assert answer.reason is REASONS[code]
    else:
        assert type(answer) is ProviderUncertain


@pytest.mark.parametrize("code", CODES)
def test_a_bare_error_at_query_is_uncertain_unless_it_says_not_found_or_in_progress(
    code: str,
) -> None:
    answer = ask("query", error(code))

    expected = {"025": Status.NOT_FOUND, "009": Status.OPEN}.get(code)
    if expected is None:
        assert type(answer) is ProviderUncertain
    else:
        assert isinstance(answer, Outcome)
        assert answer.status is expected


@pytest.mark.parametrize(
    ("word", "code", "is_error", "status"),
    [
        ("Pending", "009", True, Status.OPEN),
        ("PENDING", "009", False, Status.OPEN),
        ("Pending", "000", False, Status.OPEN),
        ("Failed", "051", True, Status.FAILED),
        ("failed", "075", True, Status.FAILED),
        ("Failed", "000", False, Status.FAILED),
        ("Expired", "054", True, Status.EXPIRED),
        ("Cancelled", "000", False, Status.CANCELLED),
        ("Pending", "051", True, None),
        ("Pending", "000", True, None),
        ("Failed", "096", True, None),  # the query failed, not the payment
        ("Failed", "091", True, None),
        ("Failed", "055", True, None),  # another code may still be tried
        ("Failed", "009", False, None),
        ("Failed", "000", True, None),
        ("Failed", None, True, None),
        ("Success", "009", False, None),
        ("Success", "051", True, None),
        ("Success", "000", True, None),
        ("Reversed", "000", False, None),
        ("", "000", False, None),
        (None, "000", False, None),
        (["Success"], "000", False, None),
    ],
)
def test_word_and_code_of_a_query_must_agree(
    word: object, code: str | None, is_error: bool, status: Status | None
) -> None:
    fields = {"status": word, "responseCode": code, "error": is_error}
    answer = ask("query", SUCCESS | fields)

    if status is None:
        assert type(answer) is ProviderUncertain
    else:
        assert isinstance(answer, Outcome)
        assert (answer.status, answer.receipt, answer.reference) == (status, None, REFERENCE)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "change",
    [
        {"error": True},
        {"error": None},
        {"error": "false"},
        {"error": 0},
        {"responseCode": "00"},
        {"responseCode": 0},
        {"responseCode": None},
        {"responseCode": "010"},
    ],
    ids=str,
)
def test_a_success_in_which_anything_is_odd_is_uncertain(
    call: str, change: dict[str, object]
) -> None:
    assert not isinstance(ask(call, SUCCESS), ProviderError)
    assert type(ask(call, SUCCESS | change)) is ProviderUncertain


@pytest.mark.parametrize("receipt", [None, "", 17, "two words", "x" * 65, ["H7"], "Ref…"])
@pytest.mark.parametrize("call", ["request", "query"])
def test_a_success_without_a_receipt_is_uncertain(call: str, receipt: object) -> None:
    assert type(ask(call, SUCCESS | {"paymentReference": receipt})) is ProviderUncertain


@pytest.mark.parametrize("reference", [None, "", 1234, "KQ TZ", "<b>", "K" * 17])
def test_a_start_without_a_reference_for_the_code_is_uncertain(reference: object) -> None:
    assert type(ask("auth", SUCCESS | {"otpReference": reference})) is ProviderUncertain


@pytest.mark.parametrize(
    "change",
    [
        {"amount": None},
        {"currency": None},
        {"amount": None, "currency": None},
        {"amount": "3.50"},
        {"amount": True},
        {"amount": 0},
        {"amount": -3.5},
        {"amount": 3.505},
        {"amount": 1e300},
        {"currency": "EUR"},
        {"currency": 840},
        {"reference": 12},
    ],
    ids=str,
)
def test_a_success_whose_amount_cannot_be_compared_is_uncertain(change: dict[str, object]) -> None:
    assert type(ask("query", SUCCESS | change)) is ProviderUncertain


@pytest.mark.parametrize(
    ("change", "amount"),
    [
        ({"amount": 3}, Money(300, "USD")),
        ({"amount": 0.29}, Money(29, "USD")),
        ({"amount": 99999999.99}, Money(9_999_999_999, "USD")),
        ({"currency": "ZWG"}, Money(350, "ZWG")),
    ],
)
def test_amounts_are_told_as_they_are_for_the_books_to_compare(
    change: dict[str, object], amount: Money
) -> None:
    answer = ask("query", SUCCESS | change)

    assert isinstance(answer, Outcome)
    assert (answer.status, answer.amount) == (Status.SUCCEEDED, amount)


def test_another_payments_success_is_told_and_its_failure_is_not_ours() -> None:
    other = {"reference": "11111111-5c4b-4c6c-9b53-7a5b1f0f2c11"}
    success = ask("query", SUCCESS | other)

    assert isinstance(success, Outcome)
    assert success.reference == other["reference"]
    assert type(ask("query", SUCCESS | other | {"status": "Failed"})) is ProviderUncertain


def test_a_reference_in_capitals_is_the_same() -> None:
    answer = ask("query", SUCCESS | {"reference": REFERENCE.upper()})

    assert isinstance(answer, Outcome)
    assert answer.reference == REFERENCE


@pytest.mark.parametrize("debit", [None, 5, "not one", ""])
def test_a_success_needs_no_debit_reference(debit: object) -> None:
    answer = ask("request", SUCCESS | {"debitReference": debit})

    assert isinstance(answer, Outcome)
    assert (answer.status, answer.debit_reference) == (Status.SUCCEEDED, None)


@pytest.mark.parametrize(
    "number",
    [None, "", "0771234567", "+263771234567", "26377123456", "2637712345678", "263861234567"]
    + ["263771234567\n", "٢٦٣٧٧١٢٣٤٥٦٧", "447700900123"],
)
def test_a_number_that_is_no_omari_wallet_is_refused_unasked(number: str | None) -> None:
    charge = replace(CHARGE, payer_number=number)
    with wire(always(http(200, b"{}"))) as server:
        omari = Omari(OmariSettings(server.url, "merchant-key"))
        with pytest.raises(ProviderRefused) as started:
            omari.start(charge)
        with pytest.raises(ProviderRefused) as confirmed:
            omari.confirm(charge, "418273")

    assert server.requests == []
    assert started.value.reason is confirmed.value.reason is Reason.BAD_REQUEST
    assert str(started.value) == "auth: http=None code=bad_msisdn reason=bad_request"


def test_the_channel_is_the_merchants() -> None:
    with wire(always(http(200, json.dumps(SUCCESS).encode()))) as server:
        Omari(OmariSettings(server.url, "merchant-key", channel="POS")).start(CHARGE)

    assert json.loads(server.body())["channel"] == "POS"


def test_a_number_stands_in_no_repr() -> None:
    settings = OmariSettings("https://omari.test", "merchant-key")

    assert "263771234567" not in repr(CHARGE)
    assert "merchant-key" not in repr(settings) + repr(vars(Omari(settings)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "omari.test"},
        {"merchant_key": ""},
        {"merchant_key": "secret with\nnewline"},
        {"channel": "APP"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_settings_that_cannot_work_are_refused_without_telling_the_key(
    wrong: dict[str, str],
) -> None:
    given = {"base_url": "https://omari.test", "merchant_key": "secret", "channel": "WEB"}
    with pytest.raises(ValueError, match="Omari must") as refused:
        OmariSettings(**(given | wrong))

    assert "secret" not in str(refused.value)
