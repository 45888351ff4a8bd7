"""Operators: companies that sell, how their customers reach them, and their tours."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bot.admin.operators import queries
from bot.admin.operators.forms import OperatorForm, TourForm, TourNameForm
from bot.admin.rights import Right, needs
from bot.admin.viewers import viewer
from domain import operators
from domain.database import repeat, transaction
from domain.models import Operator, Tour
from domain.operators import OperatorRefused
from domain.staff.trail import By

blueprint = Blueprint("operators", __name__)

Done = TypeVar("Done")


@blueprint.get("/operators")
@needs(Right.MANAGE)
def index() -> str:
    """All operators, by name."""
    beginning = request.args.get("q", "").strip()[:120]
    with transaction() as db:
        page = queries.lines(db, beginning, request.args.get("before"))
    return render_template("operators/index.html", page=page, beginning=beginning)


@blueprint.get("/operators/<int:operator_id>")
@needs(Right.MANAGE)
def show(operator_id: int) -> str:
    """One operator, its tours and its accounts."""
    operator = _operator(operator_id)
    with transaction() as db:
        tours, accounts = queries.tours_of(db, operator_id), queries.accounts_of(db, operator_id)
    return render_template("operators/show.html", operator=operator, tours=tours, accounts=accounts)


@blueprint.route("/operators/new", methods=["GET", "POST"])
@needs(Right.GOVERN)
def new() -> str | Response:
    """Add an operator."""
    form = OperatorForm()
    if form.validate_on_submit():
        company, minted = form.company(), str(form.minted)
        added = _done(form, lambda db, by: operators.add(db, company, by, minted))
        if added is not None:
            flash(f"{added.name} is added.", "success")
            return _to(added.id)
    return render_template("operators/edit.html", form=form, operator=None)


@blueprint.route("/operators/<int:operator_id>/edit", methods=["GET", "POST"])
@needs(Right.GOVERN)
def edit(operator_id: int) -> str | Response:
    """Give an operator another name or contact."""
    operator = _operator(operator_id)
    form = OperatorForm(obj=operator)
    if form.validate_on_submit():
        company = form.company()
        changed = _done(form, lambda db, by: operators.change(db, operator_id, company, by))
        if changed is not None:
            flash("It is changed.", "success")
            return _to(operator_id)
    return render_template("operators/edit.html", form=form, operator=operator)


@blueprint.route("/operators/<int:operator_id>/tours/new", methods=["GET", "POST"])
@needs(Right.GOVERN)
def new_tour(operator_id: int) -> str | Response:
    """Add a tour."""
    operator = _operator(operator_id)
    with transaction() as db:
        form = TourForm(number=operators.next_tour_number(db))
    if form.validate_on_submit():
        number, name = form.number.data, form.tidy_name()
        added = _done(form, lambda db, by: operators.add_tour(db, operator_id, number, name, by))
        if added is not None:
            flash(f"Tour {number}, {name}, is added.", "success")
            return _to(operator_id)
    return render_template("operators/tour.html", form=form, operator=operator, tour=None)


@blueprint.route("/operators/<int:operator_id>/tours/<int:tour_id>", methods=["GET", "POST"])
@needs(Right.GOVERN)
def rename_tour(operator_id: int, tour_id: int) -> str | Response:
    """Give a tour another name."""
    operator = _operator(operator_id)
    with transaction() as db:
        tour = db.get(Tour, tour_id)
    if tour is None or tour.operator_id != operator_id:
        abort(404)
    form = TourNameForm(obj=tour)
    if form.validate_on_submit():
        name = form.tidy_name()
        if _done(form, lambda db, by: operators.rename_tour(db, tour_id, name, by)):
            flash(f"Tour {tour_id} is called {name} now.", "success")
            return _to(operator_id)
    return render_template("operators/tour.html", form=form, operator=operator, tour=tour)


def _operator(operator_id: int) -> Operator:
    with transaction() as db:
        found = db.get(Operator, operator_id)
    return abort(404) if found is None else found


def _to(operator_id: int) -> Response:
    return redirect(url_for("operators.show", operator_id=operator_id), 303)


def _done(form: FlaskForm, act: Callable[[Session, By], Done]) -> Done | None:
    """What an act gives, or None and words above the form where it is refused."""
    try:
        return repeat(lambda db: act(db, viewer().by))
    except OperatorRefused as refused:
        form.form_errors.append(f"Not done: {refused}.")
        return None
