"""A booking as lists show it: on its departure, and among all bookings."""

from dataclasses import dataclass, field
from datetime import datetime

from domain.models import Booking

# In the order of the fields of `Booked`.
BOOKED = (
    Booking.id,
    Booking.reference,
    Booking.lead_name,
    Booking.lead_phone,
    Booking.currency,
    Booking.total_minor,
    Booking.paid_minor,
    Booking.payment_status,
    Booking.cancelled_at,
)


@dataclass(frozen=True, slots=True)
class Booked:
    """What a line of a list says of a booking; amounts in minor units."""

    id: int
    reference: str
    name: str = field(repr=False)
    phone: str | None = field(repr=False)
    currency: str
    total_minor: int
    paid_minor: int
    status: str
    cancelled_at: datetime | None

    @property
    def balance_minor(self) -> int:
        """What it owes; nothing once it is cancelled."""
        return 0 if self.cancelled_at else max(0, self.total_minor - self.paid_minor)
