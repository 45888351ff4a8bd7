"""Databases for tests, one after another on the same files.

    take ─▶ a test ─▶ give_back ─▶ take …

To copy a database for each test, and to drop it, makes and deletes hundreds of files, which takes
longer than most tests. So the rows are taken away instead, and the database gets a new name:
whoever still runs from an earlier test cannot reach it, as if it had been dropped. It is dropped
where a test changed more than rows.
"""

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from bot.embedded import create_database, drop_database
from bot.embedded_postgres import connect

# Rows that migrations make, and that no test may find changed.
OURS_ALWAYS = ("alembic_version", "payment_edge", "payment_status")
_CATALOGS = ("pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_index")
_MORE_CATALOGS = ("pg_namespace", "pg_proc", "pg_trigger", "pg_type", "pg_db_role_setting")
_OTHERS_END_MS = 5_000
_END_OTHERS = """
    SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_WRITTEN_TABLES = """
    SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
       AND relname <> ALL (%s) AND pg_relation_size(oid) > 0
"""
_RESTART_NUMBERS = "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"


class Succession:
    """One database at a time for the tests of this process, on the server of `server_url`."""

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url = server_url
        self._template = template
        self._made: tuple[int, int] | None = None
        self._spare: str | None = None

    def take(self, name: str) -> str:
        """The URL of a database of this name, as the template is."""
        spare, self._spare = self._spare, None
        if spare is None:
            url = create_database(self._server_url, name, template=self._template)
            with _inside(url) as connection:
                self._made = _traces(connection)
            return url
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        with connect(self._server_url) as connection:
            connection.execute(rename.format(sql.Identifier(spare), sql.Identifier(name)))
        return self._url_of(name)

    def give_back(self, name: str) -> None:
        """End whoever is connected to it, and keep it for the next test without its rows."""
        with _inside(self._url_of(name)) as connection:
            connection.execute(_END_OTHERS, [_OTHERS_END_MS])
            only_rows_changed = _traces(connection) == self._made
            if only_rows_changed:
                _empty(connection)
        if only_rows_changed:
            self._spare = name
        else:
            drop_database(self._server_url, name)

    def close(self) -> None:
        """Leave no database behind on a server that is not ours."""
        if self._spare is not None:
            drop_database(self._server_url, self._spare)

    def _url_of(self, name: str) -> str:
        return make_url(self._server_url).set(database=name).render_as_string(hide_password=False)


def _inside(url: str) -> psycopg.Connection:
    address = make_url(url).set(drivername="postgresql")
    return psycopg.connect(
        address.render_as_string(hide_password=False), connect_timeout=5, autocommit=True
    )


def _traces(connection: psycopg.Connection) -> tuple[int, int]:
    """How many rows describe the database, and the newest transaction that wrote one: the first
    falls when something is taken away, the second grows with each other change.
    """
    rows = " UNION ALL ".join(
        f"SELECT xmin FROM {table}"  # noqa: S608 - the tables above
        for table in (*_CATALOGS, *_MORE_CATALOGS, *OURS_ALWAYS)
    )
    found = connection.execute(
        f"SELECT count(*), max(xmin::text::bigint) FROM ({rows}) AS row"  # noqa: S608
    ).fetchone()
    if found is None:
        raise AssertionError("an aggregate has one row")
    return found


def _empty(connection: psycopg.Connection) -> None:
    tables = [
        sql.Identifier(name)
        for (name,) in connection.execute(_WRITTEN_TABLES, [list(OURS_ALWAYS)]).fetchall()
    ]
    connection.execute(_RESTART_NUMBERS)
    if not tables:
        return
    with connection.transaction():
        # Rows of append-only tables go too, so the guards look away for this one transaction.
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(table))
    # Without it, new rows would fill the places of old ones: in another order than in a new table.
    connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(tables)))
