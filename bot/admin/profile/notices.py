"""What people of staff are told, in words: shown on every page until they have seen it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, url_for

from bot.admin.payment.words import ACTS
from bot.admin.viewers import viewer
from domain.database import transaction
from domain.models import StaffNotice
from domain.staff import notices

# By kind. What is in braces stands in the notice's detail.
WORDS: Mapping[str, str] = {
    "proposal_waiting": "{by} asks for a second person {act}.",
    "proposal_approved": "{by} approved the proposal {act}.",
    "proposal_rejected": "{by} rejected the proposal {act}.",
    "proposal_withdrawn": "{by} took back the proposal {act}.",
    "refund_waiting": "{by} asks for a second person to refund a payment.",
    "refund_approved": "{by} approved the refund that was asked for.",
    "refund_rejected": "{by} rejected the refund that was asked for.",
    "approver_made": "{by} made {who} an approver. It counts after 24 hours. If you know of no"
    " reason, ask, or take it away.",
    "approver_taken": "{by} took from {who} the right to approve.",
    "approver_enabled": "{by} enabled {who} again, who may approve after 24 hours.",
    "approver_role_changed": "{by} changed the role of {who}, who may approve again after 24"
    " hours.",
    "staff_access_renewed": "{who} chose a new password by a link that {by} made; their"
    " authenticator was dropped. If nobody asked for that, disable {who}.",
}
_OTHERWISE = "There is something new about {subject}: {kind}."
# The page of what a notice is about, by the first word of its subject.
_PAGES: Mapping[str, tuple[str, str]] = {
    "staff": ("people.show", "staff_id"),
    "proposal": ("approvals.proposal", "proposal_id"),
    "refund": ("approvals.refund", "refund_id"),
}
_ADMINS_PAGE = "staff"
_MOST = 20
_BY = "{by}"


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as it is shown. `page` leads to what it is about, where there is a page of it."""

    id: int
    words: str
    at: datetime
    page: str | None


def add_to(app: Flask) -> None:
    """Let every full page show what its viewer has not seen: one query, when it is drawn."""
    app.jinja_env.globals["unseen_notices"] = unseen_notices


def unseen_notices() -> Sequence[Told]:
    """The newest, up to more than anybody reads."""
    with transaction() as db:
        rows = notices.unseen(db, viewer().id, _MOST)
    return [_told(row) for row in rows]


def _told(notice: StaffNotice) -> Told:
    known = {key: str(value) for key, value in notice.detail.items()}
    act = known.get("act", "")
    known["act"] = ACTS.get(act, act.replace("_", " "))
    known.update(subject=notice.subject, kind=notice.kind.replace("_", " "))
    words = WORDS.get(notice.kind, _OTHERWISE)
    # Who made somebody an approver is told as well: it may have been done in their name.
    if known.get("by") == viewer().email and words.startswith(_BY):
        words = f"You{words.removeprefix(_BY)}"
    words = words.format_map(_Said(known))
    return Told(notice.id, words, notice.created_at, _page_of(notice.subject))


class _Said(dict[str, str]):
    """What a notice says; somebody, where it does not say who."""

    def __missing__(self, _key: str) -> str:
        return "somebody"


def _page_of(subject: str) -> str | None:
    kind, _, name = subject.partition(":")
    if kind not in _PAGES or (kind == _ADMINS_PAGE and not viewer().is_admin):
        return None
    endpoint, argument = _PAGES[kind]
    values: dict[str, Any] = {argument: name}
    return url_for(endpoint, **values)
