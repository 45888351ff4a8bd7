"""How a refund is locked, and how it is written into its payment's story."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.models import Booking, Payment, Refund, Staff
from domain.payments import Locked, ProviderCall
from domain.payments import lock as lock_payment
from domain.payments.story import write_event
from domain.staff.trail import by_person, entry


@dataclass(frozen=True, slots=True)
class LockedRefund:
    """A refund, its payment and its booking, all locked and fresh, and the moment by the database's
    clock.
    """

    booking: Booking
    payment: Payment
    refund: Refund
    now: datetime


def lock(db: Session, refund_id: UUID) -> LockedRefund:
    """The booking, then the payment, then the refund. Raises NoResultFound for an unknown id."""
    payment_id = db.execute(select(Refund.payment_id).where(Refund.id == refund_id)).scalar_one()
    return beside(lock_payment(db, payment_id), read_locked(db, refund_id))


def beside(locked: Locked, refund: Refund) -> LockedRefund:
    """A refund of a payment that is locked already."""
    return LockedRefund(locked.booking, locked.payment, refund, locked.now)


def read_locked(db: Session, refund_id: UUID) -> Refund:
    """The refund, locked and fresh. Only after its payment."""
    return db.execute(
        select(Refund)
        .where(Refund.id == refund_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()


def write(
    db: Session,
    locked: LockedRefund,
    kind: str,
    *,
    told: str | None = None,
    call: ProviderCall | None = None,
    word: str | None = None,
) -> None:
    """One line of the payment's story that is about a refund. Its note is the word that was
    heard.
    """
    refund_id = locked.refund.id
    write_event(db, locked.payment, kind, told=told, call=call, note=word, refund_id=refund_id)


def write_act(db: Session, person: Staff, act: str, refund: Refund, **detail: object) -> None:
    """One act of staff, for ever."""
    told = {
        "payment": str(refund.payment_id),
        "amount_minor": refund.amount_minor,
        "currency": db.get_one(Payment, refund.payment_id).currency,
        **detail,
    }
    db.add(entry(by_person(person), act, f"refund:{refund.id}", told))
