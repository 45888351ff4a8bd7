"""The proxy does what the fault suite believes of it."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy


class Server(socketserver.ThreadingTCPServer):
    """Answers each line with `done`, and keeps what it was sent."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lines: list[bytes] = []


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Server)
        for line in self.rfile:
            self.server.lines.append(line)
            self.wfile.write(b"done\n")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with Proxy(server.server_address[1]) as proxy:
        yield proxy


def say(connection: socket.socket, line: bytes) -> bytes:
    """The answer to a line; nothing when the connection is cut."""
    try:
        connection.sendall(line)
        return connection.recv(100)
    except OSError:
        return b""


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def test_it_passes_everything_on(proxy: Proxy, server: Server) -> None:
    with connected(proxy) as one, connected(proxy) as other:
        assert (say(one, b"first\n"), say(other, b"second\n")) == (b"done\n", b"done\n")
    assert server.lines == [b"first\n", b"second\n"]


def test_it_refuses_and_listens_again_on_the_same_port(proxy: Proxy) -> None:
    with connected(proxy) as one:
        assert say(one, b"first\n") == b"done\n"
        proxy.refuse()
        assert say(one, b"second\n") == b""
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    proxy.listen()
    with connected(proxy) as again:
        assert say(again, b"third\n") == b"done\n"


def test_it_delays(proxy: Proxy) -> None:
    proxy.delay_seconds = 0.2
    with connected(proxy) as one:
        began = time.monotonic()
        assert say(one, b"first\n") == b"done\n"
    assert time.monotonic() - began >= 0.4, "on the way there and on the way back"


@pytest.mark.parametrize(
    ("deliver", "reached"), [(True, [b"BEGIN\n", b"COMMIT\n"]), (False, [b"BEGIN\n"])]
)
def test_it_cuts_once_where_a_pattern_goes_by(
    proxy: Proxy, server: Server, deliver: bool, reached: list[bytes]
) -> None:
    cut = proxy.cut_at(b"COMMIT", after=b"BEGIN", deliver=deliver)
    with connected(proxy) as early:
        assert say(early, b"COMMIT\n") == b"done\n", "nothing had begun on this connection"
    server.lines.clear()
    with connected(proxy) as one:
        assert say(one, b"BEGIN\n") == b"done\n"
        assert say(one, b"COMMIT\n") == b"", "its answer never comes"
    assert cut.done.wait(20)
    assert server.lines == reached
    with connected(proxy) as again:
        assert say(again, b"BEGIN\n") == say(again, b"COMMIT\n") == b"done\n"
