"""A link of staff: choose a password, the first one or a new one."""

from flask import Blueprint, flash, redirect, render_template, session, url_for
from werkzeug.wrappers import Response

from bot.admin.rights import Right, needs
from bot.admin.signin.forms import NewPasswordForm
from domain.database import repeat, transaction
from domain.staff import invitations, passwords

blueprint = Blueprint("joining", __name__)


@blueprint.route("/join/<token>", methods=["GET", "POST"])
@needs(Right.OPEN)
def form(token: str) -> str | Response | tuple[str, int]:
    """Choose a password."""
    with transaction() as db:
        invited = invitations.find(db, token)
    if invited is None:
        return _closed()
    asked = NewPasswordForm()
    if not asked.validate_on_submit() or not asked.is_good_for(invited.email):
        status = 422 if asked.is_submitted() else 200
        return render_template("signin/join.html", form=asked, invited=invited), status
    kept = passwords.hashed(asked.password.data)
    if repeat(lambda db: invitations.use(db, token, kept)) is None:
        return _closed()
    # Whoever was signed in here is not the one who goes on.
    session.clear()
    flash("Your password is set. Sign in with it.", "success")
    return redirect(url_for("signin.form"), 303)


def _closed() -> tuple[str, int]:
    return render_template("signin/closed.html"), 404
