"""The acts on a payment that have a form: what will happen is said before, and done once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from bot.admin.minted import ActForm
from bot.admin.payment import offers, queries
from bot.admin.payment.forms import (
    AmountForm,
    EvidenceForm,
    FindingForm,
    MoveForm,
    OutsideForm,
    RefundForm,
    SeenForm,
    StatementForm,
)
from bot.admin.payment.pages import found
from bot.admin.payment.telling import moving, telling
from bot.admin.payment.whole import Whole
from bot.admin.refusals import put_beside
from bot.admin.rights import Right, needs
from bot.admin.running import runtime
from bot.admin.viewers import viewer
from domain import proposals, refunds
from domain.database import repeat, transaction
from domain.models import Booking
from domain.money import Money
from domain.moving import left_to_move
from domain.payments import by_people
from domain.refunds import NotRefunded, RefundWish
from domain.refunds.states import OUTSIDE, PROVIDER, REQUESTED
from domain.wishes import NotDone, Wish

blueprint: Blueprint = Blueprint("payment_acts", __name__)

Answer = str | tuple[str, int] | Response
Detail = Mapping[str, Any]
_MOVED_MEANWHILE = "The money was moved meanwhile. Look at the payment again."


@dataclass(frozen=True, slots=True)
class _Asked:
    """An act that takes two people, as its page has it. `name` is what offers and tellings know it
    by; `detail` reads the form, or writes beside its fields what is wrong and gives None.
    """

    name: str
    act: str
    subject: str
    detail: Callable[[Any], Detail | None]
    refused: str | None = None


@blueprint.route("/transactions/<uuid:payment_id>/refund", methods=["GET", "POST"])
@needs(Right.MONEY)
def refund(payment_id: UUID) -> Answer:
    """Ask for money to go back by the provider."""
    whole, form = found(payment_id), RefundForm()
    payment, alone = whole.core.payment, _alone_minor()
    amount = form.money(payment.currency) if form.validate_on_submit() else None
    if amount is not None:
        way = PROVIDER if offers.gives_back(payment.provider) else OUTSIDE
        wish = RefundWish(form.minted, payment_id, amount, form.reason.data, viewer().id, way)
        done = repeat(lambda db: refunds.request(db, wish, alone))
        if not isinstance(done, NotRefunded):
            return _after_refund(done.id, payment_id, done.status)
        put_beside(form, done)
    return _page(whole, "refund", form)


def _offer_surplus(form: ActForm | None, surplus: Money | None) -> None:
    """What nobody owed is what is given back first, so it stands in the form that is opened."""
    if isinstance(form, RefundForm | OutsideForm) and surplus is not None:
        form.amount.data = f"{surplus.to_decimal():,}"


def _after_refund(refund_id: UUID, payment_id: UUID, status: str) -> Response:
    if status == REQUESTED:
        flash("Asked for. A second person has to approve it before anything is sent.", "success")
        return redirect(url_for("approvals.refund", refund_id=refund_id), 303)
    flash("Approved. The provider is told in a moment; its answer stands below then.", "success")
    return redirect(url_for("payment.show", payment_id=payment_id), 303)


@blueprint.route("/transactions/<uuid:payment_id>/refunded-outside", methods=["GET", "POST"])
@needs(Right.MONEY)
def outside(payment_id: UUID) -> Answer:
    """Propose to write down what went back past the provider."""
    whole = found(payment_id)
    subject = f"payment:{payment_id}"
    asked = _Asked("outside", "refunded_outside", subject, lambda form: _amount(form, whole))
    return _propose(whole, asked, OutsideForm())


@blueprint.route("/transactions/<uuid:payment_id>/settle", methods=["GET", "POST"])
@needs(Right.MONEY)
def settle(payment_id: UUID) -> Answer:
    """Propose to credit what the provider's statement shows."""
    whole = found(payment_id)

    def detail(form: StatementForm) -> Detail | None:
        amount = _amount(form, whole)
        return None if amount is None else {**amount, "receipt": form.receipt.data.strip()}

    asked = _Asked("settle", "settle_by_statement", f"payment:{payment_id}", detail)
    return _propose(whole, asked, StatementForm())


@blueprint.route("/transactions/<uuid:payment_id>/close", methods=["GET", "POST"])
@needs(Right.MONEY)
def close(payment_id: UUID) -> Answer:
    """Propose to say that it was not paid."""
    asked = _Asked("close", "close_as_not_paid", f"payment:{payment_id}", lambda _: {})
    return _propose(found(payment_id), asked, EvidenceForm())


@blueprint.route("/transactions/<uuid:payment_id>/close-review", methods=["GET", "POST"])
@needs(Right.MONEY)
def close_review(payment_id: UUID) -> Answer:
    """Propose to say that what does not agree is no money of this payment."""
    asked = _Asked("close_review", "close_review", f"payment:{payment_id}", lambda _: {})
    return _propose(found(payment_id), asked, EvidenceForm())


@blueprint.route(
    "/transactions/<uuid:payment_id>/refunds/<uuid:refund_id>/conclude", methods=["GET", "POST"]
)
@needs(Right.MONEY)
def conclude(payment_id: UUID, refund_id: UUID) -> Answer:
    """Propose to say what became of a refund that nobody answered for."""
    whole = found(payment_id)
    doubtful = next((each for each in whole.refunds if each.refund.id == refund_id), None)
    if doubtful is None:
        abort(404)
    is_open = offers.to_conclude(doubtful.refund, whole)
    asked = _Asked(
        "conclude",
        "conclude_refund",
        f"refund:{refund_id}",
        lambda form: {"finding": form.finding.data},
        None if is_open else "This refund is not in doubt now.",
    )
    return _propose(whole, asked, FindingForm(), about=doubtful.refund)


@blueprint.route("/transactions/<uuid:payment_id>/seen", methods=["GET", "POST"])
@needs(Right.MONEY)
def seen(payment_id: UUID) -> Answer:
    """Take a payment off the review list: one person saw what its mark says."""
    whole, form = found(payment_id), SeenForm()
    if form.validate_on_submit():
        note, person = form.note.data, viewer().id
        done = repeat(lambda db: by_people.mark_reviewed(db, payment_id, person, note))
        if not isinstance(done, NotDone):
            flash("Marked as seen.", "success")
            return redirect(url_for("payment.show", payment_id=payment_id), 303)
        put_beside(form, done)
    return _page(whole, "seen", form)


@blueprint.route("/transactions/<uuid:payment_id>/move", methods=["GET", "POST"])
@needs(Right.MONEY)
def move(payment_id: UUID) -> Answer:
    """Propose to put money on another booking, which is shown first, with its name and balance."""
    whole, typed = found(payment_id), request.args.get("to", "").strip()
    named = request.form if request.method == "POST" else request.args
    source = _source(whole, named.get("from", ""))
    with transaction() as db:
        target = queries.booking_named(db, typed, source.operator_id) if typed else None
        most = left_to_move(db, source, whole.core.payment)
    wrong = _no_target(typed, target, source, whole.core.booking)
    # Where another booking has some of it, that one may be chosen.
    is_stuck = not most.amount_minor and len(whole.sources) == 1
    refused = _why_stuck(whole) if is_stuck else None
    shown = {"typed": typed, "source": source, "told": moving(source, most)}
    if target is None or wrong is not None:
        return _page(whole, "move", None, wrong=wrong, refused=refused, **shown)
    where = {"to_booking_id": target.id, "payment_id": str(payment_id)}

    def detail(form: MoveForm) -> Detail | None:
        if form.source.data != str(source.id):
            form.form_errors.append(_MOVED_MEANWHILE)
            return None
        amount = _amount(form, whole)
        return None if amount is None else {**amount, **where}

    asked = _Asked("move", "move_money", f"booking:{source.id}", detail, refused)
    return _propose(whole, asked, MoveForm(source=source.id), target=target, **shown)


def _why_stuck(whole: Whole) -> str:
    if whole.beyond_minor:
        return "Its provider took back by itself what is left of it."
    return "What is left of it is promised to a refund."


def _source(whole: Whole, asked: str) -> Booking:
    """The booking that the money is moved from: the one asked for, if it holds some of it; else the
    first that does.
    """
    holding = whole.sources or [whole.core.booking]
    return next((one for one in holding if str(one.id) == asked), holding[0])


def _no_target(typed: str, target: Booking | None, source: Booking, own: Booking) -> str | None:
    """What stands against moving money there, in words. `own` is its payment's booking, which takes
    it back in any case.
    """
    if not typed:
        return None
    if target is None:
        return "This operator has no booking with that reference."
    if target.id == source.id:
        return "That is the booking the money is on already."
    if target.currency != source.currency:
        return f"That booking is in {target.currency}; this money is {source.currency}."
    is_over = target.cancelled_at is not None and target.id != own.id
    return "That booking is cancelled, so it takes no money." if is_over else None


def _amount(form: AmountForm, whole: Whole) -> dict[str, Any] | None:
    amount = form.money(whole.core.payment.currency)
    if amount is None:
        return None
    return {"amount_minor": amount.amount_minor, "currency": amount.currency}


def _propose(whole: Whole, asked: _Asked, form: Any, **more: object) -> Answer:
    detail = asked.detail(form) if form.validate_on_submit() else None
    if detail is not None:
        wish = Wish(
            proposal_id=form.minted,
            act=asked.act,
            subject=asked.subject,
            operator_id=whole.core.booking.operator_id,
            detail=detail,
            evidence=form.evidence.data,
            staff_id=viewer().id,
        )
        done = repeat(lambda db: proposals.propose(db, wish))
        if not isinstance(done, NotDone):
            flash("Proposed. Nothing happens before a second person approves it.", "success")
            return redirect(url_for("approvals.proposal", proposal_id=done.id), 303)
        put_beside(form, done)
    return _page(whole, asked.name, form, refused=asked.refused, **more)


def _page(whole: Whole, name: str, form: ActForm | None, **more: Any) -> Answer:
    """The page of an act; what cannot be done now says why, and has no form."""
    told = more.pop("told", None) or telling(name, whole, _alone_minor())
    refused = more.pop("refused", None)
    refused = offers.refusal(name, whole) or refused
    sent = request.method == "POST"
    if not sent:
        _offer_surplus(form, told.surplus)
    shown = render_template(
        "payment/act.html",
        told=told,
        form=form,
        name=name,
        refused=None if sent else refused,
        whole=whole,
        core=whole.core,
        payment=whole.core.payment,
        booking=whole.core.booking,
        **more,
    )
    return (shown, 422) if sent else shown


def _alone_minor() -> int:
    return runtime().policy.refund_alone_minor
