"""What customers are told that they did not ask for and that is about no payment of theirs: a
booking or a departure was cancelled, a departure was moved, money was taken at the desk, or what
had been recorded as taken there was taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from domain.money import Money
from flows import facts
from flows.desk import BookingView
from flows.phrases import Rendered, Words, as_plain_words
from flows.turns import Reply

_MOST_NAMED = 5
_HOW_IT_WAS_PAID = {"cash": "news.by_cash", "bank": "news.by_bank", "card": "news.by_card"}


@dataclass(frozen=True, slots=True)
class Trip:
    """What was sold: the tour may be none, and so may its day."""

    operator: str
    tour: str | None
    start_date: date | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt of money that was taken past every provider: its number, what was recorded as
    taken, and when.
    """

    number: str
    amount: Money
    on: date


def booking_cancelled(words: Words, trip: Trip, references: Sequence[str], *, paid: bool) -> Reply:
    """To the people of a booking. `paid`: something of it is to be given back."""
    return _cancelled(words, "news.booking_cancelled", trip, references, paid=paid)


def departure_cancelled(
    words: Words, trip: Trip, references: Sequence[str], *, paid: bool
) -> Reply:
    """To each person of a group; `references` are their own bookings."""
    return _cancelled(words, "news.departure_cancelled", trip, references, paid=paid)


def departure_moved(
    words: Words, trip: Trip, references: Sequence[str], was: date, shared: str
) -> Reply:
    """To each person of a group: `trip` as it leaves now, `shared` its new reference."""
    values = {
        "operator": trip.operator,
        "tour": trip.tour or words.render("facts.no_tour", {}),
        "was": _day(words, was),
        "date": "–" if trip.start_date is None else _day(words, trip.start_date),
        "bookings": _named(references),
        "shared": shared,
    }
    return Reply("news.departure_moved", words.render("news.departure_moved", values))


def taken_outside(
    words: Words, booking: BookingView, amount: Money, method: str, receipt: str
) -> Reply:
    """The receipt of money that was taken past every provider. `method` is cash, bank or card."""
    values = {
        "operator": booking.operator,
        "amount": amount,
        "how": words.render(_HOW_IT_WAS_PAID[method], {}),
        "receipt": receipt,
        "trip": facts.trip(words, booking),
        "booking": booking.reference,
        "shared": booking.display_reference,
        "owed": facts.owed(words, booking),
    }
    return Reply("news.taken_outside", words.render("news.taken_outside", values))


def taken_off(words: Words, booking: BookingView, amount: Money, receipt: Receipt) -> Reply:
    """What had been recorded as taken never came: all of it, or a part."""
    if amount == receipt.amount:
        what = words.render("news.by_mistake", _values(words, amount, receipt))
    else:
        part = {"recorded": receipt.amount, **_values(words, amount, receipt)}
        what = words.render("news.by_mistake_in_part", part)
    return _taken_back(words, booking, what)


def given_back(words: Words, booking: BookingView, amount: Money, receipt: Receipt) -> Reply:
    """Money that was taken past every provider went back in the same way."""
    what = words.render("news.given_back", _values(words, amount, receipt))
    return _taken_back(words, booking, what)


def _values(words: Words, amount: Money, receipt: Receipt) -> dict[str, object]:
    return {"amount": amount, "date": _day(words, receipt.on), "receipt": receipt.number}


def _taken_back(words: Words, booking: BookingView, what: Rendered) -> Reply:
    over = words.render("news.nothing_to_pay", {})
    values = {
        "what": what,
        "trip": facts.trip(words, booking),
        "operator": booking.operator,
        "booking": booking.reference,
        "owed": over if booking.cancelled else facts.owed(words, booking),
    }
    return Reply("news.taken_back", words.render("news.taken_back", values))


def _cancelled(
    words: Words, key: str, trip: Trip, references: Sequence[str], *, paid: bool
) -> Reply:
    refund = words.render("news.no_refund", {})
    if paid:
        refund = words.render("news.refund", {"operator": trip.operator})
    values = {
        "operator": trip.operator,
        "trip": _trip(words, trip),
        "bookings": _named(references),
        "refund": refund,
    }
    return Reply(key, words.render(key, values))


def _trip(words: Words, trip: Trip) -> Rendered:
    if trip.tour is None:
        return words.render("facts.no_tour", {})
    if trip.start_date is None:
        return words.render("facts.no_date", {"tour": trip.tour})
    return words.render("facts.trip", {"tour": trip.tour, "date": _day(words, trip.start_date)})


def _named(references: Sequence[str]) -> Rendered:
    """Some references, each as it stands; of very many the first."""
    shown = [as_plain_words(reference) for reference in references[:_MOST_NAMED]]
    return Rendered(", ".join(shown) + (", …" if len(references) > _MOST_NAMED else ""))


def _day(words: Words, on: date) -> str:
    return format_date(on, "d MMM yyyy", locale=words.language)
