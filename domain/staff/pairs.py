"""Who may act, and who may be the second person: another one, whom neither vouches for, and who was
made an approver long enough ago.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from domain.models import Staff


class Unfit(StrEnum):
    """Why somebody may not be the second person."""

    NOT_ALLOWED = "not_allowed"  # disabled, or another operator's
    SAME_PERSON = "same_person"
    VOUCHED_FOR = "vouched_for"  # one of the two let the other in
    ASKER_GONE = "asker_gone"  # who asked may no longer act
    NOT_APPROVER = "not_approver"  # not at all, or not yet


def who_may(db: Session, staff_id: int, operator_id: int | None) -> Staff | None:
    """The person, fresh, if they may act for this operator: an admin, or its own staff, and not
    disabled. `operator_id` None is everybody's business: an admin's alone.
    """
    return db.execute(
        select(Staff)
        .where(Staff.id == staff_id, _acts_for(operator_id))
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def second_of(db: Session, first_id: int, second_id: int, operator_id: int | None) -> Staff | Unfit:
    """The second person, if they may agree to what the first one asked for."""
    second = who_may(db, second_id, operator_id)
    if second is None:
        return Unfit.NOT_ALLOWED
    if first_id == second_id:
        return Unfit.SAME_PERSON
    first = who_may(db, first_id, operator_id)
    if first is None:
        return Unfit.ASKER_GONE
    if first.created_by == second.id or second.created_by == first.id:
        return Unfit.VOUCHED_FOR
    now: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    if second.approver_from is None or second.approver_from > now:
        return Unfit.NOT_APPROVER
    return second


def approvers(db: Session, first_id: int, operator_id: int | None) -> Sequence[int]:
    """The ids of all who could agree now to what the first one asks for; they are few."""
    if who_may(db, first_id, operator_id) is None:
        return ()
    vouches = select(Staff.created_by).where(Staff.id == first_id).scalar_subquery()
    return db.scalars(
        select(Staff.id)
        .where(
            _acts_for(operator_id),
            Staff.id != first_id,
            Staff.created_by.is_distinct_from(first_id),
            Staff.id.is_distinct_from(vouches),
            Staff.approver_from <= func.clock_timestamp(),
        )
        .order_by(Staff.id)
    ).all()


def _acts_for(operator_id: int | None) -> ColumnElement[bool]:
    whose = Staff.role == "admin"
    if operator_id is not None:
        whose = or_(whose, Staff.operator_id == operator_id)
    return and_(Staff.disabled_at.is_(None), whose)
