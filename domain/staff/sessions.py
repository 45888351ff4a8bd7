"""Browsers that signed in: opened with a token that only their cookie knows, ended by either
side.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.models import Operator, Staff, StaffSession

# Nobody was there for so long: signed out. In any case after the second time.
_IDLE = timedelta(hours=12)
_LONGEST = timedelta(days=7)
# How long somebody counts as just having shown who they are.
_FRESH = timedelta(minutes=15)
# A page is not worth a write each.
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person and the session they came by. `operator` is the name of an operator's own staff's
    company.
    """

    staff: Staff
    operator: str | None
    is_fresh: bool


def open_session(db: Session, staff_id: int, token: str, device: str) -> None:
    """Sign a person in, fresh. `token` goes into the cookie and nowhere else."""
    now = func.clock_timestamp()
    db.add(
        StaffSession(
            id=_key(token), staff_id=staff_id, device=device[:200], fresh_until=now + _FRESH
        )
    )


def find(db: Session, token: str) -> SignedIn | None:
    """Whose session a token opens; None for one that ended, or was never opened."""
    now = func.clock_timestamp()
    row = db.execute(
        select(
            Staff,
            Operator.name,
            func.coalesce(StaffSession.fresh_until > now, False),
            StaffSession.seen_at < now - _SEEN_EVERY,
        )
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .outerjoin(Operator, Operator.id == Staff.operator_id)
        .where(
            StaffSession.id == _key(token),
            StaffSession.ended_at.is_(None),
            StaffSession.seen_at > now - _IDLE,
            StaffSession.created_at > now - _LONGEST,
            Staff.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    person, operator, is_fresh, was_long_ago = row
    if was_long_ago:
        db.execute(update(StaffSession).where(StaffSession.id == _key(token)).values(seen_at=now))
    return SignedIn(person, operator, is_fresh)


def refresh(db: Session, token: str) -> None:
    """The person showed once more who they are."""
    db.execute(
        update(StaffSession)
        .where(StaffSession.id == _key(token))
        .values(fresh_until=func.clock_timestamp() + _FRESH)
    )


def make_stale(db: Session, token: str) -> None:
    """The next act on money asks who they are."""
    db.execute(update(StaffSession).where(StaffSession.id == _key(token)).values(fresh_until=None))


def end(db: Session, token: str) -> None:
    """Sign this browser out."""
    db.execute(
        update(StaffSession)
        .where(StaffSession.id == _key(token), StaffSession.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp())
    )


def end_all(db: Session, staff_id: int) -> None:
    """Sign a person out everywhere."""
    db.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
        .values(ended_at=func.clock_timestamp())
    )


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
