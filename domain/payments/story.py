"""How a payment is locked and moved, and how everything that happens to it is written down."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, Uuid, bindparam, func, select
from sqlalchemy.orm import Session

from domain.models import Booking, Payment, PaymentEvent
from domain.money import Money
from domain.policy import Policy
from domain.states import UNCERTAIN


@dataclass(frozen=True, slots=True)
class Locked:
    """A payment and its booking, both locked and fresh, and the moment by the database's clock."""

    booking: Booking
    payment: Payment
    now: datetime


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One call to a provider, for the story. Times in milliseconds; no secret, no code, no
    number.
    """

    operation: str
    http_status: int | None
    milliseconds: int
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """What a provider, a statement or a person says about a payment.

    `status` is one of succeeded, open, failed, expired, cancelled, not_found. `source` says how it
    came (confirm, poll, callback, statement, person) and `delivery_key` names this very delivery,
    so that it is filed
    once. What the answer does not carry is None.
    """

    status: str
    source: str
    delivery_key: str
    receipt: str | None = None
    amount: Money | None = None
    reference: str | None = None
    debit_reference: str | None = None
    reason: str | None = None
    body: str = ""
    call: ProviderCall | None = None


# Made once: making them takes longer than asking them.
_BOOKING = (
    select(Booking)
    .where(Booking.id == bindparam("booking_id", type_=BigInteger))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
_BOOKING_OF = (
    select(Booking)
    .where(
        Booking.id
        == select(Payment.booking_id)
        .where(Payment.id == bindparam("payment_id", type_=Uuid))
        .scalar_subquery()
    )
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
_PAYMENT = (
    select(Payment, func.clock_timestamp())
    .where(Payment.id == bindparam("payment_id", type_=Uuid))
    .with_for_update(key_share=True, of=Payment)
    .execution_options(populate_existing=True)
)


def lock_booking(db: Session, booking_id: int) -> Booking:
    """The booking, locked and fresh. Always before any of its payments."""
    return db.execute(_BOOKING, {"booking_id": booking_id}).scalar_one()


def lock(db: Session, payment_id: UUID) -> Locked:
    """The payment's booking, then the payment, both locked and fresh. Raises NoResultFound for an
    unknown id.

    The only way to lock a payment: nobody locks one without its booking.
    """
    booking = db.execute(_BOOKING_OF, {"payment_id": payment_id}).scalar_one()
    payment, now = db.execute(_PAYMENT, {"payment_id": payment_id}).one()
    return Locked(booking, payment, now)


def take_lease(locked: Locked, call_seconds: float, policy: Policy) -> datetime:
    """Reserve the provider for one call of at most `call_seconds`. Returns the lease's end, when
    somebody looks again. Commit before the call.
    """
    until = locked.now + timedelta(seconds=call_seconds + policy.lease_margin_seconds)
    locked.payment.lease_until = locked.payment.next_check_at = until
    return until


def write_event(
    db: Session,
    payment: Payment,
    kind: str,
    *,
    told: str | None = None,
    call: ProviderCall | None = None,
    note: str | None = None,
    moved: tuple[str, str] | None = None,
    refund_id: UUID | None = None,
) -> None:
    """Append one line to the payment's story. `told` is what the customer is to hear about it;
    `refund_id` is the refund that the line is about, if it is about one.
    """
    payment.version += 1
    db.add(
        PaymentEvent(
            payment_id=payment.id,
            contact_id=payment.contact_id,
            version=payment.version,
            kind=kind,
            from_status=moved[0] if moved else None,
            to_status=moved[1] if moved else None,
            told=told,
            operation=call.operation if call else None,
            http_status=call.http_status if call else None,
            milliseconds=call.milliseconds if call else None,
            code=call.code if call else None,
            note=note,
            refund_id=refund_id,
        )
    )


def move(
    db: Session,
    payment: Payment,
    to: str,
    kind: str,
    *,
    told: str | None = None,
    call: ProviderCall | None = None,
    note: str | None = None,
) -> None:
    """Move the payment along a legal edge and write it down. The database refuses any
    other edge.
    """
    moved = (payment.status, to)
    payment.status = to
    if payment.review == UNCERTAIN:
        payment.review = None  # it was before a person only because nobody knew
    write_event(db, payment, kind, told=told, call=call, note=note, moved=moved)
