"""Incoming messages: filed once before they are heard, and blanked at Twilio when they
held a code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, null, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from domain.contacts import contact_of
from domain.database import at_once, repeat
from domain.models import Message

_BLANK_AGAIN_SECONDS = 60
_BLANK_ATTEMPTS = 8


def file_message(address: str, sid: str, sealed: bytes, details: Mapping[str, Any]) -> int:
    """File an incoming message before it is heard, and commit; the same sid is filed once. Returns
    its contact. For a known sender it is one statement, sent and committed in one round trip.
    """
    values = {"address": address, "sid": sid, "sealed": sealed, "details": details}
    filed = at_once(_FILE_FROM_KNOWN, values)
    if filed is not None:
        return int(filed.contact_id)
    return repeat(lambda db: _file_slowly(db, values))


_FILE_FROM_KNOWN = text(
    """
    INSERT INTO message (direction, contact_id, sid, status, sealed, details)
    SELECT 'in', contact_id, :sid, 'filed', :sealed, :details FROM identity
    WHERE channel = 'whatsapp' AND address = :address
    ON CONFLICT (sid) DO NOTHING
    RETURNING contact_id
    """
).bindparams(bindparam("details", type_=JSONB))


def _file_slowly(db: Session, values: Mapping[str, Any]) -> int:
    """File what was filed before, or what somebody sends who never wrote."""
    filed_before = db.execute(
        select(Message.contact_id).where(Message.sid == values["sid"])
    ).scalar_one_or_none()
    if filed_before is not None:
        return filed_before
    contact_id = contact_of(db, values["address"])
    db.execute(_FILE_FROM_KNOWN, values)
    return contact_id


def known_sids(db: Session, sids: Sequence[str]) -> set[str]:
    """Which of these sids belong to messages that we have, in either direction."""
    found = db.execute(select(Message.sid).where(Message.sid.in_(sids))).scalars()
    return {sid for sid in found if sid is not None}


@dataclass(frozen=True, slots=True)
class Blankable:
    """An incoming message whose copy at Twilio is still to be emptied."""

    id: int
    sid: str


def claim_blankable(db: Session, limit: int) -> list[Blankable]:
    """Claim heard messages that held a code and still stand at Twilio; given up after some
    attempts.
    """
    due = (
        select(Message.id)
        .where(Message.due_at <= func.statement_timestamp(), Message.direction == "in")
        .order_by(Message.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    ).cte("blankable")
    seconds = _BLANK_AGAIN_SECONDS * func.power(2.0, Message.attempts)
    again = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    rows = db.execute(
        update(Message)
        .where(Message.id.in_(select(due.c.id)))
        .values(
            attempts=Message.attempts + 1,
            due_at=case((Message.attempts >= _BLANK_ATTEMPTS, null()), else_=again),
        )
        .returning(Message.id, Message.sid)
        .execution_options(synchronize_session=False)
    )
    return [Blankable(row.id, row.sid) for row in rows]


def record_blanked(db: Session, message_id: int) -> None:
    """Twilio's copy is empty now."""
    db.execute(update(Message).where(Message.id == message_id).values(due_at=None))
