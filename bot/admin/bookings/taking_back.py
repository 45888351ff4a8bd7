"""Taking back money that was recorded as taken outside: the page on which it is proposed."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from bot.admin.bookings import whole, words
from bot.admin.bookings.forms import TakeBackForm
from bot.admin.bookings.whole import Core
from bot.admin.refusals import put_beside
from bot.admin.rights import Right, needs
from bot.admin.viewers import scope, viewer
from bot.announcing import receipt_number
from domain import proposals, taking_back
from domain.database import repeat, transaction
from domain.money import Money
from domain.taking_back import Recorded
from domain.wishes import NotDone, Wish

blueprint: Blueprint = Blueprint("taking_back", __name__)

Answer = str | tuple[str, int] | Response


@blueprint.route(
    "/bookings/<int:booking_id>/outside/<int:transfer_id>/take-back", methods=["GET", "POST"]
)
@needs(Right.MONEY)
def propose(booking_id: int, transfer_id: int) -> Answer:
    """Propose to take back what was recorded, all of it or a part."""
    with transaction() as db:
        core = whole.core(db, scope(), booking_id) or abort(404)
        posted = taking_back.recorded(db, booking_id, transfer_id) or abort(404)
        most = min(posted.left, taking_back.held_by(db, core.booking))
    form = TakeBackForm(amount=str(most.to_decimal()))
    amount = form.money(core.booking.currency) if form.validate_on_submit() else None
    if amount is not None:
        wish = _wish(form, core, posted, amount)
        done = repeat(lambda db: proposals.propose(db, wish))
        if not isinstance(done, NotDone):
            flash("Proposed. Nothing happens before a second person approves it.", "success")
            return redirect(url_for("approvals.proposal", proposal_id=done.id), 303)
        put_beside(form, done)
    sent = request.method == "POST"
    shown = render_template(
        "bookings/take_back.html",
        core=core,
        booking=core.booking,
        posted=posted,
        receipt=receipt_number(posted.record_id),
        most=most,
        refused=None if sent else _refused(posted, most),
        form=form,
        words=words,
    )
    return (shown, 422) if sent else shown


def _wish(form: TakeBackForm, core: Core, posted: Recorded, amount: Money) -> Wish:
    return Wish(
        proposal_id=form.minted,
        act="take_back_outside",
        subject=f"booking:{posted.booking_id}",
        operator_id=core.booking.operator_id,
        detail={
            "transfer_id": posted.transfer_id,
            "amount_minor": amount.amount_minor,
            "currency": amount.currency,
            "cause": form.cause.data,
        },
        evidence=form.evidence.data,
        staff_id=viewer().id,
    )


def _refused(posted: Recorded, most: Money) -> str | None:
    """What stands against it as the books are, in words; None: there is something to take back."""
    if not posted.left.amount_minor:
        return "All of it was taken back already."
    if not most.amount_minor:
        return (
            "The booking does not hold this money any more: it was moved to another booking, or a"
            " refund under way will take it."
        )
    return None
