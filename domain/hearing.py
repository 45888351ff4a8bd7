"""What every turn reads first and writes last: the locked contact, the oldest of what waits, and
all that became of it.

    lock_contact ▸ next_waiting ▸ … ▸ write_turn

Each is one statement, made once: making one takes longer than asking it. They are about tables, not
about their classes, because the ORM costs more than they do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from domain.models import Contact, Turn
from domain.nudges import promise
from domain.outbox import ADDING, SEND_DUE, Reply, add_replies, rows_of

_MINUTE = timedelta(minutes=1)
_MOST_COUNTED = 10_000


@dataclass(slots=True)
class Speaker:
    """A locked contact as its turn has it; what a turn changes of it is written by `write_turn`."""

    id: int
    language: str
    profile_name: str
    sequence: int
    opted_out_at: datetime | None
    person_wanted_at: datetime | None
    last_inbound_at: datetime | None
    minute_began_at: datetime | None
    minute_messages: int
    # Changed by people alone (domain/talking.py): `write_turn` leaves both as they are.
    taken_by: int | None
    taken_at: datetime | None

    def count_message(self, at: datetime) -> int:
        """How many messages were heard in the minute that this one belongs to."""
        if self.minute_began_at is None or at - self.minute_began_at > _MINUTE:
            self.minute_began_at, self.minute_messages = at, 0
        self.minute_messages = min(self.minute_messages + 1, _MOST_COUNTED)
        return self.minute_messages


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message or an event that was filed and not yet heard.

    Of a message: `sealed`, its text, and `details`. Of an event: its `payment_id`, its `version`,
    what is to be `told`, and the refund that it is about, if it is about one. `more`: it is not the
    only one. `address` is the newest of its contact, to which we write; `now` the moment by the
    database's clock.
    """

    more: bool
    kind: str
    id: int
    attempts: int
    filed_at: datetime
    sealed: bytes | None
    details: Mapping[str, Any] | None
    payment_id: UUID | None
    version: int | None
    told: str | None
    refund_id: UUID | None
    address: str
    now: datetime

    @property
    def cause(self) -> str:
        """How a turn names what caused it; unique, so nothing is heard twice."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a heard message: its text, redacted, and whether Twilio's copy is to be
    emptied.
    """

    body: str
    blank: bool


def lock_contact(db: Session, contact_id: int) -> Speaker:
    """The contact, locked and fresh. Filing another message of the same person does not wait for
    this lock.
    """
    return Speaker(*db.execute(_LOCK, {"contact_id": contact_id}).one())


_LOCK = text("""
    SELECT id, language, profile_name, sequence, opted_out_at, person_wanted_at, last_inbound_at,
        minute_began_at, minute_messages, taken_by, taken_at
    FROM contact WHERE id = :contact_id FOR NO KEY UPDATE
""")


def next_waiting(db: Session, contact_id: int) -> Waiting | None:
    """The oldest message or event of a locked contact that was not heard yet."""
    rows = db.execute(_WAITING, {"contact_id": contact_id}).all()
    return Waiting(len(rows) > 1, *rows[0]) if rows else None


# The two oldest of what was not heard; columns in the order of `Waiting`, after its `more`.
_WAITING = text("""
    SELECT waiting.*,
        (SELECT address FROM identity WHERE contact_id = :contact_id ORDER BY id DESC LIMIT 1),
        clock_timestamp()
    FROM (
        (SELECT 'message' AS kind, id, attempts, created_at AS filed_at, sealed, details,
            payment_id, NULL::int AS version, told, NULL::uuid AS refund_id
        FROM message WHERE contact_id = :contact_id AND direction = 'in' AND heard_at IS NULL
        ORDER BY id LIMIT 2)
        UNION ALL
        (SELECT 'event', id, attempts, at, NULL, NULL, payment_id, version, told, refund_id
        FROM payment_event
        WHERE contact_id = :contact_id AND told IS NOT NULL AND heard_at IS NULL
        ORDER BY id LIMIT 2)
    ) AS waiting
    ORDER BY filed_at LIMIT 2
""")


def last_session(db: Session, speaker: Speaker) -> dict[str, Any] | None:
    """Where the conversation stood after its last turn."""
    if speaker.sequence == 0:
        return None
    session: dict[str, Any] = db.execute(
        select(Turn.session).where(Turn.contact_id == speaker.id, Turn.sequence == speaker.sequence)
    ).scalar_one()
    return session


def write_turn(
    db: Session,
    speaker: Speaker,
    waiting: Waiting,
    session: Mapping[str, Any],
    kept: Kept | None,
    replies: Sequence[Reply],
) -> int:
    """Write all that became of what waited: that it was heard, what is said, what changed of the
    contact, where the conversation stands. `kept` is for messages. Returns the turn's sequence.
    """
    speaker.sequence += 1
    values = {each.name: getattr(speaker, each.name) for each in fields(Speaker)}
    values |= {"cause_id": waiting.id, "cause": waiting.cause, "session": session}
    values |= {"contact_id": speaker.id, "replies": rows_of(replies)}
    db.flush()  # what the conversation did comes first, as the tables refer to it
    if kept is None:
        db.execute(_WRITE_EVENT, values)
    else:
        db.execute(_WRITE_MESSAGE, values | {"body": kept.body, "blank": kept.blank})
    if replies:
        promise(db, SEND_DUE)
    return speaker.sequence


# Four writes in one statement, each of them whole or none.
_WRITE = """
    WITH heard AS ({heard}),
    spoke AS (
        UPDATE contact SET language = :language, profile_name = :profile_name,
            sequence = :sequence, opted_out_at = :opted_out_at,
            person_wanted_at = :person_wanted_at, last_inbound_at = :last_inbound_at,
            minute_began_at = :minute_began_at, minute_messages = :minute_messages
        WHERE id = :contact_id),
    said AS ({said})
    INSERT INTO turn (contact_id, sequence, cause, session)
    VALUES (:contact_id, :sequence, :cause, :session)
"""
_MESSAGE_HEARD = """
    UPDATE message SET status = 'heard', body = :body, sealed = NULL,
        heard_at = clock_timestamp(), due_at = CASE WHEN :blank THEN clock_timestamp() END
    WHERE id = :cause_id
"""
_EVENT_HEARD = "UPDATE payment_event SET heard_at = clock_timestamp() WHERE id = :cause_id"


def _writing(heard: str) -> TextClause:
    """The statement of a turn that heard this; its values are named in `write_turn`."""
    return text(_WRITE.format(heard=heard, said=ADDING)).bindparams(
        bindparam("replies", type_=JSONB), bindparam("session", type_=JSONB)
    )


_WRITE_MESSAGE = _writing(_MESSAGE_HEARD)
_WRITE_EVENT = _writing(_EVENT_HEARD)


def write_own_turn(
    db: Session, speaker: Speaker, cause: str, session: Mapping[str, Any], replies: Sequence[Reply]
) -> None:
    """A turn that heard nothing: somebody of staff made the conversation speak. `cause` names what
    did, once for ever.
    """
    speaker.sequence += 1
    db.execute(update(Contact).where(Contact.id == speaker.id).values(sequence=speaker.sequence))
    db.add(
        Turn(contact_id=speaker.id, sequence=speaker.sequence, cause=cause, session=dict(session))
    )
    add_replies(db, speaker.id, replies)
