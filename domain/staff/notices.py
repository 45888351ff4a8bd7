"""What people of staff are told: shown to each of them until they have seen it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.models import StaffNotice


def tell(
    db: Session, staff_ids: Iterable[int], kind: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Leave each person a notice, one for each. `kind` names the words, `subject` what it is about,
    as in the audit trail; `detail` holds JSON, and nothing secret.
    """
    db.add_all(
        StaffNotice(staff_id=staff_id, kind=kind, subject=subject, detail=dict(detail))
        for staff_id in dict.fromkeys(staff_ids)
    )


def no_longer_asked(db: Session, kind: str, subject: str) -> None:
    """What was to be decided is: nobody else need look at it any more."""
    db.execute(
        update(StaffNotice)
        .where(
            StaffNotice.kind == kind,
            StaffNotice.subject == subject,
            StaffNotice.seen_at.is_(None),
        )
        .values(seen_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


def unseen(db: Session, staff_id: int, most: int) -> Sequence[StaffNotice]:
    """The newest of those that a person has not seen yet, newest first."""
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
