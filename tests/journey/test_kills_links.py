"""A process dies at each named point between the wish for a link and the link, and between the
approval of a refund and the money's way back: nothing is lost, doubled, or lied about.
"""

from collections.abc import Callable

import pytest

from domain.crashpoints import POINTS
from domain.models import Payment
from domain.refunds import Finding
from tests.domain.world import later, told
from tests.faults.books import assert_no_lies, calls, given_back, sent_back
from tests.faults.links import ask_for_link
from tests.faults.refunds import approved
from tests.journey.customer import Customer
from tests.journey.house import House
from tests.journey.test_kills import FROM_THE_START, WITH_THE_CODE, arm, bury
from tests.journey.test_links import ROADS, paid_minor
from tests.journey.waiting import eventually

pytestmark = [pytest.mark.kill, pytest.mark.timeout(180)]

# The provider at which it happens, and how often it is asked to make the link. The first payment
# always ends as failed: nobody was given its link, and the customer gets another.
WITH_A_LINK = {
    "start_leased": ("cashfree", "create_link", 0),
    "start_calling": ("phonepe", "pay", 1),
    "start_answered": ("kaspi", "link", 1),
}
# The same for giving money back, and how that must end. Kaspi's proxy cannot be asked: two people
# say what they read in its books.
WITH_A_REFUND = {
    "refund_leased": ("cashfree", "create_refund", 0, "failed"),
    "refund_calling": ("phonepe", "refund", 1, "succeeded"),
    "refund_answered": ("kaspi", "refund", 1, "succeeded"),
}
_LINK_IS_DEAD_SECONDS = 400
_WHOLE = 150_000


def test_every_point_has_its_test() -> None:
    assert {*FROM_THE_START, *WITH_THE_CODE, *WITH_A_REFUND} == set(POINTS)


def ends(payment: Callable[[], Payment], status: str) -> None:
    try:
        eventually(f"the payment ends as {status}", lambda: payment().status == status, 60)
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {payment().status}") from None


@pytest.mark.parametrize("point", WITH_A_LINK)
def test_death_while_a_link_is_made(house: House, point: str) -> None:
    provider, operation, expected = WITH_A_LINK[point]
    before = calls(house, provider, operation)
    if point == "start_calling":
        house.turn(provider, operation=operation, fault="slow", seconds=1)
    arm(house, point)
    asha = house.customer(total_minor=500_000, currency=ROADS[provider].currency)
    ask_for_link(ROADS[provider], asha, "1500")
    bury(house, point)
    eventually("it is uncertain", lambda: asha.payments()[-1].status in ("uncertain", "failed"))
    if provider == "kaspi":
        later(asha.payments()[-1].id, _LINK_IS_DEAD_SECONDS)
    ends(lambda: asha.payments()[-1], "failed")
    assert calls(house, provider, operation) == before + expected
    first = asha.payments()[-1]
    asha.hears("Nothing was taken")

    ask_for_link(ROADS[provider], asha, "1500")
    second = newer(asha, first)
    house.act(provider, second, "pay")
    ends(lambda: asha.payments()[-1], "succeeded")
    house.assert_told_the_truth_once()
    assert_no_lies()
    assert told(first.id) == ["uncertain", "failed"]
    assert len(asha.receipts()) == 1
    assert paid_minor(second) == _WHOLE


def newer(customer: Customer, before: Payment) -> Payment:
    """The customer's newest payment, once it waits for them and is another than `before`."""

    def look() -> Payment | None:
        newest = customer.payments()[-1]
        waits = newest.id != before.id and newest.status == "awaiting_customer"
        return newest if waits else None

    found: Payment = eventually("another link", look)
    return found


@pytest.mark.parametrize("point", WITH_A_REFUND)
def test_death_while_money_goes_back(house: House, point: str) -> None:
    provider, operation, expected, end = WITH_A_REFUND[point]
    asha, payment = ROADS[provider].open(house)
    house.act(provider, payment, "pay")
    asha.hears("Receipt")
    ends(lambda: asha.payments()[-1], "succeeded")
    before = calls(house, provider, operation)
    if point == "refund_calling":
        house.turn(provider, operation=operation, fault="slow", seconds=1)
    arm(house, point)
    back = approved(house, asha.payments()[-1], _WHOLE)
    bury(house, point)
    back.becomes("uncertain")
    assert paid_minor(payment) == _WHOLE, "nothing has gone back as far as we know"
    if provider == "kaspi":
        assert back.row.review == "uncertain_refund"
        back.conclude(Finding.GIVEN_BACK)
    back.concludes(end)
    house.assert_told_the_truth_once()
    assert calls(house, provider, operation) == before + expected
    assert given_back(house, provider) == sent_back(provider)
    assert paid_minor(payment) == (0 if end == "succeeded" else _WHOLE)
    assert told(payment.id).count("refunded") == (end == "succeeded")
