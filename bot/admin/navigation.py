"""The words at the side of every page, and which of them the page belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, request
from flask_login import current_user

from bot.admin.viewers import Viewer


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the navigation: the page behind it, the areas that belong to it beside that
    page's own, and whether admins alone see it.
    """

    title: str
    endpoint: str
    icon: str
    others: Sequence[str] = ()
    admins_only: bool = False

    def holds(self, area: str) -> bool:
        """Whether an area's pages belong here."""
        return area == self.endpoint.partition(".")[0] or area in self.others


NAVIGATION: Sequence[Entry] = (
    Entry("Today", "today.index", "chart-bar"),
    Entry(
        "Transactions", "transactions.index", "arrows-exchange", others=("payment", "payment_acts")
    ),
    Entry("Departures", "departures.index", "calendar-event"),
    Entry("Bookings", "bookings.index", "ticket"),
    Entry("Review", "review.index", "alert-triangle", others=("approvals",)),
    Entry("Conversations", "conversations.index", "messages"),
    Entry(
        "Settings",
        "settings.index",
        "settings",
        others=(
            "account_changes",
            "accounts",
            "operations",
            "operators",
            "people",
            "statements",
            "switches",
        ),
    ),
    Entry("Audit", "audit_trail.index", "history", admins_only=True),
)


def add_to(app: Flask) -> None:
    """Give every template who looks and where they may go."""
    app.context_processor(_frame)


def _frame() -> dict[str, Any]:
    user = current_user._get_current_object()
    if not isinstance(user, Viewer):
        return {"viewer": None, "navigation": ()}
    entries = [each for each in NAVIGATION if user.is_admin or not each.admins_only]
    area = (request.endpoint or "").partition(".")[0]
    return {"viewer": user, "navigation": entries, "area": area}
