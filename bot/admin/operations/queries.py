"""Every call to a provider, the newest first.

The story of payments is long, and what belongs to one account may stand anywhere in it. So a page
looks through so many calls at the most, says how far it came, and goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, case, cast, func, or_, select
from sqlalchemy.orm import Session

from bot.admin.paging import PAGE_ROWS, read_cursor, write_cursor
from bot.admin.scope import Scope
from domain.models import Account, Operator, Payment, PaymentEvent, Refund
from domain.states import FAILED

# How many calls one page looks through.
_LOOKS_THROUGH = 5_000
_ERROR_KINDS = (
    "answer_lost",
    "mismatch",
    "not_voided",
    "otp_wrong",
    "refund_failed",
    "refund_uncertain",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What stands in the address; None: all."""

    account_id: int | None = None
    operation: str | None = None
    only_errors: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One call. `external_id` is the provider's id of the order, or of the refund."""

    id: int
    at: datetime
    payment_id: UUID
    account_id: int
    operation: str
    http_status: int | None
    milliseconds: int | None
    code: str | None
    kind: str
    note: str | None
    amount_minor: int
    currency: str
    reference: str
    external_id: str | None
    is_error: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """A page. `older` is where the next one goes on; `back_to` says how far this one came, where it
    did not fill.
    """

    rows: Sequence[Operation]
    older: str | None
    back_to: datetime | None


@dataclass(frozen=True, slots=True)
class AccountName:
    """An account in the filter and in the list."""

    account: Account
    operator: str


def operations(db: Session, scope: Scope, filters: Filters, before: str | None) -> Looked:
    """A page of calls."""
    calls = select(PaymentEvent.id, PaymentEvent.at).where(PaymentEvent.operation.is_not(None))
    cursor = read_cursor(before, (int,))
    if cursor is not None:
        calls = calls.where(PaymentEvent.id < cursor[0])
    looked = calls.order_by(PaymentEvent.id.desc()).limit(_LOOKS_THROUGH).subquery()
    count, oldest, back_to = db.execute(
        select(func.count(), func.min(looked.c.id), func.min(looked.c.at))
    ).one()
    if not count:
        return Looked([], None, None)
    query = _calls(scope, filters).where(PaymentEvent.id >= oldest)
    if cursor is not None:
        query = query.where(PaymentEvent.id < cursor[0])
    rows = [Operation(*row) for row in db.execute(query.limit(PAGE_ROWS + 1))]
    if len(rows) > PAGE_ROWS:
        return Looked(rows[:PAGE_ROWS], write_cursor((rows[PAGE_ROWS - 1].id,)), None)
    if count < _LOOKS_THROUGH:
        return Looked(rows, None, None)
    return Looked(rows, write_cursor((oldest,)), back_to)


def _calls(scope: Scope, filters: Filters) -> Select[*tuple[Any, ...]]:
    of_refund = PaymentEvent.refund_id.is_not(None)
    query: Select[*tuple[Any, ...]] = (
        select(
            PaymentEvent.id,
            PaymentEvent.at,
            Payment.id,
            Payment.account_id,
            PaymentEvent.operation,
            PaymentEvent.http_status,
            PaymentEvent.milliseconds,
            PaymentEvent.code,
            PaymentEvent.kind,
            PaymentEvent.note,
            func.coalesce(Refund.amount_minor, Payment.amount_minor),
            Payment.currency,
            case((of_refund, cast(Refund.id, String)), else_=Payment.reference),
            case((of_refund, Refund.provider_reference), else_=Payment.provider_reference),
            _is_error(),
        )
        .join(Payment, Payment.id == PaymentEvent.payment_id)
        .outerjoin(Refund, Refund.id == PaymentEvent.refund_id)
        .where(PaymentEvent.operation.is_not(None), scope.keeps_account(Payment.account_id))
        .order_by(PaymentEvent.id.desc())
    )
    if filters.account_id is not None:
        query = query.where(Payment.account_id == filters.account_id)
    if filters.operation is not None:
        query = query.where(PaymentEvent.operation == filters.operation)
    if filters.only_errors:
        query = query.where(_is_error())
    return query


def _is_error() -> ColumnElement[bool]:
    """Not answered, answered with an error, or with a word that ended it badly."""
    return or_(
        PaymentEvent.http_status.is_(None),
        PaymentEvent.http_status >= 400,
        PaymentEvent.kind.in_(_ERROR_KINDS),
        func.coalesce(PaymentEvent.to_status, "") == FAILED,
    )


def accounts(db: Session, scope: Scope) -> Sequence[AccountName]:
    """The accounts that whoever looks may see."""
    rows = db.execute(
        select(Account, Operator.name)
        .join(Operator, Operator.id == Account.operator_id)
        .where(scope.keeps(Account.operator_id))
        .order_by(Operator.name, Account.provider, Account.currency, Account.id)
    )
    return [AccountName(*row) for row in rows]
