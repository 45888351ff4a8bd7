"""Browsers that signed in: opened with a token that only their cookie knows, ended by either
side.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
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
    seen_long_ago: bool


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that is signed in. `key` names its session, and opens nothing."""

    key: str
    device: str
    since: datetime
    seen_at: datetime
    is_this_one: bool


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
        .where(StaffSession.id == _key(token), *_open(), Staff.disabled_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return SignedIn(*row)


def touch(db: Session, token: str) -> None:
    """Somebody is there: the session does not end for idleness yet."""
    db.execute(
        update(StaffSession)
        .where(StaffSession.id == _key(token))
        .values(seen_at=func.clock_timestamp())
    )


def refresh(db: Session, token: str) -> None:
    """The person showed once more who they are."""
    db.execute(
        update(StaffSession)
        .where(StaffSession.id == _key(token))
        .values(fresh_until=func.clock_timestamp() + _FRESH)
    )


def end(db: Session, token: str) -> None:
    """Sign this browser out."""
    _end(db, StaffSession.id == _key(token))


def end_all(db: Session, staff_id: int) -> None:
    """Sign a person out everywhere."""
    _end(db, StaffSession.staff_id == staff_id)


def end_others(db: Session, staff_id: int, token: str) -> None:
    """Sign a person out everywhere but in this browser."""
    _end(db, StaffSession.staff_id == staff_id, StaffSession.id != _key(token))


def end_one(db: Session, staff_id: int, key: str) -> None:
    """Sign one browser of this person out; another's is left alone."""
    _end(db, StaffSession.staff_id == staff_id, StaffSession.id == key)


def browsers(db: Session, staff_id: int, token: str) -> Sequence[Browser]:
    """Where a person is signed in, the one that was there last first. `token` is this browser's."""
    rows = db.execute(
        select(StaffSession.id, StaffSession.device, StaffSession.created_at, StaffSession.seen_at)
        .where(StaffSession.staff_id == staff_id, *_open())
        .order_by(StaffSession.seen_at.desc(), StaffSession.id)
    )
    return [Browser(*row, is_this_one=row.id == _key(token)) for row in rows]


def _open() -> Sequence[ColumnElement[bool]]:
    now = func.clock_timestamp()
    return (
        StaffSession.ended_at.is_(None),
        StaffSession.seen_at > now - _IDLE,
        StaffSession.created_at > now - _LONGEST,
    )


def _end(db: Session, *which: ColumnElement[bool]) -> None:
    db.execute(
        update(StaffSession)
        .where(StaffSession.ended_at.is_(None), *which)
        .values(ended_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
