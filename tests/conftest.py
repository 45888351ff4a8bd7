"""What tests share: real servers, started once, and for each test a database of its own, as a
migrated one is.
"""

import gc
import itertools
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from pydantic import SecretStr

from bot import runtime as runtimes
from bot.app import create_app
from bot.config import Settings, load_settings, revealed
from bot.embedded import EmbeddedServers, ServerUrls, create_database, drop_database
from bot.release import migrate
from bot.runtime import Runtime
from domain.database import Database, configure
from tests.succession import Succession

TEMPLATE = f"tourpay_template_{os.getpid()}"
ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "test_auth_token_0001"  # noqa: S105 - a simulator's
PUBLIC_URL = "https://bot.example.com"
WHATSAPP_NUMBER = "+14155238886"

_numbers = itertools.count(1)
# These take minutes in few tests: begun last, one of them would go on long after all others ended.
_SLOW_FOLDERS = ("soak", "faults", "journey", "browser")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without looking for garbage among them, then or later: they stay to the end,
    and there are thousands.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow folders first; all else in its order."""
    folders = [item.path.parent.name for item in items]
    places = {name: place for place, name in enumerate(_SLOW_FOLDERS)}
    ranks = [places.get(folder, len(places)) for folder in folders]
    items[:] = [
        item for _, item in sorted(zip(ranks, items, strict=True), key=lambda pair: pair[0])
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Skipped browser tests are said aloud: without them nobody has looked at a page."""
    skipped = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if report.nodeid.startswith("tests/browser/")
    ]
    if skipped:
        terminalreporter.write_sep("!", "NO PAGE WAS LOOKED AT", red=True, bold=True)
        terminalreporter.write_line(
            f"{len(skipped)} browser tests were skipped: there is no Chromium on the PATH."
            " On Debian or Ubuntu: apt-get install chromium"
        )


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUrls]:
    """One PostgreSQL with a migrated template database, and one Valkey, for this process's run.

    With DATABASE_URL and REDIS_URL it is those servers, on databases of our own: PostgreSQL's are
    made and dropped, Redis's are the last ones of the server, and are emptied.
    """
    folder = tmp_path_factory.mktemp("servers")
    given = load_settings()
    with EmbeddedServers(
        folder,
        durable=False,
        database_url=revealed(given.database_url),
        redis_url=_redis_database(revealed(given.redis_url)),
    ) as owner:
        template = Database(create_database(owner.urls.database_url, TEMPLATE))
        migrate(template)
        template.engine.dispose()
        yield owner.urls
        drop_database(owner.urls.database_url, TEMPLATE)


def _redis_database(url: str | None) -> str | None:
    """The given server, but a database of its own for each process of a parallel run."""
    if url is None:
        return None
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return urlsplit(url)._replace(path=f"/{15 - int(worker)}").geturl()


@pytest.fixture(scope="session")
def succession(servers: ServerUrls) -> Iterator[Succession]:
    """The databases of this process's tests, one after another."""
    succession = Succession(servers.database_url, TEMPLATE)
    yield succession
    succession.close()


@pytest.fixture
def database_url(succession: Succession) -> Iterator[str]:
    """An empty, migrated database for one test."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    yield succession.take(name)
    succession.give_back(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The test's database, the current one of this process."""
    database = Database(database_url)
    configure(database)
    yield database
    database.engine.dispose()


@pytest.fixture
def settings(servers: ServerUrls, database_url: str) -> Settings:
    """Settings as a deployment's, with pauses cut short."""
    return Settings(
        _env_file=None,
        environment="test",
        secret_key=SecretStr("a secret for tests, of a fair length"),
        public_base_url=PUBLIC_URL,
        database_url=SecretStr(database_url),
        redis_url=SecretStr(servers.redis_url),
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=SecretStr(AUTH_TOKEN),
        twilio_whatsapp_number=WHATSAPP_NUMBER,
        data_folder=Path("never used"),
    )


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    """A process's runtime on the test's database and an empty Redis."""
    runtime = runtimes.start(settings)
    runtime.redis.flushdb()
    yield runtime
    runtime.database.engine.dispose()
    runtime.redis.close()


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """The Flask app, as a web process would serve it."""
    return create_app(runtime)
