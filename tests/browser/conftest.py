"""A headless Chromium before the whole product: Debian's package, driven by Playwright.

Without one these tests are skipped, and the run says so at its end; with REQUIRE_BROWSER=1, as in
CI, they fail instead.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from redis import Redis

from bot.embedded import ServerUrls, create_database, drop_database
from tests.browser.office import Office
from tests.conftest import TEMPLATE
from tests.journey.house import House

_MISSING = "no Chromium on the PATH: `apt-get install chromium` brings it"
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# As long as the browsers themselves wait: see office.py.
_PATIENCE_MILLISECONDS = 10_000
_SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-screens", action="store_true", help="write docs/screens")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a process; each test has profiles of its own in it."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        expect.set_options(timeout=_PATIENCE_MILLISECONDS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def office(
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
    servers: ServerUrls,
    request: pytest.FixtureRequest,
) -> Iterator[Office]:
    """The product, running, but for the processes that a module names in WITHOUT."""
    folder: Path = tmp_path_factory.mktemp("office")
    name = f"office_{os.getpid()}"
    with Redis.from_url(servers.redis_url) as redis:
        redis.flushdb()
    url = create_database(servers.database_url, name, template=TEMPLATE)
    with House(folder, url, servers.redis_url) as house:
        house.start_all(*getattr(request.module, "WITHOUT", ()))
        office = Office(house, browser)
        yield office
        office.leave()
    drop_database(servers.database_url, name)


@pytest.fixture
def screens(request: pytest.FixtureRequest) -> Path | None:
    """Where pictures go: docs/screens when they are asked for, else nowhere."""
    if not request.config.getoption("--write-screens"):
        return None
    _SCREENS.mkdir(exist_ok=True)
    return _SCREENS
