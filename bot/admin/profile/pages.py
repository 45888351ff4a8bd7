"""Your account: password, authenticator, the browsers that are signed in, what you were told."""

import segno
from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response

from bot.admin.profile import offers
from bot.admin.profile.forms import RemoveForm, ReplaceForm, SetUpForm
from bot.admin.rights import Right, fresh_first, needs
from bot.admin.running import runtime
from bot.admin.signin.forms import ChangePasswordForm
from bot.admin.signin.onward import onward
from bot.admin.signin.pages import WRONG_CODE, WRONG_PASSWORD, accept_code
from bot.admin.signin.throttle import TOO_MANY, may_show_it_is_them
from bot.admin.viewers import Viewer, viewer
from domain.database import repeat, transaction
from domain.sealing import Sealer
from domain.staff import authenticators, entering, notices, passwords, sessions, standing
from domain.staff.authenticators import Offer

blueprint = Blueprint("profile", __name__)

_TOO_OLD = "This page was open too long. Here is a new code to scan."
_QR_PIXELS_PER_MODULE = 6

Answer = str | Response | tuple[str, int]


@blueprint.get("/profile")
@needs(Right.SEE)
def index() -> str:
    """Your account."""
    person = viewer()
    with transaction() as db:
        browsers = sessions.browsers(db, person.id, person.token)
        codes_left = authenticators.codes_left(db, person.id)
        may_approve = standing.may_approve(db, person.id)
    return render_template(
        "profile/index.html",
        browsers=browsers,
        codes_left=codes_left,
        may_approve=may_approve,
        needs_one=runtime().settings.environment == "production",
    )


@blueprint.route("/profile/password", methods=["GET", "POST"])
@needs(Right.WORK)
def password() -> Answer:
    """Choose another password."""
    person, form = viewer(), ChangePasswordForm()
    if not form.validate_on_submit() or not form.is_good_for(person.email):
        return _shown("profile/password.html", form)
    if not may_show_it_is_them(person.id):
        return _too_many("profile/password.html", form)
    known = entering.by_id(person.id, form.present.data)
    if known is None:
        form.present.errors = [WRONG_PASSWORD]
        return _shown("profile/password.html", form)
    kept = passwords.hashed(form.password.data)
    if repeat(lambda db: entering.change_password(db, known, kept, person.token)):
        flash("Your password is changed. All other browsers are signed out.", "success")
    else:
        flash("Nothing was changed: your password was changed elsewhere meanwhile.", "warning")
    return redirect(url_for("profile.index"), 303)


@blueprint.route("/profile/authenticator", methods=["GET", "POST"])
@needs(Right.SEE)
def authenticator() -> Answer:
    """Set up an authenticator, or another one."""
    away = fresh_first()
    if away is not None:
        return away
    person = viewer()
    form = ReplaceForm() if person.has_authenticator else SetUpForm()
    offer = offers.read(form.offer.data or "", person.id, _sealer())
    if offer is None:
        if form.is_submitted():
            form.form_errors.append(_TOO_OLD)
        return _offered(form, person, authenticators.offer())
    # The same form once more: its answer was lost.
    if repeat(lambda db: authenticators.has(db, person.id, offer, _sealer())):
        return render_template("profile/codes.html", codes=offer.codes)
    if not form.validate_on_submit():
        return _offered(form, person, offer)
    if not may_show_it_is_them(person.id):
        form.form_errors.append(TOO_MANY)
        return _offered(form, person, offer)[0], 429
    if not _is_set_up(form, person, offer):
        return _offered(form, person, offer)
    return render_template("profile/codes.html", codes=offer.codes)


@blueprint.route("/profile/authenticator/remove", methods=["GET", "POST"])
@needs(Right.SEE)
def remove_authenticator() -> Answer:
    """Do without an authenticator."""
    away = fresh_first()
    if away is not None:
        return away
    person, form = viewer(), RemoveForm()
    if not person.has_authenticator:
        return redirect(url_for("profile.index"), 303)
    if not form.validate_on_submit():
        return _shown("profile/remove.html", form)
    if not may_show_it_is_them(person.id):
        return _too_many("profile/remove.html", form)
    if accept_code(person.id, form.code.data) is None:
        form.code.errors = [WRONG_CODE]
        return _shown("profile/remove.html", form)
    repeat(lambda db: authenticators.remove(db, person.by, person.token))
    flash("Your authenticator is removed. All other browsers are signed out.", "success")
    return redirect(url_for("profile.index"), 303)


@blueprint.post("/profile/sign-out")
@needs(Right.WORK)
def sign_out_one() -> Response:
    """Sign one of your browsers out."""
    person, key = viewer(), request.form.get("key", "")
    repeat(lambda db: entering.leave_one(db, person.by, person.id, key))
    flash("That browser is signed out.", "success")
    return redirect(url_for("profile.index"), 303)


@blueprint.post("/profile/sign-out-everywhere")
@needs(Right.WORK)
def sign_out_everywhere() -> Response:
    """Sign all your browsers out, this one too."""
    person = viewer()
    repeat(lambda db: entering.leave_all(db, person.by, person.id))
    session.clear()
    flash("You are signed out everywhere.", "info")
    return redirect(url_for("signin.form"), 303)


@blueprint.post("/profile/seen")
@needs(Right.WORK)
def saw() -> Response:
    """You have seen what you were told."""
    person = viewer()
    up_to = request.form.get("up_to", 0, type=int)
    repeat(lambda db: notices.mark_seen(db, person.id, up_to))
    return redirect(onward(request.args.get("next")), 303)


def _is_set_up(form: SetUpForm, person: Viewer, offer: Offer) -> bool:
    """Whether the person has the offered authenticator now; writes beside the fields why not."""
    if not authenticators.is_of(offer, form.code.data):
        form.code.errors = [WRONG_CODE]
        return False
    if isinstance(form, ReplaceForm) and accept_code(person.id, form.present.data) is None:
        form.present.errors = [WRONG_CODE]
        return False
    return repeat(
        lambda db: authenticators.set_up(
            db, person.by, offer, form.code.data, _sealer(), person.token
        )
    )


def _offered(form: SetUpForm, person: Viewer, offer: Offer) -> tuple[str, int]:
    form.offer.data = offers.write(offer, person.id, _sealer())
    picture = segno.make(offer.address(person.email)).png_data_uri(scale=_QR_PIXELS_PER_MODULE)
    page = render_template(
        "profile/authenticator.html", form=form, picture=picture, secret=offer.secret
    )
    return page, 422 if form.is_submitted() else 200


def _shown(template: str, form: ChangePasswordForm | RemoveForm) -> tuple[str, int]:
    return render_template(template, form=form), 422 if form.is_submitted() else 200


def _too_many(template: str, form: ChangePasswordForm | RemoveForm) -> tuple[str, int]:
    form.form_errors.append(TOO_MANY)
    return render_template(template, form=form), 429


def _sealer() -> Sealer:
    return runtime().authenticators
