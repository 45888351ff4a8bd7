"""One payment and everything that its page shows of it, with what follows from that alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from domain import ledger
from domain.models import (
    Account,
    AuditEntry,
    Booking,
    Contact,
    Departure,
    Evidence,
    Message,
    Operator,
    Payment,
    PaymentEvent,
    Proposal,
    Refund,
    Tour,
    Transfer,
)
from domain.payments.reviews import SURPLUS
from domain.refunds.states import APPROVED, CALLING, FAILED, OPEN, PENDING
from domain.states import ENDED

_ON_THE_WAY = ("due", "sending", "uncertain")


@dataclass(frozen=True, slots=True)
class Core:
    """A payment and what it belongs to. `address` is its contact's newest one."""

    payment: Payment
    booking: Booking
    account: Account
    operator: Operator
    contact: Contact
    departure: Departure | None
    tour: Tour | None
    address: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class RefundSeen:
    """A refund, who asked for it and who agreed."""

    refund: Refund
    asked_by: str
    approved_by: str | None


@dataclass(frozen=True, slots=True)
class ProposalSeen:
    """A proposal, who made it and who decided."""

    proposal: Proposal
    proposed_by: str
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """What a payment brought, in minor units: in all, what went back, what was moved from its
    booking to another one, what may still go back; and what of it is on its booking and in suspense
    now. `surplus_minor` is what of the latter no refund was promised, `beyond_minor` what its
    provider took back though neither held it.
    """

    brought_minor: int
    back_minor: int
    moved_minor: int
    left_minor: int
    booking_minor: int
    suspense_minor: int
    surplus_minor: int
    beyond_minor: int


@dataclass(frozen=True, slots=True)
class Whole:
    """Everything that the page shows."""

    core: Core
    events: Sequence[PaymentEvent]
    entries: Sequence[AuditEntry]
    transfers: Sequence[Transfer]
    evidence: Sequence[Evidence]
    messages: Sequence[Message]
    refunds: Sequence[RefundSeen]
    proposals: Sequence[ProposalSeen]
    # The bookings that money of it was moved to.
    others: Sequence[Booking] = ()
    # Of what its provider took back, what no transfer says.
    beyond_minor: int = 0

    @property
    def held(self) -> Held:
        """Where its money is, by the transfers."""
        booking = ledger.booking_account(self.core.booking.id)
        suspense = ledger.suspense_account(self.core.booking.operator_id)
        came = sum(_minor(self.transfers, "capture", "surplus"))
        gone = sum(_minor(self.transfers, "reversal"))
        moved = -_balance([each for each in self.transfers if each.kind == "move"], booking)
        promised = sum(
            seen.refund.amount_minor for seen in self.refunds if seen.refund.status != FAILED
        )
        under_way = sum(
            seen.refund.amount_minor for seen in self.refunds if seen.refund.status in OPEN
        )
        in_suspense = _balance(self.transfers, suspense)
        return Held(
            brought_minor=came,
            back_minor=gone + sum(_minor(self.transfers, "refund")),
            moved_minor=moved,
            left_minor=came - gone - promised - max(moved, self.beyond_minor),
            booking_minor=self.held_by(self.core.booking),
            suspense_minor=in_suspense,
            surplus_minor=max(0, in_suspense - under_way),
            beyond_minor=self.beyond_minor,
        )

    @property
    def sources(self) -> Sequence[Booking]:
        """The bookings that hold some of it: its own, and those that it was moved to."""
        return [one for one in (self.core.booking, *self.others) if self.held_by(one)]

    def held_by(self, booking: Booking) -> int:
        """Minor units of it that a booking holds."""
        net = _balance(self.transfers, ledger.booking_account(booking.id))
        return max(0, min(net, booking.paid_minor))

    @property
    def review_mark(self) -> str | None:
        """Why it is before a person: the name of the words for it."""
        review = self.core.payment.review
        if review != SURPLUS or not self.is_paid_twice:
            return review
        return "link_paid_twice" if self.core.payment.link_url else "paid_twice"

    @property
    def is_paid_twice(self) -> bool:
        """Whether it succeeded more than once: a link that was paid by two people, say."""
        receipts = [each.receipt for each in self.transfers if each.kind in ("capture", "surplus")]
        return len(set(receipts)) > 1

    @property
    def own_proposals(self) -> Sequence[ProposalSeen]:
        """Without what is about other money of the bookings that it is or was on."""
        name, elsewhere = str(self.core.payment.id), {f"booking:{one.id}" for one in self.others}
        return [
            seen
            for seen in self.proposals
            if seen.proposal.detail.get("payment_id") == name
            or ("payment_id" not in seen.proposal.detail and seen.proposal.subject not in elsewhere)
        ]

    @property
    def is_open(self) -> bool:
        """Whether it may change by itself: then the page looks again."""
        moving = (APPROVED, PENDING, *CALLING)
        return (
            self.core.payment.status not in ENDED
            or any(seen.refund.status in moving for seen in self.refunds)
            or any(message.status in _ON_THE_WAY for message in self.messages)
            or _was_asked_just_now(self)
        )

    @property
    def _leases(self) -> Sequence[datetime | None]:
        return [self.core.payment.lease_until, *(seen.refund.lease_until for seen in self.refunds)]

    @property
    def mark(self) -> str:
        """What stands on the page, as a short text: the same while nothing has changed."""
        payment = self.core.payment
        parts = (
            (payment.version, payment.review, payment.next_check_at),
            [until is not None and until > self.core.now for until in self._leases],
            [entry.id for entry in self.entries],
            [transfer.id for transfer in self.transfers],
            [each.id for each in self.evidence],
            [(message.id, message.status) for message in self.messages],
            [(seen.refund.status, seen.refund.review) for seen in self.refunds],
            [seen.proposal.status for seen in self.proposals],
            self.is_open,
        )
        return sha256(repr(parts).encode()).hexdigest()[:16]


def _minor(transfers: Sequence[Transfer], *kinds: str) -> Sequence[int]:
    return [each.amount_minor for each in transfers if each.kind in kinds]


def _balance(transfers: Sequence[Transfer], account: str) -> int:
    came = sum(each.amount_minor for each in transfers if each.credit == account)
    return came - sum(each.amount_minor for each in transfers if each.debit == account)


def _was_asked_just_now(whole: Whole) -> bool:
    """A person let the provider be asked, and the answer is not there yet."""
    due = whole.core.payment.next_check_at
    asked = [entry.at for entry in whole.entries if entry.act == "payment_asked"]
    return bool(asked) and due is not None and (whole.core.now - max(asked)).total_seconds() < 120
