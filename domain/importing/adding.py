"""One booking, added by hand: by the rules of an import, and audited as what it is."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.importing.applying import write_bookings
from domain.importing.planning import folded
from domain.importing.reading import OPTIONAL_COLUMNS, BookingRow, Reading
from domain.models import AuditEntry, Booking, Operator
from domain.staff.pairs import who_may
from domain.staff.trail import by_person, entry
from domain.taking_turns import take_turn
from domain.wishes import NotDone, Why

_ACT = "booking_added"
# What a booking was paid is no matter of adding it: money has its own act.
_COLUMNS = frozenset(OPTIONAL_COLUMNS) - {"paid"}


class NotAdded(StrEnum):
    """Why a booking was not added, beside what stands in `Why`."""

    KNOWN_REFERENCE = "known_reference"


def add_booking(db: Session, row: BookingRow, form_id: UUID, staff_id: int) -> Booking | NotDone:
    """Add what a row says; its `opening` must be None, its operator known. `form_id` is minted by
    who adds: adding again with the same one changes nothing.

    KNOWN_REFERENCE: there is such a booking, maybe another operator's. Raises ImportRefused for
    what an import would refuse; the transaction must then roll back.
    """
    take_turn(db)
    operator_id = _operator(db, row.operator)
    person = None if operator_id is None else who_may(db, staff_id, operator_id)
    if person is None or row.opening is not None:
        return NotDone(Why.NOT_ALLOWED)
    known = _by_key(db, row.key)
    if known is not None:
        return known if _was_added_by(db, known, form_id) else NotDone(NotAdded.KNOWN_REFERENCE)
    by = by_person(person)
    write_bookings(db, Reading((row,), (), _COLUMNS), by)
    booking = db.execute(select(Booking).where(Booking.reference_key == row.key)).scalar_one()
    detail = {"form": str(form_id), "total": str(row.total)}
    db.add(entry(by, _ACT, f"booking:{booking.id}", detail))
    db.flush()
    return booking


def _operator(db: Session, name: str) -> int | None:
    names = db.execute(select(Operator.id, Operator.name))
    return {folded(each): operator_id for operator_id, each in names}.get(folded(name))


def _by_key(db: Session, key: str) -> Booking | None:
    return db.execute(select(Booking).where(Booking.reference_key == key)).scalar_one_or_none()


def _was_added_by(db: Session, booking: Booking, form_id: UUID) -> bool:
    written = select(AuditEntry.id).where(
        AuditEntry.subject == f"booking:{booking.id}",
        AuditEntry.act == _ACT,
        AuditEntry.detail["form"].astext == str(form_id),
    )
    return db.execute(select(written.exists())).scalar_one()
