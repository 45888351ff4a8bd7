"""Today: what came in, who is on the way, and where people leave."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, render_template, request

from bot.admin import viewers
from bot.admin.rights import Right, needs
from bot.admin.running import zone
from bot.admin.today.days import read
from bot.admin.today.figures import figures
from domain.database import transaction

blueprint = Blueprint("today", __name__)


@blueprint.get("/")
@needs(Right.SEE)
def index() -> str:
    """One day, or a week: `?on=2026-11-21&days=7`."""
    scope = viewers.scope()
    now = datetime.now(UTC)
    span, ignored = read(request.args.get("on", ""), request.args.get("days", ""), now, zone())
    with transaction() as db:
        shown = figures(db, scope, span)
    return render_template(
        "today/index.html",
        span=span,
        now=now,
        ignored=ignored,
        shown=shown,
        before=span.last - timedelta(days=span.days),
        after=span.last + timedelta(days=span.days),
    )
