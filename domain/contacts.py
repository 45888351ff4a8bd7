"""Contacts and their turns: who an address is, the lock that orders a conversation, and the proof
of what was heard.
"""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import Contact, ContactIdentity, Message, PaymentEvent

# How long after somebody's last message WhatsApp lets us write to them in words of ours (documented
# by Twilio).
WINDOW = timedelta(hours=24)


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


def phone_of(address: str) -> str | None:
    """International digits of an address that is a phone number, else None (a WhatsApp user id)."""
    return address[1:] if address.startswith("+") else None


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
