"""What postings by people share: the room on a booking, and evidence that is of no payment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain.models import Booking, Evidence
from domain.money import Money
from domain.payments.opening import hold_on
from domain.wishes import NotDone, Why


@dataclass(frozen=True, slots=True)
class Room:
    """What a booking owes, and what of it no payment under way holds: until when, if some do."""

    owed: Money
    free: Money
    until: datetime | None


def room_of(db: Session, booking: Booking) -> Room:
    """Of a locked booking."""
    owed = max(0, booking.total_minor - booking.paid_minor)
    hold = hold_on(db, booking.id)
    free = max(0, owed - hold.held_minor)
    return Room(Money(owed, booking.currency), Money(free, booking.currency), hold.until)


def does_not_fit(db: Session, booking: Booking, amount: Money) -> NotDone | None:
    """What stands against a locked booking's being paid this amount, if anything."""
    if amount.amount_minor <= 0:
        return NotDone(Why.NOT_POSITIVE)
    if amount.currency != booking.currency:
        return NotDone(Why.OTHER_CURRENCY)
    if booking.cancelled_at is not None:
        return NotDone(Why.CANCELLED)
    room = room_of(db, booking)
    if amount > room.owed:
        return NotDone(Why.ABOVE_OWED, left=room.owed)
    if amount > room.free:
        return NotDone(Why.ABOVE_FREE, left=room.free, until=room.until)
    return None


def file_finding(db: Session, kind: str, key: str, amount: Money, body: str) -> int:
    """File what people say of money that no provider speaks of. Returns the evidence's id; a second
    filing under the same key raises IntegrityError.
    """
    evidence = Evidence(
        provider=kind,
        source="person",
        delivery_key=key,
        word=kind,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        body=body,
    )
    db.add(evidence)
    db.flush()
    return evidence.id
