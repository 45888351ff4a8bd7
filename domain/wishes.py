"""What one of staff wishes and another agrees to, and why it is not done: all that those who carry
an act out need to know.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from domain.models import Staff
from domain.money import Money
from domain.policy import Policy
from domain.sealing import Sealer


class Why(StrEnum):
    """Why nothing was done. The words for it are the page's."""

    # Who
    NOT_ALLOWED = "not_allowed"
    SAME_PERSON = "same_person"
    VOUCHED_FOR = "vouched_for"
    ASKER_GONE = "asker_gone"
    NOT_APPROVER = "not_approver"
    # The proposal
    NO_EVIDENCE = "no_evidence"  # none, or too long
    NO_REASON = "no_reason"  # none, or too long
    PROPOSED_ALREADY = "proposed_already"  # the same act on the same thing waits
    DECIDED = "decided"  # somebody was faster
    CHANGED_MEANWHILE = "changed_meanwhile"  # what it was proposed for is over
    SENT_BEFORE = "sent_before"  # the same form, with other details
    TOO_EARLY = "too_early"  # `until` says from when on
    # Amounts; `left` says how much there may be
    NOT_POSITIVE = "not_positive"
    OTHER_CURRENCY = "other_currency"
    ABOVE_OWED = "above_owed"
    ABOVE_FREE = "above_free"  # payments under way hold the rest
    ABOVE_LEFT = "above_left"
    TAKEN_BACK = "taken_back"  # above what its provider, which took back by itself, left
    ABOVE_HELD = "above_held"
    # A payment
    STILL_CALLING = "still_calling"
    NOTHING_SENT = "nothing_sent"
    NOTHING_TO_ASK = "nothing_to_ask"
    NO_RECEIPT = "no_receipt"
    KNOWN_RECEIPT = "known_receipt"
    RECEIPT_OF_ANOTHER = "receipt_of_another"
    NOT_IN_DOUBT = "not_in_doubt"
    STILL_IN_DOUBT = "still_in_doubt"
    NEEDS_TWO = "needs_two"
    # A booking
    CANCELLED = "cancelled"
    SAME_BOOKING = "same_booking"
    OTHER_OPERATOR = "other_operator"
    # A refund
    NOTHING_CAME = "nothing_came"
    OUTSIDE_ONLY = "outside_only"
    NOT_WAITING = "not_waiting"
    NOT_HELD = "not_held"


@dataclass(frozen=True, slots=True)
class NotDone:
    """Refused, and nothing changed. `why` is a value of `Why`, or of an act's own words. `left` is
    how much there may be, `until` from when on, where that is the reason.
    """

    why: StrEnum
    left: Money | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody of staff proposes. `proposal_id` is minted by who proposes: proposing again
    with the same one changes nothing.

    `subject` is what it is about, as in the audit trail (`payment:<id>`); `operator_id` whose
    business it is, None: everybody's. `detail` says what exactly, in JSON; `evidence` why, in 1 to
    1000 characters. `not_before`: it may not be approved earlier. `sealed` is what of it is secret.
    """

    proposal_id: UUID
    act: str
    subject: str
    operator_id: int | None
    detail: Mapping[str, Any]
    evidence: str
    staff_id: int
    not_before: datetime | None = None
    sealed: bytes | None = field(default=None, repr=False)

    def named(self, kind: str) -> str:
        """The id in a subject of this kind. Raises ValueError for another kind."""
        found, _, name = self.subject.partition(":")
        if found != kind or not name:
            raise ValueError(f"{self.act} is about a {kind}")
        return name

    def money(self) -> Money:
        """`amount_minor` and `currency` of the detail. Raises KeyError, MoneyError."""
        return Money(int(self.detail["amount_minor"]), str(self.detail["currency"]))


def tell_nobody(_db: Session, _wish: Wish) -> None:
    """For acts that no customer has to hear of."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What an act may need beside the database; `sealer` is the accounts' secrets'. `tell` hears of
    what was carried out, once, in its transaction: words for customers are not the domain's.
    """

    policy: Policy
    sealer: Sealer | None = None
    tell: Callable[[Session, Wish], None] = tell_nobody


@dataclass(frozen=True, slots=True)
class Act:
    """Something that takes two people.

    `may` locks what the act is about and says what stands against it now; it is asked when it is
    proposed and again, under the locks that `do` keeps, when it is approved. It also sees to it
    that the subject is the operator's that the wish names. `do` follows it in the same transaction
    and may not refuse: what it writes is committed.
    """

    may: Callable[[Session, Wish], NotDone | None]
    do: Callable[[Session, Wish, Staff, Tools], None]
