"""The promises that every provider keeps, tried against its simulator, one test a promise."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from providers.contract import (
    Charge,
    ConfirmsByOtp,
    Outcome,
    Provider,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
    WrongOtp,
)
from providers.http import NOT_CONNECTED, TIMED_OUT
from tests.providers.faults import DONE, ENDLESS, UNDONE, turn
from tests.providers.harness import (
    IMPATIENT_SECONDS,
    Harness,
)


def test_an_adapter_is_a_provider(harness: Harness) -> None:
    provider = harness.provider(7.0)

    assert isinstance(provider, Provider)
    assert provider.name == harness.key
    assert provider.currencies
    assert provider.terms.call_seconds == 7.0
    assert (provider.terms.otp_tries > 0) == isinstance(provider, ConfirmsByOtp)


def test_start_says_what_the_customer_does_next(harness: Harness) -> None:
    charge = harness.charge()

    act = harness.provider().start(charge)

    assert act.call.http_status == 200
    assert len(act.call.digest) == 64
    assert harness.asked(charge, "start") == 1
    assert harness.debits(charge) == []


def test_success_has_a_receipt_and_check_tells_the_same(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge()
    harness.begin(provider, charge)

    paid = harness.last_step(provider, charge)
    checked = provider.check(charge)

    assert paid.status is checked.status is Status.SUCCEEDED
    assert paid.receipt
    assert checked.receipt == paid.receipt
    assert checked.amount == charge.amount
    assert checked.reference == charge.reference
    assert harness.debits(charge) == [charge.amount]


def test_a_started_payment_stands_open(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge()
    harness.begin(provider, charge)

    assert provider.check(charge).status is Status.OPEN


def test_an_unknown_reference_is_not_found(harness: Harness) -> None:
    assert harness.provider().check(harness.charge()).status is Status.NOT_FOUND


def test_refused_means_that_nothing_was_taken(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge("insufficient")
    harness.begin(provider, charge)

    with pytest.raises(ProviderRefused) as refused:
        harness.last_step(provider, charge)

    assert refused.value.reason is Reason.INSUFFICIENT_FUNDS
    assert not isinstance(refused.value, WrongOtp)
    assert harness.debits(charge) == []
    assert provider.check(charge).status is Status.FAILED


@pytest.mark.parametrize("fault", [*UNDONE, *DONE])
def test_a_last_step_without_a_clear_answer_is_uncertain_and_check_tells_the_truth(
    harness: Harness, fault: str
) -> None:
    charge = harness.charge()
    harness.begin(harness.provider(), charge)
    last = harness.operations[-2]
    provider = turn(harness, last, fault)

    with pytest.raises(ProviderUncertain):
        harness.last_step(provider, charge)

    done = fault in DONE
    checked = harness.provider().check(charge)
    assert checked.status is (Status.SUCCEEDED if done else Status.OPEN)
    assert harness.debits(charge) == ([charge.amount] if done else [])
    assert harness.asked(charge, last) == 1


@pytest.mark.parametrize("fault", [*UNDONE, *DONE])
def test_a_start_without_a_clear_answer_is_uncertain_and_is_not_repeated(
    harness: Harness, fault: str
) -> None:
    charge = harness.charge()
    provider = turn(harness, "start", fault)

    with pytest.raises(ProviderUncertain):
        provider.start(charge)

    assert harness.asked(charge, "start") == 1
    checked = harness.provider().check(charge)
    assert checked.status is (Status.OPEN if fault in DONE else Status.NOT_FOUND)


@pytest.mark.parametrize("fault", [*UNDONE, *DONE])
def test_a_check_without_a_clear_answer_is_uncertain_and_the_next_one_is_right(
    harness: Harness, fault: str
) -> None:
    charge = harness.charge()
    harness.begin(harness.provider(), charge)
    harness.last_step(harness.provider(), charge)
    provider = turn(harness, "check", fault)

    with pytest.raises(ProviderUncertain):
        provider.check(charge)

    assert harness.asked(charge, "check") == 1
    assert harness.provider().check(charge).status is Status.SUCCEEDED


@pytest.mark.parametrize("fault", ENDLESS)
def test_no_call_outlives_its_deadline(harness: Harness, fault: str) -> None:
    charge = harness.charge()
    harness.begin(harness.provider(), charge)
    provider = turn(harness, harness.operations[-2], fault)

    began = time.monotonic()
    with pytest.raises(ProviderUncertain) as uncertain:
        harness.last_step(provider, charge)

    # The harness itself reads the code first; a second is generous for that and a busy machine.
    assert time.monotonic() - began < IMPATIENT_SECONDS + 1
    assert uncertain.value.call.code == TIMED_OUT
    assert uncertain.value.call.body == ""


def test_work_done_after_our_deadline_is_found_by_check(harness: Harness) -> None:
    charge = harness.charge()
    harness.begin(harness.provider(), charge)
    harness.turn(harness.operations[-2], "slow", seconds=2 * IMPATIENT_SECONDS)

    with pytest.raises(ProviderUncertain):
        harness.last_step(harness.provider(IMPATIENT_SECONDS), charge)

    assert harness.provider().check(charge).status is Status.OPEN
    assert wait_for_success(harness, charge).receipt
    assert harness.debits(charge) == [charge.amount]


def test_not_found_for_a_while_is_told_as_it_is_and_then_the_truth(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge()
    harness.begin(provider, charge)
    harness.last_step(provider, charge)
    harness.turn("check", "not_found", seconds=0.5)

    assert provider.check(charge).status is Status.NOT_FOUND
    assert wait_for_success(harness, charge).amount == charge.amount


def wait_for_success(harness: Harness, charge: Charge) -> Outcome:
    """Check until it succeeded; the test's own time-out ends what never does."""
    ends = time.monotonic() + 10
    outcome = harness.provider().check(charge)
    while outcome.status is not Status.SUCCEEDED and time.monotonic() < ends:
        time.sleep(0.05)
        outcome = harness.provider().check(charge)
    assert outcome.status is Status.SUCCEEDED
    return outcome


def test_fields_that_we_do_not_know_are_ignored(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge()
    for operation in harness.operations:
        harness.turn(operation, "field")

    harness.begin(provider, charge)
    assert harness.last_step(provider, charge).status is Status.SUCCEEDED
    assert provider.check(charge).amount == charge.amount


def test_the_same_reference_twice_never_takes_twice(harness: Harness) -> None:
    provider, charge = harness.provider(), harness.charge()
    harness.begin(provider, charge)
    harness.last_step(provider, charge)

    with pytest.raises(ProviderUncertain):
        provider.start(charge)
    with pytest.raises(ProviderUncertain):
        harness.last_step(provider, charge)

    assert harness.debits(charge) == [charge.amount]


def test_where_nothing_listens_nothing_was_sent(harness: Harness) -> None:
    with pytest.raises(ProviderUncertain) as uncertain:
        harness.nowhere().start(harness.charge())

    assert uncertain.value.call.code == NOT_CONNECTED
    assert uncertain.value.call.http_status is None


def test_one_adapter_serves_many_threads(harness: Harness) -> None:
    provider = harness.provider()
    charges = [harness.charge() for _ in range(12)]

    with ThreadPoolExecutor(6) as threads:
        acts = list(threads.map(provider.start, charges))
        statuses = list(threads.map(lambda charge: provider.check(charge).status, charges))

    assert len(acts) == 12
    assert statuses == [Status.OPEN] * 12
    assert [harness.asked(charge, "start") for charge in charges] == [1] * 12
