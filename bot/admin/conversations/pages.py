"""Conversations."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("conversations", __name__)


@blueprint.get("/conversations")
@needs(Right.SEE)
def index() -> str:
    """Conversations."""
    return render_template("conversations/index.html")
