"""Audit trail."""

from flask import Blueprint, render_template

from bot.admin.rights import Right, needs

blueprint = Blueprint("audit_trail", __name__)


@blueprint.get("/audit")
@needs(Right.MANAGE)
def index() -> str:
    """Audit trail."""
    return render_template("audit_trail/index.html")
