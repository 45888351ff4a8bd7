"""The page of one payment, fresh while it is open, and its acts of one button."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bot.admin.conversations import tied
from bot.admin.conversations.words import TICKS, marked_up, reason
from bot.admin.payment import offers, queries, timeline, words
from bot.admin.payment.whole import Core, Whole
from bot.admin.refusals import words_of
from bot.admin.rights import Right, needs
from bot.admin.showing import provider_title
from bot.admin.viewers import scope, viewer
from domain.database import repeat, transaction
from domain.models import AuditEntry, Payment
from domain.payments import by_people
from domain.staff.trail import entry
from domain.wishes import NotDone

blueprint: Blueprint = Blueprint("payment", __name__)

_ASKED_EVERY = timedelta(seconds=10)
_ASKED = "payment_asked"


@blueprint.get("/transactions/<uuid:payment_id>")
@needs(Right.SEE)
def show(payment_id: UUID) -> str:
    """How it stands, all that happened to it, and what may be done."""
    whole = found(payment_id)
    with transaction() as db:
        has_talk = tied.may_see(db, scope(), whole.core.contact.id)
    return render_template("payment/show.html", has_talk=has_talk, **_shown(whole))


@blueprint.get("/transactions/<uuid:payment_id>/live")
@needs(Right.SEE)
def live(payment_id: UUID) -> str | tuple[str, int]:
    """What of the page changes by itself; no content while it stands as `mark` says."""
    whole = found(payment_id)
    if request.args.get("mark") == whole.mark:
        return "", 204
    return render_template("payment/live.html", **_shown(whole))


@blueprint.route("/transactions/<uuid:payment_id>/ask", methods=["GET", "POST"])
@needs(Right.WORK)
def ask(payment_id: UUID) -> Response:
    """Let the provider be asked at once. What it says stands on the timeline a moment later."""
    seen = _core(payment_id)
    if request.method == "POST":
        done = repeat(lambda db: _ask(db, payment_id, viewer().id))
        if isinstance(done, NotDone):
            flash(words_of(done), "warning")
        else:
            title = provider_title(seen.payment.provider)
            flash(f"{title} is being asked. What it says stands below in a moment.", "info")
    return redirect(url_for("payment.show", payment_id=payment_id), 303)


@blueprint.route("/transactions/<uuid:payment_id>/number", methods=["GET", "POST"])
@needs(Right.WORK)
def number(payment_id: UUID) -> str | Response:
    """A whole phone number, for whoever wants to call it. That they looked is written down."""
    seen = _core(payment_id)
    if request.method == "GET":
        return redirect(url_for("payment.show", payment_id=payment_id), 303)
    whose = request.form.get("whose", "")
    shown = {"contact": seen.address, "payer": _dialled(seen.payment.payer_number)}.get(whose)
    if shown is None:
        abort(404)
    with transaction() as db:
        db.add(entry(viewer().by, "number_shown", f"payment:{payment_id}", {"whose": whose}))
    name = "payment/number.html"
    if "HX-Request" not in request.headers:
        name = "payment/number_page.html"
    return render_template(name, number=shown, whose=whose, payment=seen.payment)


def found(payment_id: UUID) -> Whole:
    """Everything about a payment of the viewer's; 404 for any other."""
    with transaction() as db:
        whole = queries.whole(db, payment_id, scope())
    return whole or abort(404)


def _core(payment_id: UUID) -> Core:
    with transaction() as db:
        seen = queries.core(db, payment_id, scope())
    return seen or abort(404)


def _ask(db: Session, payment_id: UUID, staff_id: int) -> Payment | NotDone | None:
    """None: it was asked a moment ago, by whomever, and the answer is still on its way."""
    asked = db.execute(
        select(func.max(AuditEntry.at) > func.clock_timestamp() - _ASKED_EVERY).where(
            AuditEntry.subject == f"payment:{payment_id}", AuditEntry.act == _ASKED
        )
    ).scalar_one()
    return None if asked else by_people.ask_again(db, payment_id, staff_id)


def _shown(whole: Whole) -> dict[str, object]:
    core = whole.core
    title = provider_title(core.payment.provider)
    return {
        "core": core,
        "whole": whole,
        "payment": core.payment,
        "booking": core.booking,
        "title": title,
        "lines": timeline.lines(whole),
        "postings": timeline.postings(whole, title),
        "offers": offers.of(whole),
        "not_asked": offers.asking(whole),
        "to_conclude": [
            seen.refund.id for seen in whole.refunds if offers.to_conclude(seen.refund, whole)
        ],
        "came_otherwise": whole.held.brought_minor not in (0, core.payment.amount_minor),
        "words": words,
        "marked_up": marked_up,
        "ticks": TICKS,
        "reason_of": reason,
        "lines_shown": queries.LINES_SHOWN,
    }


def _dialled(digits: str | None) -> str | None:
    return None if digits is None else f"+{digits}"
