"""What travellers and the bot said to each other in the season."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.models import Booking, Contact, Message, Turn

Line = tuple[str, str, str]
# Where each of the other conversations stands, over and over.
_STEPS = ("otp", "link", "amount", "otp", "reference", "link")
_SHORT: Sequence[Sequence[Line]] = (
    (("in", "pay", "heard"), ("out", "Which booking? Send its reference.", "read")),
    (("in", "480", "heard"), ("out", "Omari has sent you a code. Send it here.", "delivered")),
    (("in", "thanks!", "heard"), ("out", "You are welcome.", "read")),
)
_REFUSED = (("in", "balance", "heard"), ("out", "You owe USD 240.00 by 1 December.", "refused"))
_NOT_REACHED = 3


def asks_for_a_person(db: Session, contact: Contact, booking: Booking) -> None:
    """A traveller pays by the bot, until they ask for a person."""
    said = (
        ("in", "Hi, I want to pay", "heard"),
        ("out", "Please send your booking reference, for example KS-2024-001.", "read"),
        ("in", booking.reference, "heard"),
        ("out", f"{booking.lead_name}, Victoria Falls Safari. You owe USD 480.00.", "read"),
        ("in", "can I pay half now and half in December?", "heard"),
        ("out", "How much would you like to pay? Send an amount.", "delivered"),
        ("in", "I would like to talk to somebody please", "heard"),
        ("out", "A person of Kalai Safaris will write to you here.", "delivered"),
    )
    _say(db, contact, said, timedelta(minutes=2))
    contact.last_inbound_at = contact.person_wanted_at = func.clock_timestamp()


def others(db: Session, but_contact_id: int) -> None:
    """Everybody else said a little, and stands somewhere on the way to paid; whom the bot has heard
    is left alone.
    """
    heard = select(Turn.contact_id)
    contacts = db.scalars(
        select(Contact)
        .where(Contact.id != but_contact_id, Contact.id.not_in(heard))
        .order_by(Contact.id)
    ).all()
    for number, contact in reversed(list(enumerate(contacts))):
        step = _STEPS[number % len(_STEPS)]
        said = _REFUSED if number == _NOT_REACHED else _SHORT[number % len(_SHORT)]
        _say(db, contact, said, timedelta(minutes=9 + 23 * number))
        db.add(
            Turn(
                contact_id=contact.id,
                sequence=1,
                cause=f"season:{contact.id}",
                session={"flow": "pay", "step": step},
            )
        )
        contact.last_inbound_at = func.clock_timestamp() - timedelta(minutes=9 + 23 * number)


def _say(db: Session, contact: Contact, said: Sequence[Line], ago: timedelta) -> None:
    for number, (direction, body, status) in enumerate(said):
        at = datetime.now(UTC) - ago - timedelta(seconds=20 * (len(said) - number))
        db.add(
            Message(
                direction=direction,
                contact_id=contact.id,
                sid=f"SM{uuid4().hex}",
                status=status,
                body=body,
                heard_at=at if direction == "in" else None,
                token=uuid4() if direction == "out" else None,
                error_code="63016" if status == "refused" else None,
                created_at=at,
            )
        )
        db.flush()
