"""What the audit trail is read by. Only admins see it, so that no rows are left out."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from bot.admin.paging import PAGE_ROWS, Page, page_of, read_cursor
from domain.database import transaction
from domain.models import AuditEntry

_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What stands in the address; None: all. Days are whole, both included, in the view's zone."""

    actor: str | None = None
    act: str | None = None
    subject: str | None = None
    since: date | None = None
    until: date | None = None

    def as_detail(self) -> dict[str, str]:
        """What was asked for, for the trail itself."""
        asked = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: str(value) for name, value in asked.items() if value is not None}


def entries(db: Session, filters: Filters, zone: ZoneInfo, before: str | None) -> Page[AuditEntry]:
    """A page of entries, the newest first."""
    query = _filtered(filters, zone)
    cursor = read_cursor(before, (datetime.fromisoformat, int))
    if cursor is not None:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < cursor)
    found = db.scalars(query.limit(PAGE_ROWS + 1)).all()
    return page_of(found, lambda entry: (entry.at, entry.id))


def every_entry(filters: Filters, zone: ZoneInfo) -> Iterator[AuditEntry]:
    """All of them, for an export: some at once, so that no transaction waits for a slow reader."""
    last: tuple[datetime, int] | None = None
    while True:
        query = _filtered(filters, zone)
        if last is not None:
            query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < last)
        with transaction() as db:
            found = db.scalars(query.limit(_ROWS_AT_ONCE)).all()
        yield from found
        if len(found) < _ROWS_AT_ONCE:
            return
        last = (found[-1].at, found[-1].id)


def _filtered(filters: Filters, zone: ZoneInfo) -> Select[AuditEntry]:
    query = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    if filters.actor:
        query = query.where(AuditEntry.actor == filters.actor)
    if filters.act:
        query = query.where(AuditEntry.act == filters.act)
    if filters.subject:
        query = query.where(AuditEntry.subject == filters.subject)
    if filters.since:
        query = query.where(AuditEntry.at >= datetime.combine(filters.since, time(), zone))
    if filters.until:
        after = datetime.combine(filters.until + timedelta(days=1), time(), zone)
        query = query.where(AuditEntry.at < after)
    return query
