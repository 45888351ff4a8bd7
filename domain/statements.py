"""Statements: what came in and went out on one account, day by day, to be compared with the bank's.
Sums are of transfers alone.

A statement is of one ledger account in one currency: a provider's (what that merchant account took
and gave back), or an operator's money outside of all providers. What enters our books there left it
as a debit, so a debit counts as money in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    SQLColumnExpression,
    String,
    case,
    cast,
    distinct,
    func,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import Session

from domain import ledger
from domain.models import Account, Booking, Payment, Refund, Transfer

MOVE = "move"
_THROUGH_A_PROVIDER = ("capture", "surplus")
_IN = (*_THROUGH_A_PROVIDER, "outside")
_OUT = ("refund", "reversal", "taken_back")


@dataclass(frozen=True, slots=True)
class Book:
    """Whose statement it is. `name` is the ledger account; `suspense` is the operator's, given for
    money outside of providers, where what was moved between bookings is told as well.
    """

    name: str
    currency: str
    suspense: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both included, as the clocks of `zone` have them."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def begins(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), self.zone)

    def of(self, day: date) -> "Period":
        """One day, in the same zone."""
        return Period(day, day, self.zone)


@dataclass(frozen=True, slots=True)
class Sums:
    """Minor units, none below zero: `taken` through the provider, `surplus` that much of it more
    than was owed, `outside` taken outside of it, `refunded`, `reversed` by the provider itself, and
    `taken_back` of what had been recorded as taken outside. `moved` went from booking to booking,
    and is no money in or out. `payments` counts those that brought any.
    """

    taken: int = 0
    surplus: int = 0
    outside: int = 0
    refunded: int = 0
    reversed: int = 0
    taken_back: int = 0
    moved: int = 0
    payments: int = 0

    @property
    def net(self) -> int:
        """In less out."""
        return self.taken + self.outside - self.out

    @property
    def out(self) -> int:
        """All that left, one way or the other."""
        return self.refunded + self.reversed + self.taken_back


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day on which anything moved, and what stood there at its end."""

    day: date
    sums: Sums
    closing: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A period's days. `opening` and `closing` are all money in less all money out since the books
    began, before the first day and after the last.
    """

    opening: int
    days: Sequence[DayLine]
    total: Sums
    closing: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer. `amount_minor` is below zero for money out; money that was moved leaves one
    booking and enters another. `receipt` is the provider's id of the money, `provider_reference` of
    the order or the refund.
    """

    at: datetime
    kind: str
    amount_minor: int
    booking: str | None
    payment_id: UUID | None
    receipt: str | None
    provider_reference: str | None


def book_of(account: Account) -> Book:
    """A merchant account's."""
    return Book(ledger.provider_account(account.provider, account.id), account.currency)


def outside_of(operator_id: int, currency: str) -> Book:
    """An operator's money outside of all providers."""
    suspense = ledger.suspense_account(operator_id)
    return Book(ledger.outside_account(operator_id), currency, suspense)


def outside_currencies(db: Session, operator_id: int) -> Sequence[str]:
    """In which currencies an operator took or gave back money outside of all providers: read from
    the indexes of what entered and what left that book.
    """
    name = ledger.outside_account(operator_id)
    came = select(Transfer.currency).where(Transfer.debit == name, Transfer.kind.in_(_IN))
    went = select(Transfer.currency).where(Transfer.credit == name, Transfer.kind.in_(_OUT))
    return sorted(db.scalars(union(came, went)).all())


def statement(db: Session, book: Book, period: Period) -> Statement:
    """The period's days on which anything moved, the first one first."""
    opening = _sum_before(db, book, period.begins)
    rows = db.execute(_by_day(book, period))
    lines, closing = [], opening
    for on, *sums in rows:
        line = Sums(*(int(each) for each in sums))
        closing += line.net
        lines.append(DayLine(on, line, closing))
    total = Sums(*(sum(getattr(line.sums, each.name) for line in lines) for each in fields(Sums)))
    return Statement(opening, lines, total, closing)


def movements(db: Session, book: Book, period: Period) -> Sequence[Movement]:
    """Every transfer of the period, in the order of time. Ask day by day: a day fits in memory."""
    found = union_all(*(side.where(*_in(period)) for side in _sides(book))).subquery()
    rows = db.execute(
        select(
            found.c.at,
            found.c.kind,
            found.c.signed,
            Booking.reference,
            found.c.payment_id,
            func.coalesce(Transfer.receipt, Refund.receipt),
            case(
                (Transfer.refund_id.is_not(None), Refund.provider_reference),
                else_=Payment.provider_reference,
            ),
        )
        .join(Transfer, Transfer.id == found.c.id)
        .outerjoin(Booking, Booking.id == Transfer.booking_id)
        .outerjoin(Payment, Payment.id == Transfer.payment_id)
        .outerjoin(Refund, Refund.id == Transfer.refund_id)
        .order_by(found.c.at, found.c.id)
    )
    return [Movement(*row) for row in rows]


def _by_day(book: Book, period: Period) -> Select[*tuple[Any, ...]]:
    found = union_all(*(side.where(*_in(period)) for side in _sides(book))).subquery()
    amount, kind = func.abs(found.c.signed), found.c.kind

    def total(*kinds: str) -> ColumnElement[int]:
        return func.coalesce(func.sum(amount).filter(kind.in_(kinds)), 0)

    day = cast(func.timezone(str(period.zone), found.c.at), Date)
    brought = func.coalesce(cast(found.c.payment_id, String), cast(found.c.id, String))
    return (
        select(
            day,
            total(*_THROUGH_A_PROVIDER),
            total("surplus"),
            total("outside"),
            total("refund"),
            total("reversal"),
            total("taken_back"),
            func.coalesce(func.sum(amount).filter(kind == MOVE, found.c.signed > 0), 0),
            func.count(distinct(brought)).filter(kind.in_(_IN)),
        )
        .group_by(day)
        .order_by(day)
    )


def _sides(book: Book) -> list[Select[*tuple[Any, ...]]]:
    """What entered, what left, and what was moved; each is found by an index of its own."""
    sides = [
        _side(Transfer.amount_minor, Transfer.debit == book.name, Transfer.kind.in_(_IN)),
        _side(-Transfer.amount_minor, Transfer.credit == book.name, Transfer.kind.in_(_OUT)),
    ]
    if book.suspense is not None:
        sides += [
            _side(Transfer.amount_minor, Transfer.debit == book.suspense, Transfer.kind == MOVE),
            _side(-Transfer.amount_minor, Transfer.credit == book.suspense, Transfer.kind == MOVE),
        ]
    return [side.where(Transfer.currency == book.currency) for side in sides]


def _side(
    signed: SQLColumnExpression[int], *conditions: ColumnElement[bool]
) -> Select[*tuple[Any, ...]]:
    return select(
        Transfer.id, Transfer.at, Transfer.kind, signed.label("signed"), Transfer.payment_id
    ).where(*conditions)


def _in(period: Period) -> tuple[ColumnElement[bool], ...]:
    return (Transfer.at >= period.begins, Transfer.at < period.ends)


def _sum_before(db: Session, book: Book, moment: datetime) -> int:
    # What is moved comes and goes: it is left out of the sum.
    came, went = _sides(book)[:2]
    found = union_all(*(side.where(Transfer.at < moment) for side in (came, went))).subquery()
    return int(db.execute(select(func.coalesce(func.sum(found.c.signed), 0))).scalar_one())
