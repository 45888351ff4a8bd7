"""Cashfree's adapter against the simulated Cashfree: every way a link can end, and money back."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from domain.money import Money
from providers.cashfree import Cashfree
from providers.contract import (
    Charge,
    OpenLink,
    ProviderError,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
)
from providers.refunds import RefundOrder, RefundStatus
from tests.providers.clock import Clock
from tests.providers.harness_cashfree import CashfreeHarness, cashfree


@pytest.fixture
def sandbox() -> Iterator[CashfreeHarness]:
    with cashfree() as one:
        yield one


@pytest.fixture
def provider(sandbox: CashfreeHarness) -> Cashfree:
    return sandbox.provider()


def amounting(sandbox: CashfreeHarness, minor: int) -> Charge:
    return replace(sandbox.charge(), amount=Money(minor, "INR"))


def begun(sandbox: CashfreeHarness, minor: int = 15_000) -> Charge:
    charge = amounting(sandbox, minor)
    sandbox.begin(sandbox.provider(), charge)
    return charge


def refund_of(charge: Charge, receipt: str, minor: int, reason: str = "tour off") -> RefundOrder:
    amount = Money(minor, "INR")
    return RefundOrder(str(uuid.uuid4()), charge, receipt, amount, Money(0, "INR"), reason)


def test_a_link_opens_a_page_where_it_is_paid(sandbox: CashfreeHarness, provider: Cashfree) -> None:
    charge = sandbox.charge()
    link = provider.start(charge)
    assert isinstance(link, OpenLink)
    assert link.url == link.qr == sandbox.listed(charge)["url"]
    assert link.provider_reference == sandbox.listed(charge)["id"]
    assert "INR 120.50" in requests.get(link.url, timeout=5).text
    assert provider.check(charge).status is Status.OPEN

    requests.post(link.url, data={"answer": "pay"}, timeout=5).raise_for_status()
    outcome = provider.check(charge)

    assert (outcome.status, outcome.amount) == (Status.SUCCEEDED, Money(12_050, "INR"))
    assert outcome.reference == charge.reference
    assert outcome.receipt == sandbox.book()["debits"][0]["receipt"]
    assert outcome.also == ()


@pytest.mark.parametrize("answer", ["decline", "drop", "pending"])
def test_an_attempt_that_brought_nothing_leaves_the_link_open(
    sandbox: CashfreeHarness, provider: Cashfree, answer: str
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge, answer)
    assert provider.check(charge).status is Status.OPEN

    sandbox.pay(charge)
    assert provider.check(charge).status is Status.SUCCEEDED


def test_a_failure_may_be_followed_by_a_success_with_another_id(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox, 15_051)
    sandbox.pay(charge)

    outcome = provider.check(charge)
    assert outcome.status is Status.SUCCEEDED
    assert [debit["receipt"] for debit in sandbox.book()["debits"]] == [outcome.receipt]


def test_two_successes_are_a_receipt_and_another_beside_it(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox, 15_054)
    sandbox.pay(charge)
    first = provider.check(charge)
    sandbox.pay(charge, again=True, amount_minor=700)

    outcome = provider.check(charge)
    receipts = [debit["receipt"] for debit in sandbox.book()["debits"]]
    assert [outcome.receipt, *(one.receipt for one in outcome.also)] == receipts
    assert [one.amount.amount_minor for one in outcome.also] == [15_054, 700]
    assert outcome.receipt == first.receipt
    again = provider.check(charge)
    assert (again.receipt, again.also) == (outcome.receipt, outcome.also)


def test_a_link_expires_and_late_money_still_counts(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge, "expire")
    outcome = provider.check(charge)
    assert (outcome.status, outcome.receipt) == (Status.EXPIRED, None)

    sandbox.pay(charge, again=True)
    assert provider.check(charge).status is Status.SUCCEEDED


def test_what_is_pending_when_a_link_ends_is_waited_for(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge, "pending")
    sandbox.pay(charge, "expire")
    assert provider.check(charge).status is Status.OPEN

    sandbox.pay(charge, "fail")
    assert provider.check(charge).status is Status.EXPIRED


def test_another_amount_than_was_asked_is_told_as_it_is(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge, amount_minor=14_999)

    outcome = provider.check(charge)
    assert (outcome.status, outcome.amount) == (Status.SUCCEEDED, Money(14_999, "INR"))


def test_another_currency_is_told_as_it_is(sandbox: CashfreeHarness, provider: Cashfree) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge, currency="USD")

    outcome = provider.check(charge)
    assert (outcome.status, outcome.amount) == (Status.SUCCEEDED, Money(15_000, "USD"))


def test_a_link_is_voided_and_then_takes_no_money(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox)
    assert provider.can_cancel(charge)
    assert provider.cancel(charge).status is Status.CANCELLED
    assert provider.check(charge).status is Status.CANCELLED
    assert provider.cancel(charge).status is Status.CANCELLED
    with pytest.raises(requests.HTTPError, match="409"):
        sandbox.pay(charge)


def test_a_paid_link_is_not_voided(sandbox: CashfreeHarness, provider: Cashfree) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge)

    outcome = provider.cancel(charge)
    assert (outcome.status, outcome.amount) == (Status.SUCCEEDED, Money(15_000, "INR"))


def test_a_second_start_makes_no_second_link(sandbox: CashfreeHarness) -> None:
    charge = begun(sandbox)
    with pytest.raises(ProviderUncertain) as second:
        sandbox.provider().start(replace(charge, description="another body"))

    assert second.value.reason is Reason.DUPLICATE
    assert second.value.call.http_status == 422
    assert len(sandbox.book()["payments"]) == 1


@pytest.mark.parametrize(
    ("minor", "refused", "retry_seconds", "made"),
    [(15_041, True, 0, 0), (15_044, False, 0, 0), (15_045, False, 0, 1), (15_046, True, 7, 0)],
)
def test_magic_amounts_at_start(
    sandbox: CashfreeHarness, minor: int, refused: bool, retry_seconds: int, made: int
) -> None:
    with pytest.raises(ProviderError) as answered:
        sandbox.provider().start(amounting(sandbox, minor))

    assert type(answered.value) is (ProviderRefused if refused else ProviderUncertain)
    assert answered.value.retry_after_seconds == retry_seconds
    assert len(sandbox.book()["payments"]) == made


@pytest.mark.parametrize("operation", ["get_link", "get_link_orders", "get_payments"])
@pytest.mark.parametrize("fault", ["drop", "status", "html", "huge", "word", "charset"])
def test_a_read_that_is_spoilt_is_uncertain_and_the_next_one_tells(
    sandbox: CashfreeHarness, operation: str, fault: str
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge)
    sandbox.turn(operation, fault, word="REVERSING")
    provider = sandbox.provider()

    if (operation, fault) == ("get_link_orders", "word"):
        assert provider.check(charge).status is Status.SUCCEEDED  # the payments tell, not the order
        return
    with pytest.raises(ProviderUncertain):
        provider.check(charge)
    assert provider.check(charge).status is Status.SUCCEEDED


@pytest.mark.parametrize("operation", ["get_link", "get_link_orders", "get_payments"])
def test_a_silent_read_is_cut_and_all_steps_together_are_one_call_long(
    sandbox: CashfreeHarness, operation: str
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge)
    sandbox.turn(operation, "silent")

    with pytest.raises(ProviderUncertain) as uncertain:
        sandbox.provider(seconds=0.9).check(charge)
    assert uncertain.value.call.code == "timed_out"
    assert uncertain.value.call.milliseconds < 900


def test_no_step_begins_when_too_little_time_is_left(
    sandbox: CashfreeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = begun(sandbox, 15_054)  # two orders, so four steps
    sandbox.pay(charge)
    # Of 30 s a step may begin in the first 20; here each is begun 6 s after the one before it.
    monkeypatch.setattr("providers.cashfree.api.time", Clock(step_seconds=6.0))

    with pytest.raises(ProviderUncertain) as uncertain:
        sandbox.provider(seconds=30.0).check(charge)
    assert (uncertain.value.call.code, uncertain.value.call.milliseconds) == ("timed_out", 0)
    assert sandbox.asked(charge, "get_payments") == 1


@pytest.mark.parametrize("fault", ["drop_after", "status_after", "html", "huge", "charset", "word"])
def test_a_link_whose_answer_is_lost_stands_and_can_be_voided(
    sandbox: CashfreeHarness, fault: str
) -> None:
    charge, provider = sandbox.charge(), sandbox.provider()
    sandbox.turn("start", fault, word="REVERSING")
    with pytest.raises(ProviderUncertain):
        provider.start(charge)

    assert provider.check(charge).status is Status.OPEN
    assert provider.cancel(charge).status is Status.CANCELLED
    assert sandbox.asked(charge, "start") == 1


@pytest.mark.parametrize("fault", ["drop", "drop_after", "status", "html"])
def test_a_cancel_that_is_not_answered_is_uncertain(sandbox: CashfreeHarness, fault: str) -> None:
    charge, provider = begun(sandbox), sandbox.provider()
    sandbox.turn("cancel_link", fault)
    with pytest.raises(ProviderUncertain):
        provider.cancel(charge)

    assert provider.cancel(charge).status is Status.CANCELLED


def test_an_error_of_theirs_does_not_stay_with_a_cancel(sandbox: CashfreeHarness) -> None:
    charge, provider = begun(sandbox), sandbox.provider()
    sandbox.turn("cancel_link", "stored_error")
    with pytest.raises(ProviderUncertain):
        provider.cancel(charge)

    assert provider.cancel(charge).status is Status.CANCELLED


def test_fields_that_nobody_knows_are_no_trouble(sandbox: CashfreeHarness) -> None:
    charge, provider = sandbox.charge(), sandbox.provider()
    for operation in ("create_link", "get_link", "get_link_orders", "get_payments"):
        sandbox.turn(operation, "field")
    sandbox.begin(provider, charge)
    sandbox.pay(charge)

    assert provider.check(charge).status is Status.SUCCEEDED


def test_a_link_that_was_never_made_is_not_found(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    assert provider.check(sandbox.charge()).status is Status.NOT_FOUND
    assert provider.probe().http_status == 404


def test_wrong_keys_are_refused_at_a_write_and_uncertain_at_a_read(
    sandbox: CashfreeHarness,
) -> None:
    stranger = Cashfree(replace(sandbox.settings(), secret_key="another"))
    with pytest.raises(ProviderRefused) as refused:
        stranger.start(sandbox.charge())
    with pytest.raises(ProviderUncertain):
        stranger.probe()

    assert (refused.value.reason, refused.value.call.code) == (Reason.UNAVAILABLE, "request_failed")


def test_above_the_limit_we_are_told_when_to_come_back(sandbox: CashfreeHarness) -> None:
    charge, provider = begun(sandbox), sandbox.provider()
    sandbox.turn("any", "rate_limit", seconds=11, times=2)
    with pytest.raises(ProviderRefused) as write:
        provider.start(sandbox.charge())
    with pytest.raises(ProviderUncertain) as read:
        provider.check(charge)

    assert write.value.retry_after_seconds == read.value.retry_after_seconds == 11
    assert write.value.reason is read.value.reason is Reason.UNAVAILABLE


def test_money_goes_back_in_parts_until_nothing_is_left(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge)
    receipt = provider.check(charge).receipt
    part, rest = refund_of(charge, receipt, 5_000), refund_of(charge, receipt, 10_000)

    for order in (part, rest):
        outcome = provider.refund(order)
        assert (outcome.status, outcome.reference) == (RefundStatus.PENDING, order.reference)
        assert outcome.amount == order.amount
    with pytest.raises(ProviderRefused):
        provider.refund(refund_of(charge, receipt, 100))

    assert sum(refund["amount_minor"] for refund in sandbox.book()["refunds"]) == 15_000
    assert provider.check_refund(part).provider_reference == sandbox.book()["refunds"][0]["id"]


@pytest.mark.parametrize(
    ("minor", "reason", "status"),
    [
        (5_000, "tour off", RefundStatus.SUCCEEDED),
        (5_061, "tour off", RefundStatus.FAILED),
        (5_062, "tour off", RefundStatus.PENDING),
        (5_063, "tour off", RefundStatus.FAILED),
        (5_000, "FAILED", RefundStatus.FAILED),
        (5_000, "PENDING", RefundStatus.PENDING),
        (5_000, "SUCCESS", RefundStatus.SUCCEEDED),
    ],
)
def test_a_refund_is_followed_to_its_end(minor: int, reason: str, status: RefundStatus) -> None:
    with cashfree(refund_seconds=0.0) as sandbox:
        charge, provider = begun(sandbox), sandbox.provider()
        sandbox.pay(charge)
        order = refund_of(charge, provider.check(charge).receipt, minor, reason)

        assert provider.refund(order).status is RefundStatus.PENDING
        assert provider.check_refund(order).status is status


def test_a_refund_whose_answer_is_lost_was_done_once(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge)
    order = refund_of(charge, provider.check(charge).receipt, 5_064)
    with pytest.raises(ProviderUncertain):
        provider.refund(order)

    assert provider.refund(order).reference == order.reference
    assert len(sandbox.book()["refunds"]) == 1


def test_a_refund_that_the_bank_did_not_take_is_uncertain_and_then_not_found(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge)
    order = refund_of(charge, provider.check(charge).receipt, 5_065)
    with pytest.raises(ProviderUncertain):
        provider.refund(order)

    assert provider.check_refund(order).status is RefundStatus.NOT_FOUND


def test_a_refund_that_could_not_even_be_asked_for_is_refused(
    sandbox: CashfreeHarness, provider: Cashfree
) -> None:
    charge = begun(sandbox)
    sandbox.pay(charge)
    order = refund_of(charge, provider.check(charge).receipt, 5_000)
    for operation in ("get_link_orders", "get_payments"):
        sandbox.turn(operation, "drop")
        with pytest.raises(ProviderRefused) as refused:
            provider.refund(order)
        assert refused.value.reason is Reason.UNAVAILABLE
    with pytest.raises(ProviderRefused):
        provider.refund(replace(order, receipt="999"))

    assert sandbox.book()["refunds"] == []


def test_nothing_private_is_kept_of_any_call(sandbox: CashfreeHarness, provider: Cashfree) -> None:
    charge = sandbox.charge()
    calls = [provider.start(charge).call, provider.check(charge).call]
    sandbox.pay(charge)
    outcome = provider.check(charge)
    refund = provider.refund(refund_of(charge, outcome.receipt, 100))
    calls += [outcome.call, refund.call, provider.probe()]
    with pytest.raises(ProviderError) as refused:
        provider.start(replace(charge, description="again"))
    calls.append(refused.value.call)

    shown = "\n".join(repr(call) for call in calls)
    assert [private for private in sandbox.private(charge) if private in shown] == []
    assert "base64" not in shown
    assert "://" not in shown
    assert "session_" not in shown.replace("payment_session_id", "")
