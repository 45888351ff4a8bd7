"""One embedded server process: owned by one folder, ended with its owner, never two on the same
files.

    take_folder ─▶ start ─▶ ready ─▶ stop

The server inherits a descriptor that holds a lock (flock) on `<name>.lock`. The lock lasts as long
as any process of that server lives, so whoever gets it knows for certain that nobody else writes to
the server's files, without guessing from process ids that may have been given to somebody else
since.
"""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot import lifeline

_POLL_SECONDS = 0.02
_PREDECESSOR_SECONDS = 30.0
_READY_SECONDS = 60.0
_STOP_SECONDS = 20.0
_LOG_TAIL_LINES = 15
_PORT_TRIES = 3
_SIGNALS = {"TERM": signal.SIGTERM, "INT": signal.SIGINT}


class EmbeddedServerError(RuntimeError):
    """An embedded server could not be prepared or started; the message says why, in words for
    whoever ran the command.
    """


class OwnedProcess:
    """A server's process: started on a lifeline, its output in `<folder>/<name>.log`."""

    def __init__(self, name: str, folder: Path, *, end_with: str) -> None:
        """`end_with` (TERM or INT) is the signal that makes this server stop quickly and keep its
        data.
        """
        self.name = name
        self.log = folder / f"{name}.log"
        self._lock = folder / f"{name}.lock"
        self._end_with = end_with
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the server. Raises EmbeddedServerError before it was started."""
        if self._process is None:
            raise EmbeddedServerError(f"{self.name} was not started")
        return self._process.pid

    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self._process is not None and self._process.poll() is None

    def take_folder(self) -> int:
        """Wait until no process of an earlier server lives and hold its place; returns the
        descriptor to start with.
        """
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + _PREDECESSOR_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    message = f"an earlier {self.name} still runs on {self._lock.parent}"
                    raise EmbeddedServerError(message) from None
                time.sleep(_POLL_SECONDS)

    def start(
        self,
        descriptor: int,
        command: Sequence[str],
        *,
        working_folder: Path,
        ready: Callable[[], bool],
        user: str | None = None,
    ) -> None:
        """Start `command` with the place held by `descriptor` (closed here) and wait until
        `ready()` says yes.
        """
        line = lifeline.command_line(
            command, parent=os.getpid(), end_with=self._end_with, user=user
        )
        try:
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 - the command is our own
                    line,
                    cwd=working_folder,
                    env={"LC_ALL": "C", "TZ": "UTC"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[descriptor],
                    # Ctrl-C in the owner's terminal is for the owner, who stops its clients first.
                    start_new_session=True,
                )
        finally:
            os.close(descriptor)
        self._wait_until(ready)

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not ready():
            if not self.alive():
                raise EmbeddedServerError(f"{self.name} did not start:\n{self._log_tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise EmbeddedServerError(f"{self.name} did not answer:\n{self._log_tail()}")
            time.sleep(_POLL_SECONDS)

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LOG_TAIL_LINES:])

    def stop(self) -> None:
        """Stop the server in an orderly way, and by force when that takes too long. Stopped
        already: nothing.
        """
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(_SIGNALS[self._end_with])
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_on_free_port(known: int | None, start: Callable[[int], None]) -> int:
    """Call `start` with the port known from before, or with a free one; returns the port that it
    started on.
    """
    if known is not None:
        start(known)
        return known
    for _ in range(_PORT_TRIES - 1):
        port = free_port()
        try:
            start(port)
        except EmbeddedServerError:
            # Somebody else may have taken the port between our look and the server's.
            continue
        return port
    port = free_port()
    start(port)
    return port


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read; whoever reads it meanwhile sees the old text or
    the new one.
    """
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.replace(path)
