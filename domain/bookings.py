"""Bookings as the people on them may see them: found by reference among one's own, proved by
surname, tries counted.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    bindparam,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import Base, Booking, BookingContact, LookupTry
from domain.money_of_bookings import MoneyOf, has_surplus, money_of
from domain.payments.opening import Hold, holds_on
from domain.policy import Policy
from domain.references import parse_shared_reference, reference_key, shared_reference

_OWN_AT_MOST = 10
_CANCELLED_AT_MOST = 3
_CANCELLED_LATELY = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class BookingFacts:
    """A booking beside what it belongs to and what is held of its balance. Read, not locked."""

    hold: Hold
    id: int
    operator_id: int
    reference: str
    currency: str
    total_minor: int
    paid_minor: int
    deposit_minor: int | None
    cancelled_at: datetime | None
    operator_name: str
    tour_name: str | None
    start_date: date | None
    shared_reference: str | None

    @property
    def display_reference(self) -> str:
        """The departure's shared reference once anything is paid, else the booking's own."""
        if self.paid_minor > 0 and self.shared_reference is not None:
            return self.shared_reference
        return self.reference


@dataclass(frozen=True, slots=True)
class CancelledFacts:
    """A cancelled booking, with what is to be given back, on it or as a surplus, and what was, in
    minor units. `untraced_minor` is on it too, but was paid before it came here, or was moved here
    without its payment's name: nothing that is done here gives it back.
    """

    booking: BookingFacts
    held_minor: int
    given_back_minor: int
    untraced_minor: int


def find_own(db: Session, contact_id: int, phone: str | None, reference: str) -> list[BookingFacts]:
    """The sender's own bookings that a reference in any spelling names: its own, or the departure's
    shared one. `phone` is the sender's, None for who has no number.
    """
    who = {"contact_id": contact_id, "phone": phone}
    found = _facts(db, _BY_OWN_REFERENCE, {**who, "reference_key": reference_key(reference)})
    shared = parse_shared_reference(reference)
    if found or shared is None:
        return found
    return _facts(db, _BY_SHARED_REFERENCE, {**who, "shared": shared_reference(*shared)})


def own_bookings(db: Session, contact_id: int, phone: str | None) -> list[BookingFacts]:
    """The sender's bookings that are not cancelled, soonest departure first, ten at the most."""
    return _facts(db, _OWN, {"contact_id": contact_id, "phone": phone})


def own_cancelled(db: Session, contact_id: int, phone: str | None) -> list[CancelledFacts]:
    """The sender's cancelled bookings that hold money or were cancelled in the last sixty days, the
    last one first, three at the most.
    """
    found = _facts(db, _OWN_CANCELLED, {"contact_id": contact_id, "phone": phone})
    if not found:
        return []
    money = money_of(db, [each.id for each in found])
    return [_cancelled(each, money.get(each.id, MoneyOf())) for each in found]


def _cancelled(known: BookingFacts, money: MoneyOf) -> CancelledFacts:
    untraced_minor = max(0, min(known.paid_minor, money.unnamed_minor))
    held_minor = known.paid_minor - untraced_minor + money.surplus_minor
    return CancelledFacts(known, held_minor, money.given_back_minor, untraced_minor)


def facts(db: Session, booking_id: int) -> BookingFacts:
    """One booking and what is held of it. Raises ValueError for an unknown id."""
    (known,) = _facts(db, _BY_ID, {"booking_id": booking_id})
    return known


def _facts(db: Session, query: Select[Any], values: Mapping[str, Any]) -> list[BookingFacts]:
    db.flush()  # a query about tables does not do it
    return [
        BookingFacts(Hold(int(held or 0), until), *columns)
        for held, until, *columns in db.execute(query, values)
    ]


def _query(*which: ColumnElement[bool]) -> Select[Any]:
    """Bookings with all that their view needs, columns in the order of `BookingFacts`."""
    holds = holds_on(_payment.c.booking_id == _booking.c.id).lateral()
    columns = (
        _booking.c.id,
        _booking.c.operator_id,
        _booking.c.reference,
        _booking.c.currency,
        _booking.c.total_minor,
        _booking.c.paid_minor,
        _booking.c.deposit_minor,
        _booking.c.cancelled_at,
        _operator.c.name,
        _tour.c.name,
        _departure.c.start_date,
        _departure.c.shared_reference,
    )
    return (
        select(holds.c.held, holds.c.until, *columns)
        .select_from(_booking)
        .join(_operator, _operator.c.id == _booking.c.operator_id)
        .outerjoin(_departure, _departure.c.id == _booking.c.departure_id)
        .outerjoin(_tour, _tour.c.id == _departure.c.tour_id)
        .outerjoin(holds, true())
        .where(*which)
    )


def _is_own() -> ColumnElement[bool]:
    """A union, because of an OR the database makes one scan over every booking there is."""
    proved = select(_proved.c.booking_id).where(
        _proved.c.contact_id == bindparam("contact_id", type_=BigInteger)
    )
    led = select(_booking.c.id).where(_booking.c.lead_phone == bindparam("phone", type_=String))
    return _booking.c.id.in_(proved.union(led))


# Tables, not their classes, and each statement made once: docs/performance.md says what it saves.
_booking, _departure, _operator, _tour, _proved, _payment = (
    Base.metadata.tables[name]
    for name in ("booking", "departure", "operator", "tour", "booking_contact", "payment")
)
_BY_ID = _query(_booking.c.id == bindparam("booking_id", type_=BigInteger))
_BY_OWN_REFERENCE = _query(
    _booking.c.reference_key == bindparam("reference_key", type_=String), _is_own()
)
_BY_SHARED_REFERENCE = (
    _query(_departure.c.shared_reference == bindparam("shared", type_=String), _is_own())
    .order_by(_booking.c.id)
    .limit(_OWN_AT_MOST)
)
_OWN = (
    _query(_is_own(), _booking.c.cancelled_at.is_(None))
    .order_by(func.coalesce(_departure.c.start_date, date.max), _booking.c.id)
    .limit(_OWN_AT_MOST)
)


_OWN_CANCELLED = (
    _query(
        _is_own(),
        _booking.c.cancelled_at.is_not(None),
        or_(
            _booking.c.paid_minor > 0,
            _booking.c.cancelled_at > func.clock_timestamp() - _CANCELLED_LATELY,
            has_surplus(_booking.c.id),
        ),
    )
    .order_by(_booking.c.cancelled_at.desc(), _booking.c.id)
    .limit(_CANCELLED_AT_MOST)
)


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
