"""Contacts and their turns: who an address is, the lock that orders a conversation, and the proof
of what was heard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import Contact, ContactIdentity, Message, PaymentEvent, Turn

_MINUTE = timedelta(minutes=1)
_MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something filed and not yet heard: a message or an event, by its id."""

    kind: str
    id: int
    attempts: int

    @property
    def cause(self) -> str:
        """How a turn names what caused it; unique, so nothing is heard twice."""
        return f"{self.kind}:{self.id}"


def contact_of(db: Session, address: str) -> int:
    """The contact at a WhatsApp address, made when there is none. Two at once end with one
    contact.
    """
    known = select(ContactIdentity.contact_id).where(
        ContactIdentity.channel == "whatsapp", ContactIdentity.address == address
    )
    contact_id = db.execute(known).scalar_one_or_none()
    if contact_id is not None:
        return contact_id
    # The lock makes two first messages of one person take turns, so that no contact without an
    # identity is left over.
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(address, 0))))
    contact_id = db.execute(known).scalar_one_or_none()
    if contact_id is not None:
        return contact_id
    contact = Contact()
    db.add(contact)
    db.flush()
    db.execute(insert(ContactIdentity).values(contact_id=contact.id, address=address))
    return contact.id


def lock_contact(db: Session, contact_id: int) -> Contact:
    """The contact, locked and fresh. Filing another message of the same person does not wait for
    this lock.
    """
    return db.execute(
        select(Contact)
        .where(Contact.id == contact_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()


def count_message(contact: Contact, at: datetime) -> int:
    """How many messages of a locked contact were heard in the minute that this one belongs to."""
    began = contact.minute_began_at
    if began is None or at - began > _MINUTE:
        contact.minute_began_at, contact.minute_messages = at, 0
    contact.minute_messages = min(contact.minute_messages + 1, _MOST_COUNTED)
    return contact.minute_messages


def address_of(db: Session, contact_id: int) -> str:
    """The address that we write to: the newest one."""
    return db.execute(
        select(ContactIdentity.address)
        .where(ContactIdentity.contact_id == contact_id)
        .order_by(ContactIdentity.id.desc())
        .limit(1)
    ).scalar_one()


def phone_of(address: str) -> str | None:
    """International digits of an address that is a phone number, else None (a WhatsApp user id)."""
    return address[1:] if address.startswith("+") else None


def next_waiting(db: Session, contact_id: int) -> Waiting | None:
    """The oldest message or event of a locked contact that was not heard yet."""
    message = (
        select(
            literal("message").label("kind"),
            Message.id,
            Message.attempts,
            Message.created_at.label("at"),
        )
        .where(
            Message.contact_id == contact_id,
            Message.direction == "in",
            Message.heard_at.is_(None),
        )
        .order_by(Message.id)
        .limit(1)
    )
    event = (
        select(literal("event"), PaymentEvent.id, PaymentEvent.attempts, PaymentEvent.at)
        .where(
            PaymentEvent.contact_id == contact_id,
            PaymentEvent.told.is_not(None),
            PaymentEvent.heard_at.is_(None),
        )
        .order_by(PaymentEvent.id)
        .limit(1)
    )
    waiting = union_all(message.subquery().select(), event.subquery().select()).subquery()
    row = db.execute(select(waiting).order_by(waiting.c.at).limit(1)).one_or_none()
    return None if row is None else Waiting(row.kind, row.id, row.attempts)


def anything_waiting(db: Session, contact_id: int) -> bool:
    """Whether something of this contact is still to be heard."""
    return next_waiting(db, contact_id) is not None


def write_turn(db: Session, contact: Contact, waiting: Waiting, session: Mapping[str, Any]) -> int:
    """Prove that this was heard: the next turn of the conversation. Returns its sequence."""
    contact.sequence += 1
    db.add(
        Turn(
            contact_id=contact.id,
            sequence=contact.sequence,
            cause=waiting.cause,
            session=dict(session),
        )
    )
    return contact.sequence


def last_session(db: Session, contact: Contact) -> dict[str, Any] | None:
    """Where the conversation stood after its last turn."""
    if contact.sequence == 0:
        return None
    session: dict[str, Any] = db.execute(
        select(Turn.session).where(Turn.contact_id == contact.id, Turn.sequence == contact.sequence)
    ).scalar_one()
    return session


def unheard_since(db: Session, seconds: float, limit: int) -> list[int]:
    """Contacts of whom something has been waiting for longer than `seconds`."""
    before = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    messages = select(Message.contact_id).where(
        Message.direction == "in", Message.heard_at.is_(None), Message.created_at < before
    )
    events = select(PaymentEvent.contact_id).where(
        PaymentEvent.told.is_not(None), PaymentEvent.heard_at.is_(None), PaymentEvent.at < before
    )
    both = messages.limit(limit).union(events.limit(limit)).subquery()
    return list(db.execute(select(both.c.contact_id).limit(limit)).scalars())
