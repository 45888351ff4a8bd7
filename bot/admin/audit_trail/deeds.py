"""Entries of the audit trail as pages show them: a sentence, what it is about, and the rest of the
detail in lines. A page of entries takes two queries: the proposals that they name, and all names.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admin.accounts.words import facts as change_facts
from bot.admin.audit_trail.naming import Names, names_of
from bot.admin.audit_trail.sentences import decided, decision_of, sentence
from bot.admin.audit_trail.words import Subject, detail_lines, subject_of
from bot.admin.bookings.words import CAUSES
from bot.admin.departures.words import silent_words
from bot.admin.payment.words import of_mark
from bot.admin.scope import Scope
from domain import correcting
from domain.account_changes import CHANGE
from domain.models import AuditEntry, Proposal
from domain.money import Money
from domain.taking_back import Cause

_PROPOSED = "proposed"
# What a detail names by its number: by act and key ("" for every act), the kind of it.
_NAMED: Mapping[tuple[str, str], str] = {
    ("", "payment"): "payment",
    ("money_moved", "from"): "booking",
    ("money_moved", "to"): "booking",
    ("account_made_default", "before"): "account",
    ("tour_added", "operator"): "operator",
}
# The same of a proposal's detail, with what it is called.
_PROPOSED_NAMES = (("Of", "payment", "payment_id"), ("To", "booking", "to_booking_id"))
_VALUES: Mapping[tuple[str, str], str] = {
    ("whose", "contact"): "the customer's in WhatsApp",
    ("whose", "payer"): "the payer's",
    ("finding", "given_back"): "the money went back to the customer",
    ("finding", "not_given_back"): "no money went back",
    **{("cause", cause.value): words.title for cause, words in CAUSES.items()},
}
# What an import changed; of the last two both values.
_MOVES = ("departure", "balance_due_on")
_CHANGED = {
    "columns": "Changed",
    "total_minor": "Total",
    "departure": "Departure",
    "balance_due_on": "Balance due",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A label and what stands behind it, with its page where there is one."""

    label: str
    text: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """An entry in words."""

    entry: AuditEntry
    words: str
    subject: Subject
    lines: Sequence[Line]


def deeds(db: Session, scope: Scope, entries: Sequence[AuditEntry]) -> list[Deed]:
    """The entries that whoever looks was shown, in words, in their order."""
    proposals = _proposals(db, scope, entries)
    wanted = {each for entry in entries for each in _wanted(entry)}
    for proposal in proposals.values():
        wanted.update(_wanted_by(proposal))
    names = names_of(db, scope, wanted)
    return [_deed(entry, proposals, names) for entry in entries]


def _deed(entry: AuditEntry, proposals: Mapping[str, Proposal], names: Names) -> Deed:
    proposal = proposals.get(str(entry.detail.get("proposal")))
    named, decision = decision_of(entry.act), None
    rest = dict(entry.detail)
    lines: list[Line] = []
    if named is None:
        told = sentence(entry.act, entry.detail)
        words = told.words
        rest = {name: value for name, value in rest.items() if name not in told.said}
    else:
        decision = named[1]
        words = decided(*named, proposal.detail if proposal else {})
    if proposal is not None and decision == _PROPOSED:
        lines += _proposed(proposal, names)
    lines += _special(entry, rest, names)
    lines += [Line(*line) for line in detail_lines(rest)]
    return Deed(entry, words, _subject(entry.subject, names), lines)


def _subject(subject: str, names: Names) -> Subject:
    kind, _, name = subject.partition(":")
    found = names.get((kind, name))
    return subject_of(subject) if found is None else Subject(found.words, found.url)


def _special(entry: AuditEntry, rest: dict[str, Any], names: Names) -> Iterator[Line]:
    """What of the detail has words or a page of its own; it is taken out of the rest."""
    # The database keeps a detail's names in an order of its own: from where comes first.
    for name, value in sorted(rest.items(), key=lambda each: each[0] != "from"):
        kind = _NAMED.get((entry.act, name)) or _NAMED.get(("", name))
        found = names.get((kind or "", str(value)))
        if name == "payment" and entry.subject.startswith("refund:"):
            del rest[name]  # its subject leads there
        elif found is not None:
            del rest[name]
            yield Line(name.capitalize(), found.words, found.url)
        elif name == "proposal":
            del rest[name]
            yield _link(str(value))
        elif name in ("bookings", "to_refund") and entry.act == "booking_cancelled":
            del rest[name]  # it is one, and holds money or does not
            if name == "to_refund":
                yield Line("Money to give back", "yes" if value else "no")
        elif name == "not_told" and isinstance(value, Mapping):
            del rest[name]
            yield from _not_told(value, names)
        elif isinstance(value, str):
            rest[name] = (
                of_mark(value)[0] if name == "review" else _VALUES.get((name, value), value)
            )
    if entry.act == "booking_changed":
        yield from _changed(entry, rest, names)


def _link(proposal_id: str) -> Line:
    try:
        url = url_for("approvals.proposal", proposal_id=UUID(proposal_id))
    except ValueError:
        return Line("Proposal", proposal_id)
    return Line("Proposal", "look at it", url)


def _not_told(silent: Mapping[str, str], names: Names) -> Iterator[Line]:
    """`Not told: KS-1, KS-2 (nobody with this number has written to us)`."""
    by_reason: dict[str, list[str]] = {}
    for booking_id, why in silent.items():
        found = names.get(("booking", booking_id))
        words = found.words.removeprefix("Booking ") if found else f"booking {booking_id}"
        by_reason.setdefault(str(why), []).append(words)
    for why, bookings in by_reason.items():
        yield Line("Not told", f"{', '.join(bookings)} ({silent_words(why)})")


def _changed(entry: AuditEntry, rest: dict[str, Any], names: Names) -> Iterator[Line]:
    """What an import changed of a booking, as far as it reads as imports write it."""
    booking = names.get(("booking", entry.subject.partition(":")[2]))
    currency = booking.currency if booking else None
    for name, value in list(rest.items()):
        match value:
            case [*columns] if name == "columns":
                text = ", ".join(str(each).replace("_", " ") for each in columns)
            case [int(before), int(after)] if name == "total_minor" and currency:
                text = f"{Money(before, currency)} → {Money(after, currency)}"
            case [before, after] if name in _MOVES:
                text = f"{before or 'nothing'} → {after or 'nothing'}"
            case _:
                continue
        del rest[name]
        yield Line(_CHANGED[name], text)


def _proposed(proposal: Proposal, names: Names) -> Iterator[Line]:
    """What a proposal would change, as whoever decides reads it. Nothing of it is secret."""
    detail = proposal.detail
    if proposal.act == CHANGE:
        yield from (Line(*fact) for fact in change_facts(detail)[1:])
    changes = correcting.in_words(detail.get("changes", {}), detail.get("currency", ""))
    for name, move in changes.items():
        label = name.replace("_", " ").capitalize()
        yield Line(label, f"{move['from'] or 'nothing'} → {move['to'] or 'nothing'}")
    if {"amount_minor", "currency"} <= detail.keys():
        yield Line("Amount", str(Money(int(detail["amount_minor"]), str(detail["currency"]))))
    for label, kind, name in _PROPOSED_NAMES:
        found = names.get((kind, str(detail.get(name))))
        if found is not None:
            yield Line(label, found.words, found.url)
    if "receipt" in detail:
        yield Line("The provider's id of the money", str(detail["receipt"]))
    if "cause" in detail:
        yield Line("Why", CAUSES[Cause(detail["cause"])].title)
    if "finding" in detail:
        yield Line("Finding", _VALUES["finding", detail["finding"]])


def _proposals(db: Session, scope: Scope, entries: Sequence[AuditEntry]) -> dict[str, Proposal]:
    ids = set()
    for entry in entries:
        try:
            ids.add(UUID(str(entry.detail.get("proposal"))))
        except ValueError:
            continue
    if not ids:
        return {}
    query = select(Proposal).where(Proposal.id.in_(ids), scope.keeps(Proposal.operator_id))
    return {str(proposal.id): proposal for proposal in db.scalars(query)}


def _wanted(entry: AuditEntry) -> Iterator[tuple[str, str]]:
    kind, _, name = entry.subject.partition(":")
    yield kind, name
    for key, value in entry.detail.items():
        named = _NAMED.get((entry.act, key)) or _NAMED.get(("", key))
        if named is not None and value is not None:
            yield named, str(value)
        if key == "not_told" and isinstance(value, Mapping):
            yield from (("booking", str(each)) for each in value)


def _wanted_by(proposal: Proposal) -> Iterator[tuple[str, str]]:
    for _, kind, name in _PROPOSED_NAMES:
        if proposal.detail.get(name) is not None:
            yield kind, str(proposal.detail[name])
