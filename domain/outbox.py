"""The outbox: what turns say, claimed for sending in order for each contact.

What becomes of a claimed reply: domain/deliveries.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CTE, bindparam, exists, false, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from domain.contacts import WINDOW
from domain.models import Contact, ContactIdentity, Message
from domain.nudges import Nudge, promise

SEND_DUE = Nudge("workers.replies.send_due", "replies")

# Puts any number of replies into the outbox, in their order; its values are `contact_id` and
# `replies`. What was told about a payment before is not told again.
ADDING = """
    INSERT INTO message (direction, contact_id, status, body, details, token, phrase, payment_id,
        told, due_at, expires_at)
    SELECT 'out', :contact_id, 'due', body, details, token, phrase, payment_id, told,
        clock_timestamp(), clock_timestamp() + make_interval(secs => expires_seconds)
    FROM jsonb_to_recordset(:replies) AS reply (body text, details jsonb, token uuid, phrase text,
        payment_id uuid, told text, expires_seconds double precision)
    ON CONFLICT (payment_id, told) DO NOTHING
"""
_ADD = text(ADDING).bindparams(bindparam("replies", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Reply:
    """What a turn says. `told` with a payment is said once for ever; `buttons` are (id, title),
    `link` a button that opens an address (title, URL), in their place; `picture` is the address of
    a PNG that follows as a message of its own. What a person of staff writes carries who it is, and
    a `token` minted with the form, by which it is sent once.
    """

    phrase: str
    body: str
    buttons: Sequence[tuple[str, str]] = ()
    payment_id: UUID | None = None
    told: str | None = None
    expires_seconds: int | None = None
    link: tuple[str, str] | None = None
    picture: str | None = None
    token: UUID | None = None
    staff_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply claimed for sending, with the address it goes to and the moment of the claim."""

    id: int
    token: UUID
    address: str
    body: str
    buttons: tuple[tuple[str, str], ...]
    window_open: bool
    claimed_at: datetime
    link: tuple[str, str] | None = None
    picture: str | None = None


def as_answers(db: Session, replies: Sequence[Reply]) -> list[Reply]:
    """The replies to a message: what was told of a payment before is an answer now, not news.

    Who asks again must not be met with silence because it was told already.
    """
    return [
        replace(reply, payment_id=None, told=None) if _was_told(db, reply) else reply
        for reply in replies
    ]


def _was_told(db: Session, reply: Reply) -> bool:
    if reply.payment_id is None or reply.told is None:
        return False
    before = exists().where(Message.payment_id == reply.payment_id, Message.told == reply.told)
    return bool(db.execute(select(before)).scalar_one())


def was_sent(db: Session, contact_id: int, phrase: str, since: datetime) -> bool:
    """Whether a contact was sent this phrase since then, as far as we know."""
    said = exists().where(
        Message.contact_id == contact_id,
        Message.direction == "out",
        Message.phrase == phrase,
        Message.created_at > since,
        Message.status.not_in(("refused", "expired")),
    )
    return bool(db.execute(select(said)).scalar_one())


def add_replies(db: Session, contact_id: int, replies: Sequence[Reply]) -> None:
    """Put replies into the outbox, in order. What was told about a payment before is not told
    again.
    """
    if not replies:
        return
    db.execute(_ADD, {"contact_id": contact_id, "replies": rows_of(replies)})
    promise(db, SEND_DUE)


def rows_of(replies: Sequence[Reply]) -> list[dict[str, Any]]:
    """Replies as the value `replies` of the statement `ADDING`, each picture behind its text."""
    rows = []
    for reply in replies:
        details: dict[str, Any] = {"buttons": [list(button) for button in reply.buttons]}
        if reply.link is not None:
            details["link"] = list(reply.link)
        if reply.staff_id is not None:
            details["staff"] = reply.staff_id
        row = {
            "body": reply.body,
            "details": details,
            "token": str(reply.token or uuid4()),
            "phrase": reply.phrase,
            "payment_id": None if reply.payment_id is None else str(reply.payment_id),
            "told": reply.told,
            "expires_seconds": reply.expires_seconds,
        }
        rows.append(row)
        if reply.picture is not None:
            rows.append(row | _as_picture(reply))
    return rows


def _as_picture(reply: Reply) -> dict[str, Any]:
    """What a picture has otherwise than its text; told by a word of its own, so that it is told
    once.
    """
    return {
        "body": "",
        "details": {"buttons": [], "picture": reply.picture},
        "token": str(uuid4()),
        "told": None if reply.told is None else f"{reply.told}:picture",
    }


def claim_due(db: Session, limit: int, claim_seconds: float) -> list[Outgoing]:
    """Claim due replies for sending: of each contact the oldest only, none while an earlier one is
    in flight. A claim that is not answered for within `claim_seconds` is in doubt.
    """
    now = func.clock_timestamp()
    rows = db.execute(
        update(Message)
        .where(Message.id.in_(select(_first_in_line(limit).c.id)))
        .values(
            status="sending",
            claimed_at=now,
            due_at=now + timedelta(seconds=claim_seconds),
            attempts=Message.attempts + 1,
        )
        .returning(
            Message.id,
            Message.token,
            Message.body,
            Message.details,
            Message.contact_id,
            Message.claimed_at,
            (Message.expires_at <= now).label("late"),
        )
        .execution_options(synchronize_session=False)
    ).all()
    late = [row.id for row in rows if row.late]
    if late:
        db.execute(
            update(Message)
            .where(Message.id.in_(late))
            .values(status="expired", due_at=None, status_at=now)
        )
        if len(late) == len(rows):
            return claim_due(db, limit, claim_seconds)  # what stood behind them is first now
    fresh = sorted((row for row in rows if not row.late), key=lambda row: row.id)
    addresses = addresses_of(db, [row.contact_id for row in fresh])
    return [
        Outgoing(
            row.id,
            row.token,
            addresses[row.contact_id][0],
            row.body,
            buttons_of(row.details),
            addresses[row.contact_id][1],
            row.claimed_at,
            link_of(row.details),
            row.details.get("picture"),
        )
        for row in fresh
    ]


def _first_in_line(limit: int) -> CTE:
    """Ids of due replies that no earlier reply of their contact stands before, locked for us."""
    earlier = aliased(Message)
    before = exists().where(
        earlier.contact_id == Message.contact_id,
        earlier.id < Message.id,
        earlier.status.in_(("due", "sending", "uncertain")),
    )
    return (
        select(Message.id)
        .where(Message.due_at <= func.statement_timestamp(), Message.status == "due", ~before)
        .order_by(Message.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
        .cte("claimed")
    )


def addresses_of(db: Session, contact_ids: Sequence[int]) -> dict[int, tuple[str, bool]]:
    """Each contact's newest address, and whether they wrote within the last 24 hours."""
    if not contact_ids:
        return {}
    recently = func.coalesce(Contact.last_inbound_at > func.clock_timestamp() - WINDOW, false())
    rows = db.execute(
        select(ContactIdentity.contact_id, ContactIdentity.address, recently)
        .join(Contact, Contact.id == ContactIdentity.contact_id)
        .where(ContactIdentity.contact_id.in_(contact_ids))
        .order_by(ContactIdentity.id)
    ).all()
    return {row[0]: (row[1], row[2]) for row in rows}


def buttons_of(details: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The buttons of a stored reply: (id, title)."""
    return tuple((each[0], each[1]) for each in details.get("buttons", []))


def link_of(details: Mapping[str, Any]) -> tuple[str, str] | None:
    """The link of a stored reply: (title, URL)."""
    link = details.get("link")
    return None if link is None else (link[0], link[1])
