"""What is called off, and what is put off: a booking, a departure with everybody on it, a
departure's date.

Nothing is deleted, and no money moves: what a cancelled booking was paid stays on it until it is
given back. The group is told by whoever calls, in the same transaction: `reach` says whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, func, literal, select
from sqlalchemy.orm import Session

from domain.models import Booking, Departure, Payment, Staff, Tour
from domain.payments.ending import cancel_those_that_no_longer_fit
from domain.payments.story import lock_booking
from domain.reaching import NOBODY, Reach, reach_of
from domain.staff.pairs import who_may
from domain.staff.trail import by_person, entry
from domain.states import WAITING
from domain.taking_turns import take_turn
from domain.wishes import NotDone, Why

LONGEST_REASON = 300


class NotMoved(StrEnum):
    """Why a departure keeps its date, beside what stands in `Why`."""

    DATE_TAKEN = "date_taken"  # the tour has a departure on that day
    DATE_OVER = "date_over"  # that day is over
    MOVED_MEANWHILE = "moved_meanwhile"  # it no longer leaves on the day that was shown


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was cancelled now. `to_refund` of the bookings hold money. `known`: it was cancelled
    before, and nobody is to be told again.
    """

    booking_ids: tuple[int, ...]
    reach: Reach
    to_refund: int
    known: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """A departure as it leaves now, and who of it is to be told. `known`: it left on that day
    before, and nobody is to be told again.
    """

    was: date
    start_date: date
    shared_reference: str
    reach: Reach
    known: bool = False


def cancel_booking(db: Session, booking_id: int, staff_id: int, why: str) -> Cancelled | NotDone:
    """No new payments of this booking; those that wait are ended, those whose customer pays
    elsewhere are asked to be voided. `why` in 1 to 300 characters, for the audit trail. Raises
    NoResultFound for an unknown booking.
    """
    booking = lock_booking(db, booking_id)
    person = _person(db, staff_id, booking.operator_id, why)
    if isinstance(person, NotDone):
        return person
    if booking.cancelled_at is not None:
        return Cancelled((), NOBODY, 0, known=True)
    done = _call_off(db, [booking], _now(db))
    _write_down(db, person, "booking_cancelled", f"booking:{booking.id}", why, done)
    return done


def cancel_departure(
    db: Session, departure_id: int, staff_id: int, why: str
) -> Cancelled | NotDone:
    """The departure and every booking on it that was not cancelled before, at once; nobody can be
    put on it any more. Raises NoResultFound for an unknown departure.
    """
    take_turn(db)
    departure, operator_id = _locked(db, departure_id)
    person = _person(db, staff_id, operator_id, why)
    if isinstance(person, NotDone):
        return person
    if departure.cancelled_at is not None:
        return Cancelled((), NOBODY, 0, known=True)
    departure.cancelled_at = now = _now(db)
    on_it = _standing(departure.id).order_by(Booking.id).with_for_update(key_share=True)
    bookings = db.scalars(on_it.execution_options(populate_existing=True)).all()
    done = _call_off(db, bookings, now)
    _write_down(db, person, "departure_cancelled", f"departure:{departure.id}", why, done)
    return done


def whom_to_tell(db: Session, departure_id: int) -> Reach:
    """Whom news of a departure would reach now: of every booking on it that is not cancelled."""
    return reach_of(db, db.scalars(_standing(departure_id).with_only_columns(Booking.id)))


def move_departure(
    db: Session, departure_id: int, was: date, to: date, today: date, staff_id: int, why: str
) -> Moved | NotDone:
    """The departure leaves on another day, and its shared reference goes with it. `was` is the day
    that whoever moves it saw, `today` the day where they are: to an earlier one it is not moved
    (DATE_OVER).

    Where the tour has a departure on that day already, it is refused (DATE_TAKEN), also when that
    one is cancelled: two groups have two references, and a merged one could not be taken apart.
    Raises NoResultFound for an unknown departure.
    """
    take_turn(db)
    departure, operator_id = _locked(db, departure_id)
    person = _person(db, staff_id, operator_id, why)
    if isinstance(person, NotDone):
        return person
    if departure.start_date == to:
        return Moved(was, to, departure.shared_reference, NOBODY, known=True)
    if departure.cancelled_at is not None:
        return NotDone(Why.CANCELLED)
    if departure.start_date != was:
        return NotDone(NotMoved.MOVED_MEANWHILE)
    if to < today:
        return NotDone(NotMoved.DATE_OVER)
    there = select(Departure.id).where(
        Departure.tour_id == departure.tour_id, Departure.start_date == to
    )
    if db.execute(select(there.exists())).scalar_one():
        return NotDone(NotMoved.DATE_TAKEN)
    before = departure.shared_reference
    departure.start_date = to
    db.flush()
    db.refresh(departure)  # the shared reference is the database's work
    reach = whom_to_tell(db, departure.id)
    moved = Moved(was, to, departure.shared_reference, reach)
    detail: dict[str, Any] = {
        "start_date": {"from": was.isoformat(), "to": to.isoformat()},
        "shared_reference": {"from": before, "to": moved.shared_reference},
    }
    subject = f"departure:{departure.id}"
    detail |= _telling(why, reach)
    db.add(entry(by_person(person), "departure_moved", subject, detail))
    return moved


def _person(db: Session, staff_id: int, operator_id: int, why: str) -> Staff | NotDone:
    person = who_may(db, staff_id, operator_id)
    if person is None:
        return NotDone(Why.NOT_ALLOWED)
    return person if 0 < len(why.strip()) <= LONGEST_REASON else NotDone(Why.NO_REASON)


def _locked(db: Session, departure_id: int) -> tuple[Departure, int]:
    """The departure, locked and fresh, and whose it is."""
    departure, operator_id = db.execute(
        select(Departure, Tour.operator_id)
        .join(Tour, Tour.id == Departure.tour_id)
        .where(Departure.id == departure_id)
        .with_for_update(key_share=True, of=Departure)
        .execution_options(populate_existing=True)
    ).one()
    return departure, operator_id


def _standing(departure_id: int) -> Any:
    return select(Booking).where(
        Booking.departure_id == departure_id, Booking.cancelled_at.is_(None)
    )


def _call_off(db: Session, bookings: Sequence[Booking], now: datetime) -> Cancelled:
    """Cancel locked bookings, and end what is being paid for them. What a provider has under way
    goes on: money that still comes is a surplus.
    """
    for booking in bookings:
        booking.cancelled_at = now
    db.flush()
    ids = tuple(booking.id for booking in bookings)
    waiting = db.scalars(
        select(Payment.booking_id)
        .distinct()
        .where(
            Payment.booking_id == any_(literal(list(ids), ARRAY(BigInteger))),
            Payment.status.in_(WAITING),
            Payment.cancel_requested_at.is_(None),
        )
    ).all()
    for booking in bookings:
        if booking.id in waiting:
            cancel_those_that_no_longer_fit(db, booking, now)
    to_refund = sum(1 for booking in bookings if booking.paid_minor)
    return Cancelled(ids, reach_of(db, ids), to_refund)


def _write_down(
    db: Session, person: Staff, act: str, subject: str, why: str, done: Cancelled
) -> None:
    detail = {"bookings": len(done.booking_ids), "to_refund": done.to_refund}
    db.add(entry(by_person(person), act, subject, detail | _telling(why, done.reach)))


def _telling(why: str, reach: Reach) -> dict[str, Any]:
    """`not_told` are ids of bookings, each with the reason: somebody has to call these."""
    not_told = {str(booking_id): silent.value for booking_id, silent in reach.silent.items()}
    return {"why": why.strip(), "told": reach.told, "not_told": not_told}


def _now(db: Session) -> datetime:
    now: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    return now
