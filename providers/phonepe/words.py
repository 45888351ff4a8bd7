"""PhonePe's hosts, paths, words and codes, and what they mean."""

from collections.abc import Mapping

from providers.contract import Reason, Status
from providers.refunds import RefundStatus

NAME = "phonepe"
TITLE = "PhonePe"
CURRENCY = "INR"
CURRENCIES = frozenset({CURRENCY})
SMALLEST_AMOUNT_MINOR = 100

# Hosts by environment, as the official SDK has them: payments, tokens, the page's script, v1.
PAYMENT_HOSTS: Mapping[str, str] = {
    "SANDBOX": "https://api-preprod.phonepe.com/apis/pg-sandbox",
    "PRODUCTION": "https://api.phonepe.com/apis/pg",
}
TOKEN_HOSTS: Mapping[str, str] = {
    "SANDBOX": "https://api-preprod.phonepe.com/apis/pg-sandbox",
    "PRODUCTION": "https://api.phonepe.com/apis/identity-manager",
}
SCRIPT_HOSTS: Mapping[str, str] = {
    "SANDBOX": "https://mercury-stg.phonepe.com",
    "PRODUCTION": "https://mercury.phonepe.com",
}
V1_HOSTS: Mapping[str, str] = {
    "SANDBOX": "https://api-preprod.phonepe.com/apis/pg-sandbox",
    "PRODUCTION": "https://api.phonepe.com/apis/hermes",
}
SCRIPT_PATH = "/web/bundle/checkout.js"

# v2: the state of an order or link. A word that is in no table is uncertain.
STATES: Mapping[str, Status] = {
    "PENDING": Status.OPEN,
    "ACTIVE": Status.OPEN,
    "COMPLETED": Status.SUCCEEDED,
    "FAILED": Status.FAILED,
    "EXPIRED": Status.EXPIRED,
    "CANCELLED": Status.CANCELLED,
}
REFUND_STATES: Mapping[str, RefundStatus] = {
    "PENDING": RefundStatus.PENDING,
    "CONFIRMED": RefundStatus.PENDING,
    "COMPLETED": RefundStatus.SUCCEEDED,
    "FAILED": RefundStatus.FAILED,
}
# v2: codes of an answer 4xx that says clearly that nothing was done. Any other is uncertain.
UNKNOWN_ORDER = "INVALID_MERCHANT_ORDER_ID"
UNKNOWN_REFUND = "INVALID_MERCHANT_REFUND_ID"
PAY_REFUSED: Mapping[str, Reason] = {
    "BAD_REQUEST": Reason.BAD_REQUEST,
    "INVALID_EXPIRY": Reason.BAD_REQUEST,
    "NOTIFICATION_ATTEMPTS_BREACHED": Reason.LIMIT,
}
REFUND_REFUSED: Mapping[str, Reason] = {
    "BAD_REQUEST": Reason.BAD_REQUEST,
    UNKNOWN_ORDER: Reason.BAD_REQUEST,
}
# v2: why a payment failed: `errorCode` or `detailedErrorCode`.
FAILURES: Mapping[str, Reason] = {
    "INVALID_MPIN": Reason.DECLINED,
    "ZM": Reason.DECLINED,
    "Z9": Reason.INSUFFICIENT_FUNDS,
    "TXN_AUTO_FAILED": Reason.DECLINED,
    "TXN_NOT_COMPLETED": Reason.DECLINED,
    "U90": Reason.UNAVAILABLE,
    "UT": Reason.UNAVAILABLE,
    "U28": Reason.UNAVAILABLE,
}

# v1: the code of a status or callback.
V1_STATES: Mapping[str, Status] = {
    "PAYMENT_SUCCESS": Status.SUCCEEDED,
    "PAYMENT_INITIATED": Status.OPEN,
    "PAYMENT_PENDING": Status.OPEN,
    "PAYMENT_ERROR": Status.FAILED,
    "PAYMENT_DECLINED": Status.FAILED,
    "TIMED_OUT": Status.EXPIRED,
    "TRANSACTION_NOT_FOUND": Status.NOT_FOUND,
}
V1_REFUND_STATES: Mapping[str, RefundStatus] = {
    "PAYMENT_SUCCESS": RefundStatus.SUCCEEDED,
    "PAYMENT_PENDING": RefundStatus.PENDING,
    "PAYMENT_INITIATED": RefundStatus.PENDING,
    "PAYMENT_ERROR": RefundStatus.FAILED,
    "PAYMENT_DECLINED": RefundStatus.FAILED,
}
V1_NOT_FOUND = "TRANSACTION_NOT_FOUND"
V1_REFUSED: Mapping[str, Reason] = {
    "BAD_REQUEST": Reason.BAD_REQUEST,
    "AUTHORIZATION_FAILED": Reason.UNAVAILABLE,
    "REVERSAL_WINDOW_EXCEEDED": Reason.DECLINED,
}

# How long a payment may be open, in seconds: documented for orders and links; 20 minutes for a v1
# page, which does not let us say.
ORDER_LIFE_SECONDS = (300, 3_600)
LINK_LIFE_SECONDS = (300, 30 * 24 * 3_600)
V1_LIFE_SECONDS = 1_200

# When to ask, in seconds after the question before: 15 times quickly, then sparsely; and the
# schedule that v1 demands.
CHECK_DELAYS_SECONDS = (5.0,) * 5 + (10.0,) * 10 + (60.0,)
V1_CHECK_DELAYS_SECONDS = (22.0,) + (3.0,) * 10 + (6.0,) * 10 + (10.0,) * 6 + (30.0,) * 2 + (60.0,)
