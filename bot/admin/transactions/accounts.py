"""The accounts that whoever looks may see: they say which operators, providers and currencies there
are, and a payment's operator, provider and currency are its account's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admin.scope import Scope
from domain.models import Account, Operator


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account, and whose it is."""

    id: int
    operator_id: int
    operator: str
    provider: str
    currency: str


def accounts(db: Session, scope: Scope) -> Sequence[AccountView]:
    """All of them, by operator: some hundreds at the most."""
    rows = db.execute(
        select(Account.id, Account.operator_id, Operator.name, Account.provider, Account.currency)
        .join(Operator, Operator.id == Account.operator_id)
        .where(scope.keeps(Account.operator_id))
        .order_by(Operator.name, Account.provider, Account.currency, Account.id)
    )
    return [AccountView(*row) for row in rows]
