"""What the pages of departures and bookings call things."""

from collections.abc import Mapping

_SILENT: Mapping[str, str] = {
    "unknown": "nobody with this number has written to us",
    "late": "last wrote to us more than 24 hours ago",
    "opted_out": "asked us not to write",
}


def silent_words(why: str) -> str:
    """Why nobody of a booking could be told; `why` is a value of domain.reaching.Silent."""
    return _SILENT.get(why, why)
