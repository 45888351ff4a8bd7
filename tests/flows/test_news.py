"""What customers are told unasked: every piece of news with everything that may be missing."""

from dataclasses import replace
from datetime import date

import pytest

from domain.money import Money
from flows import news
from flows.desk import BookingView
from flows.news import Receipt, Trip
from flows.phrases import load_phrases

ENGLISH = load_phrases().speaking("en")
TRIPS = (
    Trip("Kalai Safaris", "Victoria Falls Safari", date(2030, 2, 10)),
    Trip("Kalai Safaris", "Victoria Falls Safari", None),
    Trip("Kalai Safaris", None, None),
)


@pytest.mark.parametrize("trip", TRIPS)
@pytest.mark.parametrize("paid", [True, False])
def test_a_cancelling_names_booking_and_operator_and_promises_what_is_due(
    trip: Trip, paid: bool
) -> None:
    for tell in (news.booking_cancelled, news.departure_cancelled):
        reply = tell(ENGLISH, trip, ["KS-1", "KS-2"], paid=paid)
        assert "Kalai Safaris has cancelled" in reply.text
        assert "KS-1, KS-2" in reply.text
        assert ("give back what you have paid" in reply.text) is paid
        assert reply.key in ENGLISH


def test_a_moved_date_names_both_days_and_the_new_reference() -> None:
    reply = news.departure_moved(ENGLISH, TRIPS[0], ["KS-1"], date(2030, 2, 3), "BK-T005-20300210")
    assert "from 3 Feb 2030 to *10 Feb 2030*" in reply.text
    assert "*BK-T005-20300210*" in reply.text


def test_of_very_many_bookings_the_first_are_named() -> None:
    references = [f"KS-{number}" for number in range(1, 9)]
    text = news.booking_cancelled(ENGLISH, TRIPS[0], references, paid=False).text
    assert "KS-1, KS-2, KS-3, KS-4, KS-5, …" in text
    assert "KS-6" not in text


def test_a_reference_brings_no_markup() -> None:
    text = news.booking_cancelled(ENGLISH, TRIPS[0], ["*KS*\n1"], paid=False).text
    assert "KS 1" in text


def usd(minor: int) -> Money:
    return Money(minor, "USD")


RECEIPT = Receipt("OUT-12AB34CD", usd(15_000), date(2030, 2, 3))
BOOKING = BookingView(
    reference="KS-1",
    display_reference="KS-1",
    operator="Kalai Safaris",
    tour="Victoria Falls Safari",
    start_date=date(2030, 2, 10),
    total=usd(50_000),
    paid=usd(10_000),
    balance=usd(40_000),
    free=usd(40_000),
    minimum=usd(1_000),
    deposit_due=None,
    held_until=None,
    cancelled=False,
)


def test_a_mistake_is_told_as_one_and_names_what_is_owed_now() -> None:
    text = news.taken_off(ENGLISH, BOOKING, usd(15_000), RECEIPT).text
    first, rest = text.split("\n", 1)
    assert first == (
        "The payment of *USD 150.00* recorded on 3 Feb 2030 (receipt OUT-12AB34CD) was a mistake"
        " and has been taken off."
    )
    assert "Balance USD 400.00" in rest
    part = news.taken_off(ENGLISH, BOOKING, usd(5_000), RECEIPT).text
    assert part.startswith(
        "*USD 50.00* of the payment of USD 150.00 recorded on 3 Feb 2030 (receipt OUT-12AB34CD)"
        " was a mistake"
    )


def test_money_given_back_is_no_mistake() -> None:
    text = news.given_back(ENGLISH, BOOKING, usd(5_000), RECEIPT).text
    assert text.startswith("*USD 50.00* was given back to you, from the payment recorded on")
    assert "mistake" not in text


def test_nothing_is_owed_for_a_cancelled_booking() -> None:
    text = news.given_back(ENGLISH, replace(BOOKING, cancelled=True), usd(5_000), RECEIPT).text
    assert "Balance" not in text
    assert "Nothing more can be paid for it." in text
