"""Who acts, and the line of the audit trail that each act leaves: about anything (`entry`), about a
person of staff (`write_down`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from domain.models import AuditEntry, Staff


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: a person of staff by their id and e-mail address; None: whoever has the machine."""

    staff_id: int | None
    name: str


MACHINE = By(None, "cli")


def by_person(person: Staff) -> By:
    """A person of staff, as one who acts."""
    return By(person.id, person.email)


def entry(by: By, act: str, subject: str, detail: Mapping[str, Any] | None = None) -> AuditEntry:
    """A line of the audit trail, to be added by the transaction of the act. `subject` names what it
    is about (`payment:<id>`); `detail` is JSON, and nothing of it secret.
    """
    return AuditEntry(
        staff_id=by.staff_id, actor=by.name, act=act, subject=subject, detail=dict(detail or {})
    )


def subject_of(staff_id: int) -> str:
    """How the audit trail and notices name a person."""
    return f"staff:{staff_id}"


def write_down(db: Session, by: By, act: str, staff_id: int, **detail: Any) -> None:
    """One line of the audit trail about a person. `detail` is JSON, and nothing of it secret."""
    db.add(entry(by, act, subject_of(staff_id), detail))
