"""Where a payment stands in the conversation about paying, and what that conversation remembers."""

from dataclasses import dataclass

from flows.desk import PaymentStatus, Refusal

STEP_OF = {
    PaymentStatus.CREATED: "starting",
    PaymentStatus.STARTING: "starting",
    PaymentStatus.AWAITING_OTP: "otp",
    PaymentStatus.AWAITING_CUSTOMER: "starting",
    PaymentStatus.CONFIRMING: "confirming",
    PaymentStatus.UNCERTAIN: "uncertain",
    PaymentStatus.SUCCEEDED: "paid",
    PaymentStatus.FAILED: "failed",
    PaymentStatus.EXPIRED: "failed",
    PaymentStatus.CANCELLED: "cancelled",
}

BEFORE_PAYING = ("reference", "surname", "which", "amount", "number", "consent")
WAITING = ("starting", "otp")
OVER_UNPAID = ("failed", "cancelled")
UNDER_WAY = (*WAITING, "confirming", "uncertain")

# Where a refusal leads: to another amount, to another number, or to the end.
REFUSED_TO = {
    Refusal.ABOVE_FREE: "refused_amount",
    Refusal.BELOW_MINIMUM: "refused_amount",
    Refusal.NUMBER_LIMIT: "refused_number",
    Refusal.NUMBER_BUSY: "refused_number",
}


class BookingGone(LookupError):
    """The booking that this conversation is about is no longer there."""


@dataclass(slots=True)
class PayAnswers:
    """What the customer has answered so far. `number` is sealed: it may stand nowhere in the
    clear.
    """

    typed: str | None = None
    suggested: str | None = None
    several: str | None = None
    booking: str | None = None
    provider: str | None = None
    amount: str | None = None
    number: str | None = None
    number_end: str | None = None
