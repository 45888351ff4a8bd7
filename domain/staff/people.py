"""What admins do about people of staff. Nobody does any of it to himself, and one admin stays.

    invited ─▸ joined ─▸ approver, a day after an approver made them one
       └────────┴──▸ disabled ─▸ enabled again

All admins are locked first, and the person with them, so that two admins who act on each other at
once take turns.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import Staff
from domain.staff import invitations, sessions
from domain.staff.notices import tell
from domain.staff.standing import approver_ids, begin_waiting, may_approve, wait_again
from domain.staff.trail import By, subject_of, write_down
from domain.wishes import NotDone

ADMIN = "admin"
OPERATOR = "operator"
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_LONGEST_EMAIL = 254


class Bar(StrEnum):
    """What stands against it. The words are the page's."""

    NOT_ADMIN = "not_admin"
    YOURSELF = "yourself"
    LAST_ADMIN = "last_admin"
    IS_APPROVERS = "is_approvers"  # an approver's to do
    IS_DISABLED = "is_disabled"
    IS_THERE = "is_there"  # somebody has this address


@dataclass(frozen=True, slots=True)
class Place:
    """As what somebody works here. `operator_id` goes with the role operator, and only with it."""

    role: str
    operator_id: int | None

    def __str__(self) -> str:
        return self.role if self.operator_id is None else f"{self.role} {self.operator_id}"


@dataclass(frozen=True, slots=True)
class Link:
    """Whom a new link is for, and what it says."""

    staff_id: int
    token: str = field(repr=False)


def read_email(text: str) -> str | None:
    """An e-mail address as we keep it; None for what is none."""
    address = text.strip().lower()
    fits = _EMAIL.fullmatch(address) is not None and len(address) <= _LONGEST_EMAIL
    return address if fits else None


def add(db: Session, by: By, email: str, place: Place) -> int | None:
    """A new person, who cannot sign in before they used a link. Their id; None where somebody has
    the address.

    Whoever has the machine has the books: who is added from there may approve at once.
    """
    added = db.execute(
        insert(Staff)
        .values(
            email=email,
            role=place.role,
            operator_id=place.operator_id,
            created_by=by.staff_id,
            approver_from=func.clock_timestamp() if by.staff_id is None else None,
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(Staff.id)
    ).scalar_one_or_none()
    if added is not None:
        write_down(db, by, "staff_added", added, **{"as": str(place), "email": email})
    return added


def invite(db: Session, by: By, email: str, place: Place) -> Link | NotDone:
    """Add a person and make the link by which they choose a password."""
    _, refused = _look(db, by)
    if refused is not None:
        return refused
    added = add(db, by, email, place)
    if added is None:
        return NotDone(Bar.IS_THERE)
    return Link(added, invitations.make(db, by, added))


def make_link(db: Session, by: By, staff_id: int) -> Link | NotDone:
    """A new link for somebody who lost theirs, their password or their authenticator. Nothing of
    theirs changes before it is used.
    """
    person, refused = _look_at(db, by, staff_id)
    if refused is not None:
        return refused
    if person.disabled_at is not None:
        return NotDone(Bar.IS_DISABLED)
    return Link(person.id, invitations.make(db, by, person.id))


def withdraw_link(db: Session, by: By, staff_id: int) -> NotDone | None:
    """The person's link opens nothing any more."""
    person, refused = _look_at(db, by, staff_id)
    if refused is None and invitations.end_all(db, person.id):
        write_down(db, by, "staff_link_withdrawn", person.id)
    return refused


def disable(db: Session, by: By, staff_id: int) -> NotDone | None:
    """Signed out everywhere, and not let in again; a link for them ends too."""
    person, refused = _look_at(db, by, staff_id)
    if refused is not None:
        return refused
    if person.disabled_at is None:
        if not _another_governs(db, person):
            return NotDone(Bar.LAST_ADMIN)
        person.disabled_at = func.clock_timestamp()
        sessions.end_all(db, person.id)
        invitations.end_all(db, person.id)
        write_down(db, by, "staff_disabled", person.id)
    return None


def enable(db: Session, by: By, staff_id: int) -> NotDone | None:
    """Let in again, with the password they had; an approver waits anew, and all are told."""
    person, refused = _look_at(db, by, staff_id)
    if refused is None and person.disabled_at is not None:
        person.disabled_at = None
        write_down(db, by, "staff_enabled", person.id)
        _wait_again(db, by, person, "approver_enabled")
    return refused


def change_place(db: Session, by: By, staff_id: int, place: Place) -> NotDone | None:
    """Another role, or another operator. An approver then may approve more than was agreed to: they
    wait anew, and all are told.
    """
    person, refused = _look_at(db, by, staff_id)
    if refused is not None:
        return refused
    before = Place(person.role, person.operator_id)
    if before != place:
        if place.role != ADMIN and not _another_governs(db, person):
            return NotDone(Bar.LAST_ADMIN)
        person.role, person.operator_id = place.role, place.operator_id
        detail = {"as": str(place), "before": str(before)}
        write_down(db, by, "staff_role_changed", person.id, **detail)
        _wait_again(db, by, person, "approver_role_changed")
    return None


def make_approver(db: Session, by: By, staff_id: int) -> NotDone | None:
    """By an approver: the person may be the second one, a day from now. All approvers are told."""
    person, refused = _look_at(db, by, staff_id)
    if refused is not None:
        return refused
    if person.disabled_at is not None:
        return NotDone(Bar.IS_DISABLED)
    if by.staff_id is not None and not may_approve(db, by.staff_id):
        return NotDone(Bar.IS_APPROVERS)
    if person.approver_from is None:
        begin_waiting(person)
        write_down(db, by, "approver_made", person.id)
        _tell(db, by, person, "approver_made")
    return None


def take_approver(db: Session, by: By, staff_id: int) -> NotDone | None:
    """The person may be the second one no more. Any admin may say so: it only stops money."""
    person, refused = _look_at(db, by, staff_id)
    if refused is None and person.approver_from is not None:
        person.approver_from = None
        write_down(db, by, "approver_taken", person.id)
        _tell(db, by, person, "approver_taken")
    return refused


def _look(db: Session, by: By, staff_id: int | None = None) -> tuple[list[Staff], NotDone | None]:
    """All admins and the person, locked; and what stands against who acts."""
    people = list(
        db.scalars(
            select(Staff)
            .where(or_(Staff.role == ADMIN, Staff.id == staff_id))
            .order_by(Staff.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )
    if by.staff_id is None or any(each.id == by.staff_id and _governs(each) for each in people):
        return people, None
    return people, NotDone(Bar.NOT_ADMIN)


def _look_at(db: Session, by: By, staff_id: int) -> tuple[Staff, NotDone | None]:
    """The person, locked, and what stands against it. Raises NoResultFound for nobody."""
    people, refused = _look(db, by, staff_id)
    person = db.get_one(Staff, staff_id)
    if refused is None and person.id == by.staff_id:
        refused = NotDone(Bar.YOURSELF)
    return person, refused


def _governs(person: Staff) -> bool:
    return person.role == ADMIN and person.disabled_at is None


def _another_governs(db: Session, person: Staff) -> bool:
    """Whether an admin stays without this person. All admins are locked."""
    query = select(Staff.id).where(
        Staff.role == ADMIN, Staff.disabled_at.is_(None), Staff.id != person.id
    )
    return not _governs(person) or db.execute(query.limit(1)).first() is not None


def _wait_again(db: Session, by: By, person: Staff, kind: str) -> None:
    """An approver waits anew, or is none any more; all are told which."""
    if person.approver_from is not None:
        wait_again(db, person, by.staff_id)
        _tell(db, by, person, "approver_taken" if person.approver_from is None else kind)


def _tell(db: Session, by: By, person: Staff, kind: str) -> None:
    """All approvers, the person, and who did it."""
    db.flush()
    told = [*approver_ids(db, person), person.id, *([by.staff_id] if by.staff_id else [])]
    tell(db, told, kind, subject_of(person.id), {"who": person.email, "by": by.name})
