"""Operators' merchant accounts, and the adapters that speak for them: one adapter to an account and
process.
"""

import json
from dataclasses import dataclass, field

import structlog
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain.bookings import BookingFacts
from domain.models import Account, Booking, Departure, TourAccount
from domain.sealing import Sealer, Unreadable
from providers.contract import Provider
from providers.entry import Shelf, Surroundings, Timeouts
from providers.registry import PROVIDERS, build

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Accounts:
    """Finds and builds. An adapter keeps its connections, so it is kept for as long as its
    account's secrets stand.
    """

    sealer: Sealer
    timeouts: Timeouts
    public_base_url: str
    shelf: Shelf
    _built: dict[tuple[int, bytes], Provider] = field(default_factory=dict)

    def of_booking(self, db: Session, booking: Booking | BookingFacts) -> dict[str, int]:
        """Ids of the accounts that may take this booking's money, by provider: the one that its
        tour names, else its operator's default. One that is not active is not replaced by another.
        """
        tour_id = (
            select(Departure.tour_id)
            .join(Booking, Booking.departure_id == Departure.id)
            .where(Booking.id == booking.id)
        )
        is_named = TourAccount.account_id.is_not(None)
        rows = db.execute(
            select(Account.provider, Account.id, Account.active)
            .outerjoin(
                TourAccount,
                and_(
                    TourAccount.account_id == Account.id,
                    TourAccount.tour_id == tour_id.scalar_subquery(),
                ),
            )
            .where(
                Account.operator_id == booking.operator_id,
                Account.currency == booking.currency,
                or_(Account.is_default, is_named),
            )
            .order_by(is_named)
        )
        # The named one comes last, and so wins.
        chosen = {name: (account_id, active) for name, account_id, active in rows}
        return {
            name: account_id
            for name, (account_id, active) in chosen.items()
            if active and name in PROVIDERS
        }

    def adapter(self, db: Session, account_id: int) -> Provider:
        """The adapter for one account. Raises NoResultFound, and sealing.Unreadable after a lost
        secret.
        """
        account = db.execute(select(Account).where(Account.id == account_id)).scalar_one()
        key = (account.id, account.secrets_sealed)
        if key not in self._built:
            secrets = json.loads(self.sealer.open(account.secrets_sealed))
            credentials = account.settings | secrets
            surroundings = self._surroundings(account)
            self._built[key] = build(account.provider, credentials, self.timeouts, surroundings)
        return self._built[key]

    def usable(self, db: Session, account_id: int) -> Provider | None:
        """The adapter for one account, or None where its secrets or settings are of no use."""
        try:
            return self.adapter(db, account_id)
        except (Unreadable, ValueError, KeyError) as error:
            log.error("account_unusable", account=account_id, error=type(error).__name__)
            return None

    def _surroundings(self, account: Account) -> Surroundings:
        base = self.public_base_url.rstrip("/")
        return Surroundings(
            callback_url=f"{base}/callbacks/{account.provider}/{account.id}",
            return_url=f"{base}/paid",
            shelf=self.shelf,
        )
