"""Whether a payment whose start was answered late must give way to what happened meanwhile."""

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from domain.models import Payment
from domain.payments.story import Locked
from domain.states import AWAITING_OTP, CALLING, CREATED, ENDED_UNPAID


def gives_way(db: Session, locked: Locked) -> bool:
    """Whether the answer to its start came too late: its contact has paid or begun another payment
    since, somebody else pays from its number now, or the booking no longer owes it.
    """
    booking, payment = locked.booking, locked.payment
    if booking.cancelled_at or payment.amount_minor > booking.total_minor - booking.paid_minor:
        return True
    followed = and_(
        Payment.contact_id == payment.contact_id,
        Payment.created_at > payment.created_at,
        Payment.status.not_in(ENDED_UNPAID),
    )
    taken = and_(
        or_(
            Payment.contact_id == payment.contact_id,
            # Links have no payer's number: to have none is nothing that two payments share.
            and_(
                Payment.payer_number.is_not(None),
                Payment.payer_number == payment.payer_number,
            ),
        ),
        Payment.status.in_((*CALLING, CREATED, AWAITING_OTP)),
    )
    others = exists().where(
        Payment.id != payment.id,
        Payment.cancel_requested_at.is_(None),
        or_(followed, taken),
    )
    return db.execute(select(others)).scalar_one()
