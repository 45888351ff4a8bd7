"""What every provider promises when an answer does not come, or in no words that we know."""

import pytest
import structlog

from providers.contract import (
    Cancels,
    Charge,
    ConfirmsByOtp,
    Provider,
    ProviderError,
    ProviderUncertain,
    Status,
)
from providers.refunds import FollowsRefunds, Refunds
from tests.providers.faults import DONE, FAULTS, in_time, turn
from tests.providers.harness import IMPATIENT_SECONDS, Harness, checked, eventually


@pytest.mark.parametrize("fault", FAULTS)
def test_a_start_without_a_clear_answer_is_uncertain_and_is_not_repeated(
    harness: Harness, fault: str
) -> None:
    charge = harness.charge()
    provider = turn(harness, "start", fault)

    with in_time(fault):
        provider.start(charge)

    # Without a key of ours Kaspi cannot be asked: a link that nobody was given is as good as none.
    is_known = fault in DONE and not harness.keyless
    checked(harness, charge, Status.OPEN if is_known else Status.NOT_FOUND)
    assert eventually(lambda: harness.asked("start", charge), bool) == 1
    assert harness.debits(charge) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_check_without_a_clear_answer_is_uncertain_and_the_next_one_is_right(
    harness: Harness, fault: str
) -> None:
    charge = harness.begin(harness.provider(), harness.charge())
    harness.complete(harness.provider(), charge)
    before = harness.asked("check", charge)
    provider = turn(harness, "check", fault)

    with in_time(fault):
        provider.check(charge)

    assert harness.asked("check", charge) == before + 1
    assert harness.provider().check(charge).status is Status.SUCCEEDED


def test_work_done_after_our_deadline_is_found_by_check(harness: Harness) -> None:
    charge = harness.charge()
    harness.turn("start", "slow", seconds=3 * IMPATIENT_SECONDS)

    with pytest.raises(ProviderUncertain):
        harness.impatient().start(charge)

    assert harness.provider().check(charge).status is Status.NOT_FOUND
    checked(harness, charge, Status.NOT_FOUND if harness.keyless else Status.OPEN)
    assert harness.debits(charge) == []


@pytest.mark.parametrize("fault", ["silent", "drop", "status", "html", "charset"])
def test_a_probe_without_a_clear_answer_says_so(harness: Harness, fault: str) -> None:
    harness.turn("any", fault)

    with pytest.raises(ProviderError):
        harness.impatient().probe()

    assert harness.provider().probe().http_status is not None


def test_nothing_private_stands_in_logs_errors_or_the_story(
    harness: Harness, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    provider, charge = harness.provider(), harness.charge()
    with structlog.testing.capture_logs() as lines:
        said: list[object] = [provider, charge]
        said += _everything(harness, provider, charge)

    own = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]
    own = [line for line in own if "/_sim/" not in line]
    spoken = "\n".join([*map(repr, said), *map(str, said), *map(str, lines), *own])
    spoken += "".join(capfd.readouterr())
    private = harness.private(charge)
    assert len(lines) >= 10
    assert len(private) >= 3
    assert all(private)
    assert [secret for secret in private if secret in spoken] == []


def _everything(harness: Harness, provider: Provider, charge: Charge) -> list[object]:
    """What every verb of a provider says, and what it says when it is disturbed."""
    said: list[object] = []
    for fault in ("drop", "status", "html", "charset"):
        turn(harness, "start", fault)
        said += _errors(lambda: provider.start(harness.charge()))
    said.append(provider.start(charge))
    begun = harness.begin(provider, harness.charge()) if harness.keyless else charge
    if isinstance(provider, ConfirmsByOtp):
        for fault in ("drop", "status", "html", "charset"):
            turn(harness, "confirm", fault)
            said += _errors(lambda: provider.confirm(charge, harness.code(charge)))
    else:
        said.append(harness.complete(provider, begun))
    for fault in ("drop", "status", "html", "charset"):
        turn(harness, "check", fault)
        said += _errors(lambda: provider.check(begun))
    paid = provider.check(begun)
    said.append(paid)
    if isinstance(provider, Cancels):
        said += _errors(lambda: provider.cancel(begun))
    if isinstance(provider, Refunds):
        order = harness.order(begun, paid, 5_000)
        said += [order, provider.refund(order)]
        if isinstance(provider, FollowsRefunds):
            said.append(provider.check_refund(order))
    said.append(provider.probe())
    return said


def _errors(call: object) -> list[object]:
    """What came of a call that may well fail."""
    assert callable(call)
    try:
        return [call()]
    except ProviderError as error:
        return [error, error.call, error.__cause__, error.__context__]
