"""One booking with everything about it, read in a fixed few queries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select, text
from sqlalchemy.orm import Session

from bot.admin.bookings.words import words_of_back
from bot.admin.conversations import tied
from bot.admin.scope import Scope
from bot.admin.showing import provider_title
from bot.announcing import receipt_number
from domain import ledger
from domain.models import (
    AuditEntry,
    Booking,
    BookingContact,
    Contact,
    ContactIdentity,
    Departure,
    Evidence,
    Operator,
    Payment,
    Proposal,
    Tour,
    Transfer,
)
from domain.outside import OUTSIDE
from domain.taking_back import left_of_each

_MOST = 100
_OF_THE_GROUP = ("departure_cancelled", "departure_moved")


@dataclass(frozen=True, slots=True)
class Core:
    """A booking beside what it belongs to."""

    booking: Booking = field(repr=False)
    operator: str
    operator_contact: str | None
    tour: str | None
    start_date: date | None
    departure_id: int | None
    shared_reference: str | None

    @property
    def owed_minor(self) -> int:
        """What it owes; nothing once it is cancelled."""
        booking = self.booking
        return 0 if booking.cancelled_at else max(0, booking.total_minor - booking.paid_minor)


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement of the ledger, as the booking sees it: `sign` is +1 for money that it was paid,
    -1 for money that left it, 0 for money that only passed by. `receipt` is the number of a receipt
    of ours, `left_minor` what of its money was not taken back.
    """

    id: int
    at: datetime
    words: str
    sign: int
    amount_minor: int
    currency: str
    payment_id: UUID | None
    receipt: str | None
    left_minor: int


@dataclass(frozen=True, slots=True)
class Person:
    """A contact who belongs to the booking, by its number or because they proved it, and whose
    conversation whoever looks may see.
    """

    id: int
    name: str = field(repr=False)
    last_inbound_at: datetime | None
    taken_by: int | None


@dataclass(frozen=True, slots=True)
class OfPayment:
    """What a booking holds of one payment. `came_here`: it was paid for another booking, and
    moved.
    """

    payment_id: UUID
    came_here: bool
    held_minor: int


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything about one booking; lists newest first, at most a hundred of each. `held` and
    `outside_left_minor` are of all its transfers.
    """

    core: Core
    payments: Sequence[Payment]
    movements: Sequence[Movement]
    people: Sequence[Person]
    history: Sequence[AuditEntry]
    proposals: Sequence[Proposal]
    held: Sequence[OfPayment]
    outside_left_minor: int

    @property
    def by_payments_minor(self) -> int:
        """What payments of its own brought in the chat, and it still holds."""
        return sum(one.held_minor for one in self.held if not one.came_here)

    @property
    def moved_here(self) -> Sequence[OfPayment]:
        """What other bookings' payments brought, was moved here, and it still holds."""
        return [one for one in self.held if one.came_here]

    @property
    def outside_minor(self) -> int:
        """What was taken outside, and was neither taken back nor has left the booking."""
        return min(self.outside_left_minor, self._beside_payments_minor)

    @property
    def of_neither_minor(self) -> int:
        """What it holds beside these: what it came with."""
        return self._beside_payments_minor - self.outside_minor

    @property
    def _beside_payments_minor(self) -> int:
        of_payments = sum(one.held_minor for one in self.held)
        return max(0, self.core.booking.paid_minor - of_payments)


def core(db: Session, scope: Scope, booking_id: int) -> Core | None:
    """The booking; None where there is none for whoever looks."""
    row = db.execute(
        select(
            Booking,
            Operator.name,
            Operator.contact,
            Tour.name,
            Departure.start_date,
            Departure.id,
            Departure.shared_reference,
        )
        .join(Operator, Operator.id == Booking.operator_id)
        .outerjoin(Departure, Departure.id == Booking.departure_id)
        .outerjoin(Tour, Tour.id == Departure.tour_id)
        .where(Booking.id == booking_id, scope.keeps(Booking.operator_id))
    ).one_or_none()
    return None if row is None else Core(*row)


def whole(db: Session, scope: Scope, booking_id: int) -> Whole | None:
    """The booking with everything about it; None where there is none for whoever looks."""
    found = core(db, scope, booking_id)
    if found is None:
        return None
    payments = select(Payment).where(Payment.booking_id == booking_id)
    proposals = select(Proposal).where(Proposal.subject == f"booking:{booking_id}")
    return Whole(
        found,
        db.scalars(payments.order_by(Payment.created_at.desc()).limit(_MOST)).all(),
        _movements(db, found.booking),
        _people(db, scope, found.booking),
        _history(db, found),
        db.scalars(proposals.order_by(Proposal.created_at.desc()).limit(_MOST)).all(),
        _held(db, booking_id),
        _outside_left(db, booking_id),
    )


def _held(db: Session, booking_id: int) -> list[OfPayment]:
    own = ledger.booking_account(booking_id)
    net = func.sum(
        case(
            (Transfer.credit == own, Transfer.amount_minor),
            (Transfer.debit == own, -Transfer.amount_minor),
            else_=0,
        )
    )
    rows = db.execute(
        select(Payment.id, Payment.booking_id != booking_id, net)
        .join(Transfer, Transfer.payment_id == Payment.id)
        .where(Transfer.booking_id == booking_id)
        .group_by(Payment.id)
        .having(net > 0)
        .order_by(Payment.created_at)
    )
    return [OfPayment(payment_id, came, int(minor)) for payment_id, came, minor in rows]


def _outside_left(db: Session, booking_id: int) -> int:
    each = select(left_of_each().label("minor")).where(
        Transfer.booking_id == booking_id, Transfer.kind == OUTSIDE
    )
    total = select(func.coalesce(func.sum(each.subquery().c.minor), 0))
    return int(db.execute(total).scalar_one())


def _movements(db: Session, booking: Booking) -> list[Movement]:
    query = (
        select(Transfer, Evidence, left_of_each())
        .outerjoin(Evidence, Evidence.id == Transfer.evidence_id)
        .where(Transfer.booking_id == booking.id)
        .order_by(Transfer.id.desc())
        .limit(_MOST)
    )
    return [_movement(booking, *row) for row in db.execute(query)]


def _movement(
    booking: Booking, transfer: Transfer, evidence: Evidence | None, left_minor: int
) -> Movement:
    own = ledger.booking_account(booking.id)
    sign = 1 if transfer.credit == own else -1 if transfer.debit == own else 0
    is_ours = transfer.kind == "outside" and evidence is not None
    return Movement(
        transfer.id,
        transfer.at,
        _words(transfer, evidence, sign),
        sign,
        transfer.amount_minor,
        transfer.currency,
        transfer.payment_id,
        receipt_number(UUID(evidence.delivery_key)) if evidence and is_ours else None,
        int(left_minor),
    )


def _words(transfer: Transfer, evidence: Evidence | None, sign: int) -> str:
    provider = provider_title(transfer.provider or (evidence.provider if evidence else ""))
    said = evidence.body if evidence else ""
    match transfer.kind:
        case "opening":
            return "Paid before the booking came here"
        case "capture":
            return f"Paid with {provider}"
        case "surplus":
            return f"More than was owed, from {provider}: kept until it is given back"
        case "refund":
            return "Given back to the customer"
        case "reversal":
            return f"Taken back by {provider}"
        case "outside":
            return f"Taken outside, {said}"
        case "taken_back":
            return words_of_back(said)
        case "move":
            return "Moved here from another booking" if sign > 0 else "Moved to another booking"
    return transfer.kind


def _people(db: Session, scope: Scope, booking: Booking) -> list[Person]:
    address = f"+{booking.lead_phone}"
    led = select(ContactIdentity.contact_id).where(
        ContactIdentity.channel == "whatsapp", ContactIdentity.address == address
    )
    proved = select(BookingContact.contact_id).where(BookingContact.booking_id == booking.id)
    rows = db.execute(
        select(Contact.id, Contact.profile_name, Contact.last_inbound_at, Contact.taken_by)
        .where(Contact.id.in_(led.union(proved)), text(tied.seen(scope, "contact.id")))
        .order_by(Contact.last_inbound_at.desc().nulls_last())
        .limit(_MOST),
        {"operator_id": scope.operator_id},
    )
    return [Person(*row) for row in rows]


def _history(db: Session, found: Core) -> Sequence[AuditEntry]:
    """Its own entries, and those of its departure that befell everybody on it since it is there."""
    about = AuditEntry.subject == f"booking:{found.booking.id}"
    group: Any = and_(
        AuditEntry.subject == f"departure:{found.departure_id}",
        AuditEntry.act.in_(_OF_THE_GROUP),
        AuditEntry.at >= found.booking.created_at,
    )
    query = select(AuditEntry).where(or_(about, group) if found.departure_id else about)
    return db.scalars(query.order_by(AuditEntry.id.desc()).limit(_MOST)).all()
