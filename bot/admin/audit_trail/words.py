"""Entries of the audit trail by what stands in them alone: details, and the page of what each is
about. By names that people know: deeds.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for

from bot.admin.showing import provider_title
from domain.money import Money, MoneyError
from providers.registry import PROVIDERS

# By the beginning of a subject: what it is called, the page that shows it and how its id is read.
_PAGES: Mapping[str, tuple[str, str, str, type[int] | type[UUID]]] = {
    "payment": ("Payment", "payment.show", "payment_id", UUID),
    "booking": ("Booking", "bookings.show", "booking_id", int),
    "account": ("Account", "accounts.show", "account_id", int),
    "departure": ("Departure", "departures.show", "departure_id", int),
    "operator": ("Operator", "operators.show", "operator_id", int),
    "contact": ("Conversation", "conversations.show", "contact_id", int),
    "staff": ("Staff", "people.show", "staff_id", int),
    "proposal": ("Proposal", "approvals.proposal", "proposal_id", UUID),
}
_LISTS = {
    "proposal": ("Proposal", "approvals.index"),
    "staff": ("Staff", "people.index"),
    "contact": ("Conversation", "conversations.index"),
}
_LABELS = {
    "told": "People told",
    "to_refund": "Bookings to give money back for",
    "vouched_by": "Let in by",
    "line": "Line of the file",
    "left": "Codes left",
}
# What forms carry so that they count once, and nobody reads.
_UNSPOKEN = frozenset({"form", "record"})
_SECRETS = frozenset[str]().union(*(entry.secrets for entry in PROVIDERS.values()))


@dataclass(frozen=True, slots=True)
class Subject:
    """What an entry is about: `Payment 1f0c…`, and its page where there is one."""

    words: str
    url: str | None


def subject_of(subject: str) -> Subject:
    """What an entry is about, by its number."""
    kind, _, name = subject.partition(":")
    if kind in _PAGES:
        title, endpoint, argument, reader = _PAGES[kind]
        url = _read_url(endpoint, argument, reader, name)
        if url is not None:
            return Subject(f"{title} {_short(name)}", url)
    if kind == "switch":
        return Subject(_switched(name), url_for("switches.index"))
    if kind in _LISTS:
        title, endpoint = _LISTS[kind]
        return Subject(f"{title} {_short(name)}".strip(), url_for(endpoint))
    return Subject(f"{kind.capitalize()} {_short(name)}".strip(), None)


def _switched(scope: str) -> str:
    """Which payments a switch is about."""
    kind, _, name = scope.partition(":")
    if kind == "provider":
        return f"Payments with {provider_title(name)}"
    return "All payments" if scope == "all" else f"Payments of {kind} {name}"


def _short(name: str) -> str:
    return f"{name[:8]}…" if len(name) == 36 else name


def _read_url(
    endpoint: str, argument: str, reader: type[int] | type[UUID], name: str
) -> str | None:
    try:
        values: dict[str, Any] = {argument: reader(name)}
    except ValueError:
        return None
    return url_for(endpoint, **values)


def detail_lines(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """An entry's detail as labels and texts. A secret's value is not told, should one be there."""
    lines = []
    rest = {name: value for name, value in detail.items() if name not in _UNSPOKEN}
    if {"amount_minor", "currency"} <= rest.keys():
        amount, currency = rest.pop("amount_minor"), rest.pop("currency")
        try:
            lines.append(("Amount", str(Money(int(amount), str(currency)))))
        except (MoneyError, ValueError, TypeError):
            lines.append(("Amount", f"{amount} {currency}"))
    for name, value in rest.items():
        if name == "changed" and isinstance(value, Mapping):
            lines += [(_label(each), _told(each, move)) for each, move in value.items()]
        else:
            lines.append((_label(name), _told(name, value)))
    return lines


def _label(name: str) -> str:
    return _LABELS.get(name) or name.replace("_", " ").capitalize()


def _told(name: str, value: object) -> str:
    if name in _SECRETS:
        return "not shown"
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if value.keys() == {"from", "to"}:
            return f"{_told('from', value['from'])} → {_told('to', value['to'])}"
        parts = [f"{_label(each)}: {_told(each, part)}" for each, part in value.items()]
        return "; ".join(parts) or "nothing"
    if isinstance(value, list):
        return ", ".join(_told("", part) for part in value) or "nothing"
    return str(value)
