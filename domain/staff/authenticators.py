"""Authenticators: codes that change every half minute (RFC 6238), and recovery codes for whoever
lost theirs. Each code counts once.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain.models import RecoveryCode, Staff
from domain.sealing import Sealer, Unreadable
from domain.staff import sessions
from domain.staff.trail import By, write_down

RECOVERY_CODES = 10
_STEP_SECONDS = 30
# A watch that is half a minute off, and somebody who types slowly.
_STEPS_OFF = (0, -1, 1)
_CODE = re.compile(r"[0-9]{6}")
# Crockford's Base32: nothing that is read as something else. Sixteen of them are 80 bits, too many
# to try, so that a plain hash of them says nothing.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECOVERY = re.compile(rf"[{_ALPHABET}]{{16}}")
_READ_AS = str.maketrans("OIL", "011", " -")


@dataclass(frozen=True, slots=True)
class Offer:
    """An authenticator that somebody is about to set up, and the recovery codes that go with it."""

    secret: str = field(repr=False)
    codes: Sequence[str] = field(repr=False)

    def address(self, email: str) -> str:
        """What an authenticator reads from a QR code."""
        return pyotp.TOTP(self.secret).provisioning_uri(name=email, issuer_name="Tourpay")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A code counted. `codes_left`: how many recovery codes are left, where it was one."""

    codes_left: int | None


def offer() -> Offer:
    """A new secret, and new recovery codes."""
    return Offer(pyotp.random_base32(), [_recovery_code() for _ in range(RECOVERY_CODES)])


def accept(db: Session, staff_id: int, text: str, sealer: Sealer) -> Accepted | None:
    """Count a code of somebody's authenticator, or one of their recovery codes; None for a wrong or
    used one, and where the secret was sealed with a key that is gone: recovery codes serve then.
    """
    typed = text.upper().translate(_READ_AS)
    if _RECOVERY.fullmatch(typed):
        return _accept_recovery(db, staff_id, typed)
    person = db.get(Staff, staff_id, populate_existing=True)
    if person is None or person.totp_sealed is None:
        return None
    secret = _opened(person.totp_sealed, sealer)
    step = None if secret is None else _step_of(secret, typed, clock.now())
    if step is None or not _use_up(db, person, step):
        return None
    return Accepted(codes_left=None)


def set_up(db: Session, by: By, offered: Offer, typed: str, sealer: Sealer, token: str) -> bool:
    """Give a person this authenticator, if the code is one of its own; their other browsers are
    signed out. The one that they had counts no more. The same one again changes nothing.
    """
    person = _locked(db, by)
    if has(db, person.id, offered, sealer):
        return True
    step = _step_of(offered.secret, typed.translate(_READ_AS), clock.now())
    if step is None:
        return False
    act = "authenticator_set" if person.totp_sealed is None else "authenticator_replaced"
    drop(db, person)
    person.totp_sealed, person.totp_step = sealer.seal(offered.secret), step
    db.add_all(
        RecoveryCode(staff_id=person.id, code_hash=_hash(person.id, code)) for code in offered.codes
    )
    sessions.end_others(db, person.id, token)
    write_down(db, by, act, person.id)
    return True


def is_of(offered: Offer, typed: str) -> bool:
    """Whether an offered authenticator shows this code now."""
    return _step_of(offered.secret, typed.translate(_READ_AS), clock.now()) is not None


def has(db: Session, staff_id: int, offered: Offer, sealer: Sealer) -> bool:
    """Whether the offered authenticator is the one that a person has."""
    kept = db.execute(select(Staff.totp_sealed).where(Staff.id == staff_id)).scalar_one()
    return kept is not None and _opened(kept, sealer) == offered.secret


def _opened(sealed: bytes, sealer: Sealer) -> str | None:
    """The secret in the clear; None where the key is gone that it was sealed with."""
    try:
        return sealer.open(sealed)
    except Unreadable:
        return None


def remove(db: Session, by: By, token: str) -> None:
    """A person does without one from now on; their other browsers are signed out."""
    drop(db, _locked(db, by))
    sessions.end_others(db, _id(by), token)
    write_down(db, by, "authenticator_removed", _id(by))


def drop(db: Session, person: Staff) -> None:
    """Forget the authenticator and the recovery codes of a locked person."""
    person.totp_sealed = person.totp_step = None
    db.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == person.id))


def codes_left(db: Session, staff_id: int) -> int:
    """How many recovery codes somebody can still use."""
    return db.execute(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
    ).scalar_one()


def _accept_recovery(db: Session, staff_id: int, typed: str) -> Accepted | None:
    used = db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == staff_id,
            RecoveryCode.code_hash == _hash(staff_id, typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=func.clock_timestamp())
        .returning(RecoveryCode.staff_id)
    ).scalar_one_or_none()
    if used is None:
        return None
    person = db.get_one(Staff, staff_id)
    left = codes_left(db, staff_id)
    write_down(db, By(person.id, person.email), "recovery_code_used", person.id, left=left)
    return Accepted(left)


def _use_up(db: Session, person: Staff, step: int) -> bool:
    """Take a step of the very authenticator that was looked at, if none so late was taken."""
    taken = db.execute(
        update(Staff)
        .where(
            Staff.id == person.id,
            Staff.totp_sealed == person.totp_sealed,
            or_(Staff.totp_step.is_(None), Staff.totp_step < step),
        )
        .values(totp_step=step)
        .returning(Staff.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return taken is not None


def _step_of(secret: str, typed: str, now: datetime) -> int | None:
    if _CODE.fullmatch(typed) is None:
        return None
    present = int(now.timestamp()) // _STEP_SECONDS
    codes = pyotp.TOTP(secret)
    steps = [present + off for off in _STEPS_OFF]
    right = [step for step in steps if hmac.compare_digest(codes.generate_otp(step), typed)]
    return right[0] if right else None


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _hash(staff_id: int, code: str) -> str:
    return hashlib.sha256(f"{staff_id}:{code.replace('-', '')}".encode()).hexdigest()


def _locked(db: Session, by: By) -> Staff:
    return db.get_one(Staff, _id(by), with_for_update={"key_share": True}, populate_existing=True)


def _id(by: By) -> int:
    if by.staff_id is None:
        raise ValueError("whoever has the machine has no authenticator")
    return by.staff_id
