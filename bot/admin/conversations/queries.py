"""Lists of conversations: the newest first, those who want a person, those that people have, those
that a search finds.

Each chooses a few contacts with their last messages, by indexes alone; one query then shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.admin.conversations.tied import seen
from bot.admin.ids import LARGEST_ID
from bot.admin.paging import Page, page_of, write_cursor
from bot.admin.scope import Scope
from domain.talking import HELD_FOR

PAGE_LINES = 30
_CHOSEN_AT_MOST = 200
# How far one page looks back. Messages of contacts who wrote later are passed over, so a page may
# be short of lines while there is more behind it.
_SCANNED_AT_MOST = 5_000
# An operator's conversations are looked for among so many of its newest bookings; a search finds
# the others.
BOOKINGS_AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """One conversation in a list: who, the last words in either direction, and what became of our
    last ones. `is_held`: somebody of staff answers; `holder` is their address.
    """

    contact_id: int
    profile_name: str
    address: str | None
    wanted_at: datetime | None
    holder_id: int | None
    holder: str | None
    is_held: bool
    message_id: int | None
    direction: str | None
    body: str | None
    is_unheard: bool
    details: Mapping[str, Any] | None
    at: datetime | None
    reply_status: str | None
    reply_error: str | None


_LINES = """
    SELECT contact.id, contact.profile_name, known.address, contact.person_wanted_at,
        contact.taken_by, staff.email,
        coalesce(contact.taken_at > clock_timestamp() - make_interval(secs => :held), false),
        said.id, said.direction, said.body, coalesce(said.sealed IS NOT NULL, false),
        said.details, said.created_at, replied.status, replied.error_code
    FROM ({chosen}) AS chosen
    JOIN contact ON contact.id = chosen.contact_id
    LEFT JOIN staff ON staff.id = contact.taken_by
    LEFT JOIN message AS said ON said.id = chosen.id
    LEFT JOIN LATERAL (
        SELECT address FROM identity WHERE contact_id = contact.id ORDER BY id DESC LIMIT 1
    ) AS known ON true
    LEFT JOIN LATERAL (
        SELECT status, error_code FROM message
        WHERE contact_id = contact.id AND direction = 'out' ORDER BY id DESC LIMIT 1
    ) AS replied ON true
    ORDER BY {order}
"""
_NEWEST_FIRST = "chosen.id DESC NULLS LAST"
_LONGEST_WAIT_FIRST = "contact.person_wanted_at"
_LAST_OF = """
    (SELECT other.id FROM message AS other WHERE other.contact_id = {contact}
    ORDER BY other.id DESC LIMIT 1)
"""

# Down the messages: each that is its contact's last one.
_ALL = """
    SELECT newest.contact_id, newest.id
    FROM (
        SELECT id, contact_id FROM message WHERE id < :before ORDER BY id DESC LIMIT :scanned
    ) AS newest
    WHERE newest.id = {last}
    ORDER BY newest.id DESC LIMIT :size
"""
_SCANNED_TO = text("""
    SELECT CASE WHEN count(*) = :scanned THEN min(newest.id) END
    FROM (SELECT id FROM message WHERE id < :before ORDER BY id DESC LIMIT :scanned) AS newest
""")

# From an operator's own bookings to whoever paid or proved them: by the index, booking by booking,
# because each part has a limit.
_OWN = """
    SELECT newest.contact_id, newest.id
    FROM (
        SELECT tied.contact_id, {last} AS id
        FROM (
            SELECT DISTINCT each.contact_id
            FROM (
                SELECT id FROM booking WHERE operator_id = :operator_id
                ORDER BY id DESC LIMIT :bookings
            ) AS own
            CROSS JOIN LATERAL (
                (SELECT contact_id FROM payment WHERE booking_id = own.id LIMIT 50)
                UNION ALL
                (SELECT contact_id FROM booking_contact WHERE booking_id = own.id LIMIT 50)
            ) AS each
        ) AS tied
        ORDER BY id DESC NULLS LAST LIMIT :bookings
    ) AS newest
    WHERE newest.id < :before AND {seen}
    ORDER BY newest.id DESC LIMIT :size
"""
_AMONG = """
    SELECT contact.id AS contact_id, {last} AS id
    FROM contact WHERE {which} AND {seen} {order} LIMIT :chosen
"""
_WANTED = "contact.person_wanted_at IS NOT NULL"
_WHICH = {
    "wanted": _WANTED,
    "mine": "contact.taken_at IS NOT NULL AND contact.taken_by = :staff_id",
    "others": "contact.taken_at IS NOT NULL AND contact.taken_by <> :staff_id",
}


def newest(db: Session, scope: Scope, before: int | None) -> Page[Line]:
    """One page of all conversations, by their last messages. `before` is the message at which the
    page before ended.
    """
    values = {"before": before or LARGEST_ID, "size": PAGE_LINES + 1, "scanned": _SCANNED_AT_MOST}
    if scope.operator_id is not None:
        own = _OWN.format(
            last=_LAST_OF.format(contact="tied.contact_id"), seen=seen(scope, "newest.contact_id")
        )
        values |= {"operator_id": scope.operator_id, "bookings": BOOKINGS_AT_MOST}
        return page_of(_lines(db, own, _NEWEST_FIRST, values), _key, PAGE_LINES)
    everybody = _ALL.format(last=_LAST_OF.format(contact="newest.contact_id"))
    page = page_of(_lines(db, everybody, _NEWEST_FIRST, values), _key, PAGE_LINES)
    if page.older is not None:
        return page
    scanned_to = db.execute(_SCANNED_TO, values).scalar_one()
    return page if scanned_to is None else Page(page.rows, write_cursor((scanned_to,)))


def among(db: Session, scope: Scope, which: str, staff_id: int) -> list[Line]:
    """Conversations that want a person (`wanted`, who has waited longest first), or that a person
    has: `mine`, `others`. The first 200 of them.
    """
    wanted = which == "wanted"
    chosen = _AMONG.format(
        last=_LAST_OF.format(contact="contact.id"),
        which=_WHICH[which],
        seen=seen(scope, "contact.id"),
        order="ORDER BY contact.person_wanted_at" if wanted else "",
    )
    values = {"staff_id": staff_id, "operator_id": scope.operator_id, "chosen": _CHOSEN_AT_MOST}
    return _lines(db, chosen, _LONGEST_WAIT_FIRST if wanted else _NEWEST_FIRST, values)


def found(db: Session, scope: Scope, contacts: str, values: Mapping[str, Any]) -> list[Line]:
    """The conversations of the contacts that a search names: `contacts` is its query, in SQL."""
    chosen = _AMONG.format(
        last=_LAST_OF.format(contact="contact.id"),
        which=f"contact.id IN ({contacts})",
        seen=seen(scope, "contact.id"),
        order="",
    )
    more = {"operator_id": scope.operator_id, "chosen": _CHOSEN_AT_MOST}
    return _lines(db, chosen, _NEWEST_FIRST, {**values, **more})


_COUNT_WANTED = """
    SELECT count(*) FROM (SELECT FROM contact WHERE {wanted} AND {seen} LIMIT 100) AS wanted
"""


def count_wanted(db: Session, scope: Scope) -> int:
    """How many want a person, counted up to 100."""
    query = text(_COUNT_WANTED.format(wanted=_WANTED, seen=seen(scope, "contact.id")))
    return int(db.execute(query, {"operator_id": scope.operator_id}).scalar_one())


def _lines(db: Session, chosen: str, order: str, values: Mapping[str, Any]) -> list[Line]:
    query = text(_LINES.format(chosen=chosen, order=order))
    held = {"held": HELD_FOR.total_seconds()}
    return [Line(*row) for row in db.execute(query, {**values, **held})]


def _key(line: Line) -> tuple[Any, ...]:
    return (line.message_id,)
