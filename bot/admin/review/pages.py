"""Review."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("review", __name__)


@blueprint.get("/review")
@needs(Right.SEE)
def index() -> str:
    """Review."""
    return render_template("review/index.html")
