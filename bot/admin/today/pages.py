"""Today."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
@needs(Right.SEE)
def index() -> str:
    """Today."""
    return render_template("today/index.html")
