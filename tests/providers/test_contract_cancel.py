"""What a customer declines elsewhere moves nothing, and what is voided never loses money."""

from contextlib import suppress

import pytest

from providers.contract import (
    Cancels,
    Charge,
    Outcome,
    Provider,
    ProviderError,
    ProviderUncertain,
    Status,
)
from tests.providers.faults import DONE, FAULTS, turn, within
from tests.providers.harness import IMPATIENT_SECONDS, Harness, checked


def void(provider: Provider, charge: Charge) -> Outcome:
    assert isinstance(provider, Cancels)
    assert provider.can_cancel(charge)
    return provider.cancel(charge)


def begun(harness: Harness, kind: str = "voidable") -> Charge:
    return harness.begin(harness.provider(), harness.charge(kind))


@pytest.mark.without("confirm")
def test_what_the_customer_declines_moves_nothing(harness: Harness) -> None:
    charge = begun(harness, "good")

    assert harness.act(charge, "decline").ok

    assert harness.provider().check(charge).status is harness.after_decline
    assert harness.debits(charge) == []


@pytest.mark.verbs("cancel")
def test_an_open_one_is_voided_and_can_no_longer_be_paid(harness: Harness) -> None:
    charge = begun(harness)

    outcome = void(harness.provider(), charge)

    assert outcome.status is Status.CANCELLED
    assert outcome.receipt is None
    assert harness.asked("cancel", charge) == 1
    assert harness.act(charge, "pay").status_code == 409
    assert harness.provider().check(charge).status is Status.CANCELLED
    assert harness.debits(charge) == []


@pytest.mark.verbs("cancel")
def test_a_paid_one_is_not_voided_and_its_money_is_not_lost(harness: Harness) -> None:
    provider, charge = harness.provider(), begun(harness)
    paid = harness.complete(provider, charge)

    told = paid
    with suppress(ProviderError):
        told = void(provider, charge)

    assert (told.status, told.receipt) == (Status.SUCCEEDED, paid.receipt)
    assert provider.check(charge).receipt == paid.receipt
    assert harness.debits(charge) == [charge.amount]
    assert harness.given_back(charge) == []


@pytest.mark.verbs("cancel")
def test_voiding_twice_is_no_worse_than_once(harness: Harness) -> None:
    provider, charge = harness.provider(), begun(harness)
    void(provider, charge)

    with suppress(ProviderError):
        assert void(provider, charge).status is Status.CANCELLED

    assert provider.check(charge).status is Status.CANCELLED


@pytest.mark.verbs("cancel")
def test_one_that_nobody_made_is_not_voided(harness: Harness) -> None:
    provider = harness.provider()
    assert isinstance(provider, Cancels)
    told = Status.NOT_FOUND

    with suppress(ProviderError):
        told = provider.cancel(harness.charge("voidable")).status

    assert told is Status.NOT_FOUND


@pytest.mark.verbs("cancel")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_void_without_a_clear_answer_is_uncertain_or_asked_about_at_once(
    harness: Harness, fault: str
) -> None:
    charge = begun(harness)
    truth = Status.CANCELLED if fault in DONE else Status.OPEN
    provider = turn(harness, "cancel", fault)

    with within(fault), suppress(ProviderUncertain):
        assert void(provider, charge).status is truth

    assert harness.asked("cancel", charge) == 1
    checked(harness, charge, truth)
    assert harness.debits(charge) == []


@pytest.mark.verbs("cancel")
def test_a_void_done_after_our_deadline_is_found_by_check(harness: Harness) -> None:
    charge = begun(harness)
    harness.turn("cancel", "slow", seconds=3 * IMPATIENT_SECONDS)

    with pytest.raises(ProviderUncertain):
        void(harness.impatient(), charge)

    assert harness.provider().check(charge).status is Status.OPEN
    checked(harness, charge, Status.CANCELLED)
