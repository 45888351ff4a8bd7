"""What every turn reads first and writes last: the locked contact, the oldest of what waits, and
all that became of it.

    lock_contact ▸ next_waiting ▸ … ▸ write_turn

Each is one statement, made once: making one takes longer than asking it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    Select,
    TextClause,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from domain.models import Base
from domain.nudges import promise
from domain.outbox import ADDING, SEND_DUE, Reply, rows_of

# Tables, not their classes: statements about classes go through the ORM, which costs more than they
# do.
_contact, _identity, _message, _event, _turn = (
    Base.metadata.tables[name]
    for name in ("contact", "identity", "message", "payment_event", "turn")
)

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

    def count_message(self, at: datetime) -> int:
        """How many messages were heard in the minute that this one belongs to."""
        if self.minute_began_at is None or at - self.minute_began_at > _MINUTE:
            self.minute_began_at, self.minute_messages = at, 0
        self.minute_messages = min(self.minute_messages + 1, _MOST_COUNTED)
        return self.minute_messages


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message or an event that was filed and not yet heard.

    Of a message: `sealed`, its text, and `details`. Of an event: its `payment_id`, its `version`
    and what is to be `told`. `more`: it is not the only one. `address` is the newest of its
    contact, to which we write; `now` the moment by the database's clock.
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


def _lock() -> Select[Any]:
    columns = [_contact.c[each.name] for each in fields(Speaker)]
    return (
        select(*columns)
        .where(_contact.c.id == bindparam("contact_id", type_=BigInteger))
        .with_for_update(key_share=True)
    )


_LOCK = _lock()


def next_waiting(db: Session, contact_id: int) -> Waiting | None:
    """The oldest message or event of a locked contact that was not heard yet."""
    rows = db.execute(_WAITING, {"contact_id": contact_id}).all()
    return Waiting(len(rows) > 1, *rows[0]) if rows else None


def _waiting() -> Select[Any]:
    """The two oldest of what was not heard; columns in the order of `Waiting`, after its `more`."""
    contact_id = bindparam("contact_id", type_=BigInteger)
    message = (
        select(
            literal("message").label("kind"),
            _message.c.id,
            _message.c.attempts,
            _message.c.created_at.label("filed_at"),
            _message.c.sealed,
            _message.c.details,
            _message.c.payment_id,
            cast(null(), Integer).label("version"),
            _message.c.told,
        )
        .where(
            _message.c.contact_id == contact_id,
            _message.c.direction == "in",
            _message.c.heard_at.is_(None),
        )
        .order_by(_message.c.id)
        .limit(2)
    )
    event = (
        select(
            literal("event").label("kind"),
            _event.c.id,
            _event.c.attempts,
            _event.c.at,
            cast(null(), LargeBinary).label("sealed"),
            cast(null(), JSONB).label("details"),
            _event.c.payment_id,
            _event.c.version,
            _event.c.told,
        )
        .where(
            _event.c.contact_id == contact_id,
            _event.c.told.is_not(None),
            _event.c.heard_at.is_(None),
        )
        .order_by(_event.c.id)
        .limit(2)
    )
    address = (
        select(_identity.c.address)
        .where(_identity.c.contact_id == contact_id)
        .order_by(_identity.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    both = union_all(message.subquery().select(), event.subquery().select()).subquery()
    return (
        select(both, address.label("address"), func.clock_timestamp())
        .order_by(both.c.filed_at)
        .limit(2)
    )


_WAITING = _waiting()


def last_session(db: Session, speaker: Speaker) -> dict[str, Any] | None:
    """Where the conversation stood after its last turn."""
    if speaker.sequence == 0:
        return None
    session: dict[str, Any] = db.execute(
        select(_turn.c.session).where(
            _turn.c.contact_id == speaker.id, _turn.c.sequence == speaker.sequence
        )
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
