"""The session store on a real server: sequences, life time, and what happens when it does not
answer.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.embedded_valkey import EmbeddedValkey
from flows.engine import Session
from flows.sessions import SESSION_LIFE_SECONDS, SessionStore

SESSION = Session("pay", "otp", "payment-1", {"booking": "KS-2024-001"}, "n7")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator["redis.Redis"]:
    folder: Path = tmp_path_factory.mktemp("valkey")
    server = EmbeddedValkey(folder, durable=False)
    server.start()
    connection = redis.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0))
    yield connection
    connection.close()
    server.stop()


@pytest.fixture
def store(client: "redis.Redis") -> SessionStore:
    client.flushdb()
    return SessionStore(client)


def test_what_was_put_is_got(store: SessionStore) -> None:
    store.put(1, 5, SESSION)
    assert store.get(1) == (5, SESSION)
    assert store.get(2) is None


def test_a_late_writer_does_not_go_back(store: SessionStore) -> None:
    later = Session("menu", "idle")
    store.put(1, 9, later)
    store.put(1, 8, SESSION)
    assert store.get(1) == (9, later)
    store.put(1, 9, SESSION)
    assert store.get(1) == (9, SESSION)
    store.put(1, 10, later)
    assert store.get(1) == (10, later)


def test_a_session_lives_for_two_days(store: SessionStore, client: "redis.Redis") -> None:
    store.put(1, 1, SESSION)
    assert SESSION_LIFE_SECONDS - 5 <= client.ttl("session:1") <= SESSION_LIFE_SECONDS


@pytest.mark.parametrize(
    "stored",
    ["", "5", "5\n", "x\n{}", "5\nnull", b"\xff\xfe", '5\n{"v":9,"flow":"pay","step":"otp"}'],
)
def test_what_is_no_session_is_none(
    store: SessionStore, client: "redis.Redis", stored: str | bytes
) -> None:
    client.set("session:1", stored)
    assert store.get(1) is None
    store.put(1, 3, SESSION)


def test_each_takes_one_round_trip(store: SessionStore, client: "redis.Redis") -> None:
    before = client.info("stats")["total_commands_processed"]
    store.put(1, 1, SESSION)
    store.get(1)
    after = client.info("stats")["total_commands_processed"]
    # EVAL counts its two inner commands; GET and the INFO before it are one each.
    assert after - before <= 5


def test_a_server_that_is_down_is_an_empty_one(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = redis.Redis(host="127.0.0.1", port=1, retry=Retry(NoBackoff(), 0), socket_timeout=1)
    store = SessionStore(nowhere)
    assert store.get(1) is None
    store.put(1, 1, SESSION)
    assert "ConnectionError" in caplog.text
    assert "KS-2024-001" not in caplog.text
    nowhere.close()
