"""Money of one payment that is moved to another booking, as its page has it."""

from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func

from domain import refunds
from domain.database import transaction
from domain.models import Booking
from domain.money import Money
from domain.payments import Word
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import Sold, opened, proposed, sell, send, words_of
from tests.domain import world as w

BECAUSE = {"evidence": "typed the wrong reference"}


@pytest.fixture
def sold(house: House) -> Sold:
    """A booking; another one, KS-2, owes USD 500.00."""
    sell(house.operator_id, "KS-2", tour=6)
    return sell(house.operator_id)


def page_of(payment: UUID, more: str = "") -> str:
    return f"/admin/transactions/{payment}{more}"


def moved(own: FlaskClient, second: FlaskClient, address: str, amount: str) -> None:
    location = send(own, address, amount=amount, **BECAUSE).location
    assert "Approved, and done." in words_of(
        second.post(f"{location}/approve", follow_redirects=True)
    )


def test_no_more_is_moved_than_the_payment_brought(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    payment = sold.paid(22_500)
    sold.paid(8_000, "OTHER")
    own = sign_in(house.own)
    address = page_of(payment, "/move?to=KS-2")
    assert "At most USD 225.00." in words_of(own.get(address))
    refused = words_of(send(own, address, amount="300", **BECAUSE))
    assert "That is more than is left of this payment: USD 225.00." in refused
    assert proposed() == []


def test_the_page_shows_what_is_to_be_moved_and_what_was(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    payment, beside = sold.paid(22_500), sold.paid(8_000, "OTHER")
    own, second = sign_in(house.own), sign_in(house.second)
    location = send(own, page_of(payment, "/move?to=KS-2"), amount="200", **BECAUSE).location
    assert proposed()[0].detail["payment_id"] == str(payment)

    asked = "own@example.com proposed to move money to another booking: USD 200.00."
    waits = words_of(own.get(page_of(payment)))
    assert asked in waits
    assert "Move to another booking: The same was asked for and waits" in waits
    other = words_of(own.get(page_of(beside)))
    assert asked not in other
    assert "Move to another booking: Another move from this booking waits" in other
    assert "Of payment USD 225.00 by Kaspi" in words_of(second.get(location))

    second.post(f"{location}/approve")
    done = words_of(own.get(page_of(payment)))
    for words in (
        "Moved to another booking USD 200.00",
        "May still go back USD 25.00",
        "USD 200.00 from booking KS-2024-001 to booking KS-2 Moved",
        "To move money to another booking: USD 200.00 Approved",
    ):
        assert words in done, words
    assert "Moved to another booking" not in words_of(own.get(page_of(beside)))
    assert "At most USD 25.00." in words_of(own.get(page_of(payment, "/refund")))


def test_it_is_not_offered_where_nothing_is_to_be_moved(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    """The booking holds another payment's money."""
    full = sold.paid()
    empty = sold.opened()
    own, second = sign_in(house.own), sign_in(house.second)
    assert "Move to another booking: This payment brought no money." in words_of(
        own.get(page_of(empty))
    )
    assert "This payment brought no money." in words_of(own.get(page_of(empty, "/move?to=KS-2")))
    fields = {"amount": "100", "evidence": "in cash"}
    location = send(own, page_of(full, "/refunded-outside"), **fields).location
    second.post(f"{location}/approve")
    assert "Move to another booking: No booking holds any of it now." in words_of(
        own.get(page_of(full))
    )


def test_what_was_promised_to_a_refund_is_not_moved(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    payment = sold.paid()
    own = sign_in(house.own)
    send(own, page_of(payment, "/refund"), amount="100", reason="called off")
    for address in ("/move", "/move?to=KS-2"):
        shown = own.get(page_of(payment, address))
        assert "What is left of it is promised to a refund." in words_of(shown), address
        assert 'name="act_id"' not in shown.text


def test_what_was_moved_is_moved_back_from_the_same_page(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    payment = sold.paid()
    own, second = sign_in(house.own), sign_in(house.second)
    moved(own, second, page_of(payment, "/move?to=KS-2"), "60")
    form = own.get(page_of(payment, "/move"))
    assert "KS-2024-001, Tendai Moyo: USD 40.00" in words_of(form)
    assert "KS-2, Tendai Moyo: USD 60.00" in words_of(form)
    there = proposed()[0].detail["to_booking_id"]
    back = page_of(payment, f"/move?from={there}&to=KS-2024-001")
    assert "At most USD 60.00." in words_of(own.get(back))
    moved(own, second, back, "60")
    assert w.booking_of(sold.world).paid_minor == 10_000
    assert "May still go back USD 100.00" in words_of(own.get(page_of(payment)))
    w.assert_books_agree()


def test_it_is_not_moved_from_a_booking_that_holds_none_of_it(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    payment = sold.paid()
    strange = sell(house.stranger_id, "OT-1", tour=7)
    strange.paid(receipt="TWO")
    for asked in (strange.world.booking_id, "x", ""):
        shown = words_of(sign_in(house.own).get(page_of(payment, f"/move?from={asked}&to=KS-2")))
        assert "leaves the booking KS-2024-001" in shown, asked


def test_it_leaves_the_booking_that_the_form_showed_or_none(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    """A colleague moves the money while the form is open."""
    third = sell(house.operator_id, "KS-3", tour=9)
    payment = sold.paid()
    own, second = sign_in(house.own), sign_in(house.second)
    address = page_of(payment, "/move?to=KS-3")
    assert "leaves the booking KS-2024-001" in words_of(own.get(address))
    form = {**opened(own, address), "amount": "40", **BECAUSE}
    moved(own, second, page_of(payment, "/move?to=KS-2"), "100")
    for sent in (form, {**form, "from": ""}, {**form, "from": str(third.world.booking_id)}):
        refused = own.post(address, data=sent)
        assert refused.status_code == 422
        assert "The money was moved meanwhile. Look at the payment again." in words_of(refused)
    assert len(proposed()) == 1

    where = proposed()[0].detail["to_booking_id"]
    fresh = send(own, page_of(payment, f"/move?from={where}&to=KS-3"), amount="40", **BECAUSE)
    assert fresh.status_code == 303
    assert proposed()[1].subject == f"booking:{where}"


def test_a_part_leaves_the_booking_that_was_chosen(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    """Both hold some of it, and neither is taken for the other."""
    sell(house.operator_id, "KS-3", tour=9)
    payment = sold.paid()
    own, second = sign_in(house.own), sign_in(house.second)
    moved(own, second, page_of(payment, "/move?to=KS-2"), "60")
    there = proposed()[0].detail["to_booking_id"]
    form = opened(own, page_of(payment, f"/move?from={there}&to=KS-3"))
    own.post(page_of(payment, "/move?to=KS-3"), data={**form, "amount": "10", **BECAUSE})
    assert proposed()[1].subject == f"booking:{there}"


def test_moved_money_of_cancelled_bookings_is_moved_home_and_refunded(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    payment = sold.paid()
    own, second = sign_in(house.own), sign_in(house.second)
    moved(own, second, page_of(payment, "/move?to=KS-2"), "100")
    there = proposed()[0].detail["to_booking_id"]
    with transaction() as db:
        for booking_id in (sold.world.booking_id, there):
            db.get_one(Booking, booking_id).cancelled_at = func.clock_timestamp()
    page = own.get(f"/admin/bookings/{there}")
    assert "USD 100.00 was paid for another booking and moved here: move it back" in words_of(page)
    assert f'href="/admin/transactions/{payment}">its payment' in page.text
    assert "What was paid in the chat" not in page.text
    assert "no receipt here" not in page.text
    first = "What is left of it was moved to another booking: move it back first."
    assert first in words_of(own.get(page_of(payment)))

    moved(own, second, page_of(payment, "/move?to=KS-2024-001"), "100")
    page = own.get(f"/admin/bookings/{sold.world.booking_id}")
    assert "What was paid in the chat, USD 100.00, is refunded on the page" in words_of(page)
    assert "moved here" not in words_of(own.get(f"/admin/bookings/{there}")).partition("Money")[0]
    fields = {"amount": "100", "reason": "called off"}
    assert send(own, page_of(payment, "/refund"), **fields).status_code == 303


def take_back(payment: UUID) -> None:
    """Its provider takes USD 100.00 back by itself."""
    word = Word("reversed", "statement", "CB1", "CB1", Money(10_000, "USD"))
    with transaction() as db:
        refunds.reverse(db, payment, word)


def test_money_that_its_provider_took_back_is_shown_and_stays(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    payment = sold.paid()
    own, second = sign_in(house.own), sign_in(house.second)
    moved(own, second, page_of(payment, "/move?to=KS-2"), "100")
    form = {**opened(own, page_of(payment, "/move?to=KS-2024-001")), "amount": "100", **BECAUSE}
    refund = {"act_id": str(uuid4()), "amount": "100", "reason": "called off"}
    take_back(payment)
    said = "Its provider took money of this payment back by itself. Of it there is left: USD 0.00."
    assert said in words_of(own.post(page_of(payment, "/move?to=KS-2024-001"), data=form))
    assert said in words_of(own.post(page_of(payment, "/refund"), data=refund))
    shown = words_of(own.get(page_of(payment)))
    assert "Taken back by Kaspi, not in the ledger USD 100.00" in shown
    assert "Its provider took it back by itself: nothing of it is left to give back." in shown
    asked = words_of(own.get(page_of(payment, "/move")))
    assert "Its provider took back by itself what is left of it." in asked


def test_the_page_offers_no_more_than_was_not_given_back_yet(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    """It went back to the customer twice, and they paid once more."""
    payment = sold.paid()
    own, second = sign_in(house.own), sign_in(house.second)
    fields = {"amount": "100", "evidence": "in cash"}
    location = send(own, page_of(payment, "/refunded-outside"), **fields).location
    second.post(f"{location}/approve")
    take_back(payment)
    w.settle(payment, w.success(payment, "SECOND", 10_000))
    shown = words_of(own.get(page_of(payment)))
    assert "May still go back USD 0.00" in shown
    assert "Refund: Its provider took it back by itself" in shown
