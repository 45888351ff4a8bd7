"""Your account."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("profile", __name__)


@blueprint.get("/profile")
@needs(Right.SEE)
def index() -> str:
    """Your account."""
    return render_template("profile/index.html")


@blueprint.get("/profile/authenticator")
@needs(Right.SEE)
def authenticator() -> str:
    """Set up an authenticator."""
    return render_template("profile/index.html")
