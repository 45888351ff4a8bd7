"""Contacts and their turns: who an address is, the lock that orders a conversation, and the proof
of what was heard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import Contact, ContactIdentity, Message, PaymentEvent, Turn

_MINUTE = timedelta(minutes=1)
_MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something filed and not yet heard: a message or an event, by its id. `more`: it is not the
    only one. `address` is the newest of its contact, to which we write.
    """

    kind: str
    id: int
    attempts: int
    more: bool
    address: str

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


def phone_of(address: str) -> str | None:
    """International digits of an address that is a phone number, else None (a WhatsApp user id)."""
    return address[1:] if address.startswith("+") else None


def next_waiting(db: Session, contact_id: int) -> Waiting | None:
    """The oldest message or event of a locked contact that was not heard yet."""
    rows = db.execute(_WAITING, {"contact_id": contact_id}).all()
    if not rows:
        return None
    oldest = rows[0]
    return Waiting(oldest.kind, oldest.id, oldest.attempts, len(rows) > 1, oldest.address)


def begin_turn(contact: Contact) -> None:
    """Count the turn of a locked contact, beside what else of it changes, so that all of it is one
    statement.
    """
    contact.sequence += 1


def write_turn(db: Session, contact: Contact, waiting: Waiting, session: Mapping[str, Any]) -> int:
    """Prove that this was heard by the turn that `begin_turn` counted. Returns its sequence."""
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


def _waiting_query() -> Select[str, int, int, str]:
    """The two oldest of what was not heard. Made once: making it takes longer than asking it."""
    contact_id = bindparam("contact_id", type_=BigInteger)
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
        .limit(2)
    )
    event = (
        select(literal("event"), PaymentEvent.id, PaymentEvent.attempts, PaymentEvent.at)
        .where(
            PaymentEvent.contact_id == contact_id,
            PaymentEvent.told.is_not(None),
            PaymentEvent.heard_at.is_(None),
        )
        .order_by(PaymentEvent.id)
        .limit(2)
    )
    address = (
        select(ContactIdentity.address)
        .where(ContactIdentity.contact_id == contact_id)
        .order_by(ContactIdentity.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    waiting = union_all(message.subquery().select(), event.subquery().select()).subquery()
    columns = (waiting.c.kind, waiting.c.id, waiting.c.attempts, address.label("address"))
    return select(*columns).order_by(waiting.c.at).limit(2)


_WAITING = _waiting_query()


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
