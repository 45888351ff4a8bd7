"""From a customer's first word to the receipt with each provider whose customers pay elsewhere: by
link, by picture, by an invoice in an app.
"""

import time
from dataclasses import dataclass

import pytest
import requests
from sqlalchemy import select

from domain.database import transaction
from domain.models import Booking, Evidence, Payment
from tests.domain.world import later
from tests.journey.customer import Customer
from tests.journey.house import House
from tests.journey.waiting import eventually

DAY_SECONDS = 86_400
INVOICE_PAUSE_SECONDS = 3.5  # within it, Kaspi answers no other question about an invoice

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


@dataclass(frozen=True, slots=True)
class Road:
    """One way to pay, as a customer asks for it."""

    provider: str
    currency: str
    words: str
    by_link: bool = True

    def open(self, house: House, amount: str = "1500") -> tuple[Customer, Payment]:
        """A customer of this currency, up to the moment when they can pay."""
        customer = house.customer(total_minor=500_000, currency=self.currency)
        customer.say("pay")
        customer.hears("booking reference")
        customer.say(customer.reference)
        customer.hears("How much")
        return customer, self.choose(customer, amount)

    def choose(self, customer: Customer, amount: str) -> Payment:
        customer.say(amount)
        customer.hears("How would you like to pay")
        customer.say(self.words)
        if self.by_link:
            customer.hears("Shall I?")
            customer.say("ready")
            customer.hears("When you have paid")
        else:
            customer.hears("send the invoice")
            customer.say("this number")
            customer.hears("an invoice was sent")
        return customer.payments()[-1]


ROADS = {
    "kaspi": Road("kaspi", "KZT", "link"),
    "kaspi_invoice": Road("kaspi", "KZT", "invoice", by_link=False),
    "phonepe": Road("phonepe", "INR", "phonepe"),
    "cashfree": Road("cashfree", "INR", "cashfree"),
}


@pytest.fixture(params=sorted(ROADS))
def road(request: pytest.FixtureRequest) -> Road:
    return ROADS[request.param]


def paid_minor(payment: Payment) -> int:
    with transaction() as db:
        return db.execute(
            select(Booking.paid_minor).where(Booking.id == payment.booking_id)
        ).scalar_one()


def status_of(payment: Payment) -> str:
    with transaction() as db:
        return db.execute(select(Payment.status).where(Payment.id == payment.id)).scalar_one()


def test_paid(house: House, road: Road) -> None:
    asha, payment = road.open(house)
    house.act(road.provider, payment, "pay")
    if not road.by_link:
        asha.say("paid")
    receipt = asha.hears("Receipt")

    assert f"{road.currency} 1,500.00" in receipt
    house.assert_told_the_truth_once()
    (payment,) = asha.payments()
    assert (payment.status, paid_minor(payment)) == ("succeeded", 150_000)
    assert asha.receipts() == [payment.receipt]
    assert str(payment.receipt) in receipt


def test_who_says_too_early_that_they_have_paid_is_told_so(house: House, road: Road) -> None:
    asha, payment = road.open(house)
    asha.say("paid")
    asha.hears("I am asking")
    asha.hears("has not told us yet")
    house.act(road.provider, payment, "pay")
    if not road.by_link:
        time.sleep(INVOICE_PAUSE_SECONDS)
        asha.say("paid")
    asha.hears("Receipt")
    assert status_of(payment) == "succeeded"
    house.assert_told_the_truth_once()


def test_declined(house: House, road: Road) -> None:
    asha, payment = road.open(house)
    house.act(road.provider, payment, "decline")
    if not road.by_link:
        asha.say("paid")
    if road.provider == "cashfree":  # a declined attempt leaves the link open for another
        asha.say("paid")
        asha.hears("I am asking Cashfree")
        house.act(road.provider, payment, "pay")
        asha.hears("Receipt")
    else:
        asha.hears("Nothing was taken")
        assert status_of(payment) == "failed"
        assert paid_minor(payment) == 0
    house.assert_told_the_truth_once()


def test_expired_and_then_paid_by_another(house: House, road: Road) -> None:
    asha, payment = road.open(house)
    house.act(road.provider, payment, "expire")
    if road.provider == "kaspi":  # which never says so: the clock does, well after the end
        later(payment.id, DAY_SECONDS + 100)
    if not road.by_link:
        asha.say("paid")
    asha.hears("in time")
    assert status_of(payment) == "expired"
    asha.say("new link" if road.by_link else "try again")
    again = eventually(
        "it waits for the customer",
        lambda: next((p for p in asha.payments() if p.status == "awaiting_customer"), None),
    )
    house.act(road.provider, again, "pay")
    if not road.by_link:
        asha.say("paid")
    asha.hears("Receipt")
    house.assert_told_the_truth_once()


def test_cancelled_and_then_paid_late(house: House, road: Road) -> None:
    asha, payment = road.open(house)
    # The customer pays at the very moment at which they cancel here.
    house.act(road.provider, payment, "pay")
    asha.say("cancel")
    asha.hears("Receipt")
    eventually("it is credited", lambda: paid_minor(payment) == 150_000)
    house.assert_told_the_truth_once()


# What each simulator calls the sending of its notices.
HOOK = {"phonepe": "webhook", "cashfree": "webhook"}


@pytest.mark.parametrize("name", sorted(HOOK))
def test_a_notice_that_comes_twice_is_filed_once(house: House, name: str) -> None:
    road = ROADS[name]
    asha, payment = road.open(house)
    house.turn(road.provider, operation=HOOK[name], fault="duplicate")
    house.act(road.provider, payment, "pay")
    asha.hears("Receipt")

    house.assert_told_the_truth_once()
    notices = filed(payment)
    assert notices
    assert len(set(notices)) == len(notices)
    assert asha.receipts() == [asha.payments()[0].receipt]


def filed(payment: Payment) -> list[str]:
    """The notices about a payment, by their keys."""
    with transaction() as db:
        query = select(Evidence.delivery_key).where(
            Evidence.payment_id == payment.id, Evidence.source == "callback"
        )
        return list(db.execute(query).scalars())


def test_the_links_page_leads_there_and_its_picture_is_one(house: House) -> None:
    asha, payment = ROADS["kaspi"].open(house)
    link = asha.link()
    led = requests.get(link, timeout=10, allow_redirects=False)
    assert (led.status_code, led.headers["Location"]) == (303, payment.link_url)
    picture = requests.get(link.replace("/go/", "/qr/") + ".png", timeout=10)
    assert picture.content.startswith(b"\x89PNG")
    asha.say("cancel")
    asha.hears("do not use its link")
    assert requests.get(link, timeout=10, allow_redirects=False).status_code == 410
