"""What every provider that gives money back promises: never more than came, never twice, and a
silence is no answer.
"""

from contextlib import suppress

import pytest

from providers.contract import Charge, Outcome, ProviderError, ProviderRefused, ProviderUncertain
from providers.refunds import (
    FollowsRefunds,
    RefundOrder,
    RefundOutcome,
    Refunds,
    RefundStatus,
)
from tests.providers.faults import DONE, FAULTS, in_time, turn
from tests.providers.harness import IMPATIENT_SECONDS, Harness, eventually

pytestmark = pytest.mark.verbs("refund")
GOING = (RefundStatus.PENDING, RefundStatus.SUCCEEDED)
# Of a refund above the whole, a part that is no magic amount of a simulator.
_PART_MINOR = 4_000


def paid(harness: Harness) -> tuple[Charge, Outcome]:
    provider = harness.provider()
    charge = harness.begin(provider, harness.charge())
    return charge, harness.complete(provider, charge)


def give_back(harness: Harness, order: RefundOrder) -> RefundOutcome:
    provider = harness.provider()
    assert isinstance(provider, Refunds)
    return provider.refund(order)


def followed(harness: Harness, order: RefundOrder, status: RefundStatus) -> RefundOutcome:
    """What a refund's check says, once it says this."""
    provider = harness.provider()
    assert isinstance(provider, FollowsRefunds)
    told = eventually(lambda: provider.check_refund(order), lambda told: told.status is status)
    assert told.status is status
    return told


def test_a_part_goes_back_and_then_the_rest(harness: Harness) -> None:
    charge, outcome = paid(harness)
    rest = charge.amount.amount_minor - _PART_MINOR
    first = harness.order(charge, outcome, _PART_MINOR)
    second = harness.order(charge, outcome, rest, before_minor=_PART_MINOR)

    for order in (first, second):
        told = give_back(harness, order)
        assert told.status in GOING
        assert told.provider_reference
        assert told.amount in (None, order.amount)
        assert told.reference in (None, order.reference)

    assert harness.given_back(charge) == [first.amount, second.amount]
    assert harness.debits(charge) == [charge.amount]


def test_all_of_it_goes_back(harness: Harness) -> None:
    charge, outcome = paid(harness)
    order = harness.order(charge, outcome, charge.amount.amount_minor)

    assert give_back(harness, order).status in GOING
    assert harness.given_back(charge) == [charge.amount]
    assert harness.asked("refund", charge, order) == 1


@pytest.mark.parametrize("before_minor", [0, _PART_MINOR])
def test_more_than_came_is_refused_and_moves_nothing(harness: Harness, before_minor: int) -> None:
    charge, outcome = paid(harness)
    if before_minor:
        give_back(harness, harness.order(charge, outcome, before_minor))
    minor = charge.amount.amount_minor - before_minor + 100
    earlier = harness.given_back(charge)

    with pytest.raises(ProviderRefused):
        give_back(harness, harness.order(charge, outcome, minor, before_minor))

    assert harness.given_back(charge) == earlier


def test_what_nobody_paid_is_not_given_back(harness: Harness) -> None:
    other, outcome = paid(harness)
    charge = harness.begin(harness.provider(), harness.charge())
    order = harness.order(charge, outcome, _PART_MINOR)
    unpaid = RefundOrder(order.reference, charge, charge.provider_reference or "1", *_rest(order))

    with pytest.raises(ProviderError):
        give_back(harness, unpaid)

    assert harness.given_back(charge) == harness.given_back(other) == []


def _rest(order: RefundOrder) -> tuple[object, ...]:
    return (order.amount, order.refunded_before, order.reason)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refund_without_a_clear_answer_is_uncertain_and_is_not_repeated(
    harness: Harness, fault: str
) -> None:
    charge, outcome = paid(harness)
    order = harness.order(charge, outcome, _PART_MINOR)
    provider = turn(harness, "refund", fault)
    assert isinstance(provider, Refunds)

    with in_time(fault):
        provider.refund(order)

    done = fault in DONE
    went_back = [order.amount] if done else []
    assert eventually(lambda: harness.given_back(charge), lambda told: told == went_back) == (
        went_back
    )
    assert harness.asked("refund", charge, order) == 1
    if isinstance(provider, FollowsRefunds):
        followed(harness, order, RefundStatus.SUCCEEDED if done else RefundStatus.NOT_FOUND)


def test_a_refund_done_after_our_deadline_is_found(harness: Harness) -> None:
    charge, outcome = paid(harness)
    order = harness.order(charge, outcome, _PART_MINOR)
    harness.turn("refund", "slow", seconds=3 * IMPATIENT_SECONDS)
    provider = harness.impatient()
    assert isinstance(provider, Refunds)

    with pytest.raises(ProviderUncertain):
        provider.refund(order)

    assert harness.given_back(charge) == []
    if isinstance(provider, FollowsRefunds):
        assert harness.provider().check_refund(order).status is RefundStatus.NOT_FOUND
        followed(harness, order, RefundStatus.SUCCEEDED)
    eventually(lambda: harness.given_back(charge), bool)
    assert harness.given_back(charge) == [order.amount]


@pytest.mark.verbs("refund", "check_refund")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_without_a_clear_answer_is_uncertain_and_the_next_one_is_right(
    harness: Harness, fault: str
) -> None:
    charge, outcome = paid(harness)
    order = harness.order(charge, outcome, _PART_MINOR)
    give_back(harness, order)
    followed(harness, order, RefundStatus.SUCCEEDED)
    before = harness.asked("check_refund", charge, order)
    provider = turn(harness, "check_refund", fault)
    assert isinstance(provider, FollowsRefunds)

    with in_time(fault):
        provider.check_refund(order)

    assert harness.asked("check_refund", charge, order) == before + 1
    assert harness.provider().check_refund(order).status is RefundStatus.SUCCEEDED


@pytest.mark.verbs("refund", "check_refund")
def test_a_refund_is_followed_until_it_is_final(harness: Harness) -> None:
    charge, outcome = paid(harness)
    order = harness.order(charge, outcome, _PART_MINOR)
    assert harness.provider().check_refund(order).status is RefundStatus.NOT_FOUND
    given = give_back(harness, order)

    told = followed(harness, order, RefundStatus.SUCCEEDED)

    assert told.amount == order.amount
    assert told.reference in (None, order.reference)
    assert told.provider_reference in (None, given.provider_reference)
    assert harness.given_back(charge) == [order.amount]


def test_the_same_reference_twice_gives_one_refund(harness: Harness) -> None:
    charge, outcome = paid(harness)
    order = harness.order(charge, outcome, _PART_MINOR)
    first = give_back(harness, order)
    if harness.keyless:
        # The exemption is real: where this fails, there is a key by now, and the line can go.
        assert give_back(harness, order).provider_reference != first.provider_reference
        return

    with suppress(ProviderUncertain):
        assert give_back(harness, order).provider_reference == first.provider_reference

    assert harness.given_back(charge) == [order.amount]
    followed(harness, order, RefundStatus.SUCCEEDED)


def test_where_fields_are_new_they_are_ignored(harness: Harness) -> None:
    charge, outcome = paid(harness)
    order = harness.order(charge, outcome, _PART_MINOR)
    harness.turn("refund", "field")

    assert give_back(harness, order).status in GOING

    if "check_refund" not in harness.lacks:
        harness.turn("check_refund", "field")
        followed(harness, order, RefundStatus.SUCCEEDED)
