"""Rows beside what is there already: what each would change, and what it may not change.

customer_name, email, deposit, balance_due_on   always
customer_phone                                  while a correction by hand takes one person
total                                           the same, and while no payment is under way
start_date                                      always; emptied only while nothing is paid
tour_id                                         while nothing is paid; always where none was known
reference, currency, operator, paid             never

The reference of a new booking must be one that its customer can write to us; one that is there
keeps its own, as others read it meanwhile.
Of a cancelled booking neither total nor departure changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ARRAY, BigInteger, Integer, String, any_, literal, or_, select
from sqlalchemy.orm import Session

from domain.correcting import takes_two, under_way
from domain.importing.reading import BookingRow, Fault
from domain.models import Booking, Departure, Operator, Payment, Tour, Transfer
from domain.money import Money
from domain.states import ENDED

_IS_PAID = "something is paid"
_MAY_BE_PAID = "a payment of this booking may have been taken, and nobody knows yet"
_NOT_TYPED = (
    "customers could not write this to pay, because the chat would not know it for a booking: take"
    " letters and digits, five or more, such as KS-2024-001"
)
_BY_HAND = "leave it as it is here, and correct the booking in the web view, with a second person"


def folded(name: str) -> str:
    """A name as it is compared: case and spaces do not make another operator or tour."""
    return " ".join(name.split()).casefold()


@dataclass(frozen=True, slots=True)
class Known:
    """What is there already of all that the rows name. Amounts in minor units."""

    operators: dict[str, int]
    tours: dict[int, Tour]
    departures: dict[tuple[int, date], Departure]
    departures_by_id: dict[int, Departure]
    bookings: dict[str, Booking]
    openings: dict[int, int]
    under_way: Mapping[int, int]
    with_open_payment: frozenset[int]

    def place_of(self, booking: Booking) -> tuple[int, date] | None:
        """Tour and date of a booking, if it has a departure."""
        if booking.departure_id is None:
            return None
        departure = self.departures_by_id[booking.departure_id]
        return departure.tour_id, departure.start_date


def look(db: Session, rows: Sequence[BookingRow]) -> Known:
    """Look everything up: the same few queries however many rows there are."""
    keys = literal([row.key for row in rows], ARRAY(String))
    bookings = {
        booking.reference_key: booking
        for booking in db.execute(select(Booking).where(Booking.reference_key == any_(keys)))
        .scalars()
        .all()
    }
    ids = literal([booking.id for booking in bookings.values()], ARRAY(BigInteger))
    numbers = literal(
        sorted({row.tour_id for row in rows if row.tour_id is not None}), ARRAY(Integer)
    )
    standing = literal(
        [each.departure_id for each in bookings.values() if each.departure_id is not None],
        ARRAY(BigInteger),
    )
    departures = (
        db.execute(
            select(Departure).where(
                or_(Departure.tour_id == any_(numbers), Departure.id == any_(standing))
            )
        )
        .scalars()
        .all()
    )
    openings = db.execute(
        select(Transfer.booking_id, Transfer.amount_minor).where(
            Transfer.booking_id == any_(ids), Transfer.kind == "opening"
        )
    )
    payments = db.execute(
        select(Payment.booking_id).where(
            Payment.booking_id == any_(ids), Payment.status.not_in(ENDED)
        )
    )
    tours = db.execute(select(Tour).where(Tour.id == any_(numbers))).scalars()
    return Known(
        operators={
            folded(name): operator_id
            for operator_id, name in db.execute(select(Operator.id, Operator.name))
        },
        tours={tour.id: tour for tour in tours},
        departures={(each.tour_id, each.start_date): each for each in departures},
        departures_by_id={each.id: each for each in departures},
        bookings=bookings,
        openings={booking_id: amount for booking_id, amount in openings if booking_id is not None},
        under_way=under_way(db, [booking.id for booking in bookings.values()]),
        with_open_payment=frozenset(payments.scalars()),
    )


def place(row: BookingRow) -> tuple[int, date] | None:
    """Tour and date that a row gives; a tour without a date is no departure."""
    if row.tour_id is None or row.start_date is None:
        return None
    return row.tour_id, row.start_date


def changed_columns(
    row: BookingRow, booking: Booking, known: Known, columns: frozenset[str]
) -> tuple[str, ...]:
    """The columns in which a row differs; `columns` are the optional ones that the file has."""
    deposit = row.deposit.amount_minor if row.deposit else None
    differs = {
        "customer_name": row.name != booking.lead_name,
        "customer_phone": row.phone != booking.lead_phone,
        "total": row.total.amount_minor != booking.total_minor,
        "start_date": place(row) != known.place_of(booking),
        "email": "email" in columns and row.email != booking.email,
        "deposit": "deposit" in columns and deposit != booking.deposit_minor,
        "balance_due_on": "balance_due_on" in columns
        and row.balance_due_on != booking.balance_due_on,
    }
    return tuple(name for name, is_other in differs.items() if is_other)


def faults_of(rows: Iterable[BookingRow], known: Known, columns: frozenset[str]) -> Iterator[Fault]:
    """Everything that the tables have against the rows."""
    new_tours: dict[int, BookingRow] = {}
    for row in rows:
        if row.tour_id is not None and row.tour_id not in known.tours and row.tour_name is not None:
            new_tours.setdefault(row.tour_id, row)
    for row in rows:
        faults = [*_tour_faults(row, known, new_tours)]
        booking = known.bookings.get(row.key)
        target = known.departures.get(place(row) or (0, date.min))
        moves = booking is None or place(row) != known.place_of(booking)
        # Of a tour that is somebody else's, nothing more is told.
        is_off = target is not None and target.cancelled_at is not None
        if moves and is_off and not faults:
            faults.append(("start_date", "this departure was cancelled"))
        if booking is None and not row.can_be_typed:
            faults.append(("reference", _NOT_TYPED))
        if booking is not None:
            faults += _booking_faults(row, booking, known, columns)
        yield from (Fault(row.line, column, reason) for column, reason in faults)


def _tour_faults(
    row: BookingRow, known: Known, new_tours: dict[int, BookingRow]
) -> Iterator[tuple[str, str]]:
    if row.tour_id is None:
        return
    tour, first = known.tours.get(row.tour_id), new_tours.get(row.tour_id)
    if tour is not None:
        if tour.operator_id != known.operators.get(folded(row.operator)):
            yield "tour_id", f"tour {row.tour_id} belongs to another operator"
        elif row.tour_name is not None and folded(row.tour_name) != folded(tour.name):
            yield (
                "tour_name",
                (
                    f"tour {row.tour_id} has another name here: leave the name empty, or rename the"
                    " tour first"
                ),
            )
    elif first is None:
        yield "tour_name", f"is empty, but tour {row.tour_id} is new"
    elif folded(first.operator) != folded(row.operator):
        yield "tour_id", f"tour {row.tour_id} is of another operator on line {first.line}"
    elif row.tour_name is not None and folded(first.tour_name or "") != folded(row.tour_name):
        yield "tour_name", f"tour {row.tour_id} has another name on line {first.line}"


def _booking_faults(
    row: BookingRow, booking: Booking, known: Known, columns: frozenset[str]
) -> Iterator[tuple[str, str]]:
    if known.operators.get(folded(row.operator)) != booking.operator_id:
        # Whose it is decides who may see and change it; nothing else of it is told.
        yield "operator", "this reference is a booking of another operator"
        return
    if row.total.currency != booking.currency:
        yield "currency", f"a booking's currency never changes: this one is in {booking.currency}"
        return
    if row.opening is not None and row.opening.amount_minor != known.openings.get(booking.id, 0):
        opening = Money(known.openings.get(booking.id, 0), booking.currency)
        yield "paid", f"counts once, when a booking is added: this one was added with {opening}"
    changed = changed_columns(row, booking, known, columns)
    if "customer_phone" in changed:
        yield from _second_person("customer_phone", booking, known)
    if "total" in changed:
        yield from _total_faults(row, booking, known, columns)
    if "start_date" in changed:
        yield from _move_faults(row, booking, known)


def _second_person(column: str, booking: Booking, known: Known) -> Iterator[tuple[str, str]]:
    """What a correction by hand asks of two people, no file may do."""
    if takes_two(booking, known.under_way.get(booking.id, 0)):
        yield column, f"{_IS_PAID if booking.paid_minor else _MAY_BE_PAID}: {_BY_HAND}"


def _total_faults(
    row: BookingRow, booking: Booking, known: Known, columns: frozenset[str]
) -> Iterator[tuple[str, str]]:
    second_person = [*_second_person("total", booking, known)]
    if booking.cancelled_at is not None:
        yield "total", "the booking is cancelled"
    elif second_person:
        yield from second_person
    elif booking.id in known.with_open_payment:
        yield "total", "a payment of this booking is under way: import again when it is over"
    elif "deposit" not in columns and (booking.deposit_minor or 0) > row.total.amount_minor:
        yield "total", "is less than the deposit of this booking: give the column deposit too"


def _move_faults(row: BookingRow, booking: Booking, known: Known) -> Iterator[tuple[str, str]]:
    old, new = known.place_of(booking), place(row)
    if booking.cancelled_at is not None:
        yield "start_date", "the booking is cancelled"
    elif not booking.paid_minor or old is None:
        return
    elif new is None:
        yield "start_date", "something is paid: the booking needs its tour and date"
    elif new[0] != old[0]:
        yield "tour_id", "something is paid: the date may move, the tour may not"
