"""What the pages of accounts read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from bot.admin.paging import PAGE_ROWS, Page, page_of, read_cursor
from bot.admin.scope import Scope
from domain.models import Account, AuditEntry, Operator, Proposal, Staff, Tour, TourAccount
from domain.proposals.deciding import PROPOSED

_HISTORY_ROWS = 30
_LONGEST_LIST = 500


@dataclass(frozen=True, slots=True)
class Line:
    """An account in the list, with the numbers of the tours that name it."""

    account: Account
    operator: str
    tours: Sequence[int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that waits for a second person."""

    proposal: Proposal
    by: str


def lines(db: Session, scope: Scope, operator_id: int | None, before: str | None) -> Page[Line]:
    """Accounts by operator, a page of them."""
    tours = (
        select(func.array_agg(TourAccount.tour_id))
        .where(TourAccount.account_id == Account.id)
        .scalar_subquery()
    )
    query = (
        select(Account, Operator.name, tours)
        .join(Operator, Operator.id == Account.operator_id)
        .where(scope.keeps(Account.operator_id))
    )
    if operator_id is not None:
        query = query.where(Account.operator_id == operator_id)
    cursor = read_cursor(before, (str, int))
    if cursor is not None:
        query = query.where(tuple_(Operator.name, Account.id) > cursor)
    query = query.order_by(Operator.name, Account.id).limit(PAGE_ROWS + 1)
    found = [
        Line(account, name, sorted(numbers or ())) for account, name, numbers in db.execute(query)
    ]
    return page_of(found, lambda line: (line.operator, line.account.id))


def one(db: Session, scope: Scope, account_id: int) -> tuple[Account, str] | None:
    """An account and its operator's name; None for another operator's, as for one that is not
    there.
    """
    row = db.execute(
        select(Account, Operator.name)
        .join(Operator, Operator.id == Account.operator_id)
        .where(Account.id == account_id, scope.keeps(Account.operator_id))
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def operators(db: Session, scope: Scope) -> Sequence[tuple[int, str]]:
    """Who may have accounts: ids and names, by name."""
    rows = db.execute(
        select(Operator.id, Operator.name)
        .where(scope.keeps(Operator.id))
        .order_by(Operator.name)
        .limit(_LONGEST_LIST)
    )
    return [(number, name) for number, name in rows]


def tours_of(db: Session, account: Account) -> Sequence[tuple[int, str]]:
    """The tours that name this account."""
    return _tours(
        db,
        select(Tour.id, Tour.name)
        .join(TourAccount, TourAccount.tour_id == Tour.id)
        .where(TourAccount.account_id == account.id),
    )


def tours_to_choose(db: Session, account: Account) -> Sequence[tuple[int, str]]:
    """The operator's tours that do not name this account."""
    named = select(TourAccount.tour_id).where(TourAccount.account_id == account.id)
    return _tours(
        db,
        select(Tour.id, Tour.name).where(
            Tour.operator_id == account.operator_id, Tour.id.not_in(named)
        ),
    )


def _tours(db: Session, query: Select[int, str]) -> Sequence[tuple[int, str]]:
    rows = db.execute(query.order_by(Tour.id).limit(_LONGEST_LIST))
    return [(number, name) for number, name in rows]


def waiting(db: Session, account: Account) -> Sequence[Waiting]:
    """Changes of this account that wait for a second person, oldest first."""
    rows = db.execute(
        select(Proposal, Staff.email)
        .join(Staff, Staff.id == Proposal.proposed_by)
        .where(Proposal.subject == f"account:{account.id}", Proposal.status == PROPOSED)
        .order_by(Proposal.created_at)
    )
    return [Waiting(*row) for row in rows]


def history(db: Session, account: Account) -> Sequence[AuditEntry]:
    """The newest entries of the audit trail about this account."""
    return db.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject == f"account:{account.id}")
        .order_by(AuditEntry.id.desc())
        .limit(_HISTORY_ROWS)
    ).all()


def secret_moments(db: Session, account: Account) -> dict[str, datetime]:
    """When each secret was last given, by its name, as far as the audit trail tells."""
    entries = db.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject == f"account:{account.id}",
            AuditEntry.act.in_(["account_added", "account_secrets_changed"]),
        )
        .order_by(AuditEntry.id)
    )
    return {name: entry.at for entry in entries for name in entry.detail.get("names", ())}


def default_beside(db: Session, scope: Scope, account: Account) -> Account | None:
    """The account that takes its operator's money in its currency with its provider, by default."""
    return db.execute(
        select(Account).where(
            Account.operator_id == account.operator_id,
            Account.provider == account.provider,
            Account.currency == account.currency,
            Account.is_default,
            scope.keeps(Account.operator_id),
        )
    ).scalar_one_or_none()
