"""Who of staff acts on whom, and the line of the audit trail that each act leaves."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from domain.models import AuditEntry


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: a person of staff by their id and e-mail address; None: whoever has the machine."""

    staff_id: int | None
    name: str


MACHINE = By(None, "cli")


def subject_of(staff_id: int) -> str:
    """How the audit trail and notices name a person."""
    return f"staff:{staff_id}"


def write_down(db: Session, by: By, act: str, staff_id: int, **detail: Any) -> None:
    """One line of the audit trail about a person. `detail` is JSON, and nothing of it secret."""
    db.add(
        AuditEntry(
            staff_id=by.staff_id,
            actor=by.name,
            act=act,
            subject=subject_of(staff_id),
            detail=detail,
        )
    )
