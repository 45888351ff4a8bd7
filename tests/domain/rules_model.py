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
    """A booking as the model knows it. `outside`: what is left of each posting of money that was
    taken outside.
    """

    id: int
    total_minor: int
    paid_minor: int = 0
    cancelled: bool = False
    outside: dict[int, int] = field(default_factory=dict)


@dataclass(kw_only=True)
class Called:
    """What a provider was called for: by when the call is over, and since when negative words
    count.
    """

    hangs_until: float = -1.0
    leased_until: float = -1.0
    call_runs_until: float = -1.0
    first_negative_at: float | None = None

    def hear_negative(self, clock: float) -> None:
        """A negative word counts from a minute after the lease's end."""
        if self.first_negative_at is None and clock + ROOM_SECONDS >= self.leased_until + 60:
            self.first_negative_at = clock

    def may_end_on_word(self, clock: float) -> bool:
        """Whether a second negative word is old enough to end it."""
        return (
            self.first_negative_at is not None
            and clock + ROOM_SECONDS >= self.first_negative_at + 60
        )


@dataclass
class OnePayment(Called):
    """A payment as the model knows it: what the provider knows of it, did, and told us; and where
    in our books the money is: on its booking, on another one to which it was moved, in suspense.
    """

    id: UUID
    booking: OneBooking
    amount_minor: int
    known_since: float | None = None
    failed: bool = False
    wrong_codes: int = 0
    taken: dict[str, int] = field(default_factory=dict)
    taken_at: float = 0.0
    call_without_answer: bool = False
    delivered: dict[str, int] = field(default_factory=dict)
    reversed: dict[str, int] = field(default_factory=dict)
    reversed_beyond_minor: int = 0
    on_booking_minor: int = 0
    on_other_minor: int = 0
    in_suspense_minor: int = 0
    closed: bool = False
    found: bool = False

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
        """We were told of a receipt, in a way that agrees with what was asked. Where two people
        found another one before, it waits for them.
        """
        if receipt in self.delivered or self.found:
            return
        booking, credited = self.booking, 0
        if not self.delivered and not booking.cancelled:
            owed = booking.total_minor - booking.paid_minor
            credited = max(0, min(owed, self.taken[receipt]))
        booking.paid_minor += credited
        self.on_booking_minor += credited
        self.in_suspense_minor += self.taken[receipt] - credited
        self.delivered[receipt] = self.taken[receipt]

    @property
    def held_minor(self) -> int:
        """What its booking still has of it: some may have been moved to another one."""
        return min(self.on_booking_minor, self.booking.paid_minor)

    def reverse(self, receipt: str, amount_minor: int) -> None:
        """The provider took money back by itself: from the booking first; what neither that nor
        suspense has is gone all the same.
        """
        if receipt in self.reversed:
            return
        from_booking = min(self.held_minor, amount_minor)
        from_suspense = min(self.in_suspense_minor, amount_minor - from_booking)
        self._take_away(from_booking, from_suspense)
        self.reversed[receipt] = from_booking + from_suspense
        self.reversed_beyond_minor += amount_minor - self.reversed[receipt]

    def give_back(self, amount_minor: int) -> bool:
        """A refund took place: surplus first. False: there is not so much any more."""
        from_suspense = min(self.in_suspense_minor, amount_minor)
        from_booking = amount_minor - from_suspense
        if from_booking > self.held_minor:
            return False
        self._take_away(from_booking, from_suspense)
        return True

    def _take_away(self, from_booking: int, from_suspense: int) -> None:
        self.on_booking_minor -= from_booking
        self.booking.paid_minor -= from_booking
        self.in_suspense_minor -= from_suspense


@dataclass
class OneRefund(Called):
    """A refund as the model knows it: what the provider did, and whether our books have it."""

    id: UUID
    payment: OnePayment
    amount_minor: int
    calls: int = 0
    working: bool = False
    refused: bool = False
    given_at: float | None = None
    over: bool = False
    booked: bool = False

    def truth(self) -> str:
        """What an honest provider says when it is asked."""
        if self.given_at is not None:
            return "succeeded"
        if self.working:
            return "pending"
        return "failed" if self.refused else "not_found"
