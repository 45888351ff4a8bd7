"""What the commands share: the runtime, and plain words for a database that is not there."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from psycopg import errors
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, TimeoutError
from sqlalchemy.orm import Session

from bot.runtime import Runtime
from domain.models import Operator

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


def operator_id(db: Session, name: str) -> int:
    """The operator of this name; an unknown one is answered with the names there are."""
    found = db.execute(select(Operator.id).where(Operator.name == name)).scalar_one_or_none()
    if found is None:
        names = db.execute(select(Operator.name).order_by(Operator.name).limit(20)).scalars()
        raise click.ClickException(f"No operator is called so. There are: {', '.join(names)}.")
    return found
