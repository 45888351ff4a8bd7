"""What waits for a second person, of the viewer's operator: proposals, and refunds asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from bot.admin.scope import Scope
from domain.models import Booking, Operator, Payment, Proposal, Refund, Staff
from domain.proposals.deciding import PROPOSED
from domain.refunds.states import REQUESTED

ROWS_SHOWN = 200
_PROPOSER, _DECIDER = aliased(Staff), aliased(Staff)


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal with who made it, who decided it, and whose business it is."""

    proposal: Proposal
    proposed_by: str
    decided_by: str | None
    operator: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A refund with what it is of, who asked for it and who agreed."""

    refund: Refund
    payment: Payment
    booking: Booking
    asked_by: str
    approved_by: str | None
    operator: str


def proposals_waiting(db: Session, scope: Scope) -> Sequence[Proposed]:
    """The oldest first."""
    waiting = (
        _proposals(scope)
        .where(Proposal.status == PROPOSED)
        .order_by(Proposal.created_at, Proposal.id)
        .limit(ROWS_SHOWN)
    )
    return [Proposed(*row) for row in db.execute(waiting)]


def refunds_waiting(db: Session, scope: Scope) -> Sequence[Asked]:
    """The oldest first."""
    waiting = (
        _refunds(scope)
        .where(Refund.status == REQUESTED)
        .order_by(Refund.created_at, Refund.id)
        .limit(ROWS_SHOWN)
    )
    return [Asked(*row) for row in db.execute(waiting)]


def proposal(db: Session, proposal_id: UUID, scope: Scope) -> Proposed | None:
    """One, decided or not; None for one that is not there for this scope."""
    row = db.execute(_proposals(scope).where(Proposal.id == proposal_id)).one_or_none()
    return None if row is None else Proposed(*row)


def refund(db: Session, refund_id: UUID, scope: Scope) -> Asked | None:
    """One, decided or not; None for one that is not there for this scope."""
    row = db.execute(_refunds(scope).where(Refund.id == refund_id)).one_or_none()
    return None if row is None else Asked(*row)


def _proposals(scope: Scope) -> Select[Proposal, str, str, str]:
    return (
        select(Proposal, _PROPOSER.email, _DECIDER.email, Operator.name)
        .join(_PROPOSER, _PROPOSER.id == Proposal.proposed_by)
        .outerjoin(_DECIDER, _DECIDER.id == Proposal.decided_by)
        .outerjoin(Operator, Operator.id == Proposal.operator_id)
        .where(scope.keeps(Proposal.operator_id))
    )


def _refunds(scope: Scope) -> Select[Refund, Payment, Booking, str, str, str]:
    return (
        select(Refund, Payment, Booking, _PROPOSER.email, _DECIDER.email, Operator.name)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Booking, Booking.id == Payment.booking_id)
        .join(Operator, Operator.id == Booking.operator_id)
        .join(_PROPOSER, _PROPOSER.id == Refund.requested_by)
        .outerjoin(_DECIDER, _DECIDER.id == Refund.approved_by)
        .where(scope.keeps_account(Payment.account_id))
    )
