"""A customer says that they have paid: the provider is asked at once, and they hear what came of
that once for each time they said so.

    says_paid ▸ the provider is asked ─┬▸ paid, failed, over: that news tells it
                                       └▸ anything else: "not yet"

Whatever a provider says but an end is "not yet", also that it says nothing: who was told that we
ask must not wait in silence for it to be asked again. Where it told of money that does not agree
with what was asked, the same event says so in other words, by the payment's mark as it is told.
"""

from datetime import datetime

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.orm import Session

from domain.models import Payment, PaymentEvent
from domain.payments.reviews import MISMATCHES
from domain.payments.schedule import ask_now
from domain.payments.story import Locked, write_event
from domain.states import AWAITING_CUSTOMER

SAID = "said_paid"
NOT_YET = "not_yet"


def says_paid(db: Session, payment: Payment) -> None:
    """Note that the customer of a locked payment waits for an answer."""
    write_event(db, payment, SAID)


def answer_customer(db: Session, locked: Locked, asked_at: datetime) -> None:
    """The provider was asked, and what it said is recorded: where the payment still waits for its
    customer, who said that they have paid, they are told so. What they said after `asked_at`, the
    moment at which it was decided to ask, is a question of its own: it is asked anew.
    """
    payment = locked.payment
    if payment.status != AWAITING_CUSTOMER or payment.cancel_requested_at is not None:
        return
    db.flush()
    newest = db.execute(_NEWEST, {"payment_id": payment.id}).one_or_none()
    if newest is None or newest.kind != SAID:
        return
    if newest.at > asked_at:
        ask_now(db, payment, locked.now)
    else:
        note = payment.review if payment.review in MISMATCHES else None
        write_event(db, payment, NOT_YET, told=NOT_YET, note=note)


# Made once: a link is asked about every few seconds.
_NEWEST = (
    select(PaymentEvent.kind, PaymentEvent.at)
    .where(
        PaymentEvent.payment_id == bindparam("payment_id", type_=Uuid),
        PaymentEvent.kind.in_((SAID, NOT_YET)),
    )
    .order_by(PaymentEvent.version.desc())
    .limit(1)
)
