"""The promises of providers whose customer types a code."""

import pytest

from providers.contract import (
    ConfirmsByOtp,
    EnterOtp,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
    WrongOtp,
)
from tests.providers.faults import DONE, FAULTS, in_time, turn
from tests.providers.harness import IMPATIENT_SECONDS, checked
from tests.providers.harness_omari import OmariHarness, omari

pytestmark = pytest.mark.verbs("confirm")


def test_a_wrong_code_may_be_followed_by_the_right_one(harness: OmariHarness) -> None:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge())

    with pytest.raises(WrongOtp) as wrong:
        provider.confirm(charge, wrong_code(harness.code(charge)))

    assert wrong.value.reason is Reason.WRONG_OTP
    assert harness.debits(charge) == []
    assert harness.complete(provider, charge).status is Status.SUCCEEDED
    assert harness.debits(charge) == [charge.amount]


def test_wrong_codes_until_the_tries_end(harness: OmariHarness) -> None:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge())
    wrong = wrong_code(harness.code(charge))
    for _ in range(provider.terms(charge.payer_number).otp_tries - 1):
        with pytest.raises(WrongOtp):
            provider.confirm(charge, wrong)

    with pytest.raises(ProviderRefused) as ended:
        provider.confirm(charge, wrong)
    with pytest.raises(ProviderRefused) as too_late:
        harness.complete(provider, charge)

    assert ended.value.reason is too_late.value.reason is Reason.TRIES_EXCEEDED
    assert not isinstance(ended.value, WrongOtp)
    assert harness.debits(charge) == []
    assert provider.check(charge).status is Status.FAILED


def test_a_code_that_is_right_may_still_be_refused(harness: OmariHarness) -> None:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge("refused"))

    with pytest.raises(ProviderRefused) as refused:
        harness.complete(provider, charge)

    assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
    assert not isinstance(refused.value, WrongOtp)
    assert harness.debits(charge) == []
    assert provider.check(charge).status is Status.FAILED


def test_a_code_after_its_time_is_refused() -> None:
    with omari(session_seconds=0.0) as hasty:
        provider = hasty.provider()
        charge = hasty.begin(provider, hasty.charge())

        with pytest.raises(ProviderRefused) as refused:
            hasty.complete(provider, charge)

        assert refused.value.reason is Reason.EXPIRED
        assert hasty.debits(charge) == []
        assert provider.check(charge).status is Status.EXPIRED


@pytest.mark.parametrize("code", ["", "12", "12 34 56", "١٢٣٤٥٦", "123456\n", "1" * 40, "abcdef"])
def test_what_cannot_be_a_code_is_wrong_and_is_not_sent(harness: OmariHarness, code: str) -> None:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge())

    with pytest.raises(WrongOtp):
        provider.confirm(charge, code)

    assert harness.asked("confirm", charge) == 0


def test_the_reference_of_the_code_is_the_one_in_the_sms(harness: OmariHarness) -> None:
    provider, charge = harness.provider(), harness.charge()

    act = provider.start(charge)

    assert isinstance(act, EnterOtp)
    assert act.otp_reference == harness.message(charge)["otpReference"]
    assert harness.code(charge).isdigit()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_confirm_without_a_clear_answer_is_uncertain_and_check_tells_the_truth(
    harness: OmariHarness, fault: str
) -> None:
    charge = harness.begin(harness.provider(), harness.charge())
    provider, code = turn(harness, "confirm", fault), harness.code(charge)
    assert isinstance(provider, ConfirmsByOtp)

    with in_time(fault):
        provider.confirm(charge, code)

    done = fault in DONE
    checked(harness, charge, Status.SUCCEEDED if done else Status.OPEN)
    assert harness.debits(charge) == ([charge.amount] if done else [])
    assert harness.asked("confirm", charge) == 1


def test_a_code_taken_after_our_deadline_is_found_by_check(harness: OmariHarness) -> None:
    charge = harness.begin(harness.provider(), harness.charge())
    harness.turn("confirm", "slow", seconds=3 * IMPATIENT_SECONDS)

    with pytest.raises(ProviderUncertain):
        harness.complete(harness.impatient(), charge)

    assert harness.provider().check(charge).status is Status.OPEN
    assert checked(harness, charge, Status.SUCCEEDED).receipt
    assert harness.debits(charge) == [charge.amount]


def wrong_code(right: str) -> str:
    return f"{(int(right) + 1) % 1_000_000:06d}"
