"""A product behind proxies for each process of the fault suite, and the recorder that writes
docs/faults.md from a run with `--write-faults`.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.embedded import ServerUrls, create_database, drop_database
from bot.embedded_valkey import EmbeddedValkey
from domain.database import transaction
from domain.models import Payment, PaymentEvent
from tests.conftest import TEMPLATE
from tests.faults.report import Line, line, page
from tests.faults.site import Site
from tests.journey.house import House

_AWAY_SECONDS, _AWAY_SHORT_SECONDS = 30, 6
_REPORT = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-faults", action="store_true", help="write docs/faults.md")


@dataclass(slots=True)
class Notes:
    """What a test saw beside what the books say."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture(scope="package")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A Valkey of this folder's own, which it may kill: it keeps nothing on disk."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"), durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="package")
def site(
    tmp_path_factory: pytest.TempPathFactory, servers: ServerUrls, valkey: EmbeddedValkey
) -> Iterator[Site]:
    """One product behind proxies for all rows that run in one process, each of which brings its own
    customers: starting it takes longer than most of them.
    """
    folder: Path = tmp_path_factory.mktemp("site")
    name = f"site_{os.getpid()}"
    url = create_database(servers.database_url, name, template=TEMPLATE)
    with House(folder, url, valkey.url) as house, Site(house, url, valkey.url) as site:
        house.start_all()
        yield site
    drop_database(servers.database_url, name)


@pytest.fixture
def away_seconds(request: pytest.FixtureRequest) -> int:
    """How long a store is away: half a minute when the table is written, less otherwise."""
    written = request.config.getoption("--write-faults")
    return _AWAY_SECONDS if written else _AWAY_SHORT_SECONDS


@pytest.fixture
def house(site: Site) -> House:
    return site.house


@pytest.fixture(autouse=True)
def shown_on_failure(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the processes wrote during this test, and the story so far, for whoever reads of its
    failure. Faults end with their test.
    """
    if request.node.get_closest_marker("fault") is None:
        yield
        return
    site: Site = request.getfixturevalue("site")
    house = site.house
    house.use_database()
    before = {file: file.stat().st_size for file in house.folder.glob("*.log")}
    yield
    site.heal()
    for file in sorted(house.folder.glob("*.log")):
        print(f"--- {file.name}\n{file.read_text()[before.get(file, 0) :][-3000:]}")  # noqa: T201
    print("--- story", *house.story()[-25:], sep="\n")  # noqa: T201


@pytest.fixture
def seen() -> Notes:
    """Takes a test's own observations for the table."""
    return Notes()


@pytest.fixture(autouse=True)
def recorded(request: pytest.FixtureRequest, seen: Notes) -> Iterator[None]:
    """Notes what this test's payments came to, for the table."""
    marker = request.node.get_closest_marker("fault")
    if marker is None:
        yield
        return
    site: Site = request.getfixturevalue("site")
    site.house.use_database()
    with transaction() as db:
        before = set(db.execute(select(Payment.id)).scalars())
        events = set(db.execute(select(PaymentEvent.id)).scalars())
    began = time.monotonic()
    yield
    seconds = time.monotonic() - began
    with transaction() as db:
        statuses = [
            status
            for key, status in db.execute(
                select(Payment.id, Payment.status).order_by(Payment.created_at)
            )
            if key not in before
        ]
        told = [
            name
            for key, name in db.execute(
                select(PaymentEvent.id, PaymentEvent.told)
                .where(PaymentEvent.told.is_not(None))
                .order_by(PaymentEvent.id)
            )
            if key not in events
        ]
    request.node.user_properties.append(
        ("fault", line(marker.args, statuses, told, seen.lines, seconds))
    )


_lines: list[Line] = []
_outcomes: dict[str, tuple[str, str]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Collect the lines of the table once each test is over."""
    if report.outcome != "passed" or report.when == "call":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        _outcomes.setdefault(report.nodeid, (report.outcome, reason.removeprefix("Skipped: ")))
    if report.when == "teardown":
        outcome, reason = _outcomes[report.nodeid]
        for name, value in report.user_properties:
            if name == "fault":
                _lines.append({**value, "outcome": outcome, "reason": reason})


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table, where that was asked for. Of a parallel run its head does, who hears all."""
    if hasattr(session.config, "workerinput"):
        return
    if session.config.getoption("--write-faults", default=False):
        _REPORT.write_text(page(_lines))
