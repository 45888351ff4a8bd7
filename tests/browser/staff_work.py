"""What staff did in the season, beside the proposal that waits: money was asked back and taken
outside, a booking was cancelled, a conversation was taken over, a provider was paused.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pyotp
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain import cancelling, outside, refunds, switches
from domain.models import (
    Account,
    Booking,
    Contact,
    Operator,
    Payment,
    Refund,
    Staff,
    TourAccount,
    Transfer,
)
from domain.money import Money
from domain.sealing import Sealer
from domain.staff import authenticators, invitations, passwords
from domain.staff.trail import MACHINE, By
from tests.browser.season import Season

PASSWORD = "brown bread and marula jam"


@dataclass(frozen=True, slots=True)
class Work:
    """Ids of what the pages of acts are about, and a link and a secret to enter by."""

    owing_id: int
    cancelled_id: int
    transfer_id: int
    refundable: UUID
    refund_id: UUID
    kaspi_id: int
    staff_id: int
    join: str
    totp_secret: str


def begin(db: Session, season: Season, ben_id: int, secret_key: str) -> Work:
    """Ben works; Rudo is invited, and Farai of the operator's own staff has an authenticator."""
    owner = db.get_one(Operator, season.operator_id)
    bookings = db.scalars(
        select(Booking)
        .where(Booking.operator_id == owner.id, Booking.paid_minor < Booking.total_minor)
        .order_by(Booking.id)
    ).all()
    owing, other = bookings[0], bookings[1]
    _take_cash(db, owing, ben_id)
    cancelling.cancel_booking(db, other.id, ben_id, "Ill; asked on the phone to cancel")
    refundable = _paid_by(db, "cashfree")[:2]
    refund_id = _ask_back(db, refundable[1], ben_id)
    talker = db.scalars(select(Contact).where(Contact.id != season.contact_id)).first()
    if talker is not None:
        talker.taken_by, talker.taken_at = ben_id, func.clock_timestamp()
    switches.pause(db, "provider:kaspi", "ben@example.com", "Kaspi is back on Monday.")
    kept = passwords.hashed(PASSWORD)
    db.execute(update(Staff).values(password_hash=kept))
    rudo = Staff(email="rudo@example.com", role="admin", created_by=ben_id)
    farai = Staff(
        email="farai@example.com",
        role="operator",
        operator_id=owner.id,
        created_by=ben_id,
        password_hash=kept,
    )
    db.add_all([rudo, farai])
    db.flush()
    transfer_id = db.scalars(
        select(Transfer.id).where(Transfer.booking_id == owing.id).order_by(Transfer.id.desc())
    ).first()
    kaspi_id = db.scalars(select(Account.id).where(Account.provider == "kaspi")).one()
    db.add(TourAccount(tour_id=41, provider="kaspi", currency="KZT", account_id=kaspi_id))
    return Work(
        owing.id,
        other.id,
        transfer_id or 0,
        refundable[0].id,
        refund_id,
        kaspi_id,
        rudo.id,
        invitations.make(db, MACHINE, rudo.id),
        _authenticator(db, farai, secret_key),
    )


def _take_cash(db: Session, booking: Booking, staff_id: int) -> None:
    taken = outside.record(
        db,
        outside.OutsideMoney(
            uuid4(),
            booking.id,
            Money(10_000, booking.currency),
            outside.Method.CASH,
            "Receipt book 12, page 40",
            staff_id,
        ),
    )
    if not isinstance(taken, outside.Posted):
        raise ValueError(taken.why)


def _paid_by(db: Session, provider: str) -> list[Payment]:
    found = select(Payment).where(Payment.provider == provider, Payment.status == "succeeded")
    return list(db.scalars(found.order_by(Payment.created_at)))


def _ask_back(db: Session, payment: Payment, staff_id: int) -> UUID:
    asked = refunds.request(
        db,
        refunds.RefundWish(
            uuid4(),
            payment.id,
            Money(250_000, payment.currency),
            "One seat less",
            staff_id,
            "provider",
        ),
    )
    if not isinstance(asked, Refund):
        raise ValueError(asked.why)
    return asked.id


def _authenticator(db: Session, person: Staff, secret_key: str) -> str:
    offered = authenticators.offer()
    authenticators.set_up(
        db,
        By(person.id, person.email),
        offered,
        pyotp.TOTP(offered.secret).now(),
        Sealer.of("authenticators", secret_key, None),
        "",
    )
    return offered.secret
