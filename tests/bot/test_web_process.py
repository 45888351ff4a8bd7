"""What a web process loads, and what it knows of the tables."""

import json
import subprocess
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask

from bot.cli import COMMANDS
from bot.tables import MIGRATIONS, is_migrated, newest_migration
from domain.database import Database

# What commands, workers and the release need, and would cost memory in every web process.
_NOT_FOR_THE_WEB = ("alembic", "bot.cli.", "bot.channel", "bot.release", "twilio.rest")


def test_a_web_process_loads_nothing_that_only_others_need() -> None:
    code = "import json, sys, bot.app; print(json.dumps(list(sys.modules)))"
    done = subprocess.run(  # noqa: S603 - the command is our own
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert [name for name in json.loads(done.stdout) if name.startswith(_NOT_FOR_THE_WEB)] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_where_the_table_says(app: Flask, name: str) -> None:
    result = app.test_cli_runner().invoke(args=[name, "--help"])
    assert (result.exit_code, result.output.startswith(f"Usage: bot {name}")) == (0, True)


def test_the_newest_migration_is_the_one_that_alembic_would_end_with() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest_migration() == ScriptDirectory.from_config(config).get_current_head()


def test_tables_are_ours_only_when_every_migration_was_made(database: Database) -> None:
    with database.engine.connect() as connection:
        assert is_migrated(connection)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
        assert not is_migrated(connection)
        connection.exec_driver_sql("DROP TABLE alembic_version")
        assert not is_migrated(connection)
