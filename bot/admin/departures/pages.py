"""Departures."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("departures", __name__)


@blueprint.get("/departures")
@needs(Right.SEE)
def index() -> str:
    """Departures."""
    return render_template("departures/index.html")
