"""One line of the review list, in words: what happened, what may be done, where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.orm import Session

from bot.admin.conversations.words import reason
from bot.admin.payment import words
from bot.admin.payment.timeline import lasting
from bot.admin.review import sources
from bot.admin.scope import Scope

ROWS_SHOWN = 200

KINDS: Mapping[str, str] = {
    "uncertain": "Uncertain",
    "mismatch": "Does not agree",
    "surplus": "Surplus",
    "reversed": "Taken back",
    "refunds": "Refunds",
    "stuck": "Stuck",
    "messages": "Not delivered",
    "people": "Wants a person",
    "approvals": "Second person",
}
_STUCK: Mapping[str, str] = {
    "late_payment": "A payment waits for us",
    "late_refund_work": "A refund waits for us",
    "late_reply": "A reply was not sent",
    "late_hearing": "A message was not heard",
    "late_event": "News of a payment was not told",
}
_STUCK_TODO = (
    f"It was due more than {sources.LATE_MINUTES} minutes ago, and nobody did it. Workers or the"
    " clock may be down: run the doctor."
)


@dataclass(frozen=True, slots=True)
class Item:
    """A line. `about` is the booking or the person, `age` how long it stands there, `links` what
    may be done (words, address); `seen` the message that may be marked as seen.
    """

    kind: str
    at: datetime
    age: str
    title: str
    todo: str
    about: str
    operator: str | None
    amount_minor: int | None
    currency: str | None
    links: Sequence[tuple[str, str]]
    seen: int | None = None


def listed(db: Session, scope: Scope, kind: str | None) -> Sequence[Item]:
    """The oldest lines of one kind, or of all of them, the oldest first."""
    kinds = sources.of(scope)
    chosen = kinds if kind is None else {kind: kinds[kind]}
    parts = [
        f"SELECT '{name}' AS kind, line.* FROM ({sources.select(each, scope, ROWS_SHOWN)}) AS line"  # noqa: S608 - of constants
        for name, found in chosen.items()
        for each in found
    ]
    every = text(f"{' UNION ALL '.join(parts)} ORDER BY at")
    now: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    rows = db.execute(every, {"operator_id": scope.operator_id}).mappings()
    return [_item(row, now, scope) for row in rows]


def _item(row: RowMapping, now: datetime, scope: Scope) -> Item:
    title, todo = _said(row)
    booked = " · ".join(part for part in (row["reference"], row["name"]) if part)
    return Item(
        kind=row["kind"],
        at=row["at"],
        age=_age((now - row["at"]).total_seconds()),
        title=title,
        todo=todo,
        about=booked,
        operator=row["operator"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        links=_links(row, scope),
        seen=row["message_id"] if row["kind"] == "messages" else None,
    )


def _age(seconds: float) -> str:
    return lasting(seconds) if seconds >= 60 else "under a minute"


def _said(row: RowMapping) -> tuple[str, str]:
    kind, what = row["kind"], row["what"]
    if kind == "stuck":
        return _STUCK[what], _STUCK_TODO
    if kind == "messages":
        why = f"It did not arrive: {reason(what or None)}."
        return "A reply was not delivered", f"{why} Tell them in another way, then mark it as seen."
    if kind == "people":
        return "Somebody wants a person", "Take the conversation over and answer."
    if kind == "approvals":
        asked = "A refund was asked for" if what == "refund" else _proposed(what)
        return asked, "Another person has to approve or reject it."
    return words.of_mark(what)


def _proposed(act: str) -> str:
    return f"Somebody proposed {words.of_proposal(act)}"


def _links(row: RowMapping, scope: Scope) -> Sequence[tuple[str, str]]:
    links: list[tuple[str, str]] = []
    if row["kind"] == "approvals":
        return (("Decide", _decide(row)),)
    if row["payment_id"] is not None:
        links.append(("Transaction", url_for("payment.show", payment_id=row["payment_id"])))
    # A payment's customer may be another operator's as well: that conversation is an admin's.
    if row["contact_id"] is not None and (row["payment_id"] is None or scope.operator_id is None):
        links.append(("Conversation", url_for("conversations.show", contact_id=row["contact_id"])))
    return links


def _decide(row: Mapping[str, Any] | RowMapping) -> str:
    if row["proposal_id"] is not None:
        return url_for("approvals.proposal", proposal_id=row["proposal_id"])
    return url_for("approvals.refund", refund_id=row["refund_id"])
