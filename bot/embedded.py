"""Embedded PostgreSQL and Valkey: a newcomer needs nothing but Python, and still runs on the real
servers.

One process owns a data folder and its servers (`EmbeddedServers`); others find their URLs there
(`join`), or become the owner for as long as they live (`urls_for`). Nothing outlives the owner,
even when it is killed; the data does.
"""

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from psycopg import sql
from sqlalchemy.engine import make_url

from bot import embedded_postgres, embedded_valkey
from bot.embedded_postgres import EmbeddedPostgres
from bot.embedded_process import EmbeddedServerError, write_private
from bot.embedded_valkey import EmbeddedValkey

_URLS_FILE = "servers.json"
_SOMEBODY_ELSE_STARTS_SECONDS = 30.0


class FolderInUse(EmbeddedServerError):
    """Another process owns the servers of this folder."""


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """Where the two servers are. Both hold passwords, so neither is shown."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


class EmbeddedServers:
    """The owner of a data folder and its two servers, as a context manager. Enter it in the main
    thread.

    A URL that is given is used as it stands, and no server is started in its place. Entering raises
    FolderInUse when another process is the owner.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: bool = True,
        database_url: str | None = None,
        redis_url: str | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.postgres = None if database_url else EmbeddedPostgres(self.folder, durable=durable)
        self.valkey = None if redis_url else EmbeddedValkey(self.folder, durable=durable)
        self._given_database_url = database_url
        self._given_redis_url = redis_url
        self._owner_lock: int | None = None

    @property
    def urls(self) -> ServerUrls:
        """The URLs of both servers; they stay true when a server is stopped and started again."""
        return ServerUrls(
            self.postgres.url if self.postgres else self._given_database_url or "",
            self.valkey.url if self.valkey else self._given_redis_url or "",
        )

    def __enter__(self) -> Self:
        return self.enter()

    def enter(self) -> Self:
        """Become the owner and start what is missing; `leave` ends it. Raises FolderInUse."""
        self._own_folder()
        try:
            for server in self._servers():
                server.start()
            urls = {"database_url": self.urls.database_url, "redis_url": self.urls.redis_url}
            write_private(self.folder / _URLS_FILE, json.dumps(urls))
        except BaseException:
            self.leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.leave()

    def revive(self) -> list[str]:
        """Start again what has ended by itself; returns the names of those servers."""
        ended = [server for server in self._servers() if not server.process.alive()]
        for server in ended:
            server.start()
        return [server.process.name for server in ended]

    def _servers(self) -> list[EmbeddedPostgres | EmbeddedValkey]:
        return [server for server in (self.postgres, self.valkey) if server is not None]

    def _own_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Root's servers run as another account, which must be able to pass through, and no more.
        self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        descriptor = os.open(self.folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise FolderInUse(f"another process runs the servers of {self.folder}") from None
        self._owner_lock = descriptor
        # What a killed owner left here would lead others to servers that are gone.
        (self.folder / _URLS_FILE).unlink(missing_ok=True)

    def leave(self) -> None:
        """Stop the servers and own the folder no longer."""
        (self.folder / _URLS_FILE).unlink(missing_ok=True)
        for server in reversed(self._servers()):
            server.stop()
        if self._owner_lock is not None:
            os.close(self._owner_lock)
            self._owner_lock = None


def join(folder: Path) -> ServerUrls | None:
    """The URLs of the servers that another process runs on `folder`, or None when they do not
    answer.
    """
    try:
        found = json.loads((folder / _URLS_FILE).read_text())
        urls = ServerUrls(str(found["database_url"]), str(found["redis_url"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not embedded_postgres.answers(urls.database_url):
        return None
    return urls if embedded_valkey.answers(urls.redis_url) else None


def _say_on_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


@contextmanager
def urls_for(
    folder: Path,
    *,
    database_url: str | None = None,
    redis_url: str | None = None,
    say: Callable[[str], None] = _say_on_stderr,
) -> Iterator[ServerUrls]:
    """The URLs given; for those that are not, of the servers of `folder`: joined, or started for
    the block's life.

    `say` hears in one sentence which of the two it was.
    """
    if database_url and redis_url:
        yield ServerUrls(database_url, redis_url)
        return
    found = _join_or_own(folder, database_url, redis_url)
    if isinstance(found, ServerUrls):
        say(f"Using the servers that run on {folder}.")
        yield ServerUrls(database_url or found.database_url, redis_url or found.redis_url)
        return
    try:
        say(f"Started the servers of {folder} for the life of this command.")
        yield found.urls
    finally:
        found.leave()


def _join_or_own(
    folder: Path, database_url: str | None, redis_url: str | None
) -> ServerUrls | EmbeddedServers:
    deadline = time.monotonic() + _SOMEBODY_ELSE_STARTS_SECONDS
    while True:
        running = join(folder)
        if running is not None:
            return running
        try:
            return EmbeddedServers(folder, database_url=database_url, redis_url=redis_url).enter()
        except FolderInUse:
            # Its owner is just starting its servers, or stopping them.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def create_database(server_url: str, name: str, *, template: str | None = None) -> str:
    """Create a database on the server of `server_url`, as a copy of `template` if given; returns
    its URL.

    Nobody may be connected to the template. Raises psycopg.errors.DuplicateDatabase when the name
    is taken.
    """
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template is not None:
        statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
    with embedded_postgres.connect(server_url) as connection:
        connection.execute(statement)
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def drop_database(server_url: str, name: str) -> None:
    """Drop a database and whoever is connected to it. Not there: nothing."""
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    with embedded_postgres.connect(server_url) as connection:
        connection.execute(statement.format(sql.Identifier(name)))
