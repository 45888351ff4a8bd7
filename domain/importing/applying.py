"""Writes what a reading says, in the caller's one transaction: bookings added and changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain import ledger
from domain.importing.planning import Known, changed_columns, faults_of, folded, look, place
from domain.importing.reading import BookingRow, ImportRefused, Reading
from domain.models import AuditEntry, Booking, Departure, Operator, Tour, Transfer
from domain.money import Money
from domain.staff.trail import By, entry
from domain.taking_turns import take_turn


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Bookings added, changed and left alone; the operators and tours that were new."""

    added: int
    changed: int
    unchanged: int
    operators: tuple[str, ...] = ()
    tours: tuple[int, ...] = ()


def apply_bookings(db: Session, reading: Reading, actor: str) -> ImportReport:
    """Apply all rows, or raise ImportRefused with every fault; the transaction must then roll back.

    Applying the same rows again changes nothing. `actor` is written into the audit trail. Waits for
    other imports for as long as one may take.
    """
    _take_turn(db)
    return import_rows(db, reading, By(None, actor))


def import_rows(db: Session, reading: Reading, by: By) -> ImportReport:
    """The same for who has taken the turn."""
    report = write_bookings(db, reading, by)
    if report.added or report.changed:
        detail = {"added": report.added, "changed": report.changed}
        db.add(entry(by, "bookings_imported", "import", detail))
        db.flush()
    return report


def write_bookings(db: Session, reading: Reading, by: By) -> ImportReport:
    """The same for who writes down by itself what it was for."""
    rows = reading.rows
    known = _look_and_lock(db, reading)
    faults = [*reading.faults, *faults_of(rows, known, reading.optional_columns)]
    if faults:
        raise ImportRefused(tuple(sorted(faults, key=lambda fault: fault.line)))

    new_operators = _add_operators(db, rows, known)
    new_tours = _add_tours(db, rows, known)
    _add_departures(db, rows, known)
    now = db.execute(select(func.clock_timestamp())).scalar_one()
    new_rows = [row for row in rows if row.key not in known.bookings]
    _add_bookings(db, new_rows, known, now)
    entries = [_change(row, known, reading.optional_columns, by) for row in rows]
    changes = [each for each in entries if each is not None]
    db.add_all(changes)
    db.flush()
    return ImportReport(
        added=len(new_rows),
        changed=len(changes),
        unchanged=len(rows) - len(new_rows) - len(changes),
        operators=new_operators,
        tours=new_tours,
    )


def _take_turn(db: Session) -> None:
    """Wait for an import that is under way; only this waiting may take longer than other locks."""
    db.execute(text("SET LOCAL statement_timeout = '180s'"))
    db.execute(text("SET LOCAL lock_timeout = '150s'"))
    take_turn(db)
    db.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def _look_and_lock(db: Session, reading: Reading) -> Known:
    """What is there, with those bookings locked and read afresh that a row would change.

    One query locks them all, in the order of their ids, so that nobody waits in a circle. Under the
    locks the rest is read again: a payment may have begun, a booking may have been added by hand.
    """
    locked: set[int] = set()
    while True:
        known = look(db, reading.rows)
        differing = {
            booking.id
            for row in reading.rows
            if (booking := known.bookings.get(row.key)) is not None
            and changed_columns(row, booking, known, reading.optional_columns)
        }
        if differing <= locked:
            return known
        locked |= differing
        _lock(db, sorted(locked))


def _lock(db: Session, booking_ids: list[int]) -> None:
    db.execute(
        select(Booking)
        .where(Booking.id == any_(literal(booking_ids, ARRAY(BigInteger))))
        .order_by(Booking.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalars().all()


def _add_operators(db: Session, rows: Sequence[BookingRow], known: Known) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for row in rows:
        if folded(row.operator) not in known.operators:
            names.setdefault(folded(row.operator), " ".join(row.operator.split()))
    if names:
        added = db.execute(
            insert(Operator).returning(Operator.id, Operator.name),
            [{"name": name} for name in names.values()],
        )
        known.operators.update({folded(name): operator_id for operator_id, name in added})
    return tuple(names.values())


def _add_tours(db: Session, rows: Sequence[BookingRow], known: Known) -> tuple[int, ...]:
    tours: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row.tour_id is not None and row.tour_id not in known.tours and row.tour_name is not None:
            operator_id = known.operators[folded(row.operator)]
            tours.setdefault(
                row.tour_id,
                {"id": row.tour_id, "operator_id": operator_id, "name": row.tour_name},
            )
    if tours:
        db.execute(insert(Tour), list(tours.values()))
    return tuple(sorted(tours))


def _add_departures(db: Session, rows: Sequence[BookingRow], known: Known) -> None:
    wanted = {place(row) for row in rows} - {None, *known.departures}
    missing = [each for each in wanted if each is not None]
    if not missing:
        return
    added = db.execute(
        insert(Departure).returning(Departure),
        [{"tour_id": tour_id, "start_date": day} for tour_id, day in sorted(missing)],
    ).scalars()
    known.departures.update({(each.tour_id, each.start_date): each for each in added})


def _departure_id(row: BookingRow, known: Known) -> int | None:
    where = place(row)
    return None if where is None else known.departures[where].id


def _add_bookings(db: Session, rows: Sequence[BookingRow], known: Known, now: datetime) -> None:
    """Add bookings, and an opening transfer for what each was paid before it came to us."""
    openings: list[tuple[Booking, Money]] = []
    bookings: list[Booking] = []
    for row in rows:
        booking = Booking(
            reference=row.reference,
            reference_key=row.key,
            operator_id=known.operators[folded(row.operator)],
            departure_id=_departure_id(row, known),
            lead_name=row.name,
            lead_phone=row.phone,
            email=row.email,
            currency=row.total.currency,
            total_minor=row.total.amount_minor,
            paid_minor=0,
            payment_status=ledger.payment_status(0, row.total.amount_minor),
            deposit_minor=row.deposit.amount_minor if row.deposit else None,
            balance_due_on=row.balance_due_on,
        )
        bookings.append(booking)
        if row.opening is not None and row.opening.amount_minor:
            ledger.raise_paid(booking, row.opening, now)
            openings.append((booking, row.opening))
    db.add_all(bookings)
    db.flush()
    db.add_all(
        Transfer(
            kind="opening",
            debit=ledger.opening_account(booking.operator_id),
            credit=ledger.booking_account(booking.id),
            amount_minor=opening.amount_minor,
            currency=opening.currency,
            booking_id=booking.id,
        )
        for booking, opening in openings
    )


def _change(row: BookingRow, known: Known, columns: frozenset[str], by: By) -> AuditEntry | None:
    """Change a booking as its row says, and say so; None where it is new or nothing differs."""
    booking = known.bookings.get(row.key)
    if booking is None:
        return None
    changed = changed_columns(row, booking, known, columns)
    if not changed:
        return None
    detail = _story(row, booking, known, changed)
    booking.lead_name, booking.lead_phone = row.name, row.phone
    booking.total_minor = row.total.amount_minor
    booking.departure_id = _departure_id(row, known)
    if "email" in columns:
        booking.email = row.email
    if "deposit" in columns:
        booking.deposit_minor = row.deposit.amount_minor if row.deposit else None
    if "balance_due_on" in columns:
        booking.balance_due_on = row.balance_due_on
    return entry(by, "booking_changed", f"booking:{booking.id}", detail)


def _story(
    row: BookingRow, booking: Booking, known: Known, changed: tuple[str, ...]
) -> dict[str, Any]:
    """What changed, for the audit trail: all columns by name; money and dates by both values."""
    detail: dict[str, Any] = {"columns": list(changed), "line": row.line}
    if "total" in changed:
        detail["total_minor"] = [booking.total_minor, row.total.amount_minor]
    if "start_date" in changed:
        detail["departure"] = [_spelled(known.place_of(booking)), _spelled(place(row))]
    if "balance_due_on" in changed:
        both = (booking.balance_due_on, row.balance_due_on)
        detail["balance_due_on"] = [each.isoformat() if each else None for each in both]
    return detail


def _spelled(where: tuple[int, date] | None) -> str | None:
    return None if where is None else f"tour {where[0]} on {where[1].isoformat()}"
