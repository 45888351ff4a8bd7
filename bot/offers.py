"""Which ways to pay a booking has now: those of its operator's accounts, less what is paused."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.accounts import Accounts
from domain import switches
from domain.bookings import BookingFacts
from domain.models import Booking
from flows.desk import Pause, WayKind, WayView
from providers.registry import PROVIDERS, WAYS


@dataclass(frozen=True, slots=True)
class Offers:
    """The accounts that may take a booking's money, by provider, and the words to customers for
    each provider that is paused now (None: there are none).
    """

    accounts: dict[str, int]
    paused: dict[str, str | None]

    def ways(self, otp_digits: int) -> tuple[WayView, ...]:
        """What can be offered, in the order of the registry."""
        return tuple(
            way_view(way.key, otp_digits)
            for entry in PROVIDERS.values()
            for way in entry.ways
            if entry.name in self.accounts and entry.name not in self.paused
        )

    def pause(self) -> Pause | None:
        """Whether there would be ways, and all of them are paused."""
        if not self.accounts or set(self.accounts) - set(self.paused):
            return None
        return Pause(next((words for words in self.paused.values() if words), None))


def offers(db: Session, accounts: Accounts, booking: Booking | BookingFacts) -> Offers:
    """The offers for one booking: two queries."""
    found = accounts.of_booking(db, booking)
    paused = switches.paused(db, booking.operator_id, sorted(found)) if found else {}
    return Offers(found, dict(paused))


def way_view(key: str, otp_digits: int) -> WayView:
    """A way to pay as a conversation must know it. Raises KeyError for one that we do not have."""
    entry, way = WAYS[key]
    kind = WayKind(way.kind.value)
    digits = otp_digits if kind is WayKind.CODE else 0
    return WayView(way.key, entry.name, entry.title, kind, way.payer_region, digits)


def way_of(provider: str, payer_number: str | None) -> str:
    """The way by which a payment was opened: a number is charged, or none is."""
    asks_number = payer_number is not None
    ways = PROVIDERS[provider].ways
    return next(way.key for way in ways if (way.payer_region is not None) == asks_number)
