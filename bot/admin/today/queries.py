"""What happened on some days, summed up by the database: each question is one query, found by the
moment of what it counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    DateTime,
    FromClause,
    Interval,
    Select,
    String,
    case,
    cast,
    distinct,
    func,
    literal,
    literal_column,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.admin.scope import Scope
from bot.admin.today.days import Span
from domain.ledger import OUTSIDE_ACCOUNTS
from domain.models import Booking, Message, Payment, PaymentEvent, Transfer
from domain.states import ENDED_UNPAID

_Moments = ColumnElement[datetime] | InstrumentedAttribute[datetime]
_CAME = ("capture", "surplus")
_WENT = ("refund", "reversal")
_OUTSIDE = "outside"
_TAKEN_BACK = "taken_back"
# So many are counted; more are "more than that".
MOST_COUNTED = 999


@dataclass(frozen=True, slots=True)
class Taken:
    """What came in by one provider in one currency, in minor units: all of it, what of it nobody
    owed, and what went back. `provider` None: outside of providers, and written down by staff; what
    went back there may also have been a mistake.
    """

    provider: str | None
    currency: str
    payments: int
    came_minor: int
    surplus_minor: int
    back_minor: int


@dataclass(frozen=True, slots=True)
class Speed:
    """How long customers took from opening a payment to its money: half of them no longer."""

    paid: int
    median: timedelta | None


@dataclass(slots=True)
class Ledger:
    """What the ledger says of some days: sums, payments paid by the moment their hour or day began,
    and how long they took.
    """

    money: list[Taken]
    paid: dict[datetime, int]
    speed: Speed


@dataclass(frozen=True, slots=True)
class Unpaid:
    """Payments opened on these days that ended without money for one reason. `code` is the
    provider's own, where it gave one.
    """

    provider: str
    status: str
    failure: str | None
    code: str | None
    payments: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for people now: payments in review, replies that did not arrive."""

    in_review: int
    undelivered: int


def ledger(db: Session, scope: Scope, span: Span) -> Ledger:
    """The money of these days, from providers and from outside, and back. Read once, because each
    movement leads to its payment: summed up in three ways.
    """
    moved = _moved(scope, span).cte("moved").prefix_with("MATERIALIZED")
    paid = (
        select(moved.c.payment_id, moved.c.created_at, func.min(moved.c.at).label("at"))
        .where(moved.c.kind.in_(_CAME))
        .group_by(moved.c.payment_id, moved.c.created_at)
        .cte("paid")
    )
    took = func.percentile_cont(0.5).within_group((paid.c.at - paid.c.created_at).asc())
    began = _bucket(paid.c.at, span)
    sums = union_all(
        _sums(moved),
        _row("paid", began=began, number=func.count()).group_by(began),
        _row("speed", number=func.count(), took=took).select_from(paid),
    )
    found = Ledger([], {}, Speed(0, None))
    for row in db.execute(sums):
        if row.what == "money":
            amounts = map(int, (row.number, row.came, row.surplus, row.back))
            found.money.append(Taken(row.provider, row.currency, *amounts))
        elif row.what == "paid":
            found.paid[row.began] = row.number
        else:
            found.speed = Speed(row.number, row.took)
    found.money.sort(key=lambda each: (each.currency, each.provider is None, each.provider or ""))
    return found


def _moved(scope: Scope, span: Span) -> CompoundSelect[*tuple[Any, ...]]:
    """Each movement of money of these days: of payments, and what staff took outside. What they
    gave back of a payment past its provider did not go back there: as in statements, it is outside.
    """
    columns = (
        Transfer.kind,
        Transfer.currency,
        Transfer.amount_minor,
        Transfer.at,
        Transfer.payment_id,
    )
    past_it = (Transfer.kind == "refund") & Transfer.credit.startswith(OUTSIDE_ACCOUNTS)
    provider = case((past_it, null()), else_=Payment.provider).label("provider")
    of_payments = (
        select(*columns, provider, Payment.created_at)
        .join(Payment, Payment.id == Transfer.payment_id)
        .where(Transfer.kind.in_((*_CAME, *_WENT)), scope.keeps_account(Payment.account_id))
    )
    outside = (
        select(*columns, cast(null(), String), cast(null(), DateTime(timezone=True)))
        .join(Booking, Booking.id == Transfer.booking_id)
        .where(Transfer.kind.in_((_OUTSIDE, _TAKEN_BACK)), scope.keeps(Booking.operator_id))
    )
    return union_all(*(each.where(within(Transfer.at, span)) for each in (of_payments, outside)))


def _sums(moved: FromClause) -> Select[*tuple[Any, ...]]:
    def sum_of(*kinds: str) -> ColumnElement[int]:
        return func.coalesce(func.sum(moved.c.amount_minor).filter(moved.c.kind.in_(kinds)), 0)

    # As statements count: a payment is one, however often it was debited.
    payments = func.count(distinct(moved.c.payment_id)).filter(moved.c.kind.in_(_CAME))
    return _row(
        "money",
        provider=moved.c.provider,
        currency=moved.c.currency,
        number=payments + func.count().filter(moved.c.kind == _OUTSIDE),
        came=sum_of(*_CAME, _OUTSIDE),
        surplus=sum_of("surplus"),
        back=sum_of(*_WENT, _TAKEN_BACK),
    ).group_by(moved.c.provider, moved.c.currency)


def _row(what: str, **columns: Any) -> Select[*tuple[Any, ...]]:
    """A sum in the columns that all of them have."""
    row: dict[str, Any] = {
        "provider": cast(null(), String),
        "currency": cast(null(), String),
        "began": cast(null(), DateTime(timezone=True)),
        "number": literal(0),
        "came": literal(0),
        "surplus": literal(0),
        "back": literal(0),
        "took": cast(null(), Interval),
    }
    row |= columns
    return select(literal(what).label("what"), *(each.label(name) for name, each in row.items()))


def opened(db: Session, scope: Scope, span: Span) -> Mapping[datetime, int]:
    """How many payments were opened, by the hour or by the day."""
    began = _bucket(Payment.created_at, span)
    rows = db.execute(
        select(began.label("began"), func.count().label("number"))
        .where(within(Payment.created_at, span), scope.keeps_account(Payment.account_id))
        .group_by(began)
    )
    return {row.began: row.number for row in rows}


def _bucket(at: _Moments, span: Span) -> ColumnElement[datetime]:
    """The hour or the day, written out: as parameters it would be another one each time."""
    unit: ColumnElement[str] = literal_column("'day'" if span.is_week else "'hour'")
    return func.date_trunc(unit, at, literal(str(span.zone), literal_execute=True))


def unpaid(db: Session, scope: Scope, span: Span) -> Sequence[Unpaid]:
    """Why payments that were opened on these days ended without money, the most frequent first."""
    number = func.count()
    rows = db.execute(
        select(Payment.provider, Payment.status, Payment.failure, PaymentEvent.code, number)
        .outerjoin(
            PaymentEvent,
            (PaymentEvent.payment_id == Payment.id) & (PaymentEvent.to_status == Payment.status),
        )
        .where(
            within(Payment.created_at, span),
            Payment.status.in_(ENDED_UNPAID),
            scope.keeps_account(Payment.account_id),
        )
        .group_by(Payment.provider, Payment.status, Payment.failure, PaymentEvent.code)
        .order_by(number.desc(), Payment.provider, Payment.status, PaymentEvent.code)
    )
    return [Unpaid(*row) for row in rows]


def waiting(db: Session, scope: Scope) -> Waiting:
    """What waits for people now; counted up to MOST_COUNTED + 1."""
    reviews = select(Payment.id).where(
        Payment.review.is_not(None), scope.keeps_account(Payment.account_id)
    )
    # As the index has it, so that it is used.
    replies = select(Message.id).where(
        text("message.status = 'refused'"), Message.reviewed_at.is_(None)
    )
    if scope.operator_id is not None:
        replies = replies.join(Payment, Payment.id == Message.payment_id).where(
            scope.keeps_account(Payment.account_id)
        )
    counts = (
        select(func.count()).select_from(each.limit(MOST_COUNTED + 1).subquery()).scalar_subquery()
        for each in (reviews, replies)
    )
    return Waiting(*db.execute(select(*counts)).one())


def within(at: InstrumentedAttribute[datetime], span: Span) -> ColumnElement[bool]:
    return (at >= span.began) & (at < span.over)
