"""Who works here, as the pages of staff show them. Admins alone come here, and see everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from domain.models import Operator, Staff, StaffInvitation, StaffSession


@dataclass(frozen=True, slots=True)
class Person:
    """One of staff. `link_until`: until when their link may be used. `vouched_by` None: whoever has
    the machine.
    """

    id: int
    email: str
    role: str
    operator_id: int | None
    operator: str | None
    has_password: bool
    has_authenticator: bool
    approver_from: datetime | None
    may_approve: bool
    disabled_at: datetime | None
    created_at: datetime
    vouched_by: str | None
    last_seen: datetime | None
    link_until: datetime | None


def everybody(db: Session) -> Sequence[Person]:
    """All of staff by address, who are as many as work here; the disabled ones last."""
    query = _people().order_by(Staff.disabled_at.is_not(None), Staff.email)
    return [Person(*row) for row in db.execute(query)]


def one(db: Session, staff_id: int) -> Person | None:
    """One of them."""
    row = db.execute(_people().where(Staff.id == staff_id)).one_or_none()
    return None if row is None else Person(*row)


def operators(db: Session) -> Sequence[tuple[int, str]]:
    """The operators that somebody may work for."""
    rows = db.execute(select(Operator.id, Operator.name).order_by(Operator.name))
    return [(row.id, row.name) for row in rows]


def _people() -> Select[*tuple[Any, ...]]:
    now = func.clock_timestamp()
    voucher = aliased(Staff)
    seen = select(func.max(StaffSession.seen_at)).where(StaffSession.staff_id == Staff.id)
    until = select(func.max(StaffInvitation.expires_at)).where(
        StaffInvitation.staff_id == Staff.id,
        StaffInvitation.ended_at.is_(None),
        StaffInvitation.expires_at > now,
    )
    return (
        select(
            Staff.id,
            Staff.email,
            Staff.role,
            Staff.operator_id,
            Operator.name,
            Staff.password_hash.is_not(None),
            Staff.totp_sealed.is_not(None),
            Staff.approver_from,
            func.coalesce(Staff.approver_from <= now, False),
            Staff.disabled_at,
            Staff.created_at,
            voucher.email,
            seen.scalar_subquery(),
            until.scalar_subquery(),
        )
        .outerjoin(Operator, Operator.id == Staff.operator_id)
        .outerjoin(voucher, voucher.id == Staff.created_by)
    )
