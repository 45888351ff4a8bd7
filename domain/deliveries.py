"""What becomes of a claimed reply: Twilio has it, refused it, or did not answer.

    due ▸ sending ─┬▸ sent ▸ delivered ▸ read
      ▴            ├▸ refused        Twilio's definite no
      └─ uncertain ◂┘                no answer: its callback or list is asked before it is due again

What would be a lie when late ends as `expired`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, update
from sqlalchemy.orm import Session

from domain.models import Message
from domain.outbox import addresses_of, buttons_of, link_of

# Due again after a definite "not now": 2, 4, 8 … 256 seconds, for at most this long. Twilio may be
# away for hours, and what became of somebody's money must still be told.
_KEPT_FOR = timedelta(hours=24)
_LONGEST_PAUSE_POWER = 8
_RANKS = {
    "due": 0,
    "sending": 1,
    "uncertain": 2,
    "sent": 3,
    "delivered": 4,
    "read": 5,
    "refused": 6,
}


def record_sent(db: Session, message_id: int, sid: str) -> None:
    """Twilio took it. A status callback may have come first: then only the sid is new, if that."""
    db.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(
            sid=func.coalesce(Message.sid, sid),
            status=_forward("sent"),
            due_at=None,
            status_at=func.clock_timestamp(),
        )
        .execution_options(synchronize_session=False)
    )


def record_refused(db: Session, message_id: int, code: str) -> None:
    """Twilio's definite no: it will not be delivered, and trying again would not help."""
    _set(db, message_id, status=_forward("refused"), due_at=None, error_code=code)


def record_not_now(db: Session, message_id: int, code: str) -> None:
    """Twilio did not take it (throttled, or not reached at all): due again later, in the end
    refused.
    """
    power = func.least(Message.attempts, _LONGEST_PAUSE_POWER)
    pause = func.make_interval(0, 0, 0, 0, 0, 0, func.power(2.0, power))
    too_old = Message.created_at < func.clock_timestamp() - _KEPT_FOR
    if db.execute(select(too_old).where(Message.id == message_id)).scalar_one():
        record_refused(db, message_id, code)
        return
    _set(db, message_id, status="due", due_at=func.clock_timestamp() + pause, error_code=code)


def release(db: Session, message_id: int, claimed_at: datetime) -> None:
    """Nobody began to send it: due at once, unless its claim ran out and somebody else has it."""
    db.execute(
        update(Message)
        .where(
            Message.id == message_id,
            Message.status == "sending",
            Message.claimed_at == claimed_at,
        )
        .values(status="due", due_at=func.clock_timestamp(), attempts=Message.attempts - 1)
        .execution_options(synchronize_session=False)
    )


def record_uncertain(db: Session, message_id: int, seconds: float) -> None:
    """No answer: Twilio may have it. Look into its list after `seconds`, unless its callback comes
    first.
    """
    _set(
        db,
        message_id,
        status=_forward("uncertain"),
        due_at=func.clock_timestamp() + timedelta(seconds=seconds),
    )


def record_unknown_to_twilio(db: Session, message_id: int) -> None:
    """Twilio's list does not have it: due again."""
    db.execute(
        update(Message)
        .where(Message.id == message_id, Message.status == "uncertain")
        .values(status="due", due_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


def _set(db: Session, message_id: int, **values: Any) -> None:
    db.execute(
        update(Message)
        .where(Message.id == message_id, Message.status.in_(("sending", "uncertain", "due")))
        .values(status_at=func.clock_timestamp(), **values)
        .execution_options(synchronize_session=False)
    )


def _forward(status: str) -> Any:
    """The later of the stored status and this one: reports come late, twice and in any order."""
    earlier = [name for name, rank in _RANKS.items() if rank < _RANKS[status]]
    return func.coalesce(
        select(literal(status))
        .where(Message.status.in_(earlier))
        .correlate(Message)
        .scalar_subquery(),
        Message.status,
    )


def record_report(
    db: Session, token: UUID | None, sid: str, status: str, error_code: str | None
) -> bool:
    """A status report about a message that we sent, found by our token or its sid. False:
    not ours.
    """
    if status not in _RANKS:
        raise ValueError(f"{status!r} is not a status of a sent message")
    named = Message.sid == sid if token is None else Message.token == token
    found = db.execute(
        update(Message)
        .where(named, Message.direction == "out")
        .values(
            sid=func.coalesce(Message.sid, sid),
            status=_forward(status),
            due_at=None,
            status_at=func.clock_timestamp(),
            error_code=func.coalesce(error_code, Message.error_code),
        )
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return found is not None


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A reply of which we do not know whether Twilio has it."""

    id: int
    address: str
    body: str
    buttons: tuple[tuple[str, str], ...]
    claimed_at: datetime
    link: tuple[str, str] | None = None


def claim_doubtful(db: Session, limit: int, claim_seconds: float) -> list[Doubtful]:
    """Claim replies whose sending was never answered for: uncertain ones, and claims that
    ran out.

    A picture among them is given up: it has no text by which Twilio's list would show it, and a
    second one in the chat would look like a second payment. What its text says stays true.
    """
    now = func.clock_timestamp()
    due = (
        select(Message.id)
        .where(
            Message.due_at <= func.statement_timestamp(),
            Message.status.in_(("sending", "uncertain")),
        )
        .order_by(Message.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    ).cte("doubtful")
    rows = db.execute(
        update(Message)
        .where(Message.id.in_(select(due.c.id)))
        .values(status="uncertain", due_at=now + timedelta(seconds=claim_seconds))
        .returning(
            Message.id, Message.contact_id, Message.body, Message.details, Message.claimed_at
        )
        .execution_options(synchronize_session=False)
    ).all()
    pictures = {row.id for row in rows if "picture" in row.details}
    for message_id in pictures:
        record_refused(db, message_id, "picture")
    addresses = addresses_of(db, [row.contact_id for row in rows])
    return [
        Doubtful(
            row.id,
            addresses[row.contact_id][0],
            row.body,
            buttons_of(row.details),
            row.claimed_at,
            link_of(row.details),
        )
        for row in rows
        if row.id not in pictures
    ]
