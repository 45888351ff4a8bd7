"""What is wrong with a booking is put right by hand: name, phone, e-mail, total, deposit, due date.

    correct            one person, at once
    correct_booking    two people, where `takes_two` and the phone or the total changes
                       subject booking:<id>   detail changes {column: [before, after]}

A file refuses what takes two people here (domain/importing/planning.py). Reference, currency and
operator never change. The trail and a proposal hold phone and e-mail masked; what of them a
proposal would write lies sealed until it is decided.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, any_, func, literal, select
from sqlalchemy.orm import Session

from domain import ledger
from domain.models import Booking, Payment, Staff
from domain.money import Money
from domain.payments.ending import cancel_those_that_no_longer_fit
from domain.payments.story import lock_booking
from domain.sealing import Sealer
from domain.staff.pairs import who_may
from domain.staff.trail import by_person, entry
from domain.states import MOVING
from domain.wishes import NotDone, Tools, Why, Wish

ACT = "correct_booking"
_COLUMNS = {
    "name": "lead_name",
    "phone": "lead_phone",
    "email": "email",
    "total_minor": "total_minor",
    "deposit_minor": "deposit_minor",
    "balance_due_on": "balance_due_on",
}
_HIDDEN = ("phone", "email")
_TAKES_TWO = ("phone", "total_minor")


class NotRight(StrEnum):
    """Why a correction is refused, beside what stands in `Why`. `left` is the least that the total
    may be.
    """

    BELOW_PAID = "below_paid"
    BELOW_UNDER_WAY = "below_under_way"  # a provider may have taken more already
    DEPOSIT_ABOVE_TOTAL = "deposit_above_total"
    CHANGED_SINCE = "changed_since"  # it no longer says what was to be corrected


@dataclass(frozen=True, slots=True)
class Correction:
    """How a booking should read, whole. `phone` is international digits without plus; a deposit of
    None is none. `seen` is the `fingerprint` of what whoever corrects it saw.
    """

    booking_id: int
    staff_id: int
    name: str = field(repr=False)
    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    total: Money
    deposit: Money | None
    balance_due_on: date | None
    seen: str

    def values(self) -> dict[str, Any]:
        """By column, as JSON holds it."""
        return {
            "name": self.name,
            "phone": self.phone,
            "email": self.email,
            "total_minor": self.total.amount_minor,
            "deposit_minor": self.deposit.amount_minor if self.deposit else None,
            "balance_due_on": self.balance_due_on.isoformat() if self.balance_due_on else None,
        }


@dataclass(frozen=True, slots=True)
class Corrected:
    """The columns that changed; none where it reads so already, as when a form is sent twice."""

    columns: tuple[str, ...]


def correct(db: Session, correction: Correction) -> Corrected | NotDone:
    """Change what differs, audited; NEEDS_TWO where it takes a second person: see `wish_for`.

    Raises NoResultFound for an unknown booking.
    """
    booking = lock_booking(db, correction.booking_id)
    person = who_may(db, correction.staff_id, booking.operator_id)
    if person is None:
        return NotDone(Why.NOT_ALLOWED)
    after = correction.values()
    changed = _changed(booking, after)
    if not changed:
        return Corrected(())
    if correction.seen != fingerprint(booking):
        return NotDone(NotRight.CHANGED_SINCE)
    refused = _stands_against(db, booking, after, changed, correction.total.currency)
    if refused is not None:
        return refused
    if _needs_two(db, booking, changed):
        return NotDone(Why.NEEDS_TWO)
    _write(db, booking, {name: after[name] for name in changed}, person, {})
    return Corrected(changed)


def fingerprint(booking: Booking) -> str:
    """A short name of how a booking reads, but for its phone number, which a form does not show."""
    shown = {name: value for name, value in _values(booking).items() if name != "phone"}
    return sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:16]


def wish_for(
    db: Session, correction: Correction, proposal_id: UUID, evidence: str, sealer: Sealer
) -> Wish:
    """The same correction, whole, for a second person to agree to. `sealer` is the one that the
    tools of approving hold.
    """
    booking = lock_booking(db, correction.booking_id)
    before, after = _values(booking), correction.values()
    changed = _changed(booking, after)
    hidden = {name: after[name] for name in changed if name in _HIDDEN}
    return Wish(
        proposal_id=proposal_id,
        act=ACT,
        subject=f"booking:{booking.id}",
        operator_id=booking.operator_id,
        detail={"changes": _shown(before, after, changed), "currency": booking.currency},
        evidence=evidence,
        staff_id=correction.staff_id,
        sealed=sealer.seal(json.dumps(hidden)) if hidden else None,
    )


def may_correct(db: Session, wish: Wish) -> NotDone | None:
    """What stands against it now; also that the booking no longer reads as it did."""
    booking = lock_booking(db, int(wish.named("booking")))
    if booking.operator_id != wish.operator_id:
        return NotDone(Why.OTHER_OPERATOR)
    changes: Mapping[str, tuple[Any, Any]] = wish.detail["changes"]
    present = _values(booking)
    if any(_mask(name, present[name]) != before for name, (before, _) in changes.items()):
        return NotDone(NotRight.CHANGED_SINCE)
    after = present | {name: value for name, (_, value) in changes.items() if name not in _HIDDEN}
    return _stands_against(db, booking, after, tuple(changes), wish.detail["currency"])


def correct_by_two(db: Session, wish: Wish, second: Staff, tools: Tools) -> None:
    """Write it. Raises ValueError without the sealer that `wish_for` was given."""
    booking = lock_booking(db, int(wish.named("booking")))
    after = {name: value for name, (_, value) in wish.detail["changes"].items()}
    if wish.sealed is not None:
        if tools.sealer is None:
            raise ValueError("what is sealed cannot be written without its sealer")
        after |= json.loads(tools.sealer.open(wish.sealed))
    _write(db, booking, after, second, {"proposal": str(wish.proposal_id)})


def _values(booking: Booking) -> dict[str, Any]:
    values = {name: getattr(booking, column) for name, column in _COLUMNS.items()}
    due = booking.balance_due_on
    return values | {"balance_due_on": due.isoformat() if due else None}


def _changed(booking: Booking, after: Mapping[str, Any]) -> tuple[str, ...]:
    before = _values(booking)
    return tuple(name for name in _COLUMNS if before[name] != after[name])


def _stands_against(
    db: Session,
    booking: Booking,
    after: Mapping[str, Any],
    changed: tuple[str, ...],
    currency: str,
) -> NotDone | None:
    if currency != booking.currency:
        return NotDone(Why.OTHER_CURRENCY)
    total, deposit = after["total_minor"], after["deposit_minor"]
    if "total_minor" in changed:
        if booking.cancelled_at is not None:
            return NotDone(Why.CANCELLED)
        if total <= 0:
            return NotDone(Why.NOT_POSITIVE)
        if total < booking.paid_minor:
            return NotDone(NotRight.BELOW_PAID, left=Money(booking.paid_minor, currency))
        least = booking.paid_minor + _under_way(db, booking)
        if total < least:
            return NotDone(NotRight.BELOW_UNDER_WAY, left=Money(least, currency))
    if deposit is not None and not 0 < deposit <= total:
        return NotDone(NotRight.DEPOSIT_ABOVE_TOTAL)
    return None


def under_way(db: Session, booking_ids: Sequence[int]) -> Mapping[int, int]:
    """What may have been taken for bookings by now, in minor units, and nobody knows yet: by
    booking, those alone of which something may.
    """
    sums = (
        select(Payment.booking_id, func.sum(Payment.amount_minor))
        .where(
            Payment.booking_id == any_(literal(list(booking_ids), ARRAY(BigInteger))),
            Payment.status.in_(MOVING),
        )
        .group_by(Payment.booking_id)
    )
    return {booking_id: int(amount_minor) for booking_id, amount_minor in db.execute(sums)}


def takes_two(booking: Booking, under_way_minor: int) -> bool:
    """Whether one person may no longer change its phone, which decides who may see it, or its
    total: something is paid, or may be.
    """
    return booking.paid_minor > 0 or under_way_minor > 0


def _under_way(db: Session, booking: Booking) -> int:
    return under_way(db, [booking.id]).get(booking.id, 0)


def _needs_two(db: Session, booking: Booking, changed: tuple[str, ...]) -> bool:
    is_touched = any(name in _TAKES_TWO for name in changed)
    return is_touched and takes_two(booking, _under_way(db, booking))


def _write(
    db: Session,
    booking: Booking,
    after: Mapping[str, Any],
    person: Staff,
    beside: Mapping[str, str],
) -> None:
    """Change a locked booking as is asked, and say so. What is waiting and no longer fits is
    ended.
    """
    before = _values(booking)
    for name, value in after.items():
        is_day = name == "balance_due_on" and value is not None
        setattr(booking, _COLUMNS[name], date.fromisoformat(value) if is_day else value)
    booking.payment_status = ledger.payment_status(booking.paid_minor, booking.total_minor)
    db.flush()
    if "total_minor" in after:
        now = db.execute(select(func.clock_timestamp())).scalar_one()
        cancel_those_that_no_longer_fit(db, booking, now)
    changes = _shown(before, after, tuple(after))
    detail = {"changed": in_words(changes, booking.currency), **beside}
    db.add(entry(by_person(person), "booking_corrected", f"booking:{booking.id}", detail))


def in_words(changes: Mapping[str, Sequence[Any]], currency: str) -> dict[str, dict[str, str]]:
    """What a correction changes, as people read it: `{"total": {"from": "USD 500.00", "to": …}}`.
    Nothing is an empty text.
    """
    return {
        name.removesuffix("_minor"): {
            "from": _spelled(name, before, currency),
            "to": _spelled(name, after, currency),
        }
        for name, (before, after) in changes.items()
    }


def _spelled(name: str, value: Any, currency: str) -> str:
    if value is None:
        return ""
    return str(Money(value, currency)) if name.endswith("_minor") else str(value)


def _shown(
    before: Mapping[str, Any], after: Mapping[str, Any], names: tuple[str, ...]
) -> dict[str, list[Any]]:
    return {name: [_mask(name, before[name]), _mask(name, after[name])] for name in names}


def _mask(name: str, value: Any) -> Any:
    if value is None or name not in _HIDDEN:
        return value
    if name == "phone":
        return f"•••• {value[-4:]}"
    local, _, domain = value.partition("@")
    return f"{local[:1]}•••@{domain}"
