"""Bookings as the people on them may see them: found by reference among one's own, proved by
surname, tries counted.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import (
    Booking,
    BookingContact,
    Departure,
    LookupTry,
    Operator,
    Tour,
)
from domain.payments.opening import Hold, holds_on
from domain.policy import Policy
from domain.references import parse_shared_reference, reference_key, shared_reference

_OWN_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """A booking beside what it belongs to and what is held of its balance. Read, not locked."""

    booking: Booking
    operator: Operator
    tour: Tour | None
    departure: Departure | None
    hold: Hold

    @property
    def display_reference(self) -> str:
        """The departure's shared reference once anything is paid, else the booking's own."""
        if self.booking.paid_minor > 0 and self.departure is not None:
            return self.departure.shared_reference
        return self.booking.reference


def _is_own(contact_id: int, phone: str | None) -> ColumnElement[bool]:
    """A union, because of an OR the database makes one scan over every booking there is."""
    proved = select(BookingContact.booking_id).where(BookingContact.contact_id == contact_id)
    if phone is None:
        return Booking.id.in_(proved)
    return Booking.id.in_(proved.union(select(Booking.id).where(Booking.lead_phone == phone)))


def find_own(db: Session, contact_id: int, phone: str | None, reference: str) -> list[int]:
    """Ids of the sender's own bookings that a reference in any spelling names: its own, or the
    departure's shared one.
    """
    key = reference_key(reference)
    own = _is_own(contact_id, phone)
    found = list(db.execute(select(Booking.id).where(Booking.reference_key == key, own)).scalars())
    shared = parse_shared_reference(reference)
    if found or shared is None:
        return found
    return list(
        db.execute(
            select(Booking.id)
            .join(Departure, Departure.id == Booking.departure_id)
            .where(Departure.shared_reference == shared_reference(*shared), own)
            .order_by(Booking.id)
            .limit(_OWN_AT_MOST)
        ).scalars()
    )


def own_bookings(db: Session, contact_id: int, phone: str | None) -> list[int]:
    """Ids of the sender's bookings that are not cancelled, soonest departure first, ten at the
    most.
    """
    return list(
        db.execute(
            select(Booking.id)
            .outerjoin(Departure, Departure.id == Booking.departure_id)
            .where(_is_own(contact_id, phone), Booking.cancelled_at.is_(None))
            .order_by(func.coalesce(Departure.start_date, date.max), Booking.id)
            .limit(_OWN_AT_MOST)
        ).scalars()
    )


def facts(db: Session, booking_ids: Sequence[int], contact_id: int) -> list[BookingFacts]:
    """The bookings with all that their view needs, in the order of the ids: one query however
    many there are.
    """
    if not booking_ids:
        return []
    holds = holds_on(booking_ids, contact_id).subquery()
    rows = db.execute(
        select(Booking, Operator, Tour, Departure, holds.c.held, holds.c.until, holds.c.own)
        .join(Operator, Operator.id == Booking.operator_id)
        .outerjoin(Departure, Departure.id == Booking.departure_id)
        .outerjoin(Tour, Tour.id == Departure.tour_id)
        .outerjoin(holds, holds.c.booking_id == Booking.id)
        .where(Booking.id.in_(booking_ids))
        .execution_options(populate_existing=True)
    ).all()
    by_id = {
        booking.id: BookingFacts(
            booking, operator, tour, departure, Hold(int(held or 0), until, own=bool(own))
        )
        for booking, operator, tour, departure, held, until, own in rows
    }
    return [by_id[booking_id] for booking_id in booking_ids]


def too_many_tries(db: Session, contact_id: int, reference: str, policy: Policy) -> bool:
    """Whether this contact, or this reference over all contacts, has used up a day's
    failed tries.
    """
    since = func.clock_timestamp() - func.make_interval(0, 0, 0, 1)
    by_contact, by_reference = db.execute(
        select(
            select(func.count())
            .where(LookupTry.contact_id == contact_id, LookupTry.at > since)
            .scalar_subquery(),
            select(func.count())
            .where(LookupTry.reference_key == _try_key(reference), LookupTry.at > since)
            .scalar_subquery(),
        )
    ).one()
    return bool(
        by_contact >= policy.lookup_tries_per_contact
        or by_reference >= policy.lookup_tries_per_reference
    )


def count_try(db: Session, contact_id: int, reference: str) -> None:
    """Note a failed try to find or prove a booking."""
    db.add(LookupTry(contact_id=contact_id, reference_key=_try_key(reference)))
    db.flush()


def _try_key(reference: str) -> str:
    return reference_key(reference)[:60]


def prove(db: Session, contact_id: int, reference: str, surname: str) -> int | None:
    """The booking whose reference and lead traveller's surname both match; it is the contact's own
    from then on.
    """
    row = db.execute(
        select(Booking.id, Booking.lead_name).where(
            Booking.reference_key == reference_key(reference)
        )
    ).one_or_none()
    if row is None or not _same_surname(row.lead_name, surname):
        return None
    db.execute(
        insert(BookingContact)
        .values(booking_id=row.id, contact_id=contact_id)
        .on_conflict_do_nothing()
    )
    return int(row.id)


def _same_surname(lead_name: str, surname: str) -> bool:
    """Whether `surname` is how the name ends (`de Wet`, `Wet`); case, accents and punctuation are
    nobody's.
    """
    name, given = _plain(lead_name), _plain(surname)
    return bool(given) and (name == given or name[-len(given) :] == given)


def _plain(name: str) -> tuple[str, ...]:
    """The words of a name, folded for comparing."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(
        character if character.isalpha() else " "
        for character in decomposed
        if not unicodedata.combining(character) and character not in "'’"
    )
    return tuple(letters.split())
