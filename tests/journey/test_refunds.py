"""Money goes back, in part and then in full, as staff ask for it and their customer hears of it."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.database import transaction
from domain.models import Booking, Payment, Refund
from tests.faults.refunds import approved
from tests.journey.customer import Customer
from tests.journey.house import House
from tests.journey.test_links import ROADS
from tests.journey.waiting import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

ANNA, BEN = "anna@example.com", "ben@example.com"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(scope="module", autouse=True)
def staff(house: House) -> None:
    for email in (ANNA, BEN):
        assert house.flask("staff", "add", email, "--role", "admin").returncode == 0


def booking_of(payment: Payment) -> Booking:
    with transaction() as db:
        return db.execute(select(Booking).where(Booking.id == payment.booking_id)).scalar_one()


def give_back(house: House, payment: Payment, amount: str) -> UUID:
    """Anna asks, Ben agrees. Returns the refund's id."""
    asked = house.flask(
        "refunds", "request", str(payment.id), amount, "--reason", "a seat less", "--by", ANNA
    )
    assert asked.returncode == 0, asked.stderr
    found = _ID.search(asked.stdout)
    assert found is not None, asked.stdout
    alone = house.flask("refunds", "approve", found[0], "--by", ANNA)
    assert alone.returncode != 0
    assert "two people" in alone.stderr
    agreed = house.flask("refunds", "approve", found[0], "--by", BEN)
    assert agreed.returncode == 0, agreed.stderr
    return UUID(found[0])


def succeeded(refund_id: UUID) -> bool:
    with transaction() as db:
        status = db.execute(select(Refund.status).where(Refund.id == refund_id)).scalar_one()
    return status == "succeeded"


def times_told(customer: Customer, words: str) -> int:
    return sum(words in reply for reply in customer.replies())


@pytest.mark.parametrize("name", ["kaspi", "phonepe", "cashfree"])
def test_in_part_and_then_in_full(house: House, name: str) -> None:
    road = ROADS[name]
    asha, payment = road.open(house)
    house.act(road.provider, payment, "pay")
    asha.hears("Receipt")

    part = give_back(house, payment, "400.50")
    eventually("the part is back", lambda: succeeded(part), 40)
    asha.hears(f"{road.currency} 400.50 back to you")
    assert booking_of(payment).paid_minor == 150_000 - 40_050

    above = house.flask(
        "refunds", "request", str(payment.id), "1099.51", "--reason", "x", "--by", ANNA
    )
    assert above.returncode != 0
    assert "more than is left" in above.stderr

    rest = approved(house, payment, 109_950).id
    eventually("the rest is back", lambda: succeeded(rest), 40)
    asha.hears(f"{road.currency} 1,099.50 back to you")
    booking = booking_of(payment)
    assert (booking.paid_minor, booking.payment_status) == (0, "PENDING")
    house.assert_told_the_truth_once()
    assert times_told(asha, f"has paid {road.currency} 400.50 back") == 1
    assert times_told(asha, f"has paid {road.currency} 1,099.50 back") == 1
    back = {
        refund["reference"]: refund["amount_minor"]
        for refund in house.book(road.provider)["refunds"]
    }
    if name != "kaspi":  # which is told no reference of ours
        assert (back[part.hex], back[rest.hex]) == (40_050, 109_950)
