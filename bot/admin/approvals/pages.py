"""The pages where a second person decides: what waits, what exactly it is, yes or no."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from markupsafe import escape
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bot.admin.approvals import facts, queries
from bot.admin.payment import words
from bot.admin.payment.forms import WhyForm
from bot.admin.payment.telling import way_back
from bot.admin.refusals import Refused, put_beside, words_of
from bot.admin.rights import Right, needs
from bot.admin.running import runtime, zone
from bot.admin.viewers import scope, viewer
from bot.announcing import tell_taken_back
from domain import proposals, refunds
from domain.database import repeat, transaction
from domain.models import Proposal
from domain.proposals.deciding import PROPOSED
from domain.reaching import Reach
from domain.refunds import NotRefunded
from domain.refunds.states import OUTSIDE, REQUESTED, UNSENT
from domain.staff.pairs import Unfit, second_of
from domain.wishes import NotDone, Tools, Why, Wish
from providers.registry import PROVIDERS

blueprint: Blueprint = Blueprint("approvals", __name__)

Answer = str | tuple[str, int] | Response


@blueprint.get("/approvals")
@needs(Right.SEE)
def index() -> str:
    """All that waits, the oldest first."""
    with transaction() as db:
        proposed = queries.proposals_waiting(db, scope())
        asked = queries.refunds_waiting(db, scope())
    return render_template("approvals/index.html", proposed=proposed, asked=asked, words=words)


@blueprint.get("/approvals/<uuid:proposal_id>")
@needs(Right.SEE)
def proposal(proposal_id: UUID) -> Answer:
    """What one proposal will do, or what was decided about it."""
    return _proposal(proposal_id, WhyForm())


@blueprint.route("/approvals/<uuid:proposal_id>/approve", methods=["GET", "POST"])
@needs(Right.MONEY)
def approve_proposal(proposal_id: UUID) -> Answer:
    """Agree: it is carried out at once."""
    _known_proposal(proposal_id)
    if request.method == "POST":
        done, reach = _approved(proposal_id)
        _say(done if isinstance(done, NotDone) else None, "Approved, and done.")
        if reach is not None:
            _say_who_was_told(reach)
    return redirect(url_for("approvals.proposal", proposal_id=proposal_id), 303)


def _approved(proposal_id: UUID) -> tuple[Proposal | NotDone, Reach | None]:
    """Carried out or refused; and whom it reached, where it is news for a customer."""
    started, person, where = runtime(), viewer().id, zone()

    def work(db: Session) -> tuple[Proposal | NotDone, Reach | None]:
        reached: list[Reach] = []

        def tell(db: Session, wish: Wish) -> None:
            if wish.act == "take_back_outside":
                reached.append(tell_taken_back(db, wish, started.policy, where))

        tools = Tools(started.policy, started.accounts.sealer, tell)
        done = proposals.approve(db, proposal_id, person, tools)
        return done, next(iter(reached), None)

    return repeat(work)


def _say_who_was_told(reach: Reach) -> None:
    if reach.told:
        flash("The customer is told in WhatsApp.", "info")
    else:
        flash("The customer cannot be written to in WhatsApp now: please call them.", "warning")


@blueprint.route("/approvals/<uuid:proposal_id>/reject", methods=["GET", "POST"])
@needs(Right.MONEY)
def reject_proposal(proposal_id: UUID) -> Answer:
    """Say no, or take one's own proposal back."""
    _known_proposal(proposal_id)
    return _rejected(
        lambda db, person, why: proposals.reject(db, proposal_id, person, why),
        "Rejected. Nothing was done.",
        url_for("approvals.proposal", proposal_id=proposal_id),
        lambda form: _proposal(proposal_id, form),
    )


@blueprint.get("/approvals/refunds/<uuid:refund_id>")
@needs(Right.SEE)
def refund(refund_id: UUID) -> Answer:
    """A refund that was asked for, or what became of it."""
    return _refund(refund_id, WhyForm())


@blueprint.route("/approvals/refunds/<uuid:refund_id>/approve", methods=["GET", "POST"])
@needs(Right.MONEY)
def approve_refund(refund_id: UUID) -> Answer:
    """Agree: the provider is told in a moment."""
    _known_refund(refund_id)
    if request.method == "POST":
        person = viewer().id
        done = repeat(lambda db: refunds.approve(db, refund_id, person))
        refused = done if isinstance(done, NotRefunded) else None
        _say(refused, "Approved. The provider is told in a moment.")
    return redirect(url_for("approvals.refund", refund_id=refund_id), 303)


@blueprint.route("/approvals/refunds/<uuid:refund_id>/reject", methods=["GET", "POST"])
@needs(Right.MONEY)
def reject_refund(refund_id: UUID) -> Answer:
    """Say no before the provider was told; also whoever asked for it."""
    _known_refund(refund_id)
    return _rejected(
        lambda db, person, why: refunds.reject(db, refund_id, person, why),
        "Rejected. No money goes back.",
        url_for("approvals.refund", refund_id=refund_id),
        lambda form: _refund(refund_id, form),
    )


def _rejected(
    reject: Callable[[Session, int, str], object],
    said: str,
    back: str,
    again: Callable[[WhyForm], Answer],
) -> Answer:
    """Say no with the reason that was typed; `again` shows the page with what is wrong with it."""
    form = WhyForm()
    if form.validate_on_submit():
        why, person = form.why.data, viewer().id
        done = repeat(lambda db: reject(db, person, why))
        if isinstance(done, NotDone | NotRefunded):
            put_beside(form, done)
        else:
            flash(said, "success")
            return redirect(back, 303)
    return redirect(back, 303) if request.method == "GET" else again(form)


def _proposal(proposal_id: UUID, form: WhyForm) -> Answer:
    with transaction() as db:
        seen = queries.proposal(db, proposal_id, scope()) or abort(404)
        told = facts.of(db, seen.proposal)
        waits = seen.proposal.status == PROPOSED
        unfit = from_when = None
        if waits:
            unfit = _unfit(db, seen.proposal.proposed_by, seen.proposal.operator_id)
            from_when = _too_early(db, seen.proposal)
    shown = {"seen": seen, "facts": told, "unfit": unfit, "from_when": from_when}
    return _answer("approvals/proposal.html", form=form, **shown)


def _too_early(db: Session, proposal: Proposal) -> datetime | None:
    """From when on it may be approved; None where that is now."""
    now: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    return proposal.not_before if proposal.not_before and proposal.not_before > now else None


def _refund(refund_id: UUID, form: WhyForm) -> Answer:
    with transaction() as db:
        seen = queries.refund(db, refund_id, scope()) or abort(404)
        unfit = None
        if seen.refund.status == REQUESTED:
            unfit = _unfit(db, seen.refund.requested_by, seen.booking.operator_id)
    known = PROVIDERS.get(seen.payment.provider)
    return _answer(
        "approvals/refund.html",
        seen=seen,
        unfit=unfit,
        form=form,
        days=known.refund_days if known else None,
        back_to=way_back(seen.payment.provider),
        is_unsent=seen.refund.status in UNSENT and seen.refund.way != OUTSIDE,
    )


def _answer(template: str, **shown: object) -> Answer:
    page = render_template(template, words=words, **shown)
    return (page, 422) if request.method == "POST" else page


def _unfit(db: Session, first_id: int, operator_id: int | None) -> str | None:
    """Why the viewer may not be the second person, in words; None: they may."""
    person = viewer()
    unfit = second_of(db, first_id, person.id, operator_id)
    if not isinstance(unfit, Unfit):
        return None
    if unfit is Unfit.NOT_APPROVER and person.approver_from is not None:
        moment = current_app.jinja_env.filters["moment"]
        return f"You may approve from {escape(moment(person.approver_from)).striptags()} on."
    return words_of(NotDone(Why(unfit.value)))


def _known_proposal(proposal_id: UUID) -> None:
    with transaction() as db:
        if queries.proposal(db, proposal_id, scope()) is None:
            abort(404)


def _known_refund(refund_id: UUID) -> None:
    with transaction() as db:
        if queries.refund(db, refund_id, scope()) is None:
            abort(404)


def _say(refused: Refused | None, done: str) -> None:
    if refused is None:
        flash(done, "success")
    else:
        flash(words_of(refused), "warning")
