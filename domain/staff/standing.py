"""When somebody may be the second person: a day after being made an approver, or let in anew."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.models import Staff

# Long enough for those who are told of a new approver to see it and to object.
APPROVERS_WAIT = timedelta(hours=24)


def begin_waiting(person: Staff) -> None:
    """A locked person becomes an approver, a day from now."""
    person.approver_from = func.clock_timestamp() + APPROVERS_WAIT


def wait_again(db: Session, person: Staff, by_id: int | None) -> None:
    """A locked person who is an approver waits anew; another one does not become one. By somebody
    who may not approve himself, they are one no more: only approvers make approvers.
    """
    if person.approver_from is None:
        return
    if by_id is None or may_approve(db, by_id):
        begin_waiting(person)
    else:
        person.approver_from = None


def may_approve(db: Session, staff_id: int) -> bool:
    """Whether a person may be the second one now."""
    return db.execute(
        select(func.coalesce(Staff.approver_from <= func.clock_timestamp(), False)).where(
            Staff.id == staff_id
        )
    ).scalar_one()


def approver_ids(db: Session, person: Staff) -> Sequence[int]:
    """All who may approve, or will, and may know of this person: of an operator's own staff, other
    operators' approvers do not. They are told what happens to approvers.
    """
    query = select(Staff.id).where(Staff.approver_from.is_not(None), Staff.disabled_at.is_(None))
    if person.operator_id is not None:
        query = query.where(or_(Staff.role == "admin", Staff.operator_id == person.operator_id))
    return db.scalars(query.order_by(Staff.id)).all()
