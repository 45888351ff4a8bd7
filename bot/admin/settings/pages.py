"""Settings."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("settings", __name__)


@blueprint.get("/settings")
@needs(Right.SEE)
def index() -> str:
    """Settings."""
    return render_template("settings/index.html")
