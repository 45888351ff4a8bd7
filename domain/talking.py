"""Conversations that a person of staff has: taken over from the bot, answered, handed back.

    the bot answers ─▶ taken over ─▶ a person answers ─┬▶ handed back ───────────────┬▶ the bot
                          ▲                            ├▶ nobody answers for 2 hours ┘
                          └──── somebody else of staff ┘

Each act is done under the contact's lock, so a turn is either before it or after it. What a person
does not answer for two hours is the bot's again with the next message (bot/turns.py); no clock
watches for it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from domain import hearing, outbox
from domain.contacts import WINDOW
from domain.hearing import Speaker
from domain.models import AuditEntry, Contact, Message, Staff
from domain.staff.trail import by_person, entry
from domain.wishes import NotDone

HELD_FOR = timedelta(hours=2)
LONGEST_ANSWER = 1_024
BY_STAFF = "staff"  # the phrase of what people of staff write
TAKEN = "conversation_taken"
HANDED_BACK = "conversation_handed_back"


class NotSaid(StrEnum):
    """Why nothing was done about a conversation."""

    HELD_BY_ANOTHER = "held_by_another"
    NOT_YOURS = "not_yours"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    OPTED_OUT = "opted_out"
    WINDOW_CLOSED = "window_closed"
    SENT_BEFORE = "sent_before"  # another text, by the same form


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person writes to a contact. `answer_id` is minted with the form: it is sent once."""

    answer_id: UUID
    contact_id: int
    staff_id: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HandedBack:
    """A conversation that is the bot's again: the locked contact, whether it may be written to, and
    a name for this moment that no other has.
    """

    speaker: Speaker
    may_be_told: bool
    cause: str
    now: datetime


def is_with_person(speaker: Speaker, now: datetime) -> bool:
    """Whether a person answers this contact, so that the bot is silent."""
    return speaker.taken_at is not None and now - speaker.taken_at <= HELD_FOR


def take_over(
    db: Session,
    contact_id: int,
    staff_id: int,
    holder_id: int | None,
    announce: Callable[[str], outbox.Reply],
) -> NotDone | None:
    """Somebody of staff answers from now on. `holder_id` is who had the conversation when they
    decided: where somebody else has it meanwhile, nothing is done.

    The customer is told once, by `announce` in their language, when it was the bot's before; who
    cannot be written to is told when they write: see `is_told`.
    """
    speaker = hearing.lock_contact(db, contact_id)
    now = _now(db)
    if speaker.taken_by == staff_id and is_with_person(speaker, now):
        return None
    if speaker.taken_by not in (holder_id, staff_id):
        return NotDone(NotSaid.HELD_BY_ANOTHER)
    db.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(taken_by=staff_id, taken_at=now, person_wanted_at=None)
    )
    _write_down(db, staff_id, TAKEN, contact_id)
    if speaker.taken_by is None and _unreachable(speaker, now) is None:
        outbox.add_replies(db, contact_id, [announce(speaker.language)])
    return None


def is_told(db: Session, contact_id: int, here: str, back: str) -> bool:
    """Whether a locked contact whom somebody of staff has knows so: they were told, or answered,
    since the bot had the conversation. `here` is the phrase that says so, `back` the one by which
    the bot took back what nobody answered.
    """
    values = {
        "contact_id": contact_id,
        "subject": f"contact:{contact_id}",
        "phrases": [here, BY_STAFF],
        "back": back,
        "handed_back": HANDED_BACK,
    }
    return bool(db.execute(_TOLD, values).scalar_one())


# What is handed back to who cannot be written to leaves no message, so its act is asked, too.
_TOLD = text("""
    SELECT EXISTS (
        SELECT FROM message
        WHERE contact_id = :contact_id AND direction = 'out' AND phrase = ANY(:phrases)
            AND status NOT IN ('refused', 'expired') AND created_at > greatest(
                (SELECT max(created_at) FROM message
                WHERE contact_id = :contact_id AND direction = 'out' AND phrase = :back),
                (SELECT max(at) FROM audit_entry WHERE subject = :subject AND act = :handed_back),
                '-infinity'::timestamptz))
""")


def answer(db: Session, said: Answer) -> NotDone | None:
    """Send what a person wrote, once, in order, while the conversation is theirs; they have it for
    two more hours.
    """
    speaker = hearing.lock_contact(db, said.contact_id)
    text = said.text.replace("\r\n", "\n").strip()
    sent = db.execute(
        select(Message.contact_id, Message.body).where(Message.token == said.answer_id)
    ).one_or_none()
    if sent is not None:
        return None if tuple(sent) == (said.contact_id, text) else NotDone(NotSaid.SENT_BEFORE)
    if speaker.taken_by != said.staff_id:
        return NotDone(NotSaid.NOT_YOURS)
    if not text:
        return NotDone(NotSaid.EMPTY)
    if len(text) > LONGEST_ANSWER:
        return NotDone(NotSaid.TOO_LONG)
    now = _now(db)
    refused = _unreachable(speaker, now)
    if refused is not None:
        return refused
    reply = outbox.Reply(BY_STAFF, text, token=said.answer_id, staff_id=said.staff_id)
    outbox.add_replies(db, said.contact_id, [reply])
    db.execute(update(Contact).where(Contact.id == said.contact_id).values(taken_at=now))
    _write_down(db, said.staff_id, "conversation_answered", said.contact_id)
    return None


def hand_back(db: Session, contact_id: int, staff_id: int) -> HandedBack | NotDone | None:
    """The conversation is the bot's again; None: it was already. Only who has it hands it back."""
    speaker = hearing.lock_contact(db, contact_id)
    if speaker.taken_by is None:
        return None
    if speaker.taken_by != staff_id:
        return NotDone(NotSaid.NOT_YOURS)
    let_go(db, contact_id)
    written = _write_down(db, staff_id, HANDED_BACK, contact_id)
    now = _now(db)
    return HandedBack(speaker, _unreachable(speaker, now) is None, f"handed_back:{written.id}", now)


def show_number(db: Session, contact_id: int, staff_id: int) -> str:
    """The contact's newest address in full: somebody of staff wants to see it, which is written
    down.
    """
    address, _ = outbox.addresses_of(db, [contact_id])[contact_id]
    _write_down(db, staff_id, "number_shown", contact_id)
    return address


def let_go(db: Session, contact_id: int) -> None:
    """Nobody of staff has this locked contact's conversation any more."""
    db.execute(update(Contact).where(Contact.id == contact_id).values(taken_by=None, taken_at=None))


def _unreachable(speaker: Speaker, now: datetime) -> NotDone | None:
    """Why a person may not write to this contact now."""
    if speaker.opted_out_at is not None:
        return NotDone(NotSaid.OPTED_OUT)
    if speaker.last_inbound_at is None or now - speaker.last_inbound_at >= WINDOW:
        return NotDone(NotSaid.WINDOW_CLOSED)
    return None


def _now(db: Session) -> datetime:
    now: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    return now


def _write_down(db: Session, staff_id: int, act: str, contact_id: int) -> AuditEntry:
    written = entry(by_person(db.get_one(Staff, staff_id)), act, f"contact:{contact_id}")
    db.add(written)
    db.flush()
    return written
