"""What became of a booking's money besides what stands on it, read from its transfers, which are
found by the booking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from domain.models import Base


@dataclass(frozen=True, slots=True)
class MoneyOf:
    """Of one booking, in minor units: what suspense holds, what went back to its payers, and what
    was paid and named by neither a payment nor a receipt of ours. The last may be below zero.
    """

    surplus_minor: int = 0
    given_back_minor: int = 0
    unnamed_minor: int = 0


def money_of(db: Session, booking_ids: Sequence[int]) -> dict[int, MoneyOf]:
    """By booking; one without transfers is left out."""
    db.flush()  # a query about tables does not do it
    rows = db.execute(_MONEY, {"ids": list(booking_ids)})
    return {booking_id: MoneyOf(*map(int, sums)) for booking_id, *sums in rows}


def has_surplus(booking_id: ColumnElement[int]) -> ColumnElement[bool]:
    """In a query of bookings, whether suspense holds money of one."""
    held = select(_SURPLUS).where(_transfer.c.booking_id == booking_id)
    return held.correlate(booking_id.table).scalar_subquery() > 0


# Tables, not their classes: docs/performance.md says what it saves.
_transfer, _evidence = (Base.metadata.tables[name] for name in ("transfer", "evidence"))


def _signed(account: str) -> ColumnElement[Any]:
    """What a transfer brings to accounts that begin so, or takes from them."""
    return case(
        (_transfer.c.credit.startswith(account), _transfer.c.amount_minor),
        (_transfer.c.debit.startswith(account), -_transfer.c.amount_minor),
    )


def _sum(amount: ColumnElement[Any], *which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(amount).filter(*which), 0)


# What was moved to another booking only passes by suspense.
_SURPLUS = _sum(_signed("suspense:"), _transfer.c.kind != "move")
# What was taken off as a mistake never came, so it did not go back.
_GIVEN_BACK = _sum(
    _transfer.c.amount_minor,
    or_(
        _transfer.c.kind == "refund",
        (_transfer.c.kind == "taken_back") & _evidence.c.body.startswith("given_back:"),
    ),
)
_UNNAMED = _sum(
    _signed("booking:"),
    _transfer.c.kind.in_(("opening", "move")),
    _transfer.c.payment_id.is_(None),
)
_MONEY = (
    select(_transfer.c.booking_id, _SURPLUS, _GIVEN_BACK, _UNNAMED)
    .select_from(_transfer.outerjoin(_evidence, _evidence.c.id == _transfer.c.evidence_id))
    .where(_transfer.c.booking_id.in_(bindparam("ids", expanding=True)))
    .group_by(_transfer.c.booking_id)
)
