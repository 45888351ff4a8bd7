"""A file of bookings: looked at first, then imported as it was shown.

    upload ▸ preview: what would be new, what would change, each bad row ▸ import exactly that

The file lies sealed in Redis for half an hour, under a name that only its uploader's page knows.
"""

import base64
import secrets
import zlib

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.admin.bookings.forms import UploadForm, say
from bot.admin.csvs import csv_answer
from bot.admin.rights import Right, needs
from bot.admin.running import runtime
from bot.admin.viewers import viewer
from bot.references import can_be_typed
from bot.shelf import RedisShelf
from domain.database import repeat, transaction
from domain.importing import (
    LARGEST_FILE_BYTES,
    MOST_ROWS,
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    ImportRefused,
    ImportReport,
    Preview,
    Reading,
    import_previewed,
    only_of,
    preview_bookings,
    read_bookings,
)

blueprint: Blueprint = Blueprint("uploads", __name__)

_KEPT_SECONDS = 30 * 60
_MOST_SHOWN = 200
_EXAMPLE = (
    "KS-2024-001",
    "5",
    "Victoria Falls Safari",
    "2030-02-10",
    "Tendai Moyo",
    "+263771234567",
    "500.00",
    "USD",
    "",
    "",
    "tendai@example.com",
    "100.00",
    "2030-01-10",
)


@blueprint.route("/bookings/import", methods=["GET", "POST"])
@needs(Right.MONEY)
def upload() -> str:
    """Choose a file, and see what it would do. Nothing is imported yet."""
    form = UploadForm()
    if not form.validate_on_submit():
        return _form(form)
    data = form.file.data.read(LARGEST_FILE_BYTES + 1)
    try:
        reading = _read(data)
    except ImportRefused as refused:
        return _form(form, refused)
    token = secrets.token_urlsafe(24)
    if not _keep(token, data):
        say(form.file, "The file could not be kept for now. Try again in a minute.")
        return _form(form)
    with transaction() as db:
        preview = preview_bookings(db, reading)
    return _preview(token, preview)


@blueprint.post("/bookings/import/<token>")
@needs(Right.MONEY)
def carry_out(token: str) -> str | AnyResponse:
    """Import the file whose preview was shown."""
    data, by = _kept(token), viewer().by
    if data is None:
        flash(
            "Nothing was imported now: this file was imported already, or its preview is older than"
            " half an hour. Upload it again to see.",
            "warning",
        )
        return redirect(url_for("bookings.uploads.upload"), 303)
    reading, digest = _read(data), request.form.get("digest", "")

    def work(db: Session) -> ImportReport | Preview:
        return import_previewed(db, reading, by, digest)

    try:
        done = repeat(work)
    except ImportRefused:
        with transaction() as db:
            done = preview_bookings(db, reading)
    if isinstance(done, Preview):
        flash("Something changed meanwhile, so nothing was imported. Look at it again.", "warning")
        return _preview(token, done)
    _shelf().keep(_name(token), "", 1)
    flash(
        f"{done.added:,} added, {done.changed:,} changed, {done.unchanged:,} left as they were.",
        "success",
    )
    return redirect(url_for("bookings.index"), 303)


@blueprint.get("/bookings/import/example.csv")
@needs(Right.SEE)
def example() -> Response:
    """A file with one booking, to begin with."""
    return csv_answer("bookings.csv", (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS), [_EXAMPLE])


def _read(data: bytes) -> Reading:
    """The file as whoever uploads it may import it. Raises ImportRefused for what is no table of
    bookings.
    """
    person = viewer()
    if person.operator is None:
        return read_bookings(data, runtime().settings.default_operator, can_be_typed)
    return only_of(read_bookings(data, person.operator, can_be_typed), person.operator)


def _form(form: UploadForm, refused: ImportRefused | None = None) -> str:
    return render_template(
        "bookings/upload.html",
        form=form,
        faults=refused.faults if refused else (),
        most_rows=MOST_ROWS,
        most_megabytes=LARGEST_FILE_BYTES // 1024**2,
        default_operator=viewer().operator or runtime().settings.default_operator,
    )


def _preview(token: str, preview: Preview) -> str:
    return render_template("bookings/preview.html", token=token, preview=preview, most=_MOST_SHOWN)


def _keep(token: str, data: bytes) -> bool:
    shelf, name = _shelf(), _name(token)
    shelf.keep(name, base64.b64encode(zlib.compress(data)).decode(), _KEPT_SECONDS)
    return shelf.read(name) is not None


def _kept(token: str) -> bytes | None:
    """The file, or None where there is none (any longer)."""
    text = _shelf().read(_name(token))
    return zlib.decompress(base64.b64decode(text)) if text else None


def _name(token: str) -> str:
    return f"upload:{viewer().id}:{token}"


def _shelf() -> RedisShelf:
    started = runtime()
    return RedisShelf(started.redis, started.uploads)
