"""What becomes of what a conversation wishes of a payment at the desk."""

from enum import StrEnum


class CancelAnswer(StrEnum):
    """What became of a wish to cancel."""

    CANCELLED = "cancelled"
    TOO_LATE = "too_late"
    NOTHING = "nothing"
    ALREADY_PAID = "already_paid"


class OtpAnswer(StrEnum):
    """What became of a code that was typed."""

    TAKEN = "taken"
    EXPIRED = "expired"
    NOT_WAITED_FOR = "not_waited_for"
    BALANCE_CHANGED = "balance_changed"


class ResendAnswer(StrEnum):
    """What became of a wish for a new code or link. RESENT: a successor payment is open, its id is
    the desk's live payment.
    """

    RESENT = "resent"
    TOO_SOON = "too_soon"
    TOO_MANY = "too_many"
    NOTHING = "nothing"
    TOO_LATE = "too_late"
