"""Rows as conversations see them: bookings and payments turned into the desk's frozen views."""

from domain.bookings import BookingFacts
from domain.models import Payment
from domain.money import Money
from domain.payments import BY_CUSTOMER
from domain.policy import Policy
from domain.states import SUCCEEDED
from flows.desk import BookingView, PaymentStatus, PaymentView
from providers.registry import PROVIDERS


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
        own_hold=known.hold.own,
        cancelled=known.cancelled_at is not None,
    )


def payment_view(payment: Payment, booking: BookingView) -> PaymentView:
    """A payment as its payer may see it: of the number charged only the end."""
    return PaymentView(
        id=str(payment.id),
        status=PaymentStatus(payment.status),
        provider=payment.provider,
        provider_title=PROVIDERS[payment.provider].title,
        amount=Money(payment.amount_minor, payment.currency),
        payer_hint=f"…{payment.payer_number[-3:]}" if payment.payer_number else "",
        otp_reference=payment.otp_reference,
        otp_tries_left=max(0, payment.otp_tries - payment.otp_try + 1),
        receipt=payment.provider_reference if payment.status == SUCCEEDED else None,
        failure=payment.failure,
        cancel_requested=payment.cancel_reason == BY_CUSTOMER,
        booking=booking,
    )
