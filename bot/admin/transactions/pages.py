"""Transactions."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("transactions", __name__)


@blueprint.get("/transactions")
@needs(Right.SEE)
def index() -> str:
    """Transactions."""
    return render_template("transactions/index.html")
