"""What a file of bookings would do, before anything is written; and the same file, imported as it
was shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy.orm import Session

from domain.importing.applying import ImportReport, import_rows
from domain.importing.planning import Known, changed_columns, faults_of, folded, look, place
from domain.importing.reading import BookingRow, Fault, Reading
from domain.models import Booking
from domain.money import Money
from domain.staff.trail import By
from domain.taking_turns import take_turn

_OTHER_OPERATOR = "this row is of another operator: only your own bookings can be imported"


@dataclass(frozen=True, slots=True)
class Difference:
    """One column as it stands and as the row has it, in words; a phone number by its end only."""

    column: str
    before: str = field(repr=False)
    after: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """A booking that the file would change."""

    line: int
    booking_id: int
    reference: str
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would do: nothing, as long as there are faults. Rows with a fault stand among
    these alone. `digest` names exactly this outcome.
    """

    added: tuple[BookingRow, ...]
    changed: tuple[Change, ...]
    unchanged: int
    faults: tuple[Fault, ...]
    operators: tuple[str, ...]
    tours: tuple[int, ...]
    digest: str

    @property
    def wrong(self) -> int:
        """How many rows have a fault, or several."""
        return len({fault.line for fault in self.faults})


def only_of(reading: Reading, operator: str) -> Reading:
    """The reading for somebody who may import this operator's bookings alone: rows of others become
    faults.
    """
    mine = tuple(row for row in reading.rows if folded(row.operator) == folded(operator))
    others = (row for row in reading.rows if folded(row.operator) != folded(operator))
    faults = (*reading.faults, *(Fault(row.line, "operator", _OTHER_OPERATOR) for row in others))
    return Reading(mine, faults, reading.optional_columns)


def preview_bookings(db: Session, reading: Reading) -> Preview:
    """What the rows would change of what is there now. Locks nothing, writes nothing."""
    known = look(db, reading.rows)
    faults = [*reading.faults, *faults_of(reading.rows, known, reading.optional_columns)]
    bad = {fault.line for fault in faults}
    good = [row for row in reading.rows if row.line not in bad]
    added = tuple(row for row in good if row.key not in known.bookings)
    changed = tuple(_changes(good, known, reading.optional_columns))
    unchanged = len(good) - len(added) - len(changed)
    faults.sort(key=lambda fault: fault.line)
    operators = {
        folded(row.operator): " ".join(row.operator.split())
        for row in added
        if folded(row.operator) not in known.operators
    }
    tours = {row.tour_id for row in good if row.tour_id and row.tour_id not in known.tours}
    outcome = [[row.line for row in added], [_named(change) for change in changed], faults]
    return Preview(
        added=added,
        changed=changed,
        unchanged=unchanged,
        faults=tuple(faults),
        operators=tuple(operators.values()),
        tours=tuple(sorted(tours)),
        digest=sha256(repr(outcome).encode()).hexdigest(),
    )


def import_previewed(db: Session, reading: Reading, by: By, digest: str) -> ImportReport | Preview:
    """Import what was previewed; where it would do something else by now, the new preview, and
    nothing is written. Raises ImportRefused for what changes in the very moment; the transaction
    must then roll back.
    """
    take_turn(db)
    preview = preview_bookings(db, reading)
    if preview.digest != digest or preview.faults:
        return preview
    return import_rows(db, reading, by)


def _changes(rows: list[BookingRow], known: Known, columns: frozenset[str]) -> Iterator[Change]:
    for row in rows:
        booking = known.bookings.get(row.key)
        if booking is None:
            continue
        names = changed_columns(row, booking, known, columns)
        if names:
            differences = tuple(_difference(name, row, booking, known) for name in names)
            yield Change(row.line, booking.id, booking.reference, differences)


def _difference(name: str, row: BookingRow, booking: Booking, known: Known) -> Difference:
    before, after = {
        "customer_name": (booking.lead_name, row.name),
        "customer_phone": (_end(booking.lead_phone), _end(row.phone)),
        "total": (Money(booking.total_minor, booking.currency), row.total),
        "start_date": (_spelled(known, booking), _leaving(row)),
        "email": (booking.email, row.email),
        "deposit": (_money(booking.deposit_minor, booking.currency), row.deposit),
        "balance_due_on": (booking.balance_due_on, row.balance_due_on),
    }[name]
    return Difference(name, str(before or "–"), str(after or "–"))


def _money(amount_minor: int | None, currency: str) -> Money | None:
    return None if amount_minor is None else Money(amount_minor, currency)


def _end(phone: str | None) -> str | None:
    return f"•••• {phone[-4:]}" if phone else None


def _spelled(known: Known, booking: Booking) -> str | None:
    where = known.place_of(booking)
    return None if where is None else f"tour {where[0]}, {where[1].isoformat()}"


def _leaving(row: BookingRow) -> str | None:
    where = place(row)
    return None if where is None else f"tour {where[0]}, {where[1].isoformat()}"


def _named(change: Change) -> list[object]:
    shown = [(each.column, each.before, each.after) for each in change.differences]
    return [change.line, change.booking_id, shown]
