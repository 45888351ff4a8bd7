"""The databases of tests: each as new, and out of reach of the test before."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import NullPool

from bot.embedded import ServerUrls
from tests.conftest import TEMPLATE
from tests.succession import Succession

_OPERATOR = "INSERT INTO operator (name) VALUES ('Kalai Safaris') RETURNING id"
_AUDIT_ENTRY = "INSERT INTO audit_entry (actor, act, subject, detail) VALUES ('a', 'b', 'c', '{}')"


@pytest.fixture
def succession(servers: ServerUrls) -> Iterator[Succession]:
    """One that no other test uses."""
    succession = Succession(servers.database_url, TEMPLATE)
    yield succession
    succession.close()


def _run(url: str, *statements: str) -> int:
    """The first number that the last statement answers, or how many rows it wrote."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in statements:
            found = connection.execute(text(statement))
        return int(found.scalar_one()) if found.returns_rows else found.rowcount


def _files(url: str) -> int:
    return _run(url, "SELECT oid FROM pg_database WHERE datname = current_database()")


def test_the_next_test_finds_the_same_files_without_rows_and_counts_from_one(
    succession: Succession,
) -> None:
    first = succession.take("succession_1")
    assert _run(first, _AUDIT_ENTRY, _OPERATOR) == 1
    files = _files(first)
    succession.give_back("succession_1")

    second = succession.take("succession_2")
    assert _files(second) == files
    assert _run(second, "SELECT count(*) FROM audit_entry") == 0
    assert _run(second, "SELECT count(*) FROM payment_edge") > 0
    assert _run(second, _OPERATOR) == 1
    assert _run(second, "SELECT ctid = '(0,1)' FROM operator"), "rows stand as in a new table"
    succession.give_back("succession_2")


def test_who_still_runs_from_the_test_before_is_cut_off(succession: Succession) -> None:
    first = succession.take("succession_1")
    engine = create_engine(first)
    with engine.connect() as left_over:
        left_over.execute(text(_OPERATOR))
        succession.give_back("succession_1")
        second = succession.take("succession_2")
        with pytest.raises(OperationalError):
            left_over.execute(text(_OPERATOR))
    engine.dispose()
    with pytest.raises(OperationalError, match="does not exist"):
        _run(first, "SELECT 1")
    assert _run(second, "SELECT count(*) FROM operator") == 0
    succession.give_back("succession_2")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE alembic_version SET version_num = 'older'",
        "DELETE FROM alembic_version",
        "DELETE FROM payment_edge",
        "ALTER TABLE operator ADD COLUMN colour text",
        "ALTER TABLE operator ALTER COLUMN created_at DROP DEFAULT",
        "DROP TRIGGER audit_entry_append_only ON audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
        "CREATE TABLE more (word text)",
        "CREATE SCHEMA more",
        "ALTER DATABASE succession_1 SET timezone = 'Africa/Harare'",
        "DROP FUNCTION message_rank(text) CASCADE",
    ],
)
def test_a_database_that_was_changed_is_not_used_again(succession: Succession, change: str) -> None:
    changed = succession.take("succession_1")
    files = _files(changed)
    _run(changed, change)
    succession.give_back("succession_1")

    fresh = succession.take("succession_2")
    assert _files(fresh) != files
    assert _run(fresh, "SELECT count(*) FROM alembic_version WHERE version_num <> 'older'") == 1
    succession.give_back("succession_2")


def test_the_guards_look_again_at_what_the_next_test_does(succession: Succession) -> None:
    succession.take("succession_1")
    succession.give_back("succession_1")
    second = succession.take("succession_2")
    with pytest.raises(IntegrityError, match="append-only"):
        _run(second, _AUDIT_ENTRY, "DELETE FROM audit_entry")
    succession.give_back("succession_2")
