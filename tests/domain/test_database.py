"""The one statement that commits itself: kept when done, and done again where that is safe."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.database import Database, at_once, transaction

_ADD = text("INSERT INTO operator (name) VALUES (:name) RETURNING name")
_NAMES = text("SELECT name FROM operator ORDER BY id")


def plain_url(database: Database) -> str:
    url = database.engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def _add_and_raise(error: Exception) -> None:
    with transaction() as db:
        db.execute(_ADD, {"name": "Zambezi"})
        raise error


def names() -> list[str]:
    with transaction() as db:
        return list(db.execute(_NAMES).scalars())


@pytest.mark.usefixtures("database")
def test_what_is_done_at_once_is_kept() -> None:
    row = at_once(_ADD, {"name": "Kalai"})
    assert row is not None
    assert row.name == "Kalai"
    assert names() == ["Kalai"]


@pytest.mark.usefixtures("database")
def test_a_transaction_after_it_can_still_be_undone() -> None:
    at_once(_ADD, {"name": "Kalai"})
    with pytest.raises(RuntimeError, match="undo"):
        _add_and_raise(RuntimeError("undo"))
    assert names() == ["Kalai"]


def test_a_connection_that_was_cut_is_no_reason_to_give_up(database: Database) -> None:
    at_once(_ADD, {"name": "Kalai"})
    with psycopg.connect(plain_url(database)) as another:
        another.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    at_once(_ADD, {"name": "Zambezi"})
    assert names() == ["Kalai", "Zambezi"]


@pytest.mark.usefixtures("database")
def test_what_can_never_be_is_an_error() -> None:
    with pytest.raises(IntegrityError):
        at_once(text("INSERT INTO operator (name) VALUES (NULL)"), {})
