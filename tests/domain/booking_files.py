"""Files of bookings for tests: a sample row, files made of it, and what an import made of them."""

import pytest
from sqlalchemy import select, text

from domain.database import repeat, transaction
from domain.importing import (
    ImportRefused,
    ImportReport,
    Reading,
    apply_bookings,
    read_bookings,
)
from domain.models import AuditEntry, Booking, Departure, Operator, Tour, Transfer

COLUMNS = (
    "reference,tour_id,tour_name,start_date,customer_name,customer_phone,total,currency,operator"
    ",paid,email,deposit,balance_due_on"
)
ROW = {
    "reference": "KS-2024-001",
    "tour_id": "5",
    "tour_name": "Victoria Falls",
    "start_date": "2030-02-10",
    "customer_name": "Tendai Moyo",
    "customer_phone": "+263771234567",
    "total": "500.00",
    "currency": "USD",
    "operator": "Kalai Safaris",
    "paid": "",
    "email": "tendai@example.com",
    "deposit": "100",
    "balance_due_on": "2030-01-10",
}


def file_of(*rows: dict[str, str], without: frozenset[str] = frozenset()) -> bytes:
    """A file with one row for each, as the sample row but for what is said."""
    names = [name for name in COLUMNS.split(",") if name not in without]
    lines = [",".join((ROW | row)[name] for name in names) for row in rows or ({},)]
    return "\n".join([",".join(names), *lines]).encode()


def read(data: bytes) -> Reading:
    """What a file says. `?` alone makes a reference one that the chat would not know."""
    return read_bookings(data, "Kalai Safaris", lambda reference: "?" not in reference)


def load(data: bytes) -> ImportReport:
    reading = read(data)
    return repeat(lambda db: apply_bookings(db, reading, "cli"))


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.added, report.changed, report.unchanged


def refused(data: bytes) -> list[str]:
    """Why a file was not imported; nothing at all may have changed."""
    before = everything()
    with pytest.raises(ImportRefused) as error:
        load(data)
    assert everything() == before
    return [str(fault) for fault in error.value.faults]


def everything() -> list[list[object]]:
    """All rows of the tables that an import writes."""
    tables = (Operator, Tour, Departure, Booking, Transfer, AuditEntry)
    with transaction() as db:
        return [
            [tuple(row) for row in db.execute(select(table.__table__).order_by(text("1")))]
            for table in tables
        ]


def booking(reference: str = "KS-2024-001") -> Booking:
    with transaction() as db:
        return db.execute(select(Booking).where(Booking.reference == reference)).scalar_one()


def shared_reference() -> str | None:
    with transaction() as db:
        return db.execute(
            select(Departure.shared_reference).join(Booking, Booking.departure_id == Departure.id)
        ).scalar_one_or_none()


def cancel_booking() -> None:
    with transaction() as db:
        db.execute(text("UPDATE booking SET cancelled_at = now()"))
