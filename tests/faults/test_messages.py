"""Twilio misbehaves, and customers write at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from domain.database import transaction
from domain.models import ContactIdentity, Message, Turn
from tests.faults.conftest import Notes
from tests.faults.site import Site, together
from tests.journey.customer import Customer

pytestmark = [pytest.mark.timeout(180)]

_RANK = {"due": 0, "sending": 1, "uncertain": 2, "sent": 3, "delivered": 4, "read": 5}


def turns(customer: Customer) -> list[str]:
    """What was heard of this customer, in order."""
    with transaction() as db:
        return list(
            db.execute(
                select(Turn.cause)
                .join(ContactIdentity, ContactIdentity.contact_id == Turn.contact_id)
                .where(ContactIdentity.address == f"+{customer.phone}")
                .order_by(Turn.sequence)
            ).scalars()
        )


def rows(customer: Customer, direction: str) -> list[Message]:
    """This customer's messages of one direction, in order."""
    with transaction() as db:
        return list(
            db.execute(
                select(Message)
                .join(ContactIdentity, ContactIdentity.contact_id == Message.contact_id)
                .where(
                    ContactIdentity.address == f"+{customer.phone}", Message.direction == direction
                )
                .order_by(Message.id)
            ).scalars()
        )


@pytest.mark.fault(
    6,
    "The same webhook fifty times at once: one turn, one reply",
    "fifty threads post one signed message",
)
def test_one_webhook_fifty_times(site: Site) -> None:
    customer = site.house.customer()
    customer.say("hello")
    with ThreadPoolExecutor(50) as pool:
        codes = list(pool.map(lambda _: customer.post("help", sid=f"SM{'b' * 32}"), range(50)))
    assert set(codes) == {200}
    site.truth()
    assert len(turns(customer)) == len(customer.replies()) == 2


@pytest.mark.fault(
    7,
    "Two messages of one customer at once, on two web processes: both heard, in the order in which"
    " they were filed, no state lost",
    "five pairs of posts at once, to a web of two processes",
)
def test_two_messages_at_once(site: Site) -> None:
    customer = site.house.customer()
    customer.say("hello")
    for _ in range(5):
        together([lambda: customer.post("menu"), lambda: customer.post("help")])
    site.truth()
    filed = [f"message:{each.id}" for each in rows(customer, "in")]
    assert turns(customer) == filed
    assert len(filed) == len(customer.replies()) == 11


@pytest.mark.fault(
    8,
    "Two people pay the last balance of one booking at once: one is refused, never above the total",
    "the booking's traveller and a stranger who knows its surname agree to pay all of it at the"
    " same moment",
)
def test_two_people_pay_one_balance(site: Site, seen: Notes) -> None:
    owner = site.house.customer(total_minor=10_000)
    friend = replace(site.house.customer(), reference=owner.reference)
    for customer in (owner, friend):
        customer.say("pay")
        customer.hears("booking reference")
        customer.say(owner.reference)
    friend.hears("surname")
    friend.say("Moyo")
    for customer in (owner, friend):
        customer.hears("How much")
        customer.say("full")
        customer.hears("Which Omari number")
    together([lambda: owner.say("this number"), lambda: friend.say("this number")])
    site.truth()
    (winner,) = (each for each in (owner, friend) if each.payments())
    loser = owner if winner is friend else friend
    assert "taken up by a payment" in loser.replies()[-1]
    seen("the other one was told: " + loser.replies()[-1].splitlines()[0])
    winner.hears("PIN")
    winner.say(winner.code())
    site.ends(winner)
    assert loser.payments() == []


@pytest.fixture
def paid_through_twilio(site: Site) -> Iterator[Customer]:
    """A customer who was asked for the code; then pays, whatever Twilio does, and is told once."""
    (customer,) = site.customers_at_code()
    yield customer
    site.truth()
    told = [each for each in customer.replies() if "Receipt" in each]
    assert len(told) == 1


@pytest.mark.fault(
    19,
    "Twilio throttles, fails, is silent, or takes a message and its answer is lost: sent again,"
    " and what may have been taken only after its list was asked; delivered once",
    "one attempt each: 429, 500 after taking it, a cut after taking it, 500 without taking it, a"
    " second of silence and a cut without taking it; its list fails once too; no callbacks come",
)
def test_twilio_does_not_answer(site: Site, paid_through_twilio: Customer, seen: Notes) -> None:
    customer = paid_through_twilio
    site.twilio_knob(
        callbacks={"mode": "none"},
        faults=[
            {"kind": "refuse", "http_status": 429, "code": 20429, "count": 1},
            {"kind": "fail", "http_status": 500, "count": 1},
            {"kind": "lose", "count": 1},
            {"kind": "refuse", "http_status": 500, "count": 1},
            {"kind": "silent", "seconds": 1.0, "count": 1},
            {"kind": "lose", "operation": "list", "count": 1},
        ],
    )
    customer.say(customer.code())
    site.ends(customer)
    for word in ("status", "help", "menu"):
        customer.say(word)
    site.truth()
    sent = rows(customer, "out")
    assert len(customer.replies()) == len(sent), "each reply is at Twilio once"
    attempts = [each.attempts for each in sent]
    assert sum(attempts) >= len(sent) + 3, "what Twilio did not take was tried again"
    seen(f"{len(sent)} replies in {sum(attempts)} attempts, each at Twilio once")


@pytest.mark.fault(
    21,
    "Delivery receipts out of order and twice: a status only moves forward",
    "Twilio reports read, delivered and sent in this order; then each of them twice",
)
def test_receipts_out_of_order(site: Site) -> None:
    customer = site.house.customer()
    for mode in ("out_of_order", "duplicate"):
        site.twilio_knob(callbacks={"mode": mode, "step_ms": 50, "read": True})
        customer.say("help")
        site.wait("it is read", lambda: {each.status for each in rows(customer, "out")} == {"read"})
    token, sid = rows(customer, "out")[-1].token, rows(customer, "out")[-1].sid
    assert token is not None
    assert sid is not None
    site.truth()
    assert {each.status for each in rows(customer, "out")} == {"read"}
    assert len(customer.replies()) == 2
