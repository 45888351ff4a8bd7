"""News for customers, put into the outbox by the transaction that made it so: what is cancelled,
moved or taken back is told once, and what was undone tells nobody.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, BigInteger, any_, literal, select
from sqlalchemy.orm import Session

from bot.views import booking_view
from domain import bookings, outbox
from domain.cancelling import Cancelled, Moved
from domain.models import Booking, Departure, Operator, Tour
from domain.outside import Method, Posted
from domain.policy import Policy
from domain.reaching import Reach, reach_of
from domain.taking_back import Cause, cause_of, recorded_by
from domain.wishes import Wish
from flows import news
from flows.news import Receipt, Trip
from flows.phrases import Words, load_phrases
from flows.turns import Reply

Telling = Callable[[Words, Trip, Sequence[str], bool], Reply]
_TAKEN_BACK = {Cause.BY_MISTAKE: news.taken_off, Cause.GIVEN_BACK: news.given_back}


@dataclass(frozen=True, slots=True)
class _Place:
    """A booking as news name it."""

    reference: str
    is_paid: bool
    trip: Trip


def tell_booking_cancelled(db: Session, done: Cancelled) -> None:
    """Each person of a booking that was cancelled now."""
    _tell(db, done.reach, _booking_cancelled)


def tell_departure_cancelled(db: Session, done: Cancelled) -> None:
    """Each person of a group whose departure was cancelled now."""
    _tell(db, done.reach, _departure_cancelled)


def tell_departure_moved(db: Session, done: Moved) -> None:
    """Each person of a group whose departure leaves on another day now."""

    def moved(words: Words, trip: Trip, references: Sequence[str], _paid: bool) -> Reply:
        return news.departure_moved(words, trip, references, done.was, done.shared_reference)

    _tell(db, done.reach, moved)


def tell_taken_outside(
    db: Session, posted: Posted, record_id: UUID, method: Method, policy: Policy
) -> Reach:
    """The receipt of money taken at the desk, to the people of its booking. Who of them could be
    written to.
    """
    reach = reach_of(db, [posted.booking_id])
    booking = booking_view(bookings.facts(db, posted.booking_id), policy)
    for listener in reach.listeners:
        words = load_phrases().speaking(listener.language)
        number = receipt_number(record_id)
        reply = news.taken_outside(words, booking, posted.amount, method.value, number)
        _say(db, listener.contact_id, reply)
    return reach


def tell_taken_back(db: Session, wish: Wish, policy: Policy, zone: ZoneInfo) -> Reach:
    """That money recorded as taken at the desk was taken back as was wished, to whom its receipt
    would go now. Who of them could be written to. `zone` is where its day was.
    """
    posted = recorded_by(db, wish)
    number, on = receipt_number(posted.record_id), posted.at.astimezone(zone).date()
    receipt = Receipt(number, posted.amount, on)
    reach = reach_of(db, [posted.booking_id])
    booking = booking_view(bookings.facts(db, posted.booking_id), policy)
    for listener in reach.listeners:
        words = load_phrases().speaking(listener.language)
        reply = _TAKEN_BACK[cause_of(wish)](words, booking, wish.money(), receipt)
        _say(db, listener.contact_id, reply)
    return reach


def receipt_number(record_id: UUID) -> str:
    """What the receipt of money taken at the desk is called."""
    return f"OUT-{record_id.hex[:8].upper()}"


def _booking_cancelled(words: Words, trip: Trip, references: Sequence[str], is_paid: bool) -> Reply:
    return news.booking_cancelled(words, trip, references, paid=is_paid)


def _departure_cancelled(
    words: Words, trip: Trip, references: Sequence[str], is_paid: bool
) -> Reply:
    return news.departure_cancelled(words, trip, references, paid=is_paid)


def _tell(db: Session, reach: Reach, telling: Telling) -> None:
    """One message to each person, in their language, about all of their bookings among these."""
    places = _places(db, [each for listener in reach.listeners for each in listener.booking_ids])
    for listener in reach.listeners:
        theirs = [places[booking_id] for booking_id in listener.booking_ids]
        words = load_phrases().speaking(listener.language)
        is_paid = any(place.is_paid for place in theirs)
        references = [place.reference for place in theirs]
        _say(db, listener.contact_id, telling(words, theirs[0].trip, references, is_paid))


def _places(db: Session, booking_ids: Sequence[int]) -> Mapping[int, _Place]:
    rows = db.execute(
        select(
            Booking.id,
            Booking.reference,
            Booking.paid_minor > 0,
            Operator.name,
            Tour.name,
            Departure.start_date,
        )
        .join(Operator, Operator.id == Booking.operator_id)
        .outerjoin(Departure, Departure.id == Booking.departure_id)
        .outerjoin(Tour, Tour.id == Departure.tour_id)
        .where(Booking.id == any_(literal(list(booking_ids), ARRAY(BigInteger))))
    )
    return {
        booking_id: _Place(reference, is_paid, Trip(operator, tour, start_date))
        for booking_id, reference, is_paid, operator, tour, start_date in rows
    }


def _say(db: Session, contact_id: int, reply: Reply) -> None:
    outbox.add_replies(db, contact_id, [outbox.Reply(phrase=reply.key, body=reply.text)])
