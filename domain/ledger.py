"""The ledger's accounts, and the one place where what a booking was paid is changed."""

from datetime import datetime

from domain.models import Booking
from domain.money import Money

# How the ledger names what operators took and gave back by themselves, whoever they are.
OUTSIDE_ACCOUNTS = "outside:"


def booking_account(booking_id: int) -> str:
    """What a booking was paid."""
    return f"booking:{booking_id}"


def provider_account(provider: str, account_id: int) -> str:
    """What a provider took for us, on one merchant account."""
    return f"provider:{provider}:{account_id}"


def suspense_account(operator_id: int) -> str:
    """Money that nobody owed: it waits to be refunded."""
    return f"suspense:{operator_id}"


def opening_account(operator_id: int) -> str:
    """What bookings had been paid before they came to us."""
    return f"opening:{operator_id}"


def outside_account(operator_id: int) -> str:
    """What operators took and gave back by themselves, past any provider."""
    return f"{OUTSIDE_ACCOUNTS}{operator_id}"


def payment_status(paid_minor: int, total_minor: int) -> str:
    """PENDING, DEPOSIT_PAID or PAID; the table checks the same rule."""
    if paid_minor == 0:
        return "PENDING"
    return "DEPOSIT_PAID" if paid_minor < total_minor else "PAID"


def raise_paid(booking: Booking, amount: Money, now: datetime) -> None:
    """Add a transfer's amount to what a locked booking was paid. The transfer is written in the
    same transaction.
    """
    if not amount.amount_minor:
        return
    booking.paid_minor += amount.amount_minor
    booking.payment_status = payment_status(booking.paid_minor, booking.total_minor)
    booking.joined_at = booking.joined_at or now


def lower_paid(booking: Booking, amount: Money) -> None:
    """Take a transfer's amount from what a locked booking was paid; it owes that again. The
    transfer is written in the same transaction. `joined_at` stays: it was a first payment all the
    same.
    """
    booking.paid_minor -= amount.amount_minor
    booking.payment_status = payment_status(booking.paid_minor, booking.total_minor)
