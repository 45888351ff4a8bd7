"""What entries of the audit trail are about, by names that people know: references, names, days.
All of a page in one query.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy import BigInteger, Date, Select, String, cast, literal, null, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.admin.scope import Scope
from bot.admin.showing import day
from domain.models import Account, Booking, Departure, Operator, Payment, Refund, Staff, Tour
from domain.money import Money

_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Name:
    """What something is called, and its page. `currency` is a booking's."""

    words: str
    url: str | None = None
    currency: str | None = None


# By kind and id, as subjects write them: `("booking", "51")`.
Names = Mapping[tuple[str, str], Name]
_Ids = Collection[int] | Collection[UUID]


def names_of(db: Session, scope: Scope, wanted: Collection[tuple[str, str]]) -> Names:
    """The names of what is there for this scope; one query for all of them."""
    queries: list[Select[Any]] = []
    for kind, (reader, build) in _KINDS.items():
        ids = [reader(name) for each, name in wanted if each == kind]
        found = [each for each in ids if each is not None]
        if found:
            queries.append(build(found, scope))
    if not queries:
        return {}
    return {(row.kind, row.id): _name(row) for row in db.execute(union_all(*queries))}


def _row(kind: str, number: InstrumentedAttribute[Any], words: Any, **more: Any) -> Select[Any]:
    """A row in the columns that all kinds have."""
    columns: dict[str, Any] = {
        "minor": cast(null(), BigInteger),
        "currency": cast(null(), String),
        "above": cast(null(), String),
        "day": cast(null(), Date),
    }
    columns |= more
    return select(
        literal(kind).label("kind"),
        cast(number, String).label("id"),
        cast(words, String).label("words"),
        *(each.label(name) for name, each in columns.items()),
    )


def _bookings(ids: _Ids, scope: Scope) -> Select[Any]:
    found = _row("booking", Booking.id, Booking.reference, currency=Booking.currency)
    return found.where(Booking.id.in_(ids), scope.keeps(Booking.operator_id))


def _payments(ids: _Ids, scope: Scope) -> Select[Any]:
    found = _row(
        "payment",
        Payment.id,
        Booking.reference,
        minor=Payment.amount_minor,
        currency=Payment.currency,
    )
    mine = scope.keeps_account(Payment.account_id)
    return found.join(Booking, Booking.id == Payment.booking_id).where(Payment.id.in_(ids), mine)


def _refunds(ids: _Ids, scope: Scope) -> Select[Any]:
    found = _row(
        "refund",
        Refund.id,
        Booking.reference,
        minor=Refund.amount_minor,
        currency=Payment.currency,
        above=cast(Refund.payment_id, String),
    )
    mine = scope.keeps_account(Payment.account_id)
    return (
        found.join(Payment, Payment.id == Refund.payment_id)
        .join(Booking, Booking.id == Payment.booking_id)
        .where(Refund.id.in_(ids), mine)
    )


def _departures(ids: _Ids, scope: Scope) -> Select[Any]:
    found = _row("departure", Departure.id, Tour.name, day=Departure.start_date)
    mine = scope.keeps(Tour.operator_id)
    return found.join(Tour, Tour.id == Departure.tour_id).where(Departure.id.in_(ids), mine)


def _tours(ids: _Ids, scope: Scope) -> Select[Any]:
    found = _row("tour", Tour.id, Tour.name, above=cast(Tour.operator_id, String))
    return found.where(Tour.id.in_(ids), scope.keeps(Tour.operator_id))


def _accounts(ids: _Ids, scope: Scope) -> Select[Any]:
    found = _row("account", Account.id, Account.name, currency=Account.currency)
    return found.where(Account.id.in_(ids), scope.keeps(Account.operator_id))


def _operators(ids: _Ids, scope: Scope) -> Select[Any]:
    found = _row("operator", Operator.id, Operator.name)
    return found.where(Operator.id.in_(ids), scope.keeps(Operator.id))


def _staff(ids: _Ids, scope: Scope) -> Select[Any]:
    found = _row("staff", Staff.id, Staff.email)
    return found.where(Staff.id.in_(ids), scope.keeps(Staff.operator_id))


def _name(row: Any) -> Name:
    on: date | None = row.day
    match row.kind:
        case "booking":
            url = url_for("bookings.show", booking_id=row.id)
            return Name(f"Booking {row.words}", url, row.currency)
        case "payment" | "refund":
            url = url_for("payment.show", payment_id=row.above or row.id)
            amount = Money(row.minor, row.currency)
            return Name(f"{row.kind.capitalize()} of {amount}, booking {row.words}", url)
        case "departure":
            url = url_for("departures.show", departure_id=row.id)
            return Name(f"{row.words}, {day(on)}", url)
        case "tour":
            url = url_for("operators.show", operator_id=row.above)
            return Name(f"Tour {row.id}, {row.words}", url)
        case "account":
            url = url_for("accounts.show", account_id=row.id)
            money = "" if row.currency in row.words else f", {row.currency}"
            return Name(f"Account {row.words}{money}", url)
        case "operator":
            return Name(row.words, url_for("operators.show", operator_id=row.id))
    return Name(row.words, url_for("people.show", staff_id=row.id))


def _number(text: str) -> int | None:
    fits = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return int(text) if fits else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_KINDS: Mapping[str, tuple[Callable[[str], Any], Callable[[Any, Scope], Any]]] = {
    "booking": (_number, _bookings),
    "payment": (_uuid, _payments),
    "refund": (_uuid, _refunds),
    "departure": (_number, _departures),
    "tour": (_number, _tours),
    "account": (_number, _accounts),
    "operator": (_number, _operators),
    "staff": (_number, _staff),
}
