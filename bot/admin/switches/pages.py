"""Switches: what may take new payments. Admins pause and resume; an operator's own staff see what
is paused for them.
"""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from bot.admin.rights import Right, needs
from bot.admin.switches import queries
from bot.admin.switches.queries import Line
from bot.admin.viewers import scope, viewer
from domain import switches
from domain.database import repeat, transaction
from domain.models import Switch

blueprint = Blueprint("switches", __name__)


class SeenForm(FlaskForm):
    """An act on a switch as it was shown: sent again later, it does nothing."""

    seen = HiddenField()


class PauseForm(SeenForm):
    """A pause, and what customers are told."""

    words = TextAreaField(
        "Words for customers",
        [
            Length(
                max=switches.LONGEST_WORDS,
                message=f"Write at most {switches.LONGEST_WORDS} characters.",
            )
        ],
        render_kw={"rows": 3, "maxlength": switches.LONGEST_WORDS},
    )


@blueprint.get("/switches")
@needs(Right.SEE)
def index() -> str:
    """What is paused, since when, and by whom."""
    with transaction() as db:
        lines = queries.lines(db, scope())
    return render_template("switches/index.html", lines=lines)


@blueprint.route("/switches/<name>/pause", methods=["GET", "POST"])
@needs(Right.GOVERN)
def pause(name: str) -> str | Response:
    """Take no new payments, or tell customers other words."""
    line = _line(name)
    form = PauseForm(
        seen=_seen(line.switch), words=line.switch.words if line.switch is not None else None
    )
    if form.validate_on_submit():
        words, by = " ".join((form.words.data or "").split()) or None, viewer().email

        def stands(switch: Switch | None) -> bool:
            return switch is not None and (switch.paused_by, switch.words) == (by, words)

        if _done(form, name, stands, lambda db: switches.pause(db, name, by, words)):
            flash("Paused. Payments under way go on.", "success")
            return redirect(url_for("switches.index"), 303)
    return render_template("switches/pause.html", form=form, line=line)


@blueprint.route("/switches/<name>/resume", methods=["GET", "POST"])
@needs(Right.GOVERN)
def resume(name: str) -> str | Response:
    """Take new payments again."""
    line = _line(name)
    form = SeenForm(seen=_seen(line.switch))
    if form.validate_on_submit():
        by = viewer().email

        def stands(switch: Switch | None) -> bool:
            return switch is None or switch.paused_at is None

        if _done(form, name, stands, lambda db: switches.resume(db, name, by)):
            flash("Resumed, unless something wider or narrower is paused.", "success")
            return redirect(url_for("switches.index"), 303)
    return render_template("switches/resume.html", form=form, line=line)


def _line(name: str) -> Line:
    with transaction() as db:
        found = queries.one(db, name)
    return abort(404) if found is None else found


def _seen(switch: Switch | None) -> str:
    """How a switch stood when its form was shown."""
    return "" if switch is None else switch.changed_at.isoformat()


def _done(
    form: SeenForm,
    name: str,
    stands: Callable[[Switch | None], bool],
    act: Callable[[Session], bool],
) -> bool:
    """Whether it stands as asked; else words stand above the form."""
    seen = form.seen.data or ""

    def work(db: Session) -> bool:
        switch = db.execute(
            select(Switch).where(Switch.scope == name).with_for_update()
        ).scalar_one_or_none()
        if stands(switch):
            return True
        if _seen(switch) != seen:
            return False
        act(db)
        return True

    if repeat(work):
        return True
    form.form_errors.append("This was switched meanwhile. Look at how it stands now.")
    return False
