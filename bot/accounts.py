"""Operators' merchant accounts, and the adapters that speak for them: one adapter to an account and
process.
"""

import json
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.models import Account
from domain.sealing import Sealer
from providers.contract import Provider
from providers.registry import PROVIDERS, Timeouts, build


@dataclass(slots=True)
class Accounts:
    """Finds and builds. An adapter keeps its connections, so it is kept for as long as its
    account's secrets stand.
    """

    sealer: Sealer
    timeouts: Timeouts
    _built: dict[tuple[int, bytes], Provider] = field(default_factory=dict)

    def defaults(self, db: Session, operator_id: int, currency: str) -> dict[str, int]:
        """Ids of the accounts that may take this operator's money in this currency, by provider."""
        rows = db.execute(
            select(Account.provider, Account.id)
            .where(
                Account.operator_id == operator_id,
                Account.currency == currency,
                Account.is_default,
                Account.active,
            )
            .order_by(Account.provider)
        )
        return {name: account_id for name, account_id in rows if name in PROVIDERS}

    def adapter(self, db: Session, account_id: int) -> Provider:
        """The adapter for one account. Raises NoResultFound, and sealing.Unreadable after a lost
        secret.
        """
        account = db.execute(select(Account).where(Account.id == account_id)).scalar_one()
        key = (account.id, account.secrets_sealed)
        if key not in self._built:
            secrets = json.loads(self.sealer.open(account.secrets_sealed))
            self._built[key] = build(account.provider, account.settings | secrets, self.timeouts)
        return self._built[key]
