"""Staff: who works here, as what, and what an admin does about it."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from bot.admin.people import queries
from bot.admin.people.acts import ACTS, BARS
from bot.admin.people.forms import ButtonForm, InviteForm, PlaceForm
from bot.admin.people.queries import Person
from bot.admin.rights import Right, needs
from bot.admin.running import runtime
from bot.admin.viewers import viewer
from bot.invitations import join_address
from domain.database import repeat, transaction
from domain.staff import people
from domain.staff.people import Bar, Link
from domain.wishes import NotDone

blueprint = Blueprint("people", __name__)

_ACTS = ", ".join(f'"{name}"' for name in ACTS)

Answer = str | Response | tuple[str, int]


@blueprint.get("/staff")
@needs(Right.MANAGE)
def index() -> str:
    """Who works here."""
    with transaction() as db:
        everybody = queries.everybody(db)
    return render_template("people/index.html", everybody=everybody)


@blueprint.get("/staff/<int:staff_id>")
@needs(Right.MANAGE)
def show(staff_id: int) -> str:
    """One of staff."""
    person = _person(staff_id)
    offered = [(name, each) for name, each in ACTS.items() if each.fits(person)]
    return render_template("people/show.html", person=person, offered=offered)


@blueprint.route("/staff/invite", methods=["GET", "POST"])
@needs(Right.GOVERN)
def invite() -> Answer:
    """Invite somebody."""
    form = InviteForm()
    _offer_places(form)
    address = form.address() if form.validate_on_submit() else None
    if address is None:
        return _shown("people/invite.html", form)
    made = repeat(lambda db: people.invite(db, viewer().by, address, form.chosen()))
    if isinstance(made, NotDone):
        form.form_errors.append(_words(made))
        return _shown("people/invite.html", form)
    return _link_page(made)


@blueprint.route("/staff/<int:staff_id>/link", methods=["GET", "POST"])
@needs(Right.GOVERN)
def link(staff_id: int) -> Answer:
    """A new link for somebody who lost theirs, their password or their authenticator."""
    person, form = _person(staff_id), ButtonForm()
    if not form.validate_on_submit():
        return _shown("people/new_link.html", form, person)
    made = repeat(lambda db: people.make_link(db, viewer().by, staff_id))
    if isinstance(made, NotDone):
        form.form_errors.append(_words(made))
        return _shown("people/new_link.html", form, person)
    return _link_page(made)


@blueprint.route("/staff/<int:staff_id>/role", methods=["GET", "POST"])
@needs(Right.GOVERN)
def role(staff_id: int) -> Answer:
    """Another role, or another operator."""
    person = _person(staff_id)
    form = PlaceForm(place="admin" if person.operator_id is None else str(person.operator_id))
    _offer_places(form)
    if not form.validate_on_submit():
        return _shown("people/role.html", form, person)
    refused = repeat(lambda db: people.change_place(db, viewer().by, staff_id, form.chosen()))
    if refused is not None:
        form.form_errors.append(_words(refused))
        return _shown("people/role.html", form, person)
    flash(f"The role of {person.email} is changed.", "success")
    return redirect(url_for("people.show", staff_id=staff_id), 303)


@blueprint.route(f"/staff/<int:staff_id>/<any({_ACTS}):name>", methods=["GET", "POST"])
@needs(Right.GOVERN)
def act(staff_id: int, name: str) -> Answer:
    """Disable, enable, make an approver: each asks once."""
    person, form, chosen = _person(staff_id), ButtonForm(), ACTS[name]
    if form.validate_on_submit():
        refused = repeat(lambda db: chosen.do(db, viewer().by, staff_id))
        if refused is None:
            flash(chosen.done.format(email=person.email), "success")
            return redirect(url_for("people.show", staff_id=staff_id), 303)
        form.form_errors.append(_words(refused))
    page = render_template("people/act.html", form=form, person=person, act=chosen)
    return page, 422 if form.is_submitted() else 200


def _person(staff_id: int) -> Person:
    with transaction() as db:
        found = queries.one(db, staff_id)
    return found if found is not None else abort(404)


def _offer_places(form: PlaceForm) -> None:
    with transaction() as db:
        form.offer(queries.operators(db))


def _link_page(made: Link) -> str:
    """The link is shown in this very answer: it is kept nowhere that it could be read again."""
    address = join_address(runtime().settings, made.token)
    return render_template("people/link.html", person=_person(made.staff_id), address=address)


def _shown(
    template: str, form: InviteForm | PlaceForm | ButtonForm, person: Person | None = None
) -> tuple[str, int]:
    page = render_template(template, form=form, person=person)
    return page, 422 if form.is_submitted() else 200


def _words(refused: NotDone) -> str:
    return BARS[Bar(refused.why)]
