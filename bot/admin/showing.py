"""How amounts, moments, phone numbers and statuses look on every page."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import Flask
from markupsafe import Markup

from bot.admin.paging import here
from domain.money import Money
from domain.states import WAITING
from providers.registry import PROVIDERS

# What a status is called, and its colour: see the macro `status` in ui.html.
STATUSES = {
    "created": ("Created", "secondary"),
    "starting": ("Starting", "azure"),
    "awaiting_otp": ("Waits for code", "azure"),
    "awaiting_customer": ("Waits for customer", "azure"),
    "confirming": ("Confirming", "azure"),
    "uncertain": ("Uncertain", "orange"),
    "succeeded": ("Paid", "green"),
    "failed": ("Failed", "red"),
    "expired": ("Expired", "secondary"),
    "cancelled": ("Cancelled", "secondary"),
    # What two rows mean by a status of theirs: see `stands`, and refunds.
    "being_cancelled": ("Being cancelled", "azure"),
    "paid_back": ("Paid back", "green"),
    "PENDING": ("Not paid", "secondary"),
    "DEPOSIT_PAID": ("Part paid", "azure"),
    "PAID": ("Paid", "green"),
    "requested": ("Waits for approval", "orange"),
    "approved": ("Approved", "azure"),
    "sending": ("Sending", "azure"),
    "pending": ("On its way", "azure"),
    "proposed": ("Waits for approval", "orange"),
    "rejected": ("Rejected", "secondary"),
}


def add_to(app: Flask, zone: ZoneInfo) -> None:
    """Give the templates their filters."""
    app.jinja_env.filters.update(
        money=money, moment=_moments(zone), day=day, masked=masked, status_words=status_words
    )
    app.jinja_env.globals.update(
        here=here, provider_title=provider_title, stands=stands, zone=str(zone)
    )


def money(amount_minor: int | None, currency: str) -> str:
    """`USD 1,250.00`; nothing for None."""
    return "" if amount_minor is None else str(Money(amount_minor, currency))


def _moments(zone: ZoneInfo) -> Callable[[datetime | None], str | Markup]:
    def moment(at: datetime | None) -> str | Markup:
        """`21 Nov 2026, 17:05:09` in the view's zone, as a <time>; a dash for None."""
        if at is None:
            return "–"
        here = at.astimezone(zone)
        words = f"{here.day} {here:%b %Y, %H:%M:%S}"
        return Markup('<time datetime="{}" class="text-nowrap">{}</time>').format(
            at.astimezone(UTC).isoformat(timespec="seconds"), words
        )

    return moment


def day(on: date | None) -> str:
    """`21 Nov 2026`; a dash for None."""
    return "–" if on is None else f"{on.day} {on:%b %Y}"


def masked(address: str | None) -> str:
    """A phone number or WhatsApp address of which the last four characters are shown."""
    if not address:
        return "–"
    return f"•••• {address[-4:]}" if len(address) > 4 else "••••"


def status_words(status: str) -> tuple[str, str]:
    """What a status is called, and its colour."""
    return STATUSES.get(status, (status, "secondary"))


def stands(status: str, cancel_requested_at: datetime | None) -> str:
    """How a payment is said to stand: one that waits and is to be cancelled is being cancelled."""
    is_leaving = cancel_requested_at is not None and status in WAITING
    return "being_cancelled" if is_leaving else status


def provider_title(provider: str) -> str:
    """What a provider is called; an old one's own name."""
    known = PROVIDERS.get(provider)
    return provider if known is None else known.title
