"""A process dies at each named point between the customer's words and the receipt: no money is
lost, doubled, or lied about.
"""

import pytest

from domain.crashpoints import POINTS
from tests.journey.customer import Customer
from tests.journey.house import House
from tests.journey.waiting import eventually

pytestmark = [pytest.mark.kill, pytest.mark.timeout(180)]

# Who dies, and how it must end: the customer pays, or learns that nothing was taken.
FROM_THE_START = {
    "start_leased": "failed",
    "start_calling": "succeeded",
    "start_answered": "succeeded",
}
WITH_THE_CODE = {
    "message_filed": "succeeded",
    "turn_written": "succeeded",
    "turn_committed": "succeeded",
    "code_read": "succeeded",
    "confirm_leased": "expired",
    "confirm_calling": "succeeded",
    "confirm_answered": "succeeded",
    "settle_written": "succeeded",
    "settled": "succeeded",
    "event_written": "succeeded",
    "event_committed": "succeeded",
    "reply_claimed": "succeeded",
    "reply_handed_over": "succeeded",
}


def victim(point: str) -> str:
    if POINTS[point].startswith("web:"):
        return "web"
    return "worker_replies" if point.startswith("reply_") else "worker_payments"


def arm(house: House, point: str) -> None:
    """Start the process that is to die at this point anew, so that it knows."""
    name = victim(point)
    house.stop(name)
    mark = house.folder / f"died at {point}"
    mark.unlink(missing_ok=True)  # an earlier test's death, at the same point in the same product
    house.start(name, {"CRASH_AT": point, "CRASH_MARK": str(mark), "WEB_CONCURRENCY": "1"})
    house.wait_ready()


def bury(house: House, point: str) -> None:
    """Wait until the point was reached; fails when it never is. What died is started again, as a
    supervisor would.
    """
    eventually(f"{point} is reached", (house.folder / f"died at {point}").exists)
    name = victim(point)
    if name != "web":  # gunicorn replaces its own workers
        house.wait_for_death(name)
        house.start(name)


def assert_end(house: House, customer: Customer, status: str) -> None:
    def ended() -> bool:
        return customer.payments()[-1].status == status

    try:
        eventually(f"the payment ends as {status}", ended, 60)
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {customer.payments()[-1].status}") from None
    house.assert_told_the_truth_once()
    receipts = customer.receipts()
    assert len(receipts) == (status == "succeeded")
    told = [reply for reply in customer.replies() if "Receipt" in reply]
    assert len(told) == len(receipts)


@pytest.mark.parametrize("point", WITH_THE_CODE)
def test_death_between_code_and_receipt(house: House, point: str) -> None:
    customer = house.customer()
    customer.pay_until_code()
    code = customer.code()
    customer.hears("PIN")
    if point == "confirm_calling":
        house.knob(operation="request", fault="slow", seconds=1)
    arm(house, point)
    customer.say(code)
    bury(house, point)
    if WITH_THE_CODE[point] == "expired":
        house.end_omari_session(customer)  # Omari never got the code, and forgets the payment
    assert_end(house, customer, WITH_THE_CODE[point])


@pytest.mark.parametrize("point", FROM_THE_START)
def test_death_while_the_code_is_asked_for(house: House, point: str) -> None:
    customer = house.customer()
    if point == "start_calling":
        house.knob(operation="auth", fault="slow", seconds=1)
    arm(house, point)
    customer.pay_until_code()
    bury(house, point)
    if FROM_THE_START[point] == "succeeded":
        customer.hears("PIN", seconds=40)
        customer.say(customer.code())
    assert_end(house, customer, FROM_THE_START[point])
