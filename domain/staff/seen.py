"""Notices that a person of staff has not seen yet."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.models import StaffNotice


def unseen(db: Session, staff_id: int, most: int) -> Sequence[StaffNotice]:
    """The newest of them, newest first."""
    return db.scalars(
        select(StaffNotice)
        .where(StaffNotice.staff_id == staff_id, StaffNotice.seen_at.is_(None))
        .order_by(StaffNotice.id.desc())
        .limit(most)
    ).all()


def mark_seen(db: Session, staff_id: int, up_to: int) -> None:
    """The person saw this one and all before it; another one's are left alone."""
    db.execute(
        update(StaffNotice)
        .where(
            StaffNotice.staff_id == staff_id,
            StaffNotice.id <= up_to,
            StaffNotice.seen_at.is_(None),
        )
        .values(seen_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
