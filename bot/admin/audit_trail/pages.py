"""The audit trail: who did what, newest first, and as CSV."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request

from bot.admin.audit_trail.deeds import Deed, deeds
from bot.admin.audit_trail.queries import Filters, entries, every_entry
from bot.admin.audit_trail.sentences import ACTS, plain
from bot.admin.audit_trail.words import detail_lines
from bot.admin.csvs import csv_answer
from bot.admin.payment.words import of_proposal
from bot.admin.rights import Right, needs
from bot.admin.running import zone
from bot.admin.viewers import viewer
from domain.database import transaction
from domain.models import AuditEntry
from domain.staff import trail

blueprint = Blueprint("audit_trail", __name__)

_YEARS = (2000, 2100)
_HEADER = ("time", "person", "act", "subject", "detail")


@blueprint.app_template_filter("act_words")
def shown_act(act: str) -> str:
    """An act by its name, on any page."""
    return plain(act)


@blueprint.app_template_filter("proposal_words")
def shown_proposal(act: str) -> str:
    """What is proposed, on any page: `to move money to another booking`."""
    return of_proposal(act)


@blueprint.app_template_filter("deeds")
def shown_deeds(found: Sequence[AuditEntry]) -> list[Deed]:
    """Entries in words, on any page, for whoever looks at it."""
    with transaction() as db:
        return deeds(db, viewer().scope, found)


@blueprint.get("/audit")
@needs(Right.MANAGE)
def index() -> str:
    """A page of the trail. Filters stand in the address."""
    filters, ignored = _filters()
    with transaction() as db:
        page = entries(db, filters, zone(), request.args.get("before"))
    acts = [plain(act) for act in ACTS]
    return render_template(
        "audit_trail/index.html", page=page, filters=filters, ignored=ignored, acts=acts
    )


@blueprint.get("/audit.csv")
@needs(Right.MANAGE)
def export() -> Response:
    """The trail as CSV, with the filters of the page. That it was taken stands in it as well."""
    filters, _ = _filters()
    person = viewer()
    with transaction() as db:
        subject = trail.subject_of(person.id)
        db.add(trail.entry(person.by, "audit_trail_exported", subject, filters.as_detail()))
    return csv_answer("audit.csv", _HEADER, _rows(filters, zone()))


def _rows(filters: Filters, days_of: ZoneInfo) -> Iterator[Sequence[object]]:
    for entry in every_entry(filters, days_of):
        yield (
            entry.at.astimezone(UTC).isoformat(timespec="seconds"),
            entry.actor,
            entry.act,
            entry.subject,
            json.dumps(dict(detail_lines(entry.detail)), ensure_ascii=False),
        )


def _filters() -> tuple[Filters, list[str]]:
    """What the address asks for, and what of it is ignored, in words."""
    ignored: list[str] = []

    def word(name: str) -> str | None:
        return request.args.get(name, "").strip()[:254] or None

    def day(name: str) -> date | None:
        text = word(name)
        if text is None:
            return None
        try:
            found = date.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or not _YEARS[0] <= found.year <= _YEARS[1]:
            ignored.append(f"“{text[:40]}” is no date of ours. Write it like 2026-11-21.")
            return None
        return found

    act = word("act")
    filters = Filters(
        actor=word("person"),
        act=act.lower().replace(" ", "_") if act else None,
        subject=word("subject"),
        since=day("from"),
        until=day("to"),
    )
    return filters, ignored
