"""Links by which a person chooses a password: their first, or a new one when they lost theirs or
their authenticator. Whoever makes such a link vouches for whoever uses it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from domain.models import Staff, StaffInvitation
from domain.staff import authenticators, sessions
from domain.staff.notices import tell
from domain.staff.standing import approver_ids, wait_again
from domain.staff.trail import MACHINE, By, subject_of, write_down

LIVES = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom an open link is for. `is_first`: they never had a password."""

    staff_id: int
    email: str
    is_first: bool


def make(db: Session, by: By, staff_id: int) -> str:
    """Make a link for a locked person: its token, which stands in the link alone. Those made before
    end.
    """
    end_all(db, staff_id)
    token = secrets.token_urlsafe(32)
    db.add(
        StaffInvitation(
            token_hash=_hash(token),
            staff_id=staff_id,
            made_by=by.staff_id,
            expires_at=func.clock_timestamp() + LIVES,
        )
    )
    write_down(db, by, "staff_link_made", staff_id)
    return token


def end_all(db: Session, staff_id: int) -> bool:
    """End a person's links. Whether there was one that could still be used."""
    now = func.clock_timestamp()
    ended = db.execute(
        update(StaffInvitation)
        .where(StaffInvitation.staff_id == staff_id, StaffInvitation.ended_at.is_(None))
        .values(ended_at=now)
        .returning(StaffInvitation.expires_at > now)
        .execution_options(synchronize_session=False)
    ).scalars()
    return any(ended)


def find(db: Session, token: str) -> Invited | None:
    """Whom a link is for; None for one that ended, ran out, or was never made."""
    found = _open(db, token)
    if found is None:
        return None
    _, person = found
    return Invited(person.id, person.email, person.password_hash is None)


def use(db: Session, token: str, kept: str) -> Invited | None:
    """Keep the password that was chosen, and end the link. None where it ended meanwhile.

    Authenticator, recovery codes and sessions go: they may be in somebody else's hands. Who made
    the link now vouches for the person, who waits anew before they may be a second person, so that
    nobody can lend himself one. All approvers are told.
    """
    found = _open(db, token)
    if found is None:
        return None
    person = db.get_one(
        Staff, found[1].id, with_for_update={"key_share": True}, populate_existing=True
    )
    # Under the lock: of two who use it at once, one finds it ended.
    found = _open(db, token)
    if found is None:
        return None
    invitation, _ = found
    was = Invited(person.id, person.email, person.password_hash is None)
    end_all(db, person.id)
    authenticators.drop(db, person)
    sessions.end_all(db, person.id)
    person.password_hash = kept
    person.created_by = invitation.made_by
    maker = _maker(db, invitation)
    if maker.staff_id is not None:
        wait_again(db, person, maker.staff_id)
    act = "staff_joined" if was.is_first else "staff_access_renewed"
    write_down(db, By(person.id, person.email), act, person.id, vouched_by=maker.name)
    db.flush()
    if not was.is_first:
        told = [*approver_ids(db, person), *([maker.staff_id] if maker.staff_id else [])]
        detail = {"who": person.email, "by": maker.name}
        tell(db, told, "staff_access_renewed", subject_of(person.id), detail)
    return was


def _open(db: Session, token: str) -> tuple[StaffInvitation, Staff] | None:
    """A link ends with who made it: a dismissed admin keeps none that lets him in as another."""
    maker = aliased(Staff)
    row = db.execute(
        select(StaffInvitation, Staff)
        .join(Staff, Staff.id == StaffInvitation.staff_id)
        .outerjoin(maker, maker.id == StaffInvitation.made_by)
        .where(
            StaffInvitation.token_hash == _hash(token),
            StaffInvitation.ended_at.is_(None),
            StaffInvitation.expires_at > func.clock_timestamp(),
            Staff.disabled_at.is_(None),
            or_(
                StaffInvitation.made_by.is_(None),
                and_(maker.role == "admin", maker.disabled_at.is_(None)),
            ),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def _maker(db: Session, invitation: StaffInvitation) -> By:
    if invitation.made_by is None:
        return MACHINE
    maker = db.get_one(Staff, invitation.made_by)
    return By(maker.id, maker.email)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
