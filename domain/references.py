"""References: how bookings and departures are named, and how two spellings of one name are known to
be the same.
"""

import re
import unicodedata
from datetime import date, datetime

_SHARED = re.compile(r"BKT(\d{3,9})(\d{8})")


def reference_key(reference: str) -> str:
    """The comparable form of a booking reference: upper case letters and digits only. `ks 2024-001`
    → `KS2024001`.
    """
    folded = unicodedata.normalize("NFKC", reference).upper()
    return "".join(character for character in folded if character.isalnum())


def shared_reference(tour_id: int, start_date: date) -> str:
    """The reference that everybody on one departure shares: `BK-T005-20260210`."""
    return f"BK-T{tour_id:03d}-{start_date:%Y%m%d}"


def parse_shared_reference(reference: str) -> tuple[int, date] | None:
    """Tour number and date of a shared reference in any spelling (`bk t005 20260210`); None for
    anything else.
    """
    match = _SHARED.fullmatch(reference_key(reference))
    if match is None:
        return None
    try:
        return int(match[1]), datetime.strptime(match[2], "%Y%m%d").date()  # noqa: DTZ007 - a calendar date has no zone
    except ValueError:
        return None
