"""Signing in: a password, then a code where there is an authenticator, then a session.

Passwords are looked at between transactions, because it takes long. What was looked at is named by
a mark, so that a password that changed meanwhile opens nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from domain.database import transaction
from domain.models import Staff
from domain.staff import passwords, sessions
from domain.staff.trail import By, write_down


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose password was right. `mark` stands for that password, and tells nothing of
    it.
    """

    staff_id: int
    email: str
    mark: str
    has_authenticator: bool


def by_email(email: str, password: str) -> Known | None:
    """Whose address and password these are. An address that nobody has takes as long."""
    return _known(Staff.email == email.strip().lower(), password)


def by_id(staff_id: int, password: str) -> Known | None:
    """The person, if this is their password."""
    return _known(Staff.id == staff_id, password)


def enter(db: Session, staff_id: int, mark: str, device: str) -> str | None:
    """Open a session: its token, which goes into the cookie and nowhere else. None where the person
    was disabled, or their password changed since it was looked at.
    """
    person = _still(db, staff_id, mark)
    if person is None:
        return None
    token = secrets.token_urlsafe(32)
    sessions.open_session(db, staff_id, token, device)
    write_down(db, By(person.id, person.email), "signed_in", person.id, device=device[:200])
    return token


def change_password(db: Session, known: Known, kept: str, token: str) -> bool:
    """Keep another password, and sign out every browser but this one. False where somebody changed
    it meanwhile.
    """
    person = _still(db, known.staff_id, known.mark)
    if person is None:
        return False
    person.password_hash = kept
    sessions.end_others(db, person.id, token)
    write_down(db, By(person.id, person.email), "password_changed", person.id)
    return True


def leave_one(db: Session, by: By, staff_id: int, key: str) -> None:
    """A person signs one of their browsers out."""
    sessions.end_one(db, staff_id, key)
    write_down(db, by, "signed_out_elsewhere", staff_id)


def leave_all(db: Session, by: By, staff_id: int) -> None:
    """A person signs out everywhere."""
    sessions.end_all(db, staff_id)
    write_down(db, by, "signed_out_everywhere", staff_id)


def _known(whose: ColumnElement[bool], password: str) -> Known | None:
    with transaction() as db:
        person = db.execute(
            select(Staff).where(whose, Staff.disabled_at.is_(None))
        ).scalar_one_or_none()
    kept = None if person is None else person.password_hash
    if not passwords.fits(kept, password) or person is None or kept is None:
        return None
    if passwords.is_outdated(kept):
        kept = _keep_anew(person.id, kept, password)
    return Known(person.id, person.email, _mark(kept), person.totp_sealed is not None)


def _keep_anew(staff_id: int, kept: str, password: str) -> str:
    """The same password, kept as we keep them today; left alone where it changed meanwhile."""
    anew = passwords.hashed(password)
    with transaction() as db:
        db.execute(
            update(Staff)
            .where(Staff.id == staff_id, Staff.password_hash == kept)
            .values(password_hash=anew)
        )
    return anew


def _still(db: Session, staff_id: int, mark: str) -> Staff | None:
    person = db.execute(
        select(Staff)
        .where(Staff.id == staff_id, Staff.disabled_at.is_(None))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if person is None or person.password_hash is None or _mark(person.password_hash) != mark:
        return None
    return person


def _mark(kept: str) -> str:
    return hashlib.sha256(kept.encode()).hexdigest()[:16]
