"""What is done to a departure: it is cancelled with everybody on it, or leaves on another day."""

from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bot.admin.departures import queries
from bot.admin.departures.forms import CancelForm, MoveForm, read_day
from bot.admin.departures.queries import Group
from bot.admin.refusals import put_beside
from bot.admin.rights import Right, needs
from bot.admin.running import zone
from bot.admin.showing import day
from bot.admin.viewers import scope, viewer
from bot.announcing import tell_departure_cancelled, tell_departure_moved
from domain import cancelling
from domain.cancelling import Cancelled, Moved, NotMoved
from domain.database import repeat, transaction
from domain.reaching import Reach
from domain.wishes import NotDone

blueprint: Blueprint = Blueprint("acts", __name__)

_ONE = "/departures/<int:departure_id>"


@blueprint.route(f"{_ONE}/cancel", methods=["GET", "POST"])
@needs(Right.MONEY)
def cancel(departure_id: int) -> str | Response:
    """Cancel a departure and every booking on it."""
    group, form, staff_id = _found(departure_id), CancelForm(), viewer().id

    def work(db: Session) -> Cancelled | NotDone:
        done = cancelling.cancel_departure(db, departure_id, staff_id, form.why.data)
        if isinstance(done, Cancelled):
            tell_departure_cancelled(db, done)
        return done

    if form.validate_on_submit():
        done = repeat(work)
        if isinstance(done, Cancelled):
            _flash(f"The departure is cancelled, with {_counted(done)}.", done.reach, done.known)
            return _back(departure_id)
        put_beside(form, done)
    return _asking("departures/cancel.html", group, form)


@blueprint.route(f"{_ONE}/move", methods=["GET", "POST"])
@needs(Right.MONEY)
def move(departure_id: int) -> str | Response:
    """Let a departure leave on another day."""
    group, staff_id = _found(departure_id), viewer().id
    form = MoveForm(was=group.start_date.isoformat())
    if form.validate_on_submit():
        to, was = form.to.data, form.was_on()
        if was is None or read_day(to.isoformat()) is None:
            form.to.errors = ["Choose a day between 2000 and 2099."]
            return _asking("departures/move.html", group, form)
        today = datetime.now(zone()).date()

        def work(db: Session) -> Moved | NotDone:
            why = form.why.data
            done = cancelling.move_departure(db, departure_id, was, to, today, staff_id, why)
            if isinstance(done, Moved):
                tell_departure_moved(db, done)
            return done

        done = repeat(work)
        if isinstance(done, Moved):
            words = f"It leaves on {day(done.start_date)} now, as {done.shared_reference}."
            _flash(words, done.reach, done.known)
            return _back(departure_id)
        if done.why == NotMoved.MOVED_MEANWHILE:
            # Sent again as it was, it would be refused for ever.
            group = _found(departure_id)
            form.was.data = group.start_date.isoformat()
        put_beside(form, done)
    return _asking("departures/move.html", group, form)


def _found(departure_id: int) -> Group:
    with transaction() as db:
        group = queries.one(db, scope(), departure_id)
    return group or abort(404)


def _asking(template: str, group: Group, form: CancelForm) -> str:
    """The page that asks once more, with how many would be told now."""
    with transaction() as db:
        reach = cancelling.whom_to_tell(db, group.id)
    return render_template(template, group=group, form=form, reach=reach)


def _back(departure_id: int) -> Response:
    return redirect(url_for("departures.show", departure_id=departure_id), 303)


def _counted(done: Cancelled) -> str:
    count = len(done.booking_ids)
    return f"{count:,} booking" if count == 1 else f"{count:,} bookings"


def _flash(words: str, reach: Reach, is_known: bool) -> None:
    if is_known:
        flash("That was done before. Nothing was changed, and nobody is told again.", "info")
        return
    people = "1 person is" if reach.told == 1 else f"{reach.told:,} people are"
    flash(f"{words} {people} told in WhatsApp.", "success")
    if reach.silent:
        count = len(reach.silent)
        left = "1 booking has nobody" if count == 1 else f"{count:,} bookings have nobody"
        flash(f"{left} we can write to now. They are listed below: please call them.", "warning")
