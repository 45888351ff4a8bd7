"""A proposed change of an account, in words."""

from collections.abc import Mapping
from typing import Any

from bot.admin.accounts.credentials import label
from domain.account_changes import Kind

_WHAT = {
    Kind.DEFAULT: "make it the default",
    Kind.ACTIVATE: "switch it on",
    Kind.CREDENTIALS: "change what it signs in with",
    Kind.CHOOSE_FOR_TOUR: "choose it for tour {tour}",
    Kind.FORGET_FOR_TOUR: "let the default take tour {tour} again",
}


def what(detail: Mapping[str, Any]) -> str:
    """`make it the default`."""
    return _WHAT[Kind(detail["kind"])].format(tour=detail.get("tour"))


def facts(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What exactly would change: labels and texts. Secrets by their names alone."""
    kind = Kind(detail["kind"])
    lines = [("Change", what(detail).capitalize())]
    other = detail.get("other")
    if kind in (Kind.DEFAULT, Kind.CHOOSE_FOR_TOUR):
        lines.append(("Takes this money today", f"Account {other}" if other else "No account"))
    if kind is Kind.FORGET_FOR_TOUR:
        lines.append(("Would take it then", f"Account {other}" if other else "No account"))
    for name, move in detail.get("settings", {}).items():
        lines.append((label(name), f"{move['from'] or 'nothing'} → {move['to'] or 'nothing'}"))
    lines += [(label(name), "A new secret, or none") for name in detail.get("secrets", ())]
    return lines
