"""Running products for tests; their logs are shown when a test fails."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot.embedded import ServerUrls, create_database, drop_database
from tests.conftest import TEMPLATE
from tests.journey.house import House


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory, servers: ServerUrls) -> Iterator[House]:
    """One product for all tests of this folder that run in one process, each of which brings
    customers of its own: starting it takes longer than most of them.
    """
    folder: Path = tmp_path_factory.mktemp("house")
    name = f"house_{os.getpid()}"
    with Redis.from_url(servers.redis_url) as redis:
        redis.flushdb()
    url = create_database(servers.database_url, name, template=TEMPLATE)
    with House(folder, url, servers.redis_url) as house:
        house.start_all()
        yield house
    drop_database(servers.database_url, name)


@pytest.fixture(autouse=True)
def shown_on_failure(house: House) -> Iterator[None]:
    """What the processes wrote during this test, and the story so far, for whoever reads of its
    failure.
    """
    house.use_database()
    before = {file: file.stat().st_size for file in house.folder.glob("*.log")}
    yield
    for file in sorted(house.folder.glob("*.log")):
        print(f"--- {file.name}\n{file.read_text()[before.get(file, 0) :][-3000:]}")  # noqa: T201
    print("--- story", *house.story()[-25:], sep="\n")  # noqa: T201
