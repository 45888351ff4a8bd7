"""Pages over long lists: by where the last one ended, never by counting."""

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import request, url_for

Row = TypeVar("Row")
PAGE_ROWS = 50


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


def address_of(endpoint: str, asked: Iterable[tuple[str, str]]) -> str:
    """A page's address with these parameters, which are no arguments of url_for: it has names of
    its own, such as `_scheme` and `_external`, and whoever sends an address may use them.
    """
    query = urlencode(list(asked))
    return url_for(endpoint, **(request.view_args or {})) + (f"?{query}" if query else "")


def here(endpoint: str, before: str | None = None) -> str:
    """The present address, for this page of ours, from a cursor on; None: from the beginning."""
    kept = [each for each in request.args.items(multi=True) if each[0] != "before"]
    return address_of(endpoint, [*kept, ("before", before)] if before else kept)


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
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
