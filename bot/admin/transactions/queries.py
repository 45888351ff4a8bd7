"""The list of payments, newest first, page by page.

    everything          ix_payment_created_at_id, from where the last page ended
    some of it          ix_payment_list: the newest of each account in each status, merged
    what is searched    each reading by its own index, then put in order

A payment's operator, provider and currency are its account's, so these filters choose accounts, and
a combination that does not exist is an empty choice: nothing is looked for row by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    cast,
    func,
    literal,
    null,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, array_agg
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from bot.admin.paging import PAGE_ROWS, Page, page_of
from bot.admin.scope import Scope
from bot.admin.transactions.accounts import AccountView
from bot.admin.transactions.forms import Filters
from bot.admin.transactions.search import readings
from domain.models import Booking, ContactIdentity, Departure, Operator, Payment, Transfer
from domain.states import STATUSES

# Where a page ended: the moment and the id of its last payment.
Cursor = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A line of the list. `contact` and `payer_number` are whole: show them masked. `matched` says
    as what it was found, when it was searched for. `came_minor` and `back_minor` are what it
    brought and what of that went back, by the ledger.
    """

    id: UUID
    created_at: datetime
    ended_at: datetime | None
    status: str
    amount_minor: int
    currency: str
    provider: str
    operator: str
    booking_id: int
    booking: str
    shared: str | None
    traveller: str
    contact: str | None = field(repr=False)
    payer_number: str | None = field(repr=False)
    otp_reference: str | None
    provider_reference: str | None
    receipt: str | None
    debit_reference: str | None
    failure: str | None
    review: str | None
    cancel_requested_at: datetime | None
    came_minor: int
    back_minor: int
    matched: Sequence[str]


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed: whose rows, of which accounts, narrowed by which filters."""

    scope: Scope
    accounts: Sequence[AccountView]
    filters: Filters
    zone: ZoneInfo


def page(
    db: Session, listing: Listing, before: Cursor | None, size: int = PAGE_ROWS
) -> Page[PaymentRow]:
    """The newest payments that fit, or those that follow the cursor."""
    keys = _keys(listing, before, size + 1)
    if keys is None:
        return Page((), None)
    rows = [PaymentRow(*row) for row in db.execute(_whole(listing.scope, keys))]
    return page_of(rows, lambda row: (row.created_at, row.id), size)


def chosen(accounts: Sequence[AccountView], filters: Filters) -> list[int]:
    """The accounts that operator, provider and currency leave."""
    return [
        each.id
        for each in accounts
        if filters.operator_id in (None, each.operator_id)
        and (not filters.providers or each.provider in filters.providers)
        and filters.currency in (None, each.currency)
    ]


def _keys(listing: Listing, before: Cursor | None, limit: int) -> FromClause | None:
    """Which payments stand on the page: `created_at`, `id`, `matched`. None: none can."""
    filters = listing.filters
    ids = chosen(listing.accounts, filters)
    if not ids:
        return None
    narrow = [*_between(filters, listing.zone), *_after(before)]
    if filters.query:
        everything = not filters.statuses and len(ids) == len(listing.accounts)
        if not everything:
            narrow.append(Payment.account_id.in_(ids))
        if filters.statuses:
            narrow.append(Payment.status.in_(filters.statuses))
        return _searched(
            filters.query, [*narrow, listing.scope.keeps_account(Payment.account_id)], limit
        )
    is_whole = listing.scope.operator_id is None and len(ids) == len(listing.accounts)
    has_amount = filters.least_minor is not None or filters.most_minor is not None
    if is_whole and not filters.statuses and not has_amount:
        return _newest(select(Payment.created_at, Payment.id).where(*narrow), limit)
    return _merged(ids, filters.statuses or STATUSES, narrow, limit)


def _newest(query: Select[datetime, UUID], limit: int) -> FromClause:
    matched = cast(null(), ARRAY(String)).label("matched")
    ordered = query.add_columns(matched).order_by(Payment.created_at.desc(), Payment.id.desc())
    return ordered.limit(limit).cte("keys").prefix_with("MATERIALIZED")


def _merged(
    ids: Sequence[int], statuses: Sequence[str], narrow: Sequence[ColumnElement[bool]], limit: int
) -> FromClause:
    """The newest of each account in each status are found in order by the index; the newest of
    these are the newest of all.
    """
    of = _listed(BigInteger, ids).alias("of")
    at = _listed(String, statuses).alias("at")
    each = (
        select(Payment.created_at, Payment.id)
        .where(Payment.account_id == of.c.value, Payment.status == at.c.value, *narrow)
        .order_by(Payment.created_at.desc(), Payment.id.desc())
        .limit(limit)
        .lateral("each")
    )
    matched = cast(null(), ARRAY(String)).label("matched")
    return (
        select(each.c.created_at, each.c.id, matched)
        .select_from(of)
        .join(at, true())
        .join(each, true())
        .order_by(each.c.created_at.desc(), each.c.id.desc())
        .limit(limit)
        .cte("keys")
        .prefix_with("MATERIALIZED")
    )


def _listed(kind: type[TypeEngine[Any]], values: Sequence[Any]) -> Select[Any]:
    """Values as rows of a column `value`."""
    return select(func.unnest(literal(list(values), ARRAY(kind))).label("value"))


def _searched(query: str, narrow: Sequence[ColumnElement[bool]], limit: int) -> FromClause:
    """What the text names, put in order only when all of it is there: it is little, and the order
    must not lead the planner past everything else.
    """
    found = (
        union_all(
            *(
                select(Payment.id, Payment.created_at, literal(reading.kind, String).label("kind"))
                .where(reading.names, *narrow)
                .correlate(None)
                for reading in readings(query)
            )
        )
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    return (
        select(found.c.created_at, found.c.id, array_agg(found.c.kind.distinct()).label("matched"))
        .group_by(found.c.created_at, found.c.id)
        .order_by(found.c.created_at.desc(), found.c.id.desc())
        .limit(limit)
        .cte("keys")
    )


def _between(filters: Filters, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    """The days and the amounts, as conditions on a payment."""
    conditions: list[ColumnElement[bool]] = []
    if filters.since is not None:
        began = datetime.combine(filters.since, time.min, zone)
        conditions.append(Payment.created_at >= began)
    if filters.until is not None:
        over = datetime.combine(filters.until + timedelta(days=1), time.min, zone)
        conditions.append(Payment.created_at < over)
    if filters.least_minor is not None:
        conditions.append(Payment.amount_minor >= filters.least_minor)
    if filters.most_minor is not None:
        conditions.append(Payment.amount_minor <= filters.most_minor)
    return conditions


def _after(before: Cursor | None) -> list[ColumnElement[bool]]:
    if before is None:
        return []
    return [tuple_(Payment.created_at, Payment.id) < tuple_(*before)]


def _moved() -> Select[int, int]:
    """What a payment brought, and what of it went back, in minor units."""
    came, back = (
        func.sum(Transfer.amount_minor).filter(Transfer.kind.in_(kinds))
        for kinds in (("capture", "surplus"), ("refund", "reversal"))
    )
    return select(
        cast(func.coalesce(came, 0), BigInteger).label("came"),
        cast(func.coalesce(back, 0), BigInteger).label("back"),
    ).where(Transfer.payment_id == Payment.id)


def _whole(scope: Scope, keys: FromClause) -> Select[*tuple[Any, ...]]:
    """The lines of a page, columns in the order of `PaymentRow`."""
    address = (
        select(ContactIdentity.address)
        .where(ContactIdentity.contact_id == Payment.contact_id)
        .order_by(ContactIdentity.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    money = _moved().lateral("money")
    return (
        select(
            Payment.id,
            Payment.created_at,
            Payment.ended_at,
            Payment.status,
            Payment.amount_minor,
            Payment.currency,
            Payment.provider,
            Operator.name,
            Booking.id,
            Booking.reference,
            Departure.shared_reference,
            Booking.lead_name,
            address,
            Payment.payer_number,
            Payment.otp_reference,
            Payment.provider_reference,
            Payment.receipt,
            Payment.debit_reference,
            Payment.failure,
            Payment.review,
            Payment.cancel_requested_at,
            money.c.came,
            money.c.back,
            func.coalesce(keys.c.matched, cast([], ARRAY(String))),
        )
        .select_from(keys)
        .join(Payment, Payment.id == keys.c.id)
        .join(Booking, Booking.id == Payment.booking_id)
        .join(Operator, Operator.id == Booking.operator_id)
        .outerjoin(Departure, Departure.id == Booking.departure_id)
        .join(money, true())
        .where(scope.keeps_account(Payment.account_id))
        .order_by(keys.c.created_at.desc(), keys.c.id.desc())
    )
