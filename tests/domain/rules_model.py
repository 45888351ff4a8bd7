"""A simple model beside the rules of money: what the provider did, and what the books must say of
it.

It keeps a clock of its own, in seconds, that moves only when the test lets time pass. Real seconds
pass too, so comparisons leave some room.
"""

from dataclasses import dataclass, field
from uuid import UUID

# What a call's deadline and its margin come to, and how much real time may pass meanwhile.
LEASE_SECONDS = 45
ROOM_SECONDS = 10
HIDDEN_SECONDS = 40
HANGS_SECONDS = 30
SESSION_SECONDS = 300
TRIES = 3
ENDINGS = ("settled", "late", "failed", "expired", "cancelled")


@dataclass
class OneBooking:
    """A booking as the model knows it."""

    id: int
    total_minor: int
    paid_minor: int = 0
    cancelled: bool = False


@dataclass
class OnePayment:
    """A payment as the model knows it: what the provider knows of it, did, and told us."""

    id: UUID
    booking: OneBooking
    amount_minor: int
    known_since: float | None = None
    failed: bool = False
    wrong_codes: int = 0
    taken: dict[str, int] = field(default_factory=dict)
    taken_at: float = 0.0
    hangs_until: float = -1.0
    leased_until: float = -1.0
    call_runs_until: float = -1.0
    call_without_answer: bool = False
    first_negative_at: float | None = None
    delivered: dict[str, int] = field(default_factory=dict)

    def take(self, receipt: str, clock: float) -> None:
        """The provider debits the customer."""
        self.taken[receipt] = self.amount_minor
        self.taken_at = clock

    def truth(self, clock: float) -> str:
        """What an honest provider says when it is asked."""
        if self.taken:
            return "succeeded"
        if self.failed:
            return "failed"
        if self.known_since is None:
            return "not_found"
        return "expired" if clock - self.known_since > SESSION_SECONDS else "open"

    def deliver(self, receipt: str) -> None:
        """We were told of a receipt, in a way that agrees with what was asked."""
        if receipt in self.delivered:
            return
        booking = self.booking
        if not self.delivered and not booking.cancelled:
            owed = booking.total_minor - booking.paid_minor
            booking.paid_minor += max(0, min(owed, self.amount_minor))
        self.delivered[receipt] = self.taken[receipt]

    def hear_negative(self, clock: float) -> None:
        """A negative word counts from a minute after the lease's end."""
        if self.first_negative_at is None and clock + ROOM_SECONDS >= self.leased_until + 60:
            self.first_negative_at = clock

    def may_end_on_word(self, clock: float) -> bool:
        """Whether a second negative word is old enough to end the payment."""
        return (
            self.first_negative_at is not None
            and clock + ROOM_SECONDS >= self.first_negative_at + 60
        )
