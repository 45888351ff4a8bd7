"""What the pages of operators read. Only admins see them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from bot.admin.paging import PAGE_ROWS, Page, page_of, read_cursor
from domain.models import Account, Operator, Tour

_LONGEST_LIST = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """An operator in the list, with how many tours and accounts it has."""

    operator: Operator
    tours: int
    accounts: int


def lines(db: Session, beginning: str, before: str | None) -> Page[Line]:
    """Operators by name, those whose name begins so."""
    tours = select(func.count()).where(Tour.operator_id == Operator.id).scalar_subquery()
    accounts = select(func.count()).where(Account.operator_id == Operator.id).scalar_subquery()
    query = select(Operator, tours, accounts).order_by(Operator.name, Operator.id)
    if beginning:
        query = query.where(Operator.name.istartswith(beginning, autoescape=True))
    cursor = read_cursor(before, (str, int))
    if cursor is not None:
        query = query.where(tuple_(Operator.name, Operator.id) > cursor)
    found = [Line(*row) for row in db.execute(query.limit(PAGE_ROWS + 1))]
    return page_of(found, lambda line: (line.operator.name, line.operator.id))


def tours_of(db: Session, operator_id: int) -> Sequence[Tour]:
    """An operator's tours, by number."""
    return db.scalars(
        select(Tour).where(Tour.operator_id == operator_id).order_by(Tour.id).limit(_LONGEST_LIST)
    ).all()


def accounts_of(db: Session, operator_id: int) -> Sequence[Account]:
    """An operator's accounts."""
    return db.scalars(
        select(Account)
        .where(Account.operator_id == operator_id)
        .order_by(Account.provider, Account.currency, Account.id)
        .limit(_LONGEST_LIST)
    ).all()
