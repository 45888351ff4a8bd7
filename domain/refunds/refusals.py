"""Why money is not given back, for whoever asked to read in their own words."""

from dataclasses import dataclass
from enum import StrEnum

from domain.money import Money


class Why(StrEnum):
    """What stands against it."""

    NOTHING_CAME = "nothing_came"
    OUTSIDE_ONLY = "outside_only"
    ABOVE_LEFT = "above_left"
    TAKEN_BACK = "taken_back"  # above what its provider, which took back by itself, left
    NOT_POSITIVE = "not_positive"
    OTHER_CURRENCY = "other_currency"
    NO_REASON = "no_reason"
    NOT_ALLOWED = "not_allowed"
    SAME_PERSON = "same_person"
    VOUCHED_FOR = "vouched_for"
    ASKER_GONE = "asker_gone"
    NOT_APPROVER = "not_approver"
    NOT_WAITING = "not_waiting"
    STILL_CALLING = "still_calling"
    NOT_HELD = "not_held"
    SENT_BEFORE = "sent_before"


@dataclass(frozen=True, slots=True)
class NotRefunded:
    """Refused, and nothing changed. `left` is what may still go back, where that is the reason."""

    why: Why
    left: Money | None = None
