"""The events that a conversation can be told, and while which states of the payment each is still
the truth.
"""

from collections.abc import Mapping

from flows.desk import PaymentStatus, PaymentView
from flows.standing import is_dropped
from flows.turns import Told

# An event is heard some time after it happened. Where the payment has gone on meanwhile, telling it
# would be a lie; the event of the later change tells the rest.
EVENTS: Mapping[str, frozenset[PaymentStatus]] = {
    "link_made": frozenset({PaymentStatus.AWAITING_CUSTOMER}),
    "invoice_sent": frozenset({PaymentStatus.AWAITING_CUSTOMER}),
    "not_yet": frozenset({PaymentStatus.AWAITING_CUSTOMER}),
    "withdrawn": frozenset(
        {
            PaymentStatus.AWAITING_CUSTOMER,
            PaymentStatus.CANCELLED,
            PaymentStatus.EXPIRED,
            PaymentStatus.FAILED,
        }
    ),
    "otp_sent": frozenset({PaymentStatus.AWAITING_OTP}),
    "code_resent": frozenset({PaymentStatus.AWAITING_OTP}),
    "otp_wrong": frozenset({PaymentStatus.AWAITING_OTP}),
    "code_lost": frozenset({PaymentStatus.AWAITING_OTP}),
    "uncertain": frozenset({PaymentStatus.UNCERTAIN}),
    "settled": frozenset({PaymentStatus.SUCCEEDED}),
    "late": frozenset({PaymentStatus.SUCCEEDED}),
    "surplus": frozenset({PaymentStatus.SUCCEEDED}),
    "paid_again": frozenset({PaymentStatus.SUCCEEDED}),
    "refund_sent": frozenset({PaymentStatus.SUCCEEDED}),
    "refunded": frozenset({PaymentStatus.SUCCEEDED}),
    "refunded_outside": frozenset({PaymentStatus.SUCCEEDED}),
    "failed": frozenset({PaymentStatus.FAILED}),
    "expired": frozenset({PaymentStatus.EXPIRED}),
    "cancelled": frozenset({PaymentStatus.CANCELLED}),
}

# These can come more than once for one payment, and are told each time.
REPEATABLE = frozenset(
    {
        "otp_wrong",
        "code_lost",
        "not_yet",
        "paid_again",
        "refund_sent",
        "refunded",
        "refunded_outside",
    }
)


class UnknownEvent(ValueError):
    """An event that nobody taught the conversation to tell."""


def is_still_true(told: Told) -> bool:
    """Whether the event may be told as the payment stands now. Raises UnknownEvent."""
    if told.name not in EVENTS:
        raise UnknownEvent(f"no conversation tells {told.name!r}")
    # "Withdrawn" is itself the news that a payment is to be cancelled.
    known = told.name != "withdrawn" and _is_being_dropped(told.payment)
    return told.payment.status in EVENTS[told.name] and not known


def _is_being_dropped(payment: PaymentView) -> bool:
    """The customer was told "cancelled" already, while the provider was still being asked for the
    code or the link.
    """
    untold = (PaymentStatus.FAILED, PaymentStatus.EXPIRED)
    return is_dropped(payment) or (payment.cancel_requested and payment.status in untold)
