"""Bookings out of a CSV file: read by strict grammars, applied in one transaction or not at all.

bytes ▸ reading (separator, header, cells) ▸ planning (beside what is there) ▸ applying (writes)
                                                                             ▸ previewing (shows)
row   ▸ adding (one booking by hand, by the same rules)
"""

from domain.importing.adding import NotAdded, add_booking
from domain.importing.applying import ImportReport, apply_bookings
from domain.importing.previewing import (
    Change,
    Preview,
    import_previewed,
    only_of,
    preview_bookings,
)
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
    "Change",
    "LARGEST_FILE_BYTES",
    "MOST_ROWS",
    "NotAdded",
    "OPTIONAL_COLUMNS",
    "REQUIRED_COLUMNS",
    "BookingRow",
    "Fault",
    "ImportRefused",
    "ImportReport",
    "Preview",
    "Reading",
    "add_booking",
    "apply_bookings",
    "import_previewed",
    "only_of",
    "preview_bookings",
    "read_bookings",
]
