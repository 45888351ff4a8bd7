"""Money of one payment that is moved to another booking, as its page has it."""

from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import Sold, proposed, sell, send, words_of
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
