"""Both adapters of Kaspi beside the simulated Kaspi: every outcome, and silence at every call."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.money import Money
from providers.contract import (
    ApproveOnPhone,
    Cancels,
    Charge,
    OpenLink,
    Provider,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
)
from providers.refunds import FollowsRefunds, RefundOrder, Refunds, RefundStatus
from tests.providers.clock import Clock
from tests.providers.harness import IMPATIENT_SECONDS, eventually
from tests.providers.harness_kaspi import (
    KaspiHarness,
    KaspiNativeHarness,
    KaspiProxyHarness,
    kaspi,
)

WAYS = {"native": KaspiNativeHarness, "proxy": KaspiProxyHarness}
KINDS = ("good", "invoice")
# Faults, and whether Kaspi had done its work by then.
FAULTS = {
    "silent": False,
    "drop": False,
    "status": False,
    "silent_after": True,
    "drop_after": True,
    "status_after": True,
    "html": True,
    "charset": True,
    "word": True,
}


@pytest.fixture(params=WAYS)
def harness(request: pytest.FixtureRequest) -> Iterator[KaspiHarness]:
    with kaspi(WAYS[request.param]) as opened:
        yield opened


@pytest.fixture
def native() -> Iterator[KaspiNativeHarness]:
    with kaspi(KaspiNativeHarness) as opened:
        assert isinstance(opened, KaspiNativeHarness)
        yield opened


def refund_of(charge: Charge, minor: int, before: int = 0) -> RefundOrder:
    assert charge.provider_reference is not None
    amount, refunded = Money(minor, "KZT"), Money(before, "KZT")
    return RefundOrder(
        str(uuid.uuid4()), charge, charge.provider_reference, amount, refunded, "weather"
    )


def paid(harness: KaspiHarness, minor: int = 150_000, kind: str = "good") -> Charge:
    charge = harness.begin(harness.provider(), harness.charge(kind, minor))
    assert harness.pay(charge).status_code == 200
    return charge


@pytest.mark.parametrize("kind", KINDS)
def test_paid(harness: KaspiHarness, kind: str) -> None:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge(kind))
    assert provider.check(charge).status is Status.OPEN

    harness.pay(charge)

    outcome = provider.check(charge)
    assert (outcome.status, outcome.receipt) == (Status.SUCCEEDED, charge.provider_reference)
    tells_amount = isinstance(harness, KaspiNativeHarness)
    assert outcome.amount == (charge.amount if tells_amount else None)
    assert harness.debits(charge) == [charge.amount]
    assert (harness.asked(charge, "start"), harness.asked(charge, "check")) == (1, 2)


def test_an_adapter_is_a_provider_that_refunds(harness: KaspiHarness) -> None:
    provider = harness.provider()

    assert isinstance(provider, Provider)
    assert isinstance(provider, Refunds)
    native = isinstance(harness, KaspiNativeHarness)
    assert isinstance(provider, Cancels) is isinstance(provider, FollowsRefunds) is native
    assert provider.probe().http_status == 200


def test_a_link_says_how_long_it_lives_and_an_invoice_lives_for_a_day(
    harness: KaspiHarness,
) -> None:
    link = harness.provider().start(harness.charge())
    invoice = harness.provider().start(harness.charge("invoice"))

    assert isinstance(link, OpenLink)
    assert isinstance(invoice, ApproveOnPhone)
    assert link.url == f"{harness.url}/pay/{link.provider_reference}"
    left = link.expires_at - datetime.now(UTC)
    assert timedelta(seconds=170) < left <= timedelta(seconds=180)
    assert invoice.expires_at - datetime.now(UTC) > timedelta(hours=23)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_at_kaspi_stops_a_second_start(harness: KaspiHarness, kind: str) -> None:
    provider, charge = harness.provider(), harness.charge(kind)

    first, second = (harness.begin(provider, charge) for _ in range(2))
    harness.pay(first)
    harness.pay(second)

    assert len(harness.book()["debits"]) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_declined(harness: KaspiHarness, kind: str) -> None:
    charge = harness.begin(harness.provider(), harness.charge(kind))

    harness.pay(charge, "decline")

    assert harness.provider().check(charge).status is Status.FAILED
    assert harness.debits(charge) == []


def test_opened_but_not_confirmed_in_time_is_not_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("providers.simulators.kaspi.book.time", clock)
    with kaspi(KaspiNativeHarness, confirmation_seconds=60.0) as harness:
        charge = harness.begin(harness.provider(), harness.charge())
        harness.pay(charge, "scan")
        assert harness.provider().check(charge).status is Status.OPEN
        clock.ahead_seconds = 61.0
        assert harness.provider().check(charge).status is Status.FAILED


def test_a_link_that_ran_out_is_never_called_so_and_its_late_money_is_told(
    harness: KaspiHarness,
) -> None:
    charge = harness.begin(harness.provider(), harness.charge())

    harness.pay(charge, "expire")
    assert harness.provider().check(charge).status is Status.OPEN
    assert harness.pay(charge).status_code == 409
    harness.pay(charge, "late")

    assert harness.provider().check(charge).status is Status.SUCCEEDED


def test_a_failure_may_still_become_a_success(harness: KaspiHarness) -> None:
    charge = harness.begin(harness.provider(), harness.charge())
    harness.pay(charge, "decline")
    assert harness.provider().check(charge).status is Status.FAILED

    harness.pay(charge, "late")

    assert harness.provider().check(charge).status is Status.SUCCEEDED


def test_an_invoice_is_cancelled_and_then_nobody_can_pay_it(native: KaspiNativeHarness) -> None:
    provider = native.provider()
    charge = native.begin(provider, native.charge("invoice"))

    assert provider.cancel(charge).status is Status.CANCELLED
    assert provider.check(charge).status is Status.CANCELLED
    assert native.pay(charge).status_code == 409
    with pytest.raises(ProviderRefused):
        provider.cancel(charge)


def test_a_paid_invoice_cannot_be_cancelled(native: KaspiNativeHarness) -> None:
    charge = paid(native, kind="invoice")

    with pytest.raises(ProviderRefused):
        native.provider().cancel(charge)

    assert native.provider().check(charge).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    ("minor", "reason"), [(100_001, Reason.LIMIT), (100_002, Reason.UNAVAILABLE)]
)
@pytest.mark.parametrize("kind", KINDS)
def test_magic_amounts_that_are_refused(
    harness: KaspiHarness, kind: str, minor: int, reason: Reason
) -> None:
    with pytest.raises(ProviderRefused) as refused:
        harness.provider().start(harness.charge(kind, minor))

    assert refused.value.reason is reason
    assert harness.book()["payments"] == []


@pytest.mark.parametrize("ending", ["1401", "1404"])
def test_magic_numbers_that_have_no_wallet(harness: KaspiHarness, ending: str) -> None:
    charge = replace(harness.charge("invoice"), payer_number=f"7701555{ending}")

    with pytest.raises(ProviderRefused) as refused:
        harness.provider().start(charge)

    assert refused.value.reason is Reason.NO_WALLET
    assert harness.book()["payments"] == []


@pytest.mark.parametrize(("minor", "made"), [(100_003, 0), (100_004, 1)])
def test_magic_amounts_whose_start_is_uncertain(
    harness: KaspiHarness, minor: int, made: int
) -> None:
    with pytest.raises(ProviderUncertain):
        harness.provider().start(harness.charge("good", minor))

    assert len(harness.book()["payments"]) == made


def test_a_magic_amount_is_made_after_we_stopped_waiting() -> None:
    with kaspi(KaspiProxyHarness, late_seconds=1.0) as harness:
        charge = harness.charge("invoice", 100_005)
        with pytest.raises(ProviderUncertain):
            harness.provider(0.5).start(charge)

        assert harness.asked(charge, "start") == len(harness.book()["payments"]) == 1


@pytest.mark.parametrize(
    ("minor", "status"), [(100_006, Status.SUCCEEDED), (100_007, Status.FAILED)]
)
def test_magic_amounts_that_end_by_themselves(
    harness: KaspiHarness, minor: int, status: Status
) -> None:
    charge = harness.begin(harness.provider(), harness.charge("good", minor))

    assert harness.provider().check(charge).status is status


def test_another_amount_is_told_where_kaspi_tells_it(native: KaspiNativeHarness) -> None:
    magic = paid(native, 100_009)
    typed = native.begin(native.provider(), native.charge())
    native.pay(typed, amount_minor=7)

    assert native.provider().check(magic).amount == Money(100_109, "KZT")
    assert native.provider().check(typed).amount == Money(7, "KZT")
    assert native.provider(version="v01").check(typed).amount is None


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_start_without_a_clear_answer_is_uncertain_and_sent_once(
    harness: KaspiHarness, kind: str, fault: str
) -> None:
    charge = harness.charge(kind)
    harness.turn("link" if kind == "good" else "invoice", fault)

    with pytest.raises(ProviderUncertain):
        harness.provider(IMPATIENT_SECONDS).start(charge)

    assert harness.asked(charge, "start") == 1
    assert len(harness.book()["payments"]) == FAULTS[fault]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_check_without_a_clear_answer_changes_nothing(harness: KaspiHarness, fault: str) -> None:
    charge = paid(harness)
    harness.turn("status", fault)

    with pytest.raises(ProviderUncertain):
        harness.provider(IMPATIENT_SECONDS).check(charge)

    assert harness.provider().check(charge).status is Status.SUCCEEDED


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refund_without_a_clear_answer_is_sent_once_and_native_finds_it(
    harness: KaspiHarness, fault: str
) -> None:
    charge, provider = paid(harness), harness.provider(IMPATIENT_SECONDS)
    order = refund_of(charge, 50_000)
    harness.turn("refund", fault)

    assert isinstance(provider, Refunds)
    with pytest.raises(ProviderUncertain):
        provider.refund(order)

    assert harness.asked(charge, "refund") == 1
    assert len(harness.book()["refunds"]) == FAULTS[fault]
    if isinstance(provider, FollowsRefunds):
        found = RefundStatus.SUCCEEDED if FAULTS[fault] else RefundStatus.NOT_FOUND
        assert harness.provider().check_refund(order).status is found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cancel_without_a_clear_answer_is_found_by_a_check(
    native: KaspiNativeHarness, fault: str
) -> None:
    charge = native.begin(native.provider(), native.charge("invoice"))
    native.turn("cancel", fault)

    with pytest.raises(ProviderUncertain):
        native.provider(IMPATIENT_SECONDS).cancel(charge)

    done = Status.CANCELLED if FAULTS[fault] else Status.OPEN
    assert native.provider().check(charge).status is done


def test_a_burst_of_trouble_passes(harness: KaspiHarness) -> None:
    charge = paid(harness)
    harness.turn("status", "word", word="-999", times=3)

    for _ in range(3):
        with pytest.raises(ProviderUncertain) as uncertain:
            harness.provider().check(charge)
        assert uncertain.value.call.code == "-999"
    assert harness.provider().check(charge).status is Status.SUCCEEDED


def test_a_code_by_knob_makes_nothing(harness: KaspiHarness) -> None:
    harness.turn("link", "word", word="-1502")

    with pytest.raises(ProviderRefused) as refused:
        harness.provider().start(harness.charge())

    assert refused.value.call.code == "-1502"
    assert harness.book()["payments"] == []


def test_not_found_for_a_while_is_told_as_it_is(harness: KaspiHarness) -> None:
    charge = paid(harness)
    harness.turn("status", "not_found", seconds=0.8)

    assert harness.provider().check(charge).status is Status.NOT_FOUND
    again = eventually(
        lambda: harness.provider().check(charge), lambda told: told.status is Status.SUCCEEDED
    )
    assert again.status is Status.SUCCEEDED


def test_an_invoice_that_is_polled_is_turned_away_and_a_link_is_not() -> None:
    with kaspi(KaspiProxyHarness, invoice_poll_seconds=30.0) as harness:
        provider = harness.provider()
        link = harness.begin(provider, harness.charge())
        invoice = harness.begin(provider, harness.charge("invoice"))
        for charge in (link, link, invoice):
            assert provider.check(charge).status is Status.OPEN
        with pytest.raises(ProviderUncertain) as polled:
            provider.check(invoice)

    assert (polled.value.call.http_status, polled.value.retry_after_seconds) == (429, 30)


def test_refunds_in_parts_until_nothing_is_left(harness: KaspiHarness) -> None:
    charge, provider = paid(harness, kind="invoice"), harness.provider()
    assert isinstance(provider, Refunds)

    for before, part in ((0, 50_000), (50_000, 100_000)):
        order = refund_of(charge, part, before)
        outcome = provider.refund(order)
        assert outcome.status is RefundStatus.SUCCEEDED
        if isinstance(provider, FollowsRefunds):
            assert provider.check_refund(order).status is RefundStatus.SUCCEEDED
    with pytest.raises(ProviderRefused) as refused:
        provider.refund(refund_of(charge, 100, before=150_000))

    assert (refused.value.call.code, refused.value.reason) == ("-99000005", Reason.LIMIT)
    assert [done["amount_minor"] for done in harness.book()["refunds"]] == [50_000, 100_000]
    assert provider.check(charge).status is Status.SUCCEEDED


def test_what_was_not_paid_cannot_be_given_back(harness: KaspiHarness) -> None:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge())

    assert isinstance(provider, Refunds)
    with pytest.raises(ProviderRefused) as refused:
        provider.refund(refund_of(charge, 100))

    native = isinstance(harness, KaspiNativeHarness)
    assert refused.value.call.code == ("-99000011" if native else "404")
    assert refused.value.reason is Reason.DECLINED


@pytest.mark.parametrize(
    ("minor", "done"), [(1_013, True), (1_014, False), (1_016, True), (1_018, False)]
)
def test_magic_refunds_that_say_nothing_clear(
    harness: KaspiHarness, minor: int, done: bool
) -> None:
    charge, provider = paid(harness), harness.provider()
    order = refund_of(charge, minor)

    assert isinstance(provider, Refunds)
    with pytest.raises(ProviderUncertain):
        provider.refund(order)

    assert len(harness.book()["refunds"]) == done
    if isinstance(provider, FollowsRefunds):
        found = RefundStatus.SUCCEEDED if done else RefundStatus.NOT_FOUND
        assert provider.check_refund(order).status is found


def test_a_magic_refund_that_is_refused(harness: KaspiHarness) -> None:
    provider = harness.provider()
    assert isinstance(provider, Refunds)

    with pytest.raises(ProviderRefused) as refused:
        provider.refund(refund_of(paid(harness), 1_017))

    assert refused.value.call.code == "-99000020"


def test_fields_that_we_do_not_know_are_ignored(harness: KaspiHarness) -> None:
    for operation in ("link", "status", "refund", "details"):
        harness.turn(operation, "field")
    charge, provider = paid(harness), harness.provider()

    assert provider.check(charge).status is Status.SUCCEEDED
    assert isinstance(provider, Refunds)
    assert provider.refund(refund_of(charge, 500)).status is RefundStatus.SUCCEEDED


def test_where_nothing_listens_nothing_was_sent(harness: KaspiHarness) -> None:
    calls: list[Callable[[], object]] = [
        lambda: harness.nowhere().start(harness.charge()),
        lambda: harness.nowhere().probe(),
    ]
    for call in calls:
        with pytest.raises(ProviderUncertain) as uncertain:
            call()
        assert uncertain.value.call.code == "not_connected"
