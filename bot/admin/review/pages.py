"""The review list, the mark that a lost reply was seen, and the number in the header."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from bot.admin.review import counting, items, sources
from bot.admin.rights import Right, needs
from bot.admin.viewers import Viewer, scope, viewer
from domain.database import repeat, transaction
from domain.staff.trail import entry

blueprint: Blueprint = Blueprint("review", __name__)


@blueprint.get("/review")
@needs(Right.SEE)
def index() -> str:
    """What a person must look at, the oldest first: all, or one kind (`kind`)."""
    asked = request.args.get("kind")
    kind = asked if asked in items.KINDS else None
    with transaction() as db:
        listed = items.listed(db, scope(), kind)
    return render_template(
        "review/index.html",
        listed=listed,
        kind=kind,
        kinds=items.KINDS,
        unknown=asked is not None and kind is None,
        rows_shown=items.ROWS_SHOWN,
    )


@blueprint.route("/review/messages/<int:message_id>/seen", methods=["GET", "POST"])
@needs(Right.WORK)
def seen(message_id: int) -> Response:
    """Somebody knows that a reply did not arrive, and has done what there was to do."""
    with transaction() as db:
        if not _is_theirs(db, message_id):
            abort(404)
    if request.method == "POST":
        repeat(lambda db: _mark(db, message_id))
    return redirect(url_for("review.index", kind="messages"), 303)


def _is_theirs(db: Session, message_id: int) -> bool:
    """Whether there is such a reply that did not arrive, for this person."""
    refused = sources.found(sources.refused(scope()), scope())
    one = f"SELECT 1 {refused} AND message.id = :message_id"  # noqa: S608 - of constants
    values = {"message_id": message_id, "operator_id": scope().operator_id}
    return db.execute(text(one), values).first() is not None


def _mark(db: Session, message_id: int) -> None:
    """Marked once, and written down."""
    if db.execute(_SEEN, {"message_id": message_id}).first() is None:
        return
    db.add(entry(viewer().by, "message_reviewed", f"message:{message_id}"))


_SEEN = text("""
    UPDATE message SET reviewed_at = clock_timestamp()
    WHERE id = :message_id AND reviewed_at IS NULL RETURNING id
""")


@blueprint.app_context_processor
def _count() -> dict[str, str]:
    """The number in the header. A part of a page has no header, and an error's page is shown
    without the number where the database is away.
    """
    user = current_user._get_current_object()
    if not isinstance(user, Viewer) or "HX-Request" in request.headers:
        return {}
    try:
        with transaction() as db:
            return {"review_count": counting.shown(counting.counted(db, user.scope))}
    except (OperationalError, PoolTimeout):
        return {}
