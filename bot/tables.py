"""Whether the tables are those of this version, told without the tool that migrates them: a web
process asks it, and does nothing else with migrations.
"""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_REVISION = re.compile(r"^(revision|down_revision)\b[^=\n]*= *[\"'](\w+)[\"']", re.MULTILINE)


@cache
def newest_migration() -> str:
    """The migration that no other one follows. Raises ValueError where there is not just one."""
    made: set[str] = set()
    followed: set[str] = set()
    for file in (MIGRATIONS / "versions").glob("*.py"):
        for name, value in _REVISION.findall(file.read_text()):
            (made if name == "revision" else followed).add(value)
    (newest,) = made - followed
    return newest


def is_migrated(connection: Connection) -> bool:
    """Whether the tables are those of this version."""
    try:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except ProgrammingError:
        return False  # a database that was never migrated has not even this table
    return found == [newest_migration()]
