"""The areas of the web view, in the order of its navigation."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint

from bot.admin.audit_trail import pages as audit_trail
from bot.admin.bookings import pages as bookings
from bot.admin.conversations import pages as conversations
from bot.admin.departures import pages as departures
from bot.admin.profile import pages as profile
from bot.admin.review import pages as review
from bot.admin.settings import pages as settings
from bot.admin.signin import pages as signin
from bot.admin.today import pages as today
from bot.admin.transactions import pages as transactions


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of the navigation: the page behind it, and whether admins alone see it."""

    title: str
    endpoint: str
    icon: str
    admins_only: bool = False


BLUEPRINTS: Sequence[Blueprint] = (
    signin.blueprint,
    profile.blueprint,
    today.blueprint,
    transactions.blueprint,
    review.blueprint,
    departures.blueprint,
    bookings.blueprint,
    conversations.blueprint,
    settings.blueprint,
    audit_trail.blueprint,
)

NAVIGATION: Sequence[Entry] = (
    Entry("Today", "today.index", "chart-bar"),
    Entry("Transactions", "transactions.index", "arrows-exchange"),
    Entry("Departures", "departures.index", "calendar-event"),
    Entry("Bookings", "bookings.index", "ticket"),
    Entry("Review", "review.index", "alert-triangle"),
    Entry("Conversations", "conversations.index", "messages"),
    Entry("Settings", "settings.index", "settings"),
    Entry("Audit", "audit_trail.index", "history", admins_only=True),
)
