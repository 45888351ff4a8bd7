"""What is read for the page of one payment: a question to each table, each by an index."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from bot.admin.payment.whole import Core, ProposalSeen, RefundSeen, Whole
from bot.admin.scope import Scope
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
from domain.refunds import reversed_beyond

# A payment that nobody knows about is asked about every hour, for as long as it takes.
LINES_SHOWN = 300
ROWS_SHOWN = 100


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
    transfers = db.scalars(
        select(Transfer).where(Transfer.payment_id == payment_id).order_by(Transfer.id)
    ).all()
    others = _moved_to(db, found, transfers)
    return Whole(
        core=found,
        events=db.scalars(
            select(PaymentEvent)
            .where(PaymentEvent.payment_id == payment_id)
            .order_by(PaymentEvent.version.desc())
            .limit(LINES_SHOWN)
        ).all()[::-1],
        entries=_entries(db, payment_id),
        transfers=transfers,
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
        proposals=_proposals(db, found, [seen.refund.id for seen in refunds], others),
        others=others,
        beyond_minor=reversed_beyond(db, payment_id),
    )


def booking_named(db: Session, typed: str, operator_id: int) -> Booking | None:
    """An operator's booking by its reference, however it was typed."""
    return db.execute(
        select(Booking).where(
            Booking.reference_key == reference_key(typed), Booking.operator_id == operator_id
        )
    ).scalar_one_or_none()


def _moved_to(db: Session, of: Core, transfers: Sequence[Transfer]) -> Sequence[Booking]:
    ids = {each.booking_id for each in transfers if each.kind == "move"} - {of.booking.id}
    if not ids:
        return ()
    return db.scalars(select(Booking).where(Booking.id.in_(ids)).order_by(Booking.id)).all()


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


def _proposals(
    db: Session, of: Core, refund_ids: Sequence[UUID], others: Sequence[Booking]
) -> Sequence[ProposalSeen]:
    """About the payment, its refunds, or the money of its booking and of those that it was moved
    to.
    """
    subjects = [f"payment:{of.payment.id}"]
    subjects += [f"booking:{booking.id}" for booking in (of.booking, *others)]
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
