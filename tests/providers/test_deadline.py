"""No call outlives its deadline, whatever drips, and nothing is sent once it is over."""

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.answers import NOT_CONNECTED, TIMED_OUT
from providers.contract import ProviderUncertain
from providers.deadline import Deadline
from tests.bot.watching import within
from tests.providers.doors import TOTAL, door, drip, uncertain_call
from tests.providers.servers import Play, Wire, always, eager, http, mute, wire

DRIPS = {
    "status line": drip(b"", b"H"),
    "headers": drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"s"),
    "endless continue": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b" "),
    "chunks": drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "body until close": drip(b'HTTP/1.1 200 OK\r\n\r\n{"code": "000"}', b" "),
}
# What a busy machine may take to notice that the time is over; what drips would never end.
_GENEROUS_SECONDS = 2.0


@pytest.mark.parametrize("play", DRIPS.values(), ids=DRIPS.keys())
def test_a_server_that_drips_is_cut_at_the_deadline(play: Play) -> None:
    with wire(play) as server:
        began = time.monotonic()
        call = uncertain_call(door(server.url))
        took = time.monotonic() - began

    assert call.code == TIMED_OUT
    assert TOTAL * 0.9 < took < TOTAL + _GENEROUS_SECONDS
    assert TOTAL * 900 < call.milliseconds < (TOTAL + _GENEROUS_SECONDS) * 1000


def test_silence_is_a_time_out() -> None:
    with mute() as server:
        assert uncertain_call(door(server.url)).code == TIMED_OUT

    assert server.connections == 1


def test_a_handshake_is_cut_by_the_same_deadline_as_what_came_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delay_names(monkeypatch, 1.4)
    # The head of a TLS record of 16 KB, whose bytes then come one by one.
    with eager(drip(b"\x16\x03\x03\x40\x00\x02", b"\x00")) as server:
        secure = door(f"https://127.0.0.1:{server.port}", total_seconds=1.5)
        began = time.monotonic()
        call = uncertain_call(secure)
        took = time.monotonic() - began

    assert call.code == NOT_CONNECTED
    # One of its own would cut the handshake at 2.9 s.
    assert 1.4 < took < 2.5


def test_a_refused_connection_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    call = uncertain_call(door(f"http://127.0.0.1:{port}"))

    assert (call.http_status, call.code, call.digest) == (None, NOT_CONNECTED, "")


def delay_names(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let every look-up of a name take this long."""
    resolve = socket.getaddrinfo

    def slow(*arguments: object, **options: object) -> object:
        time.sleep(seconds)
        return resolve(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)


def test_a_name_that_resolves_too_late_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire(always(http(200, b"{}"))) as server:
        delay_names(monkeypatch, TOTAL + 0.5)
        call = uncertain_call(door(server.url))

    assert call.code == NOT_CONNECTED
    assert server.requests == []


def test_a_deadline_that_is_over_lets_nothing_begin() -> None:
    one, other = socket.socketpair()
    with one, other, Deadline(0.01) as deadline:
        assert within(20, lambda: deadline.cut)
        with pytest.raises(TimeoutError):
            deadline.watch(one)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    files = f"-keyout {folder}/both.pem -out {folder}/certificate.pem"
    subprocess.run(f"{command} {names} {files}".split(), check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text(both.read_text() + (folder / "certificate.pem").read_text())
    return both


@pytest.fixture
def secure_server(certificate: Path) -> Iterator[Wire]:
    """A TLS server with a certificate that nobody signed; drips its answer when asked for /drip."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    seen = Wire(0)

    def answer(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                seen.requests.append(secure.recv(65536))
                if b"/drip" in seen.requests[-1]:
                    drip(b"HTTP/1.1 200 OK\r\n\r\n{}", b" ")(secure)
                secure.sendall(http(200, b"{}", closed=True))
        except OSError:
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        seen.port = listening.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    seen.connections += 1
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield seen
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_certificate_that_nobody_signed_is_refused(secure_server: Wire) -> None:
    call = uncertain_call(door(f"https://127.0.0.1:{secure_server.port}"))

    assert call.code == NOT_CONNECTED
    assert secure_server.requests == []


def test_a_drip_inside_tls_is_cut_too(
    secure_server: Wire, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The certificate authorities that requests trusts are a file of certifi; here it is our own.
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    secure = door(f"https://127.0.0.1:{secure_server.port}")

    assert secure.call_json("ask", "GET", "/x").ok
    with pytest.raises(ProviderUncertain) as uncertain:
        secure.call_json("ask", "GET", "/drip")

    assert uncertain.value.call.code == TIMED_OUT
    assert secure_server.connections == 2


def test_a_call_that_was_cut_does_not_spoil_the_next() -> None:
    plays = iter([drip(b"HTTP/1.1 200 OK\r\n", b"X"), always(http(200, b"{}"))])
    with wire(lambda connection: next(plays)(connection)) as server:
        one = door(server.url)
        assert uncertain_call(one).code == TIMED_OUT
        assert one.call_json("ask", "GET", "/x").ok
