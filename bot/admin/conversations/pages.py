"""Conversations: who wrote, what was said, and answering in the place of the bot."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bot import handing
from bot.admin.conversations import queries, search, tied, transcript, words
from bot.admin.conversations.forms import AnswerForm, TakeForm
from bot.admin.ids import LARGEST_ID, read_id
from bot.admin.paging import Page, read_cursor
from bot.admin.rights import Right, needs
from bot.admin.running import runtime
from bot.admin.viewers import scope, viewer
from domain import talking
from domain.database import repeat, transaction

blueprint = Blueprint("conversations", __name__)

_LISTS = ("all", "wanted", "mine", "others")


@blueprint.context_processor
def _words() -> dict[str, Callable[..., Any]]:
    return {
        "reason_of": words.reason,
        "media_of": words.media,
        "ago": words.ago,
        "first_words": words.first_words,
        "who_wrote": words.who_wrote,
        "marked_up": words.marked_up,
    }


@blueprint.get("/conversations")
@needs(Right.SEE)
def index() -> str:
    """A list of conversations: all, or those of a kind (`show`), or what a search (`q`) finds."""
    typed = request.args.get("q", "").strip()[:100]
    kind = request.args.get("show", "all")
    kind = kind if kind in _LISTS else "all"
    seen = scope()
    with transaction() as db:
        wanted = queries.count_wanted(db, seen)
        page = _found(db, typed) if typed else _listed(db, kind)
    return render_template(
        "conversations/index.html",
        page=page,
        kind=kind,
        typed=typed,
        wanted=wanted,
        ticks=words.TICKS,
        bookings_at_most=queries.BOOKINGS_AT_MOST,
    )


def _found(db: Session, typed: str) -> Page[queries.Line]:
    wish = search.read(typed, scope())
    if wish is None:
        return Page((), None)
    return Page(queries.found(db, scope(), wish.contacts, wish.values), None)


def _listed(db: Session, kind: str) -> Page[queries.Line]:
    if kind != "all":
        return Page(queries.among(db, scope(), kind, viewer().id), None)
    before = read_cursor(request.args.get("before"), (read_id,))
    return queries.newest(db, scope(), None if before is None else before[0])


@blueprint.get("/conversations/<int:contact_id>")
@needs(Right.SEE)
def show(contact_id: int) -> str:
    """One conversation, or, with `before`, what was said before a message."""
    form = AnswerForm(formdata=None, answer_id=str(uuid4()))
    return _page(contact_id, form, before=_number(request.args.get("before")))


def _page(contact_id: int, form: AnswerForm, **more: Any) -> str:
    before = more.pop("before", None)
    with transaction() as db:
        _seen_or_404(db, contact_id)
        talk = transcript.talk(db, contact_id)
        bookings = transcript.bookings(db, contact_id)
        stretch = transcript.stretch(db, contact_id, before)
    return render_template(
        "conversations/show.html",
        talk=talk,
        bookings=bookings,
        stretch=stretch,
        form=form,
        before=before,
        news_url=_news_url(talk, stretch, _has_form(talk, form)),
        with_form=_has_form(talk, form),
        ticks=words.TICKS,
        hours=words.HOURS_HELD,
        **more,
    )


@blueprint.get("/conversations/<int:contact_id>/older")
@needs(Right.SEE)
def older(contact_id: int) -> str:
    """The part of a transcript before a message, to be put above it."""
    before = _number(request.args.get("before"))
    with transaction() as db:
        _seen_or_404(db, contact_id)
        stretch = transcript.stretch(db, contact_id, before)
    return render_template(
        "conversations/older.html", contact_id=contact_id, stretch=stretch, ticks=words.TICKS
    )


@blueprint.get("/conversations/<int:contact_id>/news")
@needs(Right.SEE)
def news(contact_id: int) -> str:
    """What is new since a page was shown: messages, changes of shown ones, who answers now."""
    seen = _shown()
    with transaction() as db:
        _seen_or_404(db, contact_id)
        if seen is None:
            abort(400)
        talk = transcript.talk(db, contact_id)
        stretch = transcript.news(db, contact_id, seen)
    had_form = request.args.get("form") == "1"
    is_other = request.args.get("stand") != talk.stand
    form = AnswerForm(formdata=None, answer_id=str(uuid4()))
    return render_template(
        "conversations/news.html",
        talk=talk,
        stretch=stretch,
        is_other=is_other,
        # A form that may hold a half-written answer is left alone.
        renews_form=is_other and not had_form,
        form=form,
        with_form=had_form or _has_form(talk, form),
        news_url=_news_url(talk, stretch, had_form or _has_form(talk, form), seen),
        ticks=words.TICKS,
        hours=words.HOURS_HELD,
    )


@blueprint.post("/conversations/<int:contact_id>/take-over")
@needs(Right.WORK)
def take_over(contact_id: int) -> Response:
    """Answer in the place of the bot, or of whoever does."""
    form = TakeForm()
    holder = _number(form.holder.data)
    _check(contact_id)
    refused = handing.take_over(runtime(), contact_id, viewer().id, holder or None)
    if refused is not None:
        flash(words.refusal(refused), "warning")
    return _back(contact_id)


@blueprint.post("/conversations/<int:contact_id>/answer")
@needs(Right.WORK)
def answer(contact_id: int) -> Response | tuple[str, int]:
    """Send a text to the customer, once."""
    form = AnswerForm()
    _check(contact_id)
    try:
        answer_id = UUID(form.answer_id.data or "")
    except ValueError:
        abort(400)
    said = talking.Answer(answer_id, contact_id, viewer().id, form.text.data or "")
    refused = repeat(lambda db: talking.answer(db, said))
    if refused is None:
        return _back(contact_id)
    form.text.errors = [words.refusal(refused)]
    form.answer_id.data = str(uuid4())
    return _page(contact_id, form), 422


@blueprint.post("/conversations/<int:contact_id>/hand-back")
@needs(Right.WORK)
def hand_back(contact_id: int) -> Response:
    """Let the bot answer again."""
    _check(contact_id)
    refused = handing.hand_back(runtime(), contact_id, viewer().id)
    if refused is not None:
        flash(words.refusal(refused), "warning")
    return _back(contact_id)


@blueprint.post("/conversations/<int:contact_id>/number")
@needs(Right.WORK)
def number(contact_id: int) -> str:
    """The customer's number in full; that it was looked at is written down."""
    _check(contact_id)
    staff_id = viewer().id
    address = repeat(lambda db: talking.show_number(db, contact_id, staff_id))
    if request.headers.get("HX-Request"):
        return render_template("conversations/number.html", address=address)
    form = AnswerForm(formdata=None, answer_id=str(uuid4()))
    return _page(contact_id, form, address=address)


def _seen_or_404(db: Session, contact_id: int) -> None:
    if not tied.may_see(db, scope(), contact_id):
        abort(404)


def _check(contact_id: int) -> None:
    with transaction() as db:
        _seen_or_404(db, contact_id)


def _back(contact_id: int) -> Response:
    return redirect(url_for("conversations.show", contact_id=contact_id), 303)


def _number(written: str | None) -> int | None:
    """A whole number that may be an id; None for anything else."""
    if written is None or not written.isascii() or not written.isdigit():
        return None
    return min(int(written[:19]), LARGEST_ID)


def _has_form(talk: transcript.Talk, form: AnswerForm) -> bool:
    """Whether there is a place to write: for who has the conversation, while it can be answered;
    and for words that were refused, so that they are not lost.
    """
    is_mine = talk.holder_id == viewer().id
    return (is_mine and talk.is_open and not talk.has_opted_out) or bool(form.text.data)


def _shown() -> transcript.Seen | None:
    """What the page that asks has shown, as `_news_url` wrote it; None for what is not ours."""
    written = request.args.get("shown", "").split(",")[: transcript.REMEMBERED]
    messages = [number for number in map(_number, written) if number is not None]
    milestone, act = (_number(request.args.get(name)) for name in ("milestone", "act"))
    try:
        at = datetime.fromisoformat(request.args.get("at", ""))
    except ValueError:
        return None
    if milestone is None or act is None or at.tzinfo is None:
        return None
    return transcript.Seen(messages, milestone, act, at)


def _news_url(
    talk: transcript.Talk,
    stretch: transcript.Stretch,
    with_form: bool,
    seen: transcript.Seen | None = None,
) -> str:
    """Where a page that has shown this asks what is new."""
    ids: dict[str, list[int]] = {"said": [], "milestone": [0], "act": [0]}
    if seen is not None:
        ids = {"said": [*seen.messages], "milestone": [seen.milestone_id], "act": [seen.act_id]}
    for item in stretch.items:
        ids[item.kind].append(item.id)
    return url_for(
        "conversations.news",
        contact_id=talk.contact_id,
        shown=",".join(map(str, sorted(ids["said"])[-transcript.REMEMBERED :])),
        milestone=max(ids["milestone"]),
        act=max(ids["act"]),
        at=talk.now.isoformat(),
        stand=talk.stand,
        form=int(with_form),
    )
