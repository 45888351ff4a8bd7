"""Who of a group can be written to now: WhatsApp takes a message in words of ours only within a day
of the person's own last one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    String,
    any_,
    false,
    func,
    literal,
    select,
    type_coerce,
    union,
)
from sqlalchemy.orm import Session

from domain.contacts import WINDOW
from domain.models import Booking, BookingContact, Contact, ContactIdentity


class Silent(StrEnum):
    """Why nobody of a booking can be written to."""

    UNKNOWN = "unknown"  # nobody of it ever wrote to us
    LATE = "late"  # their last message is older than a day
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class Listener:
    """A person who can be written to now, and those of the bookings that are theirs."""

    contact_id: int
    language: str
    booking_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom news about some bookings reaches: each person once. `silent` are the bookings of which
    it reaches nobody.
    """

    listeners: tuple[Listener, ...]
    silent: Mapping[int, Silent]

    @property
    def told(self) -> int:
        """How many people are told."""
        return len(self.listeners)


NOBODY = Reach((), {})


def reach_of(db: Session, booking_ids: Iterable[int]) -> Reach:
    """Who can be written to about these bookings: who has the lead traveller's number, and who
    proved to belong to one. One query, however many there are.
    """
    ids = sorted(set(booking_ids))
    theirs: dict[int, list[int]] = {}
    languages: dict[int, str] = {}
    silent = dict.fromkeys(ids, Silent.UNKNOWN)
    for booking_id, contact_id, language, is_open, has_opted_out in _people(db, ids):
        if is_open and not has_opted_out:
            theirs.setdefault(contact_id, []).append(booking_id)
            languages[contact_id] = language
        elif silent[booking_id] is not Silent.OPTED_OUT:
            silent[booking_id] = Silent.OPTED_OUT if has_opted_out else Silent.LATE
    reached = {booking_id for each in theirs.values() for booking_id in each}
    return Reach(
        tuple(
            Listener(contact_id, languages[contact_id], tuple(of))
            for contact_id, of in sorted(theirs.items())
        ),
        {booking_id: why for booking_id, why in silent.items() if booking_id not in reached},
    )


def _people(db: Session, ids: list[int]) -> Iterable[tuple[int, int, str, bool, bool]]:
    db.flush()
    wanted = any_(literal(ids, ARRAY(BigInteger)))
    address = type_coerce("+", String).concat(Booking.lead_phone)
    led = (
        select(Booking.id.label("booking_id"), ContactIdentity.contact_id)
        .join(
            ContactIdentity,
            (ContactIdentity.channel == "whatsapp") & (ContactIdentity.address == address),
        )
        .where(Booking.id == wanted)
    )
    proved = select(BookingContact.booking_id, BookingContact.contact_id).where(
        BookingContact.booking_id == wanted
    )
    both = union(led, proved).subquery()
    is_open = func.coalesce(Contact.last_inbound_at > func.clock_timestamp() - WINDOW, false())
    rows = db.execute(
        select(
            both.c.booking_id,
            Contact.id,
            Contact.language,
            is_open,
            Contact.opted_out_at.is_not(None),
        )
        .join(Contact, Contact.id == both.c.contact_id)
        .order_by(both.c.booking_id, Contact.id)
    )
    return [tuple(row) for row in rows]
