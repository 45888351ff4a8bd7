"""Embedded servers: real ones, that keep data, are found by others, and die with their owner."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.engine import make_url

from bot.embedded import (
    EmbeddedServers,
    FolderInUse,
    ServerUrls,
    create_database,
    drop_database,
    join,
    urls_for,
)
from bot.embedded_process import EmbeddedServerError, OwnedProcess
from tests.bot.watching import runs, within

ROOT = Path(__file__).resolve().parents[2]

OWNER = """
import sys, time
from pathlib import Path
from bot.embedded import EmbeddedServers

with EmbeddedServers(Path(sys.argv[1]), durable=False) as servers:
    print(servers.postgres.process.pid, servers.valkey.process.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every account may pass through, as a project's folder mostly is."""
    parent = Path(tempfile.mkdtemp(prefix="tourpay-test-"))
    parent.chmod(0o755)
    yield parent / "data"
    shutil.rmtree(parent)


@pytest.fixture(scope="module")
def shared() -> Iterator[EmbeddedServers]:
    """Servers for the tests that neither stop nor break them."""
    parent = Path(tempfile.mkdtemp(prefix="tourpay-test-"))
    parent.chmod(0o755)
    with EmbeddedServers(parent / "data") as servers:
        yield servers
    shutil.rmtree(parent)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder below one that only we may enter."""
    parent = Path(tempfile.mkdtemp(prefix="tourpay-test-"))
    parent.chmod(0o700)
    yield parent / "data"
    shutil.rmtree(parent)


def database(urls: ServerUrls) -> psycopg.Connection:
    return psycopg.connect(urls.database_url.replace("+psycopg", ""), autocommit=True)


def valkey(urls: ServerUrls) -> redis.Redis:
    return redis.Redis.from_url(urls.redis_url)


def test_data_survives_a_restart(folder: Path) -> None:
    with EmbeddedServers(folder) as servers:
        with database(servers.urls) as db:
            db.execute("CREATE TABLE kept (word text)")
            db.execute("INSERT INTO kept VALUES ('still here')")
        with valkey(servers.urls) as client:
            client.set("kept", "still here")
    with EmbeddedServers(folder) as servers:
        with database(servers.urls) as db:
            assert db.execute("SELECT word FROM kept").fetchone() == ("still here",)
        with valkey(servers.urls) as client:
            assert client.get("kept") == b"still here"


def test_valkey_never_forgets_to_make_room(shared: EmbeddedServers) -> None:
    with valkey(shared.urls) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_killed_servers_come_back_at_the_same_address_with_what_was_committed(
    folder: Path,
) -> None:
    with EmbeddedServers(folder) as servers:
        urls = servers.urls
        assert servers.postgres is not None
        assert servers.valkey is not None
        with database(urls) as db:
            db.execute("CREATE TABLE kept (word text)")
        servers.postgres.process.kill()
        servers.valkey.process.kill()
        assert servers.revive() == ["postgresql", "valkey"]
        assert servers.revive() == []
        assert servers.urls == urls
        with database(urls) as db:
            assert db.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        with valkey(urls) as client:
            assert client.ping()


def test_servers_end_with_an_owner_that_was_killed_and_start_again(folder: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout is not None
        pids = [int(word) for word in owner.stdout.readline().split()]
        assert len(pids) == 2
        assert all(runs(pid) for pid in pids)
        assert join(folder) is not None
        owner.kill()
        owner.wait()
    assert within(20, lambda: not any(runs(pid) for pid in pids))
    assert join(folder) is None
    with EmbeddedServers(folder, durable=False) as servers, database(servers.urls) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_what_a_dead_server_left_behind_does_not_stop_the_next(folder: Path) -> None:
    with EmbeddedServers(folder) as servers:
        assert servers.postgres is not None
        servers.postgres.process.kill()
    # A process id that somebody has: PostgreSQL alone would believe that it is its predecessor.
    (folder / "postgresql-18" / "postmaster.pid").write_text(f"{os.getppid()}\n")
    with EmbeddedServers(folder) as servers, database(servers.urls) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_others_join_and_only_the_owner_owns(shared: EmbeddedServers) -> None:
    heard: list[str] = []
    assert join(shared.folder) == shared.urls
    with pytest.raises(FolderInUse):
        EmbeddedServers(shared.folder).enter()
    with urls_for(shared.folder, say=heard.append) as urls:
        assert urls == shared.urls
    assert heard == [f"Using the servers that run on {shared.folder}."]
    # The one that was refused and the one that joined have stopped nothing.
    assert join(shared.folder) == shared.urls


def test_a_command_without_servers_starts_them_for_its_own_life(folder: Path) -> None:
    heard: list[str] = []
    with urls_for(folder, say=heard.append) as urls:
        assert join(folder) == urls
    assert heard == [f"Started the servers of {folder} for the life of this command."]
    assert join(folder) is None


def test_urls_that_are_given_win(folder: Path) -> None:
    heard: list[str] = []
    given = ServerUrls("postgresql+psycopg://db.example/tourpay", "redis://redis.example/0")
    with urls_for(
        folder, database_url=given.database_url, redis_url=given.redis_url, say=heard.append
    ) as urls:
        assert urls == given
    assert not folder.exists()
    assert heard == []
    with EmbeddedServers(folder, database_url=given.database_url) as servers:
        assert servers.urls.database_url == given.database_url
        assert servers.postgres is None
        assert not (folder / "postgresql-18").exists()
        with valkey(servers.urls) as client:
            assert client.ping()


def test_passwords_are_seen_by_the_owner_only(shared: EmbeddedServers) -> None:
    for name in ("servers.json", "postgresql.password", "valkey/valkey.conf"):
        assert stat.S_IMODE((shared.folder / name).stat().st_mode) == 0o600, name
    password = (shared.folder / "postgresql.password").read_text()
    assert password in shared.urls.database_url
    assert password not in repr(shared.urls)


def test_nobody_is_let_in_without_the_password(shared: EmbeddedServers) -> None:
    address = make_url(shared.urls.database_url)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host="127.0.0.1", port=address.port, user="tourpay", password="guess")
    assert shared.valkey is not None
    with (
        pytest.raises(redis.AuthenticationError),
        redis.Redis(
            port=shared.valkey.port, password="guess", retry=Retry(NoBackoff(), 0)
        ) as client,
    ):
        client.ping()


def test_a_row_that_is_refused_is_not_quoted_in_the_log(shared: EmbeddedServers) -> None:
    with database(shared.urls) as db:
        db.execute("CREATE TABLE person (phone text UNIQUE)")
        db.execute("INSERT INTO person VALUES ('263771234567')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            db.execute("INSERT INTO person VALUES ('263771234567')")
    log = (shared.folder / "postgresql.log").read_text()
    assert "duplicate key" in log
    assert "263771234567" not in log


def test_databases_are_copied_and_dropped(shared: EmbeddedServers) -> None:
    model = create_database(shared.urls.database_url, "model")
    with psycopg.connect(model.replace("+psycopg", "")) as db:
        db.execute("CREATE TABLE copied (word text)")
    copy = create_database(shared.urls.database_url, "copy-1", template="model")
    with psycopg.connect(copy.replace("+psycopg", "")) as db:
        assert db.execute("SELECT count(*) FROM copied").fetchone() == (0,)
    drop_database(shared.urls.database_url, "copy-1")
    drop_database(shared.urls.database_url, "copy-1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(copy.replace("+psycopg", ""))


def test_servers_run_on_a_folder_that_only_we_may_enter(closed_folder: Path) -> None:
    with EmbeddedServers(closed_folder, durable=False) as servers, database(servers.urls) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)
        assert stat.S_IMODE(closed_folder.parent.stat().st_mode) == 0o700
        place = (closed_folder / "postgresql-18").resolve()
        assert place.owner() != "root"
    if place.parent != closed_folder:
        # Root's PostgreSQL had to keep its data elsewhere, and nobody wanted that data kept.
        assert not place.exists()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    process = OwnedProcess("reluctant", tmp_path, end_with="TERM")
    with pytest.raises(EmbeddedServerError, match="(?s)reluctant did not start.*no such luck"):
        process.start(
            process.take_folder(),
            ["/bin/sh", "-c", "echo no such luck; exit 3"],
            working_folder=tmp_path,
            ready=lambda: False,
        )


def test_a_server_waits_for_its_predecessor_to_end(tmp_path: Path) -> None:
    first = OwnedProcess("slow", tmp_path, end_with="TERM")
    script = "trap 'sleep 1; exit 0' TERM; touch up; while :; do sleep 0.05; done"
    first.start(
        first.take_folder(),
        ["/bin/sh", "-c", script],
        working_folder=tmp_path,
        ready=(tmp_path / "up").exists,
    )
    before = time.monotonic()
    os.kill(first.pid, signal.SIGTERM)
    descriptor = OwnedProcess("slow", tmp_path, end_with="TERM").take_folder()
    os.close(descriptor)
    assert time.monotonic() - before > 0.5
    assert within(20, lambda: not first.alive())
