"""Rows as conversations see them, bookings, payments and events turned into the desk's frozen
views; and what they say as the outbox takes it.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from bot.links import Links
from bot.offers import way_of
from domain import bookings, outbox
from domain.bookings import BookingFacts, CancelledFacts
from domain.hearing import Waiting
from domain.models import Payment, Refund
from domain.money import Money
from domain.payments import BY_CUSTOMER
from domain.payments.reviews import MISMATCHES, came_again, came_of
from domain.policy import Policy
from domain.states import AWAITING_CUSTOMER, SUCCEEDED
from flows.desk import BookingView, CancelledView, PaymentStatus, PaymentView, WayKind
from flows.events import REPEATABLE
from flows.turns import Say, Told
from providers.registry import PROVIDERS, WAYS


def booking_view(known: BookingFacts, policy: Policy) -> BookingView:
    """A booking as its traveller may see it."""
    currency = known.currency
    balance = max(0, known.total_minor - known.paid_minor)
    free = max(0, balance - known.hold.held_minor)
    deposit = max(0, (known.deposit_minor or 0) - known.paid_minor)
    return BookingView(
        reference=known.reference,
        display_reference=known.display_reference,
        operator=known.operator_name,
        tour=known.tour_name,
        start_date=known.start_date,
        total=Money(known.total_minor, currency),
        paid=Money(known.paid_minor, currency),
        balance=Money(balance, currency),
        free=Money(free, currency),
        minimum=Money(min(policy.minimum_minor, free), currency),
        deposit_due=Money(min(deposit, free), currency) if deposit else None,
        held_until=known.hold.until,
        cancelled=known.cancelled_at is not None,
    )


def cancelled_view(known: CancelledFacts, policy: Policy) -> CancelledView:
    """A cancelled booking as its traveller may see it."""
    currency = known.booking.currency
    return CancelledView(
        booking=booking_view(known.booking, policy),
        to_give_back=Money(known.held_minor, currency),
        given_back=Money(known.given_back_minor, currency),
        untraced=Money(known.untraced_minor, currency),
    )


def payment_view(db: Session, payment: Payment, booking: BookingView, links: Links) -> PaymentView:
    """A payment as its payer may see it: what came, once it came; of the number charged only the
    end, of its link only an address of ours.
    """
    way = way_of(payment.provider, payment.payer_number)
    dropped = payment.status == AWAITING_CUSTOMER and payment.cancel_requested_at is not None
    waits = payment.status == AWAITING_CUSTOMER and not dropped
    return PaymentView(
        id=str(payment.id),
        status=PaymentStatus(payment.status),
        way=way,
        kind=WayKind(WAYS[way][1].kind.value),
        link=links.go(payment.id) if waits and payment.link_url else None,
        picture=links.picture(payment.id) if waits and payment.link_qr else None,
        expires_at=payment.deadline_at,
        provider_title=PROVIDERS[payment.provider].title,
        amount=came_of(db, payment)
        if payment.status == SUCCEEDED
        else Money(payment.amount_minor, payment.currency),
        payer_hint=f"…{payment.payer_number[-3:]}" if payment.payer_number else "",
        otp_reference=payment.otp_reference,
        otp_tries_left=max(0, payment.otp_tries - payment.otp_try + 1),
        receipt=payment.receipt,
        failure=payment.failure,
        # A link that was withdrawn is over for its customer, whoever wished it.
        cancel_requested=payment.cancel_reason == BY_CUSTOMER or dropped,
        disagrees=payment.review in MISMATCHES,
        booking=booking,
    )


def told(db: Session, waiting: Waiting, policy: Policy, links: Links) -> Told:
    """An event that waits to be heard, with its payment as it stands now."""
    payment = db.get_one(Payment, waiting.payment_id)
    known = bookings.facts(db, payment.booking_id)
    refund = None if waiting.refund_id is None else db.get_one(Refund, waiting.refund_id)
    amount = None if refund is None else Money(refund.amount_minor, payment.currency)
    if waiting.told == "paid_again":
        amount = came_again(db, payment, waiting.version or 0)
    return Told(
        name=waiting.told or "",
        payment=payment_view(db, payment, booking_view(known, policy), links),
        ordinal=waiting.version or 0 if waiting.told in REPEATABLE else 0,
        amount=amount,
        days=None if refund is None else PROVIDERS[payment.provider].refund_days,
    )


def reply_of(say: Say) -> outbox.Reply:
    """What the conversation says, as the outbox takes it."""
    return outbox.Reply(
        phrase=say.key,
        body=say.text,
        buttons=[(button.id, button.title) for button in say.buttons],
        payment_id=UUID(say.payment) if say.payment and say.told else None,
        told=say.told,
        expires_seconds=say.expires_seconds,
        link=(say.link.title, say.link.url) if say.link else None,
        picture=say.picture,
    )
