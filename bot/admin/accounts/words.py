"""A proposed change of an account, in words."""

from collections.abc import Mapping
from typing import Any

from bot.admin.accounts.credentials import label
from bot.admin.showing import provider_title
from domain.account_changes import Kind
from domain.models import Account

_WHAT = {
    Kind.DEFAULT: "make it the default",
    Kind.ACTIVATE: "switch it on",
    Kind.CREDENTIALS: "change what it signs in with",
    Kind.CHOOSE_FOR_TOUR: "choose it for tour {tour}",
    Kind.FORGET_FOR_TOUR: "let the default take tour {tour} again",
}

# A payment keeps the account that it began with; its calls are made with what that account says
# when they are made.
_STAY = " Payments under way stay with the account that they began with."
_FOLLOWS = {
    Kind.DEFAULT: "{name} takes all of {operator}'s {currency} with {title}, but for tours that"
    f" name another account.{_STAY}",
    Kind.ACTIVATE: "{name} takes new payments: {whose}."
    " Payments under way with other accounts stay there.",
    Kind.CREDENTIALS: "Every call to {title} is made with these from then on, those about payments"
    " under way as well.",
    Kind.CHOOSE_FOR_TOUR: "{name} takes the {currency} of {tour} with {title}, in the place of the"
    f" account that takes it today.{_STAY}",
    Kind.FORGET_FOR_TOUR: f"{{name}} takes no more money of {{tour}}.{_STAY}",
}


def what(detail: Mapping[str, Any]) -> str:
    """`make it the default`."""
    return _WHAT[Kind(detail["kind"])].format(tour=detail.get("tour"))


def follows(account: Account, operator: str, detail: Mapping[str, Any]) -> str:
    """What a change does, the same for who proposes it and who decides. A tour that is not chosen
    yet is "the tour".
    """
    tour = f"tour {detail['tour']}" if detail.get("tour") else "the tour"
    title = provider_title(account.provider)
    whose = f"it is the default of {operator}" if account.is_default else "of tours that name it"
    return _FOLLOWS[Kind(detail["kind"])].format(
        name=account.name,
        operator=operator,
        currency=account.currency,
        title=title,
        tour=tour,
        whose=whose,
    )


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
