"""Proposing, approving, rejecting. The proposal's row is locked before everything that its act
locks.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.models import Proposal, Staff
from domain.proposals.acts import ACTS
from domain.staff.notices import no_longer_asked, tell
from domain.staff.pairs import Unfit, approvers, second_of, who_may
from domain.staff.trail import by_person, entry
from domain.wishes import NotDone, Tools, Why, Wish

PROPOSED = "proposed"
APPROVED = "approved"
REJECTED = "rejected"
LONGEST_EVIDENCE = 1_000
LONGEST_DECISION = 300
_WAITING = "proposal_waiting"


def propose(db: Session, wish: Wish) -> Proposal | NotDone:
    """Ask a second person for an act. All who may agree to it are told. The same id again changes
    nothing.

    What could not be done now is refused now. Raises KeyError for an act that there is not,
    ValueError or KeyError for a subject or detail that is not the act's, NoResultFound for one that
    is about nothing of ours.
    """
    known = db.get(Proposal, wish.proposal_id)
    if known is not None:
        if (known.proposed_by, known.act) != (wish.staff_id, wish.act):
            return NotDone(Why.NOT_ALLOWED)
        same = (known.subject, known.detail) == (wish.subject, wish.detail)
        return known if same else NotDone(Why.SENT_BEFORE)
    person = who_may(db, wish.staff_id, wish.operator_id)
    if person is None:
        return NotDone(Why.NOT_ALLOWED)
    if not 0 < len(wish.evidence.strip()) <= LONGEST_EVIDENCE:
        return NotDone(Why.NO_EVIDENCE)
    # Under the act's locks: two people who propose the same at once take turns.
    refused = ACTS[wish.act].may(db, wish)
    if refused is not None:
        return refused
    if _waits_already(db, wish):
        return NotDone(Why.PROPOSED_ALREADY)
    proposal = Proposal(
        id=wish.proposal_id,
        act=wish.act,
        subject=wish.subject,
        operator_id=wish.operator_id,
        detail=dict(wish.detail),
        sealed=wish.sealed,
        evidence=wish.evidence.strip(),
        status=PROPOSED,
        proposed_by=person.id,
        not_before=wish.not_before,
    )
    db.add(proposal)
    _write_down(db, person, proposal, PROPOSED, {"evidence": proposal.evidence})
    _tell(db, proposal, _WAITING, person, approvers(db, person.id, wish.operator_id))
    db.flush()
    return proposal


def approve(db: Session, proposal_id: UUID, staff_id: int, tools: Tools) -> Proposal | NotDone:
    """The second person agrees, and the act is carried out in this transaction. Who proposed it is
    told.

    Everything is looked at again: what cannot be done any more is refused with its reason, and the
    proposal stays open, because the reason may pass; somebody rejects it otherwise. Who approved it
    already changes nothing. Raises NoResultFound for an unknown proposal.
    """
    proposal, now = _locked(db, proposal_id)
    second = second_of(db, proposal.proposed_by, staff_id, proposal.operator_id)
    if isinstance(second, Unfit):
        return NotDone(Why(second.value))
    if proposal.status != PROPOSED:
        mine = (proposal.status, proposal.decided_by) == (APPROVED, second.id)
        return proposal if mine else NotDone(Why.DECIDED)
    if proposal.not_before is not None and proposal.not_before > now:
        return NotDone(Why.TOO_EARLY, until=proposal.not_before)
    act, wish = ACTS[proposal.act], _wish_of(proposal)
    refused = act.may(db, wish)
    if refused is not None:
        return refused
    act.do(db, wish, second, tools)
    _decide(db, proposal, second, APPROVED, None)
    tools.tell(db, wish)
    return proposal


def reject(db: Session, proposal_id: UUID, staff_id: int, why: str) -> Proposal | NotDone:
    """Somebody says no, or who proposed it withdraws it; `why` in 1 to 300 characters. Who proposed
    it is told of somebody else's no. Who rejected it already changes nothing. Raises NoResultFound
    for an unknown proposal.
    """
    proposal, _ = _locked(db, proposal_id)
    person = who_may(db, staff_id, proposal.operator_id)
    if person is None:
        return NotDone(Why.NOT_ALLOWED)
    if proposal.status != PROPOSED:
        mine = (proposal.status, proposal.decided_by) == (REJECTED, person.id)
        return proposal if mine else NotDone(Why.DECIDED)
    if not 0 < len(why.strip()) <= LONGEST_DECISION:
        return NotDone(Why.NO_REASON)
    _decide(db, proposal, person, REJECTED, why.strip())
    return proposal


def waiting(db: Session, operator_id: int | None) -> Sequence[Proposal]:
    """What waits for a second person, oldest first: of one operator, or, None, everything."""
    query = select(Proposal).where(Proposal.status == PROPOSED)
    if operator_id is not None:
        query = query.where(Proposal.operator_id == operator_id)
    return db.scalars(query.order_by(Proposal.created_at, Proposal.id)).all()


def _locked(db: Session, proposal_id: UUID) -> tuple[Proposal, datetime]:
    proposal = db.execute(
        select(Proposal)
        .where(Proposal.id == proposal_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one()
    return proposal, db.execute(select(func.clock_timestamp())).scalar_one()


def _waits_already(db: Session, wish: Wish) -> bool:
    others = select(Proposal.id).where(
        Proposal.subject == wish.subject, Proposal.act == wish.act, Proposal.status == PROPOSED
    )
    return db.execute(select(others.exists())).scalar_one()


def _wish_of(proposal: Proposal) -> Wish:
    return Wish(
        proposal_id=proposal.id,
        act=proposal.act,
        subject=proposal.subject,
        operator_id=proposal.operator_id,
        detail=proposal.detail,
        evidence=proposal.evidence,
        staff_id=proposal.proposed_by,
        not_before=proposal.not_before,
        sealed=proposal.sealed,
    )


def _decide(
    db: Session, proposal: Proposal, person: Staff, status: str, decision: str | None
) -> None:
    """The decision, for ever. The secrets that the proposal carried are dropped with it."""
    proposer = db.get_one(Staff, proposal.proposed_by)
    now: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    proposal.status, proposal.decided_by, proposal.decided_at = status, person.id, now
    proposal.decision, proposal.sealed = decision, None
    word = "withdrawn" if person.id == proposer.id else status
    detail = {"proposed_by": proposer.email}
    if decision is not None:
        detail["why"] = decision
    _write_down(db, person, proposal, word, detail)
    no_longer_asked(db, _WAITING, _name(proposal))
    # Nobody is told of what they did themselves.
    if proposer.id != person.id:
        _tell(db, proposal, f"proposal_{word}", person, (proposer.id,))
    db.flush()


def _name(proposal: Proposal) -> str:
    return f"proposal:{proposal.id}"


def _tell(
    db: Session, proposal: Proposal, kind: str, person: Staff, staff_ids: Sequence[int]
) -> None:
    detail = {"act": proposal.act, "subject": proposal.subject, "by": person.email}
    tell(db, staff_ids, kind, _name(proposal), detail)


def _write_down(
    db: Session, person: Staff, proposal: Proposal, word: str, detail: dict[str, str]
) -> None:
    """One line of the audit trail, under what the proposal is about. Its detail stands in the
    proposal, which stays, and may name people: it is not copied.
    """
    told = {"proposal": str(proposal.id), **detail}
    db.add(entry(by_person(person), f"{proposal.act}_{word}", proposal.subject, told))
