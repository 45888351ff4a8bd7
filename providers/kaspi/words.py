"""Kaspi's codes and words, and what they mean: the same for both ways in."""

from collections.abc import Mapping

from providers.contract import Reason, Status

NAME = "kaspi"
TITLE = "Kaspi"
CURRENCY = "KZT"
CURRENCIES = frozenset({CURRENCY})

FINE = 0

# StatusCodes that refuse a write for good: nothing was made, nothing moved. One that does not stand
# here is uncertain. Two are left out on purpose: -999 (service unavailable) and -99000006 (the
# refund failed, try again) do not say what was done before the trouble.
REFUSED: Mapping[int, Reason] = {
    # The merchant's certificate, device, trade point or account: a matter for an admin.
    -10000: Reason.UNAVAILABLE,
    -1501: Reason.UNAVAILABLE,
    -1502: Reason.UNAVAILABLE,
    -1503: Reason.UNAVAILABLE,
    -14000002: Reason.UNAVAILABLE,
    -99000002: Reason.UNAVAILABLE,
    -99000003: Reason.UNAVAILABLE,
    990000018: Reason.UNAVAILABLE,
    990000026: Reason.UNAVAILABLE,
    990000033: Reason.UNAVAILABLE,
    # The amount, or what is left of it.
    990000028: Reason.LIMIT,
    -99000005: Reason.LIMIT,
    -99000011: Reason.DECLINED,
    -99000020: Reason.DECLINED,
    # The payment that a refund or a cancelling named.
    -1601: Reason.BAD_REQUEST,
    -99000001: Reason.BAD_REQUEST,
    # The customer's number; documented as possible, but not described.
    -1401: Reason.NO_WALLET,
    -1404: Reason.NO_WALLET,
    99000010: Reason.NO_WALLET,
    990000029: Reason.NO_WALLET,
    990000031: Reason.NO_WALLET,
    990000032: Reason.NO_WALLET,
}
NOT_FOUND = frozenset({-1601, -99000001})
NO_TRADE_POINTS = -14000002
WRONG_STATUS = -99000011

# Their words for a payment. The first six are documented, the others were seen elsewhere. A word
# that is not here is uncertain.
WORDS: Mapping[str, Status] = {
    "QrTokenCreated": Status.OPEN,
    "Wait": Status.OPEN,
    "RemotePaymentCreated": Status.OPEN,
    "Processed": Status.SUCCEEDED,
    "Error": Status.FAILED,
    "RemotePaymentCanceled": Status.CANCELLED,
    "RemotePaymentPaid": Status.SUCCEEDED,
    "RemotePaymentRejected": Status.FAILED,
    "RemotePaymentExpired": Status.EXPIRED,
    "Expired": Status.EXPIRED,
    "QrTokenDiscarded": Status.EXPIRED,
}

# The proxy's own complaint about its token, in lower case, and our code for it.
BAD_TOKEN_TEXT = "invalid access token"  # noqa: S105 - a message, not a token
BAD_TOKEN = "bad_token"  # noqa: S105 - a word of ours
