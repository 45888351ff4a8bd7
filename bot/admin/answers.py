"""What every answer of the web view has in common: it is not kept by caches, and errors are pages
in plain words.
"""

from flask import Flask, Response, current_app, render_template
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, NotFound

_WORDS = {
    400: ("This could not be read", "Go back, load the page again, and send it once more."),
    403: ("This page is for admins", "Ask an admin of yours if you need what is on it."),
    404: ("There is no such page", "It may have been moved, or the address has a slip."),
    405: ("This cannot be opened so", "Go back and use the buttons of the page."),
    413: ("This file is too large", "Split it, and import one part after the other."),
    429: ("Too many tries", "Wait a minute, then try again."),
}
_OTHERWISE = ("Something went wrong on our side", "Nothing was changed. Try again in a minute.")


def add_to(app: Flask) -> None:
    """Give the app its error pages and its headers."""
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _refused)
    # A number that no column holds, or a NUL: what it asks for cannot be there.
    app.register_error_handler(DataError, lambda _error: _refused(NotFound()))
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(PoolTimeout, _busy)
    app.after_request(_private)


def _refused(error: HTTPException) -> tuple[str, int] | HTTPException:
    code = error.code or 500
    if code < 400:
        return error
    title, words = _WORDS.get(code, _OTHERWISE)
    return render_template("error.html", title=title, words=words), code


def _forged(_error: CSRFError) -> tuple[str, int]:
    words = "You were signed out meanwhile, or the page was too old. Load it again."
    return render_template("error.html", title="Nothing was done", words=words), 400


def _busy(_error: Exception) -> tuple[str, int]:
    title, words = "The database is busy", "Nothing was changed. Try again in a minute."
    # Not by render_template: who looks is asked of the database, which is away.
    page = current_app.jinja_env.get_template("error.html")
    return page.render(title=title, words=words), 503


def _private(answer: Response) -> Response:
    if answer.mimetype == "text/html":
        answer.headers["Cache-Control"] = "no-store"
    return answer
