"""Settings: a card for each thing that is set up here."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs
from bot.admin.viewers import viewer

blueprint = Blueprint("settings", __name__)


@dataclass(frozen=True, slots=True)
class Card:
    """One thing to set up or look up, and whether admins alone see it."""

    title: str
    words: str
    endpoint: str
    icon: str
    admins_only: bool = False


CARDS: Sequence[Card] = (
    Card(
        "Operators",
        "Companies, how their customers reach them, and their tours.",
        "operators.index",
        "building",
        admins_only=True,
    ),
    Card(
        "Provider accounts",
        "Which merchant account takes whose money, and what it signs in with.",
        "accounts.index",
        "credit-card",
    ),
    Card(
        "Switches",
        "Pause and resume new payments, with words for customers.",
        "switches.index",
        "player-pause",
    ),
    Card(
        "Statements",
        "Taken, refunded and reversed by day, to match the bank.",
        "statements.index",
        "report-money",
    ),
    Card(
        "Provider calls",
        "Every call to a provider: how it was answered, and how fast.",
        "operations.index",
        "list",
    ),
    Card(
        "Staff",
        "Who works here, what they may do, and invitations.",
        "people.index",
        "users",
        admins_only=True,
    ),
    Card(
        "Audit trail",
        "Who did what, and when.",
        "audit_trail.index",
        "history",
        admins_only=True,
    ),
)


@blueprint.get("/settings")
@needs(Right.SEE)
def index() -> str:
    """The cards of those pages that whoever looks may open."""
    is_admin = viewer().is_admin
    cards = [card for card in CARDS if is_admin or not card.admins_only]
    return render_template("settings/index.html", cards=cards)
