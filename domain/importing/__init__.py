"""Bookings out of a CSV file: read by strict grammars, applied in one transaction or not at all.

bytes ▸ reading (separator, header, cells) ▸ planning (beside what is there) ▸ applying (writes)
"""

from domain.importing.applying import ImportReport, apply_bookings
from domain.importing.reading import (
    LARGEST_FILE_BYTES,
    MOST_ROWS,
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    BookingRow,
    Fault,
    ImportRefused,
    Reading,
    read_bookings,
)

__all__ = [
    "LARGEST_FILE_BYTES",
    "MOST_ROWS",
    "OPTIONAL_COLUMNS",
    "REQUIRED_COLUMNS",
    "BookingRow",
    "Fault",
    "ImportRefused",
    "ImportReport",
    "Reading",
    "apply_bookings",
    "read_bookings",
]
