"""The promises of providers whose customer types a code."""

import pytest
import structlog

from domain.money import Money
from providers.contract import (
    EnterOtp,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
    WrongOtp,
)
from tests.providers.faults import turn
from tests.providers.harness import (
    OTP_HARNESSES,
    OtpHarness,
)


@pytest.mark.parametrize("amount", [Money(0, "USD"), Money(-5, "USD"), Money(500, "KZT")])
def test_what_the_provider_cannot_take_is_refused_unasked(
    otp_harness: OtpHarness, amount: Money
) -> None:
    charge = otp_harness.charge()
    odd = type(charge)(charge.reference, amount, charge.payer_number, charge.description)

    with pytest.raises(ProviderRefused) as refused:
        otp_harness.provider().start(odd)

    assert refused.value.call.http_status is None
    assert otp_harness.asked(charge, "start") == 0


def test_nothing_private_stands_in_logs_errors_or_the_story(
    otp_harness: OtpHarness, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    provider, charge = otp_harness.provider(), otp_harness.charge()
    said: list[object] = [provider, charge]
    with structlog.testing.capture_logs() as lines:
        said.append(provider.start(charge))
        for fault in ("drop", "status", "html", "charset"):
            turn(otp_harness, "confirm", fault)
            with pytest.raises(ProviderUncertain) as uncertain:
                provider.confirm(charge, otp_harness.code(charge))
            said += [uncertain.value, uncertain.value.call]
        said.append(provider.check(charge))

    own = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]
    own = [line for line in own if "/_sim/" not in line]
    spoken = "\n".join([*map(repr, said), *map(str, said), *map(str, lines), *own])
    spoken += "".join(capfd.readouterr())
    assert len(lines) == 6
    assert len(otp_harness.private(charge)) == 3
    assert [secret for secret in otp_harness.private(charge) if secret in spoken] == []


def test_a_wrong_code_may_be_followed_by_the_right_one(otp_harness: OtpHarness) -> None:
    provider, charge = otp_harness.provider(), otp_harness.charge()
    otp_harness.begin(provider, charge)

    with pytest.raises(WrongOtp) as wrong:
        provider.confirm(charge, wrong_code(otp_harness.code(charge)))

    assert wrong.value.reason is Reason.WRONG_OTP
    assert otp_harness.debits(charge) == []
    assert otp_harness.last_step(provider, charge).status is Status.SUCCEEDED
    assert otp_harness.debits(charge) == [charge.amount]


def test_wrong_codes_until_the_tries_end(otp_harness: OtpHarness) -> None:
    provider, charge = otp_harness.provider(), otp_harness.charge()
    otp_harness.begin(provider, charge)
    wrong = wrong_code(otp_harness.code(charge))
    for _ in range(provider.terms.otp_tries - 1):
        with pytest.raises(WrongOtp):
            provider.confirm(charge, wrong)

    with pytest.raises(ProviderRefused) as ended:
        provider.confirm(charge, wrong)
    with pytest.raises(ProviderRefused) as too_late:
        otp_harness.last_step(provider, charge)

    assert ended.value.reason is too_late.value.reason is Reason.TRIES_EXCEEDED
    assert not isinstance(ended.value, WrongOtp)
    assert otp_harness.debits(charge) == []
    assert provider.check(charge).status is Status.FAILED


def test_a_code_after_its_time_is_refused(otp_harness: OtpHarness) -> None:
    with OTP_HARNESSES[otp_harness.key](session_seconds=0.0) as hasty:
        provider, charge = hasty.provider(), hasty.charge()
        hasty.begin(provider, charge)

        with pytest.raises(ProviderRefused) as refused:
            hasty.last_step(provider, charge)

        assert refused.value.reason is Reason.EXPIRED
        assert hasty.debits(charge) == []
        assert provider.check(charge).status is Status.EXPIRED


@pytest.mark.parametrize("code", ["", "12", "12 34 56", "١٢٣٤٥٦", "123456\n", "1" * 40, "abcdef"])
def test_what_cannot_be_a_code_is_wrong_and_is_not_sent(otp_harness: OtpHarness, code: str) -> None:
    provider, charge = otp_harness.provider(), otp_harness.charge()
    otp_harness.begin(provider, charge)

    with pytest.raises(WrongOtp):
        provider.confirm(charge, code)

    assert otp_harness.asked(charge, "confirm") == 0


def test_the_reference_of_the_code_is_the_one_in_the_sms(otp_harness: OtpHarness) -> None:
    provider, charge = otp_harness.provider(), otp_harness.charge()

    act = provider.start(charge)

    assert isinstance(act, EnterOtp)
    assert len(act.otp_reference) == 4
    assert otp_harness.code(charge).isdigit()


def wrong_code(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06d}"
