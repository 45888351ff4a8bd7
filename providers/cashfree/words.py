"""Cashfree's words and codes, and what they mean."""

from collections.abc import Mapping

from providers.contract import Status
from providers.refunds import RefundStatus

TITLE = "Cashfree"
CURRENCY = "INR"
CURRENCIES = frozenset({CURRENCY})

BASE_URLS: Mapping[str, str] = {
    "TEST": "https://sandbox.cashfree.com/pg",
    "PRODUCTION": "https://api.cashfree.com/pg",
}

# `link_status`. A word that stands in none of these tables is uncertain.
LINK_WORDS: Mapping[str, Status] = {
    "ACTIVE": Status.OPEN,
    "PARTIALLY_PAID": Status.OPEN,
    "PAID": Status.SUCCEEDED,
    "EXPIRED": Status.EXPIRED,
    "CANCELLED": Status.CANCELLED,
}

# `order_status`.
ORDER_WORDS: Mapping[str, Status] = {
    "ACTIVE": Status.OPEN,
    "TERMINATION_REQUESTED": Status.OPEN,
    "PAID": Status.SUCCEEDED,
    "EXPIRED": Status.EXPIRED,
    "TERMINATED": Status.CANCELLED,
}

# `payment_status`: what one attempt says of its order. An attempt that failed leaves the order
# open, because another one may follow; that is why no word here means FAILED.
ATTEMPT_WORDS: Mapping[str, Status] = {
    "SUCCESS": Status.SUCCEEDED,
    "PENDING": Status.OPEN,
    "NOT_ATTEMPTED": Status.OPEN,
    "FAILED": Status.OPEN,
    "USER_DROPPED": Status.OPEN,
    "CANCELLED": Status.OPEN,
    "VOID": Status.OPEN,
}
ATTEMPT_SUCCEEDED = "SUCCESS"
ATTEMPT_PENDING = "PENDING"

# `refund_status`.
REFUND_WORDS: Mapping[str, RefundStatus] = {
    "SUCCESS": RefundStatus.SUCCEEDED,
    "PENDING": RefundStatus.PENDING,
    "ONHOLD": RefundStatus.PENDING,
    "FAILED": RefundStatus.FAILED,
    "CANCELLED": RefundStatus.FAILED,
}
