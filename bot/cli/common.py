"""What the commands share: the runtime, and plain words for a database that is not there."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from psycopg import errors
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, TimeoutError

from bot.runtime import Runtime

# Who did it, in the audit trail: whoever has the machine.
ACTOR = "cli"


def runtime() -> Runtime:
    """The runtime of the app that the command runs in."""
    started: Runtime = current_app.extensions["tourpay"]
    return started


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turns an unreachable, unmigrated or busy database into one sentence and exit code 1."""
    try:
        yield
    except (ProgrammingError, OperationalError, TimeoutError) as error:
        raise click.ClickException(_in_words(error)) from None


def _in_words(error: DBAPIError | TimeoutError) -> str:
    original = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(original, errors.UndefinedTable | errors.UndefinedColumn):
        return "The database is not migrated: run `flask --app wsgi release` first."
    if isinstance(original, errors.LockNotAvailable | errors.QueryCanceled):
        return "The database is busy with the same rows. Nothing was changed; try again."
    return "The database does not answer. DATABASE_URL says where it is."


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """`1 booking`, `2 bookings`, `1,250 bookings`."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"
