"""Omari's codes and words, and what they mean."""

from collections.abc import Mapping

from providers.contract import Reason, Status

TITLE = "Omari"
CURRENCIES = frozenset({"USD", "ZWG"})

# Their codes. One that stands in none of these tables is uncertain, except in an answer to /auth,
# which moves nothing: there it is a refusal.
APPROVED = "000"
IN_PROGRESS = "009"
NOT_FOUND = "025"
DUPLICATE = "026"
TROUBLE = frozenset({"006", "020", "091", "092", "095", "096"})
WRONG_CODE = frozenset({"055", "019"})
REFUSED: Mapping[str, Reason] = {
    "005": Reason.DECLINED,
    "014": Reason.NO_WALLET,
    "042": Reason.NO_WALLET,
    "045": Reason.BLOCKED,
    "048": Reason.NO_WALLET,
    "051": Reason.INSUFFICIENT_FUNDS,
    "054": Reason.EXPIRED,
    "057": Reason.DECLINED,
    "061": Reason.LIMIT,
    "062": Reason.BLOCKED,
    "063": Reason.BLOCKED,
    "075": Reason.TRIES_EXCEEDED,
}

# Their words in an answer to /query, in upper case. A word that is not here is uncertain.
WORDS: Mapping[str, Status] = {
    "SUCCESS": Status.SUCCEEDED,
    "PENDING": Status.OPEN,
    "FAILED": Status.FAILED,
    "EXPIRED": Status.EXPIRED,
    "CANCELLED": Status.CANCELLED,
}
