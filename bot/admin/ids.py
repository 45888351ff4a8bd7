"""Ids of rows as addresses carry them: no larger than a column holds."""

from typing import Any

from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**63 - 1
_LONGEST_FILTER = 9


class RowId(IntegerConverter):
    """What `<int:…>` is in every address of the web view: an address with a number that no row can
    have is no page.
    """

    def __init__(self, addresses: Map) -> None:
        super().__init__(addresses, max=LARGEST_ID)


def read_id(part: Any) -> int:
    """A reader of cursors for ids of rows. Raises ValueError for what no id can be."""
    number = int(part)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError("no row has this id")
    return number


def read_filter(text: str) -> int | None:
    """The id in a filter of a list; None for what is no id, and for one too long to be typed."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _LONGEST_FILTER
    return int(text) if is_number else None
