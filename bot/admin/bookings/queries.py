"""What the list of bookings reads: newest first, found by whatever names one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, or_, select, text
from sqlalchemy.orm import Session

from bot.admin.bookings.booked import BOOKED, Booked
from bot.admin.paging import PAGE_ROWS, Page, page_of
from bot.admin.scope import Scope
from bot.admin.transactions.search import phones
from domain.models import Booking, Departure, Operator, Tour
from domain.references import parse_shared_reference, reference_key, shared_reference

CANCELLED = "CANCELLED"
TO_REFUND = "TO_REFUND"
STATUSES = ("PENDING", "DEPOSIT_PAID", "PAID", CANCELLED, TO_REFUND)
_MOST_WORDS = 6
# One or two letters are a whole name (Li, Wu): as a beginning they would be everybody's.
_SHORTEST_BEGINNING = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; None or nothing: all of it. `query` may hold a phone number."""

    status: str | None
    operator_id: int | None
    tour_id: int | None
    query: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line(Booked):
    """A booking as the list of all shows it, beside what it belongs to."""

    operator: str
    tour: str | None
    start_date: date | None
    departure_id: int | None
    shared_reference: str | None


def listed(db: Session, scope: Scope, filters: Filters, before: int | None) -> Page[Line]:
    """A page of bookings, in one query."""
    query = lines(scope).where(*_conditions(filters))
    if before is not None:
        query = query.where(Booking.id < before)
    # A search goes by the indexes of what it looks for: by that of the order, a name that nobody
    # has would be looked for in every booking.
    order = Booking.id + 0 if filters.query else Booking.id
    rows = db.execute(query.order_by(order.desc()).limit(PAGE_ROWS + 1))
    return page_of([Line(*row) for row in rows], lambda line: (line.id,))


def lines(scope: Scope) -> Any:
    """Bookings of whoever looks; columns in the order of `Line`."""
    return (
        select(
            *BOOKED,
            Operator.name,
            Tour.name,
            Departure.start_date,
            Departure.id,
            Departure.shared_reference,
        )
        .join(Operator, Operator.id == Booking.operator_id)
        .outerjoin(Departure, Departure.id == Booking.departure_id)
        .outerjoin(Tour, Tour.id == Departure.tour_id)
        .where(scope.keeps(Booking.operator_id))
    )


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.query:
        yield _named(filters.query)
    if filters.operator_id is not None:
        yield Booking.operator_id == filters.operator_id
    if filters.tour_id is not None:
        on_it = select(Departure.id).where(Departure.tour_id == filters.tour_id)
        yield Booking.departure_id.in_(on_it)
    if filters.status == CANCELLED:
        yield Booking.cancelled_at.is_not(None)
    elif filters.status == TO_REFUND:
        yield Booking.cancelled_at.is_not(None)
        yield Booking.paid_minor > 0
    elif filters.status is not None:
        yield Booking.payment_status == filters.status
        yield Booking.cancelled_at.is_(None)


def _named(query: str) -> ColumnElement[bool]:
    """What the text may be the name of, each found by an index of its own: a tour's shared
    reference, or a booking's own reference, a phone number, the words of a name or their
    beginnings.
    """
    shared = parse_shared_reference(query)
    if shared is not None:
        together = select(Departure.id).where(
            Departure.shared_reference == shared_reference(*shared)
        )
        return Booking.departure_id.in_(together)
    ways = [Booking.reference_key == reference_key(query)]
    numbers = phones(query)
    if numbers:
        ways.append(Booking.lead_phone.in_(numbers))
    words = _beginnings(query)
    if words:
        name = func.to_tsvector(
            literal_column("'simple'::regconfig"), literal_column("booking.lead_name::text")
        )
        ways.append(name.op("@@")(func.to_tsquery(text("'simple'::regconfig"), words)))
    return or_(*ways)


def _beginnings(query: str) -> str:
    """A search for names in which every word of the query is how a word begins. Words of other
    scripts are looked for in small and capital letters alike: not every database folds these.
    Nothing for what holds no letter.
    """
    if not any(letter.isalpha() for letter in query):
        return ""  # a number names nobody, and looking for it would read every name
    words = [word.replace("_", "") for word in _WORD.findall(query)[:_MOST_WORDS]]
    terms = []
    for word in filter(None, words):
        forms = dict.fromkeys([word] if word.isascii() else [word, word.lower(), word.title()])
        ending = ":*" if len(word) >= _SHORTEST_BEGINNING else ""
        terms.append("(" + " | ".join(f"{form}{ending}" for form in forms) + ")")
    return " & ".join(terms)
