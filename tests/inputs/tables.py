"""All tables of a database as a whole: emptied, kept, and brought back as they were."""

import itertools
from collections import defaultdict

from sqlalchemy import text

from domain.database import transaction
from tests.succession import OURS_ALWAYS

_WORDY = ("text", "character varying", "jsonb")
# Rows of append-only tables go too, so the guards look away for this one transaction.
_UNGUARDED = "SET LOCAL session_replication_role = replica"


class Tables:
    """The tables of the current database. Needs its owner's rights, as tests have them."""

    def __init__(self) -> None:
        self._copies = itertools.count(1)
        self._columns: dict[str, list[str]] = defaultdict(list)
        wordy = []
        with transaction() as db:
            rows = db.execute(
                text(
                    "SELECT table_name, column_name, data_type, is_generated"
                    " FROM information_schema.columns WHERE table_schema = 'public'"
                    " ORDER BY table_name, ordinal_position"
                )
            ).all()
        for table, column, kind, generated in rows:
            if table in OURS_ALWAYS:
                continue
            if generated == "NEVER":
                self._columns[table].append(column)
            # Twilio's ids are figures and letters at random, and no words of anybody.
            if kind in _WORDY and column != "sid":
                wordy.append(
                    f"SELECT '{table}.{column}', {column}::text FROM {table}"  # noqa: S608 - our own tables
                    f" WHERE {column} IS NOT NULL"
                )
        self.all_texts = " UNION ALL ".join(wordy)

    def empty(self) -> None:
        """No rows."""
        self._run([f"DELETE FROM {table}" for table in self._columns])  # noqa: S608 - our own tables

    def keep(self) -> str:
        """Copy everything; returns the copy's name."""
        copy = f"kept_{next(self._copies)}"
        copies = [f"CREATE TABLE {copy}.{table} AS TABLE {table}" for table in self._columns]
        self._run([f"CREATE SCHEMA {copy}", *copies])
        return copy

    def restore(self, copy: str) -> None:
        """Everything as it was when this copy was made."""
        statements = [f"DELETE FROM {table}" for table in self._columns]  # noqa: S608 - our own tables
        for table, columns in self._columns.items():
            names = ", ".join(columns)
            statements.append(
                f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE"  # noqa: S608 - our own tables
                f" SELECT {names} FROM {copy}.{table}"
            )
        self._run(statements)

    def _run(self, statements: list[str]) -> None:
        body = ";\n".join([_UNGUARDED, *statements])
        with transaction() as db:
            db.execute(text(f"DO $body$ BEGIN {body}; END $body$".replace(":", "\\:")))
