"""A load generator in one thread: many kept connections, requests that were made beforehand.

`closed` measures what goes through: each connection sends its next request when it has its answer.
`open_arrivals` measures how long it takes: requests leave by the clock, whether or not earlier ones
were answered, and a latency counts from the moment at which the request was to leave.
"""

import selectors
import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(slots=True)
class Outcome:
    """What came back. Latencies in seconds, in the order of the answers."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def only_ok(self) -> "Outcome":
        """Itself. Raises RuntimeError when anything but 200 came back."""
        if set(self.statuses) != {200}:
            raise RuntimeError(f"answers by status: {self.statuses}")
        return self


class _Connection:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.socket = self._connected()
        self.received = bytearray()
        self.began = 0.0
        self.request = b""

    def _connected(self) -> socket.socket:
        made = socket.create_connection(self.address, timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def send(self, request: bytes, began: float) -> None:
        self.began, self.request = began, request
        self.received.clear()
        self.socket.sendall(request)

    def read(self) -> int | None:
        """The status once the whole answer is there. A kept connection that the server closed while
        it was idle is made again, and the request sent again: the webhook takes a message once.
        """
        part = self.socket.recv(65_536)
        if not part:
            raise ConnectionResetError
        self.received += part
        end = self.received.find(_HEAD_END)
        if end < 0:
            return None
        head = bytes(self.received[:end]).lower()
        at = head.find(_LENGTH)
        length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        return int(head[9:12]) if len(self.received) >= end + 4 + length else None

    def reconnect(self) -> None:
        self.socket.close()
        self.socket = self._connected()
        self.received.clear()
        self.socket.sendall(self.request)


class _Crowd:
    """The connections, and who of them is waiting for an answer."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._selector = selectors.DefaultSelector()
        self.idle: deque[_Connection] = deque(_Connection(url) for _ in range(size))
        self.busy = 0
        self.outcome = Outcome()

    def send(self, connection: _Connection, request: bytes, began: float) -> None:
        try:
            connection.send(request, began)
        except OSError:
            connection.reconnect()
        self._selector.register(connection.socket, selectors.EVENT_READ, connection)
        self.busy += 1

    def send_by_any(self, request: bytes, began: float) -> None:
        connection = self.idle.popleft() if self.idle else _Connection(self._url)
        self.send(connection, request, began)

    def answered(self, wait_seconds: float) -> Iterator[_Connection]:
        """Those whose answer came within the time."""
        for key, _ in self._selector.select(max(0.0, wait_seconds)):
            connection: _Connection = key.data
            try:
                status = connection.read()
            except ConnectionResetError:
                self._selector.unregister(connection.socket)
                connection.reconnect()
                self._selector.register(connection.socket, selectors.EVENT_READ, connection)
                continue
            if status is None:
                continue
            self._selector.unregister(connection.socket)
            self.busy -= 1
            self.outcome.latencies.append(time.monotonic() - connection.began)
            self.outcome.statuses[status] = self.outcome.statuses.get(status, 0) + 1
            yield connection

    def close(self) -> None:
        for connection in self.idle:
            connection.socket.close()
        self._selector.close()


def closed(url: str, lanes: Sequence[Iterable[bytes]], seconds: float) -> Outcome:
    """Send each lane's requests one after the other, over a connection of its own, for so long."""
    crowd = _Crowd(url, len(lanes))
    left = {id(each): iter(lane) for each, lane in zip(crowd.idle, lanes, strict=True)}
    began = time.monotonic()
    deadline = began + seconds
    for connection in list(crowd.idle):
        crowd.send(connection, next(left[id(connection)]), time.monotonic())
    while crowd.busy:
        for connection in crowd.answered(1.0):
            now = time.monotonic()
            request = next(left[id(connection)], None)
            if request is None and now < deadline:
                raise RuntimeError("the load ran out of requests before its time was over")
            if request is not None and now < deadline:
                crowd.send(connection, request, now)
    crowd.outcome.seconds = time.monotonic() - began
    crowd.close()
    return crowd.outcome


def open_arrivals(
    url: str, requests: Sequence[bytes], rate: float, connections: int = 16
) -> tuple[Outcome, float]:
    """Send `rate` requests a second by the clock. Returns what came back, and when (time.time())
    the first was to leave: request `n` was to leave n / rate seconds later.
    """
    crowd = _Crowd(url, connections)
    offset = time.time() - time.monotonic()
    began = time.monotonic() + 0.2
    sent = 0
    while sent < len(requests) or crowd.busy:
        due = began + sent / rate
        now = time.monotonic()
        if sent < len(requests) and now >= due:
            crowd.send_by_any(requests[sent], due)
            sent += 1
            continue
        wait = min(due - now, 1.0) if sent < len(requests) else 1.0
        crowd.idle.extend(crowd.answered(wait))
    crowd.outcome.seconds = time.monotonic() - began
    crowd.close()
    return crowd.outcome, began + offset
