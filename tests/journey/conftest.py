"""A running product for a test, on a database and a Redis database of its own; its logs are shown when the test fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot.embedded import ServerUrls
from tests.journey.house import House


@pytest.fixture
def house(tmp_path: Path, servers: ServerUrls, database_url: str) -> Iterator[House]:
    with Redis.from_url(servers.redis_url) as redis:
        redis.flushall()
    with House(tmp_path, database_url, servers.redis_url) as house:
        yield house
        for name in sorted(house.folder.glob("*.log")):
            print(f"--- {name.name}\n{name.read_text()[-3000:]}")  # noqa: T201 - shown by pytest on failure
        print("--- story", *house.story(), sep="\n")  # noqa: T201
