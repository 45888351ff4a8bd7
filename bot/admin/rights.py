"""Who may call a page. Each page says so itself; one that says nothing cannot be served.

@blueprint.get("/transactions")
@needs(Right.SEE)
def index() -> str: ...
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask, abort, current_app, flash, redirect, request, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user
from werkzeug.wrappers import Response

from bot.admin.viewers import Viewer

View = TypeVar("View", bound=Callable[..., object])
_MARK = "_tourpay_right"


class Right(StrEnum):
    """What a page is for.

    OPEN: everybody, also without a sign-in. SEE: all of staff, their rows. WORK: all of staff, acts
    that move no money. MONEY: all of staff, acts that move money or decide where it goes, of their
    rows: an authenticator in production, and a fresh sign-in. MANAGE: admins. GOVERN: admins, with
    an authenticator in production and a fresh sign-in: staff, switches, operators.
    """

    OPEN = "open"
    SEE = "see"
    WORK = "work"
    MONEY = "money"
    MANAGE = "manage"
    GOVERN = "govern"


_ADMINS_ONLY = frozenset({Right.MANAGE, Right.GOVERN})
_FRESH = frozenset({Right.MONEY, Right.GOVERN})
_START = "today.index"


def needs(right: Right) -> Callable[[View], View]:
    """Says who may call the view below. Stands between the route and the function."""

    def mark(view: View) -> View:
        setattr(view, _MARK, right)
        return view

    return mark


def right_of(app: Flask, endpoint: str) -> Right:
    """The right that an endpoint needs. Raises LookupError where it says nothing."""
    if endpoint == "static":
        return Right.OPEN
    right = vars(app.view_functions[endpoint]).get(_MARK)
    if not isinstance(right, Right):
        raise LookupError(f"{endpoint} does not say who may call it: @needs(Right.…)")
    return right


def enforce(app: Flask, *, in_production: bool) -> None:
    """Let nobody call what they may not, on every page there is."""
    for rule in app.url_map.iter_rules():
        right_of(app, rule.endpoint)

    def check() -> Response | None:
        if request.endpoint is None:  # no such page: the same answer for everybody
            return None
        right = right_of(app, request.endpoint)
        if right is Right.OPEN:
            return None
        if not isinstance(current_user._get_current_object(), Viewer):
            return _sign_in_first()
        if right in _ADMINS_ONLY and not current_user.is_admin:
            abort(403)
        if right in _FRESH:
            return _show_who_you_are(in_production)
        return None

    app.before_request(check)


def _sign_in_first() -> Response:
    """Away to sign in. Whoever sent something hears that nothing came of it."""
    if request.method == "POST":
        flash("You were signed out. Nothing was done: sign in and do it again.", "warning")
    # A page that looks for news by itself is loaded again, and says it then; who comes to the start
    # came to sign in.
    elif "HX-Request" not in request.headers and request.endpoint != _START:
        flash("Please sign in to go on.", "info")
    return _to("signin.form")


def _show_who_you_are(in_production: bool) -> Response | None:
    if in_production and not current_user.has_authenticator:
        flash("Set up an authenticator first: acts on money and staff need one.", "warning")
        return redirect(url_for("profile.authenticator"), 303)
    return fresh_first()


def fresh_first() -> Response | None:
    """Away to show once more who they are, for somebody who did not a few minutes ago."""
    if not current_user.is_fresh:
        if request.method == "POST":
            flash("Nothing was done: show that it is you, then send the form again.", "warning")
        return _to("signin.confirm")
    return None


def _to(endpoint: str) -> Response:
    """Away to a page that leads back here. What was posted is not repeated: its form is shown
    again.
    """
    back = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return redirect(url_for(endpoint, next=f"{request.script_root}{back}"), 303)


def caller() -> str:
    """Whom a limit counts: the person, else the address."""
    user = current_user._get_current_object() if current_app.login_manager else None  # type: ignore[attr-defined]
    return f"staff:{user.id}" if isinstance(user, Viewer) else str(get_remote_address())
