"""Pages over long lists: by where the last one ended, never by counting."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")
PAGE_ROWS = 50
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows. `older` is the cursor of the next one, None at the end; it stands in the
    address as `?before=…`.
    """

    rows: Sequence[Row]
    older: str | None


def page_of(
    rows: Sequence[Row], key: Callable[[Row], tuple[Any, ...]], size: int = PAGE_ROWS
) -> Page[Row]:
    """A page of rows that were asked for with `LIMIT size + 1`, in the order of `key`."""
    shown = rows[:size]
    older = write_cursor(key(shown[-1])) if len(rows) > size else None
    return Page(shown, older)


def write_cursor(key: tuple[Any, ...]) -> str:
    """Where a page ended, for an address. Moments become ISO 8601, ids text."""
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(json.dumps(parts, default=str).encode()).decode().rstrip("=")


def read_cursor(
    text: str | None, readers: Sequence[Callable[[Any], Any]]
) -> tuple[Any, ...] | None:
    """What `write_cursor` wrote, each part read by its reader (`datetime.fromisoformat`, `int`,
    `UUID`); None for no cursor and for one that is not ours: the list then begins anew.
    """
    if not text:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return tuple(read(part) for read, part in zip(readers, parts, strict=True))
    except (ValueError, TypeError):
        return None


def read_id(part: Any) -> int:
    """A reader of cursors for ids of rows. Raises ValueError for what no id can be."""
    number = int(part)
    if not 0 <= number <= _LARGEST_ID:
        raise ValueError("no row has this id")
    return number
