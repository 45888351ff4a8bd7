"""The numbers that the rules of money go by, in one place; `bot/config.py` fills them from the
settings.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits and times; seconds unless the name says otherwise.

    `lease_margin_seconds` is added to a call's total deadline. A negative word after an unanswered
    write counts when it is given twice: `negative_wait_seconds` after the lease's end, and again
    `negative_again_seconds` later. `check_delays_seconds` are the pauses between questions about an
    open payment, the last one repeated; each is off by up to `check_spread` of itself, so that
    questions do not march in step; `check_pace` stretches them. A payment that still stands open
    `expiry_grace_seconds` after its deadline is expired. `watches_paid`: a payment that succeeded
    is asked about for a week more, because it can be paid twice. A nudge that did not come by
    `nudge_lost_seconds` is lost; a row that was claimed by a sweep comes back after
    `claim_seconds`. A provider that did not answer `pause_after_failures` calls in a row (two or
    more) takes no new payments; it is probed after `probe_seconds`, then ever more seldom, at the
    most `probe_longest_seconds` apart. Refunds of a payment of up to `refund_alone_minor`, in all,
    need no second person.
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
    check_delays_seconds: tuple[float, ...] = (2, 3, 5, 8, 13, 20, 30, 60, 300, 900, 3_600)
    check_spread: float = 0.2
    check_pace: float = 1.0
    refund_alone_minor: int = 0
    expiry_grace_seconds: float = 86_400
    watches_paid: bool = False
    nudge_lost_seconds: float = 5
    claim_seconds: float = 10
    pause_after_failures: int = 5
    probe_seconds: float = 60
    probe_longest_seconds: float = 600
