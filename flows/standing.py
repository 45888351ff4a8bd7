"""Where a payment stands in the conversation about paying, and what that conversation remembers."""

from dataclasses import dataclass

from flows.desk import PaymentStatus, PaymentView, Refusal, WayKind

STEP_OF = {
    PaymentStatus.CREATED: "starting",
    PaymentStatus.STARTING: "starting",
    PaymentStatus.AWAITING_OTP: "otp",
    PaymentStatus.AWAITING_CUSTOMER: "link",
    PaymentStatus.CONFIRMING: "confirming",
    PaymentStatus.UNCERTAIN: "uncertain",
    PaymentStatus.SUCCEEDED: "paid",
    PaymentStatus.FAILED: "failed",
    PaymentStatus.EXPIRED: "failed",
    PaymentStatus.CANCELLED: "cancelled",
}

BEFORE_PAYING = ("reference", "surname", "which", "amount", "way", "number", "consent", "ready")
FOR_A_CODE = ("starting", "otp")
AT_THE_CUSTOMER = ("link", "phone")
WAITING = (*FOR_A_CODE, *AT_THE_CUSTOMER)
OVER_UNPAID = ("failed", "cancelled")
UNDER_WAY = (*WAITING, "confirming", "uncertain")

# What a customer may drop by a word, although the provider may not know it yet.
BEFORE_THE_MONEY = frozenset(
    {
        PaymentStatus.CREATED,
        PaymentStatus.STARTING,
        PaymentStatus.AWAITING_OTP,
        PaymentStatus.AWAITING_CUSTOMER,
    }
)

# Where a refusal leads: to another amount, to another number, or to the end.
REFUSED_TO = {
    Refusal.ABOVE_FREE: "refused_amount",
    Refusal.BELOW_MINIMUM: "refused_amount",
    Refusal.NUMBER_LIMIT: "refused_number",
    Refusal.NUMBER_BUSY: "refused_number",
}


def is_dropped(payment: PaymentView) -> bool:
    """Whether the customer has cancelled it and only the provider does not know yet."""
    return payment.cancel_requested and payment.status in BEFORE_THE_MONEY


def step_of(payment: PaymentView) -> str:
    """The step at which a conversation about this payment stands."""
    if is_dropped(payment):
        return "cancelled"
    if payment.status is PaymentStatus.AWAITING_CUSTOMER and payment.kind is WayKind.PHONE:
        return "phone"
    return STEP_OF[payment.status]


def by_kind(key: str, kind: WayKind) -> str:
    """The key of a phrase that is different for each kind of way; a code's is the plain one."""
    return key if kind is WayKind.CODE else f"{key}_{kind.value}"


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
    way: str | None = None
    amount: str | None = None
    number: str | None = None
    number_end: str | None = None
