"""Which days the page is about: one, or a week that ends with it, in the view's zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_WEEK = 7
_EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first moment of a day to the first after the last one. `last` is the day that was
    asked for, `days` 1 or 7.
    """

    last: date
    days: int
    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The present day."""
        return self.now.astimezone(self.zone).date()

    @property
    def first(self) -> date:
        """The day that it begins with."""
        return self.last - timedelta(days=self.days - 1)

    @property
    def began(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time.min, self.zone)

    @property
    def over(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time.min, self.zone)

    def starts(self) -> list[datetime]:
        """When each of its hours begins, or each of its days; none that is still to come. A day on
        which clocks are changed has 23 hours or 25.
        """
        if self.is_week:
            days = (self.first + timedelta(days=number) for number in range(self.days))
            return [datetime.combine(day, time.min, self.zone) for day in days]
        first, last = self.began.astimezone(UTC), min(self.over.astimezone(UTC), self.now)
        hours = int((last - first) / timedelta(hours=1)) + (last < self.over)
        return [first + timedelta(hours=number) for number in range(hours)]

    @property
    def is_week(self) -> bool:
        """Whether it is a week, shown by days and not by hours."""
        return self.days == _WEEK


def read(on: str, days: str, now: datetime, zone: ZoneInfo) -> tuple[Span, str | None]:
    """The days that an address asks for, and a word about what could not be read: then it is
    today.
    """
    today = now.astimezone(zone).date()
    span = Span(today, _WEEK if days == str(_WEEK) else 1, now, zone)
    if not on:
        return span, None
    try:
        last = date.fromisoformat(on)
    except ValueError:
        return span, f"“{on[:40]}” is no date. Write it like 2026-11-21. This is today."
    if not _EARLIEST <= last <= today:
        return span, "That day has no payments yet. This is today."
    return Span(last, span.days, now, zone), None
