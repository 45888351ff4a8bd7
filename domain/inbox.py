"""Incoming messages: filed once before they are heard, and blanked at Twilio when they
held a code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, literal, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.contacts import contact_of
from domain.models import ContactIdentity, Message

_BLANK_AGAIN_SECONDS = 60
_BLANK_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Filed:
    """A filed incoming message. `new` is False when this sid was filed before."""

    contact_id: int
    new: bool


def file_message(
    db: Session, address: str, sid: str, sealed: bytes, details: Mapping[str, Any]
) -> Filed:
    """File an incoming message before it is heard; the same sid is filed once. One statement for a
    known sender.
    """
    known = select(
        literal("in"),
        ContactIdentity.contact_id,
        literal(sid),
        literal("filed"),
        literal(sealed),
        literal(dict(details), Message.details.type),
    ).where(ContactIdentity.channel == "whatsapp", ContactIdentity.address == address)
    columns = ["direction", "contact_id", "sid", "status", "sealed", "details"]
    contact_id = db.execute(
        insert(Message)
        .from_select(columns, known)
        .on_conflict_do_nothing(index_elements=["sid"])
        .returning(Message.contact_id)
    ).scalar_one_or_none()
    if contact_id is not None:
        return Filed(contact_id, new=True)
    filed_before = db.execute(
        select(Message.contact_id).where(Message.sid == sid)
    ).scalar_one_or_none()
    if filed_before is not None:
        return Filed(filed_before, new=False)
    contact_id = contact_of(db, address)
    values = ("in", contact_id, sid, "filed", sealed, dict(details))
    new = db.execute(
        insert(Message)
        .values(dict(zip(columns, values, strict=True)))
        .on_conflict_do_nothing(index_elements=["sid"])
        .returning(Message.id)
    ).scalar_one_or_none()
    return Filed(contact_id, new=new is not None)


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
