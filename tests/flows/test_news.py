"""What customers are told unasked: every piece of news with everything that may be missing."""

from datetime import date

import pytest

from flows import news
from flows.news import Trip
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
