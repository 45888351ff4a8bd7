"""Whose statements whoever looks may see, and what is in one as CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.admin.scope import Scope
from domain.database import transaction
from domain.models import Account, Operator
from domain.money import Money
from domain.statements import (
    Book,
    Period,
    Statement,
    book_of,
    movements,
    outside_currencies,
    outside_of,
)

DAY_HEADER = (
    "day",
    "currency",
    "taken",
    "of_it_surplus",
    "outside",
    "refunded",
    "reversed",
    "taken_back",
    "net",
    "moved",
    "payments",
    "closing",
)
TRANSFER_HEADER = (
    "day",
    "time",
    "kind",
    "amount",
    "currency",
    "booking",
    "payment",
    "receipt",
    "provider_reference",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A book that may be chosen. `key` stands in the address: an account's number, or
    `outside-USD` for money outside of all providers.
    """

    key: str
    account: Account | None
    book: Book

    @property
    def is_outside(self) -> bool:
        """Whether it is of money outside of all providers."""
        return self.account is None


def operators(db: Session, scope: Scope) -> Sequence[tuple[int, str]]:
    """Who has statements: ids and names; first those who have accounts, then by name."""
    has_none = ~exists().where(Account.operator_id == Operator.id)
    rows = db.execute(
        select(Operator.id, Operator.name)
        .where(scope.keeps(Operator.id))
        .order_by(has_none, Operator.name, Operator.id)
    )
    return [(number, name) for number, name in rows]


def owner_of(db: Session, scope: Scope, account_id: int) -> int | None:
    """The operator of an account, for an address that names the account alone."""
    return db.execute(
        select(Account.operator_id).where(
            Account.id == account_id, scope.keeps(Account.operator_id)
        )
    ).scalar_one_or_none()


def choices(db: Session, scope: Scope, operator_id: int) -> Sequence[Choice]:
    """An operator's books: each account's, then its money outside, one for each currency that it
    has an account in, or took money in without one.
    """
    accounts = db.scalars(
        select(Account)
        .where(Account.operator_id == operator_id, scope.keeps(Account.operator_id))
        .order_by(Account.provider, Account.currency, Account.id)
    ).all()
    named = [Choice(str(account.id), account, book_of(account)) for account in accounts]
    currencies = {account.currency for account in accounts}
    # The scope holds here as well: another operator's money is as if it were not there.
    if scope.operator_id in (None, operator_id):
        currencies.update(outside_currencies(db, operator_id))
    outside = [
        Choice(f"outside-{each}", None, outside_of(operator_id, each))
        for each in sorted(currencies)
    ]
    return [*named, *outside]


def day_rows(found: Statement, currency: str) -> Iterator[Sequence[object]]:
    """The days, and the whole period as the last line."""

    def amount(minor: int) -> object:
        return Money(minor, currency).to_decimal()

    lines = [(str(line.day), line.sums, line.closing) for line in found.days]
    for day, sums, closing in [*lines, ("total", found.total, found.closing)]:
        yield (
            day,
            currency,
            amount(sums.taken),
            amount(sums.surplus),
            amount(sums.outside),
            amount(sums.refunded),
            amount(sums.reversed),
            amount(sums.taken_back),
            amount(sums.net),
            amount(sums.moved),
            sums.payments,
            amount(closing),
        )


def transfer_rows(book: Book, period: Period, found: Statement) -> Iterator[Sequence[object]]:
    """A row for each transfer, read day by day, so that nothing is held while it is sent."""
    for line in found.days:
        with transaction() as db:
            moved = movements(db, book, period.of(line.day))
        for each in moved:
            here = each.at.astimezone(ZoneInfo(str(period.zone)))
            yield (
                str(line.day),
                here.strftime("%H:%M:%S"),
                each.kind,
                Money(each.amount_minor, book.currency).to_decimal(),
                book.currency,
                each.booking,
                each.payment_id,
                each.receipt,
                each.provider_reference,
            )
