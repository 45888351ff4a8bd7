"""Servers for the tests of providers: one that plays exact bytes, one that runs a simulator."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from flask import Blueprint, Flask
from werkzeug.serving import WSGIRequestHandler, make_server

Play = Callable[[socket.socket], None]


@dataclass
class Wire:
    """A server that plays bytes: its address, what it was asked, over how many connections."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def body(self, position: int = -1) -> bytes:
        return self.requests[position].partition(b"\r\n\r\n")[2]


@contextmanager
def wire(play: Play) -> Iterator[Wire]:
    """A server that reads requests and lets `play` answer each on the bare connection."""
    seen = Wire(0)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            seen.connections += 1
            with suppress(OSError):
                while request := _read_request(self.request):
                    seen.requests.append(request)
                    play(self.request)

    with _listen(Handler) as port:
        seen.port = port
        yield seen


@contextmanager
def mute() -> Iterator[Wire]:
    """A server that accepts connections, reads whatever comes, and never says a word."""
    seen = Wire(0)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            seen.connections += 1
            with suppress(OSError):
                while received := self.request.recv(65536):
                    seen.requests.append(received)

    with _listen(Handler) as port:
        seen.port = port
        yield seen


@contextmanager
def eager(play: Play) -> Iterator[Wire]:
    """A server that plays to every connection at once, without waiting for a request."""
    seen = Wire(0)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            seen.connections += 1
            with suppress(OSError):
                play(self.request)

    with _listen(Handler) as port:
        seen.port = port
        yield seen


@contextmanager
def _listen(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        allow_reuse_address = True

    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http(status: int, body: bytes, *headers: str, closed: bool = False) -> bytes:
    """The bytes of a whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    lines += ["Connection: close"] if closed else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def always(answer: bytes) -> Play:
    """Play the same bytes for every request."""
    return lambda connection: connection.sendall(answer)


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002, ARG002
        """Say nothing: the tests look at the books."""


@contextmanager
def simulator(blueprint: Blueprint, prefix: str) -> Iterator[str]:
    """A simulator on a real threaded server; yields the address under which it is mounted."""
    app = Flask("simulator")
    app.register_blueprint(blueprint, url_prefix=prefix)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
