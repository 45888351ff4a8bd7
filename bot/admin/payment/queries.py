"""What is read for the page of one payment: a question to each table, each by an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from bot.admin.scope import Scope
from domain import ledger
from domain.models import (
    Account,
    AuditEntry,
    Booking,
    Contact,
    ContactIdentity,
    Departure,
    Evidence,
    Message,
    Operator,
    Payment,
    PaymentEvent,
    Proposal,
    Refund,
    Staff,
    Tour,
    Transfer,
)
from domain.references import reference_key
from domain.refunds.states import APPROVED, CALLING, FAILED, PENDING
from domain.states import ENDED

# A payment that nobody knows about is asked about every hour, for as long as it takes.
LINES_SHOWN = 300
ROWS_SHOWN = 100
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
    """What a payment brought, in minor units: in all, what may still go back, and what of it is on
    its booking and in suspense now.
    """

    brought_minor: int
    left_minor: int
    booking_minor: int
    suspense_minor: int


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

    @property
    def held(self) -> Held:
        """Where its money is, by the transfers."""
        booking = ledger.booking_account(self.core.booking.id)
        suspense = ledger.suspense_account(self.core.booking.operator_id)
        came = sum(_minor(self.transfers, "capture", "surplus"))
        gone = sum(_minor(self.transfers, "reversal"))
        promised = sum(
            seen.refund.amount_minor for seen in self.refunds if seen.refund.status != FAILED
        )
        on_booking = min(_balance(self.transfers, booking), self.core.booking.paid_minor)
        return Held(came, came - gone - promised, on_booking, _balance(self.transfers, suspense))

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


def core(db: Session, payment_id: UUID, scope: Scope) -> Core | None:
    """The payment with what it belongs to; None for one that is not there for this scope."""
    newest = (
        select(ContactIdentity.address)
        .where(ContactIdentity.contact_id == Payment.contact_id)
        .order_by(ContactIdentity.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = db.execute(
        select(
            Payment,
            Booking,
            Account,
            Operator,
            Contact,
            Departure,
            Tour,
            newest,
            func.clock_timestamp(),
        )
        .join(Booking, Booking.id == Payment.booking_id)
        .join(Account, Account.id == Payment.account_id)
        .join(Operator, Operator.id == Booking.operator_id)
        .join(Contact, Contact.id == Payment.contact_id)
        .outerjoin(Departure, Departure.id == Booking.departure_id)
        .outerjoin(Tour, Tour.id == Departure.tour_id)
        .where(Payment.id == payment_id, scope.keeps_account(Payment.account_id))
    ).one_or_none()
    return None if row is None else Core(*row)


def whole(db: Session, payment_id: UUID, scope: Scope) -> Whole | None:
    """Everything about one payment; None for one that is not there for this scope."""
    found = core(db, payment_id, scope)
    if found is None:
        return None
    refunds = _refunds(db, payment_id)
    return Whole(
        core=found,
        events=db.scalars(
            select(PaymentEvent)
            .where(PaymentEvent.payment_id == payment_id)
            .order_by(PaymentEvent.version.desc())
            .limit(LINES_SHOWN)
        ).all()[::-1],
        entries=_entries(db, payment_id),
        transfers=db.scalars(
            select(Transfer).where(Transfer.payment_id == payment_id).order_by(Transfer.id)
        ).all(),
        evidence=db.scalars(
            select(Evidence)
            .where(Evidence.payment_id == payment_id)
            .order_by(Evidence.id.desc())
            .limit(ROWS_SHOWN)
        ).all()[::-1],
        messages=db.scalars(
            select(Message)
            .where(Message.payment_id == payment_id)
            .order_by(Message.id.desc())
            .limit(ROWS_SHOWN)
        ).all()[::-1],
        refunds=refunds,
        proposals=_proposals(db, found, [seen.refund.id for seen in refunds]),
    )


def booking_named(db: Session, typed: str, operator_id: int) -> Booking | None:
    """An operator's booking by its reference, however it was typed."""
    return db.execute(
        select(Booking).where(
            Booking.reference_key == reference_key(typed), Booking.operator_id == operator_id
        )
    ).scalar_one_or_none()


def _entries(db: Session, payment_id: UUID) -> Sequence[AuditEntry]:
    newest = (
        select(AuditEntry)
        .where(AuditEntry.subject == f"payment:{payment_id}")
        .order_by(AuditEntry.id.desc())
        .limit(ROWS_SHOWN)
    )
    return db.scalars(newest).all()[::-1]


def _refunds(db: Session, payment_id: UUID) -> Sequence[RefundSeen]:
    asker, approver = aliased(Staff), aliased(Staff)
    rows = db.execute(
        select(Refund, asker.email, approver.email)
        .join(asker, asker.id == Refund.requested_by)
        .outerjoin(approver, approver.id == Refund.approved_by)
        .where(Refund.payment_id == payment_id)
        .order_by(Refund.created_at, Refund.id)
    )
    return [RefundSeen(*row) for row in rows]


def _proposals(db: Session, of: Core, refund_ids: Sequence[UUID]) -> Sequence[ProposalSeen]:
    """About the payment, its refunds, or its booking's money."""
    subjects = [f"payment:{of.payment.id}", f"booking:{of.booking.id}"]
    subjects += [f"refund:{refund_id}" for refund_id in refund_ids]
    proposer, decider = aliased(Staff), aliased(Staff)
    rows = db.execute(
        select(Proposal, proposer.email, decider.email)
        .join(proposer, proposer.id == Proposal.proposed_by)
        .outerjoin(decider, decider.id == Proposal.decided_by)
        .where(Proposal.subject.in_(subjects))
        .order_by(Proposal.created_at.desc())
        .limit(ROWS_SHOWN)
    )
    return [ProposalSeen(*row) for row in rows]
