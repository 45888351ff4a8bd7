"""What the pages of departures read: groups with their sums, and everybody on one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, func, literal, select, tuple_
from sqlalchemy.orm import Session

from bot.admin.bookings.booked import BOOKED, Booked
from bot.admin.paging import PAGE_ROWS, Page, page_of
from bot.admin.scope import Scope
from domain.models import AuditEntry, Booking, Departure, Operator, Tour

MOST_TRAVELLERS = 2_000
_NEWEST_NEWS = 20
_NEWS = ("departure_cancelled", "departure_moved")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list of departures is narrowed to. `is_past`: it goes back from `until`, newest
    first; else on from `since`.
    """

    since: date | None
    until: date | None
    operator_id: int | None
    tour_id: int | None
    is_past: bool


@dataclass(frozen=True, slots=True)
class Sum:
    """What the bookings of a departure in one currency amount to, in minor units. Of cancelled ones
    only what they still hold.
    """

    currency: str
    total_minor: int
    paid_minor: int
    to_refund_minor: int

    @property
    def owed_minor(self) -> int:
        return max(0, self.total_minor - self.paid_minor)


@dataclass(frozen=True, slots=True)
class Group:
    """A departure as lists show it. `bookings` and `paid_in_full` count those that are not
    cancelled.
    """

    id: int
    start_date: date
    shared_reference: str
    cancelled_at: datetime | None
    tour_id: int
    tour: str
    operator_id: int
    operator: str
    bookings: int = 0
    paid_in_full: int = 0
    cancelled: int = 0
    sums: tuple[Sum, ...] = ()

    @property
    def share_percent(self) -> int:
        """How many of the bookings are paid in full; never 100 before all are."""
        return 0 if not self.bookings else self.paid_in_full * 100 // self.bookings

    @property
    def to_refund(self) -> tuple[Sum, ...]:
        return tuple(each for each in self.sums if each.to_refund_minor)


@dataclass(frozen=True, slots=True)
class News:
    """A cancelling or moving of which the group was told. `not_told` are bookings nobody of which
    could be written to, each with the reason.
    """

    act: str
    at: datetime
    actor: str
    detail: Mapping[str, Any]
    not_told: tuple[tuple[Booked, str], ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One departure with everybody on it, by name. `is_cut`: there are more than are shown."""

    group: Group
    travellers: Sequence[Booked]
    is_cut: bool
    news: Sequence[News]

    @property
    def going(self) -> list[Booked]:
        return [each for each in self.travellers if each.cancelled_at is None]

    @property
    def owing(self) -> list[Booked]:
        return [each for each in self.going if each.balance_minor]

    @property
    def owing_first(self) -> list[Booked]:
        """Everybody: who still owes, who owes nothing, who is cancelled; each by name."""
        settled = [each for each in self.going if not each.balance_minor]
        return [*self.owing, *settled, *self.gone]

    @property
    def gone(self) -> list[Booked]:
        return [each for each in self.travellers if each.cancelled_at is not None]


def listed(
    db: Session, scope: Scope, filters: Filters, after: tuple[date, int] | None
) -> Page[Group]:
    """A page of departures: two queries, however many there are."""
    place = tuple_(Departure.start_date, Departure.id)
    query = _groups(scope)
    if filters.since is not None:
        query = query.where(Departure.start_date >= filters.since)
    if filters.until is not None:
        query = query.where(Departure.start_date <= filters.until)
    if filters.operator_id is not None:
        query = query.where(Tour.operator_id == filters.operator_id)
    if filters.tour_id is not None:
        query = query.where(Departure.tour_id == filters.tour_id)
    if after is not None:
        query = query.where(place < after if filters.is_past else place > after)
    order = (Departure.start_date, Departure.id)
    query = query.order_by(*((each.desc() for each in order) if filters.is_past else order))
    rows = [Group(*row) for row in db.execute(query.limit(PAGE_ROWS + 1))]
    page = page_of(rows, lambda group: (group.start_date, group.id))
    return Page(_with_sums(db, scope, page.rows), page.older)


def one(db: Session, scope: Scope, departure_id: int) -> Group | None:
    """One departure with its sums; None where there is none for whoever looks."""
    row = db.execute(_groups(scope).where(Departure.id == departure_id)).one_or_none()
    return None if row is None else _with_sums(db, scope, [Group(*row)])[0]


def manifest(db: Session, scope: Scope, departure_id: int) -> Manifest | None:
    """One departure with everybody on it and what the group was told."""
    group = one(db, scope, departure_id)
    if group is None:
        return None
    rows = db.execute(
        select(*BOOKED)
        .where(Booking.departure_id == departure_id, scope.keeps(Booking.operator_id))
        .order_by(func.lower(Booking.lead_name), Booking.id)
        .limit(MOST_TRAVELLERS + 1)
    )
    everybody = [Booked(*row) for row in rows]
    travellers = everybody[:MOST_TRAVELLERS]
    news = _news(db, departure_id, {each.id: each for each in travellers})
    return Manifest(group, travellers, len(everybody) > MOST_TRAVELLERS, news)


def tours(db: Session, scope: Scope) -> Sequence[tuple[int, str, int, str]]:
    """Number, name, operator's id and name of each tour, for choosing one."""
    rows = db.execute(
        select(Tour.id, Tour.name, Operator.id, Operator.name)
        .join(Operator, Operator.id == Tour.operator_id)
        .where(scope.keeps(Tour.operator_id))
        .order_by(Tour.id)
    )
    return [(number, name, operator_id, operator) for number, name, operator_id, operator in rows]


def sellers(db: Session, scope: Scope) -> Sequence[str]:
    """The names of the operators that whoever looks works for."""
    return db.scalars(
        select(Operator.name).where(scope.keeps(Operator.id)).order_by(Operator.name)
    ).all()


def _groups(scope: Scope) -> Any:
    """Departures; columns in the order of `Group`."""
    return (
        select(
            Departure.id,
            Departure.start_date,
            Departure.shared_reference,
            Departure.cancelled_at,
            Tour.id,
            Tour.name,
            Operator.id,
            Operator.name,
        )
        .join(Tour, Tour.id == Departure.tour_id)
        .join(Operator, Operator.id == Tour.operator_id)
        .where(scope.keeps(Tour.operator_id))
    )


def _with_sums(db: Session, scope: Scope, groups: Sequence[Group]) -> list[Group]:
    ids = [group.id for group in groups]
    stands = Booking.cancelled_at.is_(None)
    rows = db.execute(
        select(
            Booking.departure_id,
            Booking.currency,
            func.count().filter(stands),
            func.count().filter(stands, Booking.payment_status == "PAID"),
            func.count().filter(~stands),
            func.coalesce(func.sum(Booking.total_minor).filter(stands), 0),
            func.coalesce(func.sum(Booking.paid_minor).filter(stands), 0),
            func.coalesce(func.sum(Booking.paid_minor).filter(~stands), 0),
        )
        .where(
            Booking.departure_id == any_(literal(ids, ARRAY(BigInteger))),
            scope.keeps(Booking.operator_id),
        )
        .group_by(Booking.departure_id, Booking.currency)
        .order_by(Booking.currency)
    ).all()
    return [_summed(group, [row[1:] for row in rows if row[0] == group.id]) for group in groups]


def _summed(group: Group, rows: Iterable[Sequence[Any]]) -> Group:
    bookings = paid_in_full = cancelled = 0
    sums = []
    for currency, standing, full, gone, total, paid, to_refund in rows:
        bookings, paid_in_full = bookings + standing, paid_in_full + full
        cancelled += gone
        sums.append(Sum(currency, int(total), int(paid), int(to_refund)))
    return replace(
        group, bookings=bookings, paid_in_full=paid_in_full, cancelled=cancelled, sums=tuple(sums)
    )


def _news(db: Session, departure_id: int, travellers: Mapping[int, Booked]) -> list[News]:
    entries = db.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject == f"departure:{departure_id}", AuditEntry.act.in_(_NEWS))
        .order_by(AuditEntry.id.desc())
        .limit(_NEWEST_NEWS)
    )
    return [
        News(
            entry.act,
            entry.at,
            entry.actor,
            entry.detail,
            tuple(
                (travellers[int(booking_id)], why)
                for booking_id, why in entry.detail.get("not_told", {}).items()
                if int(booking_id) in travellers
            ),
        )
        for entry in entries
    ]
