"""Bookings."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("bookings", __name__)


@blueprint.get("/bookings")
@needs(Right.SEE)
def index() -> str:
    """Bookings."""
    return render_template("bookings/index.html")
