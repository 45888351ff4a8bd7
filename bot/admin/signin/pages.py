"""Sign in."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("signin", __name__)


@blueprint.get("/sign-in")
@needs(Right.OPEN)
def form() -> str:
    """Sign in."""
    return render_template("signin/form.html")


@blueprint.get("/confirm")
@needs(Right.SEE)
def confirm() -> str:
    """Show once more who you are."""
    return render_template("signin/form.html")
