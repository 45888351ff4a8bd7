"""The numbers that the rules of money go by, in one place; `bot/config.py` fills them from the
settings.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits and times; seconds unless the name says otherwise.

    `lease_margin_seconds` is added to a call's total deadline. A negative word after an unanswered
    write counts when it is given twice: `negative_wait_seconds` after the lease's end, and again
    `negative_again_seconds` later. A nudge that did not come by `nudge_lost_seconds` is lost; a row
    that was claimed by a sweep comes back after `claim_seconds`.
    """

    minimum_minor: int = 1_000
    payer_starts_per_hour: int = 3
    payer_starts_per_day: int = 6
    contact_starts_per_hour: int = 6
    contact_starts_per_day: int = 12
    otp_resend_seconds: int = 30
    lookup_tries_per_contact: int = 10
    lookup_tries_per_reference: int = 10
    lease_margin_seconds: float = 15
    negative_wait_seconds: float = 60
    negative_again_seconds: float = 60
    check_pace: float = 1.0
    nudge_lost_seconds: float = 5
    claim_seconds: float = 10
