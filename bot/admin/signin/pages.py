"""Sign in: password, then a code where there is an authenticator; show once more who you are; sign
out.
"""

from dataclasses import asdict, dataclass

import structlog
from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user, login_user
from werkzeug.wrappers import Response

from bot.admin import viewers
from bot.admin.rights import Right, needs
from bot.admin.running import runtime
from bot.admin.signin.devices import device_of
from bot.admin.signin.forms import CodeForm, PasswordForm, SignInForm
from bot.admin.signin.onward import onward
from bot.admin.signin.throttle import TOO_MANY, may_show_it_is_them, may_try_password
from bot.admin.viewers import Viewer, viewer
from domain import clock
from domain.database import repeat, transaction
from domain.staff import authenticators, entering, sessions
from domain.staff.authenticators import Accepted

blueprint = Blueprint("signin", __name__)
log = structlog.get_logger(__name__)

_WRONG = "E-mail or password is wrong."
WRONG_CODE = "This code is wrong, or was used already. Wait for the next one, or check the time."
WRONG_PASSWORD = "This is not your password."  # noqa: S105 - words, not a password
_HALFWAY = "entering"
_HALFWAY_SECONDS = 300

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Halfway:
    """Somebody whose password was right, and whose code is still missing. Stands in the signed
    cookie of the browser, and is no secret.
    """

    staff_id: int
    mark: str
    until: float


@blueprint.route("/sign-in", methods=["GET", "POST"])
@needs(Right.OPEN)
def form() -> Answer:
    """Sign in."""
    if isinstance(current_user._get_current_object(), Viewer):
        return _on()
    asked = SignInForm()
    if not asked.validate_on_submit():
        return _shown("signin/form.html", asked)
    if not may_try_password(asked.email.data):
        return _too_many("signin/form.html", asked)
    known = entering.by_email(asked.email.data, asked.password.data)
    if known is None:
        log.warning("sign_in_refused", step="password")
        asked.form_errors.append(_WRONG)
        return _shown("signin/form.html", asked)
    if known.has_authenticator:
        until = clock.now().timestamp() + _HALFWAY_SECONDS
        session.clear()
        session[_HALFWAY] = asdict(Halfway(known.staff_id, known.mark, until))
        return redirect(url_for("signin.code", next=_next()), 303)
    return _enter(known.staff_id, known.mark)


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@needs(Right.OPEN)
def code() -> Answer:
    """The second step: a code."""
    if isinstance(current_user._get_current_object(), Viewer):
        return _on()
    halfway = _halfway()
    if halfway is None:
        return _from_the_start()
    asked = CodeForm()
    if not asked.validate_on_submit():
        return _shown("signin/code.html", asked)
    if not may_show_it_is_them(halfway.staff_id):
        return _too_many("signin/code.html", asked)
    accepted = accept_code(halfway.staff_id, asked.code.data)
    if accepted is None:
        log.warning("sign_in_refused", step="code", staff=halfway.staff_id)
        asked.code.errors = [WRONG_CODE]
        return _shown("signin/code.html", asked)
    answer = _enter(halfway.staff_id, halfway.mark)
    _tell_of_codes_left(accepted)
    return answer


@blueprint.route("/confirm", methods=["GET", "POST"])
@needs(Right.SEE)
def confirm() -> Answer:
    """Show once more who you are."""
    person = viewer()
    if person.is_fresh:
        return _on()
    asked = CodeForm() if person.has_authenticator else PasswordForm()
    if not asked.validate_on_submit():
        return _shown("signin/confirm.html", asked)
    if not may_show_it_is_them(person.id):
        return _too_many("signin/confirm.html", asked)
    if isinstance(asked, CodeForm):
        accepted = accept_code(person.id, asked.code.data)
        if accepted is None:
            asked.code.errors = [WRONG_CODE]
            return _shown("signin/confirm.html", asked)
        _tell_of_codes_left(accepted)
    elif entering.by_id(person.id, asked.password.data) is None:
        asked.password.errors = [WRONG_PASSWORD]
        return _shown("signin/confirm.html", asked)
    repeat(lambda db: sessions.refresh(db, person.token))
    return _on()


@blueprint.post("/sign-out")
@needs(Right.OPEN)
def sign_out() -> Response:
    """Sign this browser out."""
    user = current_user._get_current_object()
    if isinstance(user, Viewer):
        with transaction() as db:
            sessions.end(db, user.token)
    session.clear()
    flash("You are signed out.", "info")
    return redirect(url_for("signin.form"), 303)


def accept_code(staff_id: int, typed: str) -> Accepted | None:
    """Count a code that somebody typed, if it is right and was not used."""
    sealer = runtime().authenticators
    return repeat(lambda db: authenticators.accept(db, staff_id, typed, sealer))


def _enter(staff_id: int, mark: str) -> Response:
    device = device_of(request.user_agent.string)
    token = repeat(lambda db: entering.enter(db, staff_id, mark, device))
    if token is None:
        return _from_the_start()
    # Nothing of what the browser carried before goes on into the session of the person.
    session.clear()
    session.permanent = True
    login_user(viewers.load(token))
    return _on()


def _halfway() -> Halfway | None:
    kept = session.get(_HALFWAY)
    halfway = None if kept is None else Halfway(**kept)
    if halfway is None or halfway.until < clock.now().timestamp():
        return None
    return halfway


def _from_the_start() -> Response:
    session.clear()
    flash("Sign in again: that took too long, or your password changed.", "warning")
    return redirect(url_for("signin.form", next=_next()), 303)


def _tell_of_codes_left(accepted: Accepted) -> None:
    left = accepted.codes_left
    if left is not None:
        codes = "code is" if left == 1 else "codes are"
        flash(f"You used a recovery code. {left} {codes} left.", "warning")


def _shown(template: str, asked: SignInForm | CodeForm | PasswordForm) -> tuple[str, int]:
    return render_template(template, form=asked), 422 if asked.is_submitted() else 200


def _too_many(template: str, asked: SignInForm | CodeForm | PasswordForm) -> tuple[str, int]:
    log.warning("sign_in_throttled", page=request.endpoint)
    asked.form_errors.append(TOO_MANY)
    return render_template(template, form=asked), 429


def _on() -> Response:
    return redirect(onward(_next()), 303)


def _next() -> str | None:
    return request.args.get("next")
