"""The database's one door: `with transaction() as db:` is the only commit there is, and `at_once`
the only statement that commits itself.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from psycopg import errors
from sqlalchemy import Engine, Executable, Row, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from domain.crashpoints import reach
from domain.nudges import Ring, silence, take

Answer = TypeVar("Answer")

_LOCK_TIMEOUT_MS = 5_000
_STATEMENT_TIMEOUT_MS = 30_000
_CONNECT_TIMEOUT_SECONDS = 3
_REPEATS = 4
_COMMIT = "commit"


class Database:
    """One engine and what rings after its commits. A process has one; a forked child must make its
    own.
    """

    def __init__(self, url: str, *, pool_size: int = 5, ring: Ring = silence) -> None:
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=_CONNECT_TIMEOUT_SECONDS,
            hide_parameters=True,
            connect_args={
                "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
                "options": f"-c lock_timeout={_LOCK_TIMEOUT_MS}"
                f" -c statement_timeout={_STATEMENT_TIMEOUT_MS}"
                " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
            },
        )
        self.sessions = sessionmaker(self.engine, expire_on_commit=False)
        self.committing = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self.ring = ring


class _Current:
    """The process's database, set once when the process starts."""

    database: Database | None = None


def configure(database: Database) -> None:
    """Make `database` the one that `transaction` uses in this process."""
    _Current.database = database


def current() -> Database:
    """The process's database. Raises RuntimeError before `configure`."""
    if _Current.database is None:
        raise RuntimeError("no database is configured: call domain.database.configure first")
    return _Current.database


def name_commit(db: Session, point: str) -> None:
    """Name the crash point between this transaction's commit and its ringing."""
    db.info[_COMMIT] = point


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction: commits at the end, rolls back on any error, rings what was
    promised after.
    """
    database = current()
    with database.sessions() as db:
        with db.begin():
            yield db
        nudges = take(db)
        point = db.info.pop(_COMMIT, None)
    if point is not None:
        reach(point)
    if nudges:
        database.ring(nudges)


def repeat(work: Callable[[Session], Answer]) -> Answer:
    """Do `work` in a transaction of its own, again after a deadlock, a lost race or a cut
    connection.

    `work` must be harmless when done twice, because a connection cut at COMMIT leaves the outcome
    unknown: unique keys and re-reading under the lock make it so. It must call nobody outside.
    """

    def once() -> Answer:
        with transaction() as db:
            return work(db)

    return _again(once)


def at_once(statement: Executable, values: Mapping[str, Any]) -> Row[Any] | None:
    """One statement that is a transaction of its own and commits itself, in one round trip. Its
    first row. Repeated like `repeat`, so it must be harmless when done twice.
    """

    def once() -> Row[Any] | None:
        with current().committing.connect() as connection:
            return connection.execute(statement, values).first()

    return _again(once)


def _again(once: Callable[[], Answer]) -> Answer:
    for attempt in range(1, _REPEATS + 1):
        try:
            return once()
        except DBAPIError as error:
            if attempt == _REPEATS or not _may_repeat(error):
                raise
    raise AssertionError("unreachable")


def _may_repeat(error: DBAPIError) -> bool:
    return error.connection_invalidated or isinstance(
        error.orig, errors.DeadlockDetected | errors.SerializationFailure | errors.UniqueViolation
    )
