"""What is done to a booking: money is taken for it, it is added, corrected, cancelled."""

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bot.admin.bookings import whole
from bot.admin.bookings.forms import (
    FIELDS_OF_COLUMNS,
    AddForm,
    CorrectForm,
    OutsideForm,
    choices,
    chosen,
    read_details,
    read_row,
    say,
)
from bot.admin.bookings.whole import Core
from bot.admin.departures.forms import CancelForm
from bot.admin.departures.queries import sellers, tours
from bot.admin.refusals import put_beside
from bot.admin.rights import Right, needs
from bot.admin.running import runtime
from bot.admin.viewers import scope, viewer
from bot.announcing import tell_booking_cancelled, tell_taken_outside
from domain import cancelling, correcting, outside, proposals
from domain.cancelling import Cancelled
from domain.correcting import Corrected, Correction, NotRight
from domain.database import repeat, transaction
from domain.importing import BookingRow, ImportRefused, add_booking
from domain.models import Booking, Proposal
from domain.money import Money
from domain.outside import Method, OutsideMoney, Posted
from domain.reaching import Reach
from domain.wishes import NotDone, Why

blueprint: Blueprint = Blueprint("acts", __name__)

_ONE = "/bookings/<int:booking_id>"


@blueprint.route(f"{_ONE}/outside", methods=["GET", "POST"])
@needs(Right.MONEY)
def take_outside(booking_id: int) -> str | Response:
    """Record money that was taken at the desk."""
    core, form = _found(booking_id), OutsideForm()
    amount = form.money(core.booking.currency) if form.validate_on_submit() else None
    if amount is not None:
        money = OutsideMoney(
            form.minted,
            booking_id,
            amount,
            Method(form.method.data),
            form.evidence.data,
            viewer().id,
        )
        done = repeat(lambda db: _record(db, money))
        if not isinstance(done, NotDone):
            _tell_recorded(*done)
            return _back(booking_id)
        put_beside(form, done)
    return render_template("bookings/outside.html", core=core, booking=core.booking, form=form)


def _record(db: Session, money: OutsideMoney) -> tuple[Posted, Reach | None] | NotDone:
    """Record it and send its receipt, in one transaction; no second receipt for what was known."""
    done = outside.record(db, money)
    if isinstance(done, NotDone):
        return done
    if done.known:
        return done, None
    policy = runtime().policy
    return done, tell_taken_outside(db, done, money.record_id, money.method, policy)


def _tell_recorded(posted: Posted, reach: Reach | None) -> None:
    if reach is None:
        words = f"This form was sent before: {posted.amount} stands in the books once."
        flash(f"{words} Open the form anew for more money.", "info")
        return
    flash(f"{posted.amount} recorded. Paid {posted.paid}, still owed {posted.owed}.", "success")
    if reach.told:
        flash("The receipt is sent in WhatsApp.", "info")
    else:
        flash(
            "The customer cannot be written to in WhatsApp now. Print the receipt: it stands under"
            " “Money”.",
            "warning",
        )


@blueprint.route(f"{_ONE}/cancel", methods=["GET", "POST"])
@needs(Right.MONEY)
def cancel(booking_id: int) -> str | Response:
    """Cancel one booking."""
    core, form, staff_id = _found(booking_id), CancelForm(), viewer().id

    def work(db: Session) -> Cancelled | NotDone:
        done = cancelling.cancel_booking(db, booking_id, staff_id, form.why.data)
        if isinstance(done, Cancelled):
            tell_booking_cancelled(db, done)
        return done

    if form.validate_on_submit():
        done = repeat(work)
        if isinstance(done, Cancelled):
            _tell_cancelled(done)
            return _back(booking_id)
        put_beside(form, done)
    return render_template("bookings/cancel.html", core=core, booking=core.booking, form=form)


def _tell_cancelled(done: Cancelled) -> None:
    if done.known:
        flash("This booking was cancelled before. Nobody is told again.", "info")
        return
    flash("The booking is cancelled.", "success")
    if done.reach.told:
        flash("The customer is told in WhatsApp.", "info")
    else:
        flash("The customer cannot be written to in WhatsApp now: please call them.", "warning")
    if done.to_refund:
        flash("It still holds money that was paid. How to give it back stands below.", "warning")


@blueprint.route(f"{_ONE}/correct", methods=["GET", "POST"])
@needs(Right.MONEY)
def correct(booking_id: int) -> str | Response:
    """Put right what a booking says."""
    core = _found(booking_id)
    booking = core.booking
    form = CorrectForm(**_as_it_reads(booking))
    if form.validate_on_submit():
        details = read_details(form, booking.currency)
        if details is not None:
            correction = Correction(
                booking_id=booking_id,
                staff_id=viewer().id,
                name=details.name,
                phone=details.phone or booking.lead_phone,
                email=details.email,
                total=details.total,
                deposit=details.deposit,
                balance_due_on=form.balance_due_on.data,
                seen=form.seen.data or "",
            )
            asked, evidence = form.minted, form.evidence.data or ""
            done = repeat(lambda db: _correct(db, correction, asked, evidence))
            if not isinstance(done, NotDone):
                return _corrected(done, booking_id)
            if done.why == NotRight.CHANGED_SINCE:
                return _correct_anew(booking_id)
            put_beside(form, done)
    return render_template("bookings/correct.html", core=core, booking=booking, form=form)


def _correct_anew(booking_id: int) -> str:
    """The form as the booking reads now: the one that was sent could never be sent again."""
    core = _found(booking_id)
    form = CorrectForm(formdata=None, **_as_it_reads(core.booking))
    form.form_errors.append(
        "Somebody changed this booking meanwhile. Below is how it reads now: make your change"
        " again."
    )
    return render_template("bookings/correct.html", core=core, booking=core.booking, form=form)


def _as_it_reads(booking: Booking) -> dict[str, Any]:
    """The form's fields; the phone is left empty, which keeps it."""
    deposit = booking.deposit_minor
    return {
        "name": booking.lead_name,
        "email": booking.email or "",
        "total": _typed(booking.total_minor, booking.currency),
        "deposit": "" if deposit is None else _typed(deposit, booking.currency),
        "balance_due_on": booking.balance_due_on,
        "seen": correcting.fingerprint(booking),
    }


def _typed(amount_minor: int, currency: str) -> str:
    return str(Money(amount_minor, currency).to_decimal())


def _correct(
    db: Session, correction: Correction, proposal_id: UUID, evidence: str
) -> Corrected | Proposal | NotDone:
    """At once, or, where it takes two people, as a proposal."""
    done = correcting.correct(db, correction)
    if not isinstance(done, NotDone) or done.why != Why.NEEDS_TWO:
        return done
    sealer = runtime().accounts.sealer
    wish = correcting.wish_for(db, correction, proposal_id, evidence, sealer)
    return proposals.propose(db, wish)


def _corrected(done: Corrected | Proposal, booking_id: int) -> Response:
    if isinstance(done, Proposal):
        flash("Asked for. A second person has to approve it before anything changes.", "success")
    elif done.columns:
        flash("The booking is corrected.", "success")
    else:
        flash("The booking reads so already. Nothing was changed.", "info")
    return _back(booking_id)


@blueprint.route("/bookings/add", methods=["GET", "POST"])
@needs(Right.WORK)
def add() -> str | Response:
    """Add one booking by hand."""
    with transaction() as db:
        known = tours(db, scope())
        names = sellers(db, scope())
    form = AddForm()
    form.tour.choices = choices("No tour yet", ((str(one[0]), _called(one)) for one in known))
    form.operator.choices = choices("Choose", ((name, name) for name in names))
    if form.validate_on_submit():
        tour = chosen(form.tour.data, known)
        only = names[0] if len(names) == 1 else ""
        operator = tour[3] if tour else form.operator.data or only
        if not operator:
            say(form.operator, "Choose whose booking it is.")
        row = read_row(form, (tour[0], tour[1]) if tour else None, operator)
        done = _added(form, row) if row is not None else None
        if isinstance(done, Booking):
            flash("The booking is added.", "success")
            return _back(done.id)
        if done is not None:
            put_beside(form, done)
    return render_template("bookings/add.html", form=form, sellers=names)


def _added(form: AddForm, row: BookingRow) -> Booking | NotDone | None:
    """The new booking; None, and words beside the fields, where an import would refuse it."""
    form_id, staff_id = form.minted, viewer().id
    try:
        return repeat(lambda db: add_booking(db, row, form_id, staff_id))
    except ImportRefused as refused:
        for fault in refused.faults:
            words = f"{fault.reason[:1].upper()}{fault.reason[1:]}."
            say(form[FIELDS_OF_COLUMNS[fault.column]], words)
        return None


def _called(tour: tuple[int, str, int, str]) -> str:
    number, name, _, operator = tour
    return f"{number} · {name} ({operator})" if viewer().is_admin else f"{number} · {name}"


def _found(booking_id: int) -> Core:
    with transaction() as db:
        return whole.core(db, scope(), booking_id) or abort(404)


def _back(booking_id: int) -> Response:
    return redirect(url_for("bookings.show", booking_id=booking_id), 303)
