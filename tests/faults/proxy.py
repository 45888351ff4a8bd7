"""A TCP proxy on loopback, in threads of the test's process: what goes wrong on a wire, on demand.

    process ── proxy ── server
                 passes · refuses · delays · cuts now · cuts where a pattern goes by

A `Cut` waits for bytes that a client sends. `deliver=True` hands them to the server, swallows its
answer and cuts: the work is done and nobody hears of it. `deliver=False` cuts before them: nothing
is done. `after` are bytes that must have gone by on the same connection before.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

_CHUNK_BYTES = 65_536
_ANSWER_SECONDS = 5.0


@dataclass(slots=True)
class Cut:
    """One cut that waits for its moment; `done` is set when it came."""

    pattern: bytes
    after: bytes = b""
    deliver: bool = True
    done: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """One proxy before one server; its port stays the same over refusing and listening again."""

    def __init__(self, server_port: int, server_host: str = "127.0.0.1") -> None:
        self._server = (server_host, server_port)
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._cuts: list[Cut] = []
        self._deaf: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.delay_seconds = 0.0
        self.listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.refuse()

    def listen(self) -> None:
        """Take connections and pass everything on."""
        if self._listener is not None:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self.port = int(listener.getsockname()[1])
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """Cut every connection and take no new one: the server is down, as far as anybody sees."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut_now()

    def cut_now(self) -> None:
        """Cut every connection that stands."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _cut(*pair)

    def cut_at(self, pattern: bytes, *, after: bytes = b"", deliver: bool = True) -> Cut:
        """Cut one connection, once, where a client sends `pattern`."""
        cut = Cut(pattern, after, deliver)
        with self._lock:
            self._cuts.append(cut)
        return cut

    def forget_cuts(self) -> None:
        """Drop the cuts whose moment did not come."""
        with self._lock:
            self._cuts.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._listener is not listener:
                _cut(client, server)
                return
            with self._lock:
                self._pairs.append((client, server))
            for pump in (self._up, self._down):
                threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        """From the client to the server, watching for the bytes where a cut is due."""
        gone_by = b""

        def hand_on(chunk: bytes) -> bool:
            nonlocal gone_by
            gone_by = gone_by[-_CHUNK_BYTES:] + chunk
            cut = self._due(gone_by, chunk)
            if cut is None:
                server.sendall(chunk)
                return True
            if cut.deliver:
                self._deaf.add(server)  # its next answer is swallowed, and cuts
                server.sendall(chunk)
                _await_end(server)
            cut.done.set()
            return False

        self._pump(client, hand_on, (client, server))

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        """From the server to the client."""

        def hand_on(chunk: bytes) -> bool:
            if server in self._deaf:
                return False
            client.sendall(chunk)
            return True

        self._pump(server, hand_on, (client, server))

    def _pump(
        self,
        source: socket.socket,
        hand_on: Callable[[bytes], bool],
        pair: tuple[socket.socket, socket.socket],
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK_BYTES):
                if self.delay_seconds:
                    time.sleep(self.delay_seconds)
                if not hand_on(chunk):
                    break
        self._forget(*pair)
        _cut(*pair)

    def _due(self, gone_by: bytes, chunk: bytes) -> Cut | None:
        with self._lock:
            for cut in self._cuts:
                if cut.pattern in chunk and cut.after in gone_by:
                    self._cuts.remove(cut)
                    return cut
        return None

    def _forget(self, client: socket.socket, server: socket.socket) -> None:
        with self._lock:
            self._pairs = [pair for pair in self._pairs if pair != (client, server)]
            self._deaf.discard(server)


def _await_end(server: socket.socket) -> None:
    """Wait until the server has answered, which ends this connection, or is too slow about it."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while server.fileno() != -1 and time.monotonic() < deadline:
        time.sleep(0.01)


def _cut(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
