"""The HTTP door, against servers that play exact bytes: every answer, and connections."""

import gzip
import hashlib
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from providers.answers import (
    CONNECTION_LOST,
    REDIRECTED,
    SERVER_ERROR,
    TOO_LARGE,
    UNREADABLE,
)
from tests.bot.watching import within
from tests.providers.doors import KEY, door, uncertain_call
from tests.providers.servers import always, http, wire


def test_a_json_answer_with_its_call() -> None:
    body = b'{"code": "000", "amount": 3.50, "count": 2}'
    with wire(always(http(200, body))) as server:
        answer = door(server.url).call_json("ask", "POST", "/x", json={"amount": Decimal("3.50")})

    assert answer.ok
    assert answer.fields == {"code": "000", "amount": Decimal("3.50"), "count": 2}
    assert str(answer.fields["amount"]) == "3.50"
    assert (answer.call.operation, answer.call.http_status, answer.call.code) == ("ask", 200, "000")
    assert answer.call.digest == hashlib.sha256(body).hexdigest()
    assert answer.call.body == body.decode()
    assert server.body() == b'{"amount":3.50}'


def test_what_is_sent_besides_the_body() -> None:
    with wire(always(http(200, b"{}"))) as server:
        door(server.url + "/base/").call_json("ask", "GET", "/x", params={"q": "a b"})

    head = server.requests[0].decode().split("\r\n")
    assert head[0] == "GET /base/x?q=a+b HTTP/1.1"
    assert f"X-Key: {KEY}" in head
    assert not [line for line in head if line.lower().startswith("content-type")]


def test_a_client_error_is_an_answer() -> None:
    with wire(always(http(422, b'{"code": "bad"}'))) as server:
        answer = door(server.url).call_json("ask", "GET", "/x")

    assert not answer.ok
    assert answer.call.http_status == 422


@pytest.mark.parametrize(
    ("status", "code"),
    [(301, REDIRECTED), (302, REDIRECTED), (307, REDIRECTED), (304, REDIRECTED)]
    + [(500, SERVER_ERROR), (502, SERVER_ERROR), (504, SERVER_ERROR), (599, SERVER_ERROR)],
)
def test_redirects_and_server_errors_are_uncertain_and_asked_once(status: int, code: str) -> None:
    with wire(lambda c: c.sendall(http(status, b"", f"Location: {server.url}/y"))) as server:
        call = uncertain_call(door(server.url))

    assert (call.http_status, call.code) == (status, code)
    assert len(server.requests) == 1


UNREADABLE_BODIES = {
    "empty": b"",
    "html": b"<html></html>",
    "half": b'{"code": "000"',
    "list": b"[1]",
    "text": b'"000"',
    "null": b"null",
    "twice": b'{"code": "051", "code": "000"}',
    "nan": b'{"amount": NaN}',
    "infinity": b'{"amount": Infinity}',
    "utf-16": '{"code": "000"}'.encode("utf-16"),
    "latin-1": '{"name": "Zoë"}'.encode("latin-1"),
    "deep": b"[" * 200_000,
    "digits": b'{"amount": ' + b"9" * 10_000 + b"}",
    "trailing": b'{"code": "000"} {"code": "051"}',
}


@pytest.mark.parametrize("body", UNREADABLE_BODIES.values(), ids=UNREADABLE_BODIES.keys())
def test_what_is_not_one_json_object_is_uncertain(body: bytes) -> None:
    with wire(always(http(200, body))) as server:
        call = uncertain_call(door(server.url))

    assert (call.http_status, call.code) == (200, UNREADABLE)
    assert call.digest == hashlib.sha256(body).hexdigest()


def test_a_body_at_the_limit_is_read_and_one_above_is_not() -> None:
    fits = b'{"a": "' + b"x" * 91 + b'"}'
    with wire(always(http(200, fits))) as server:
        assert door(server.url, max_bytes=100).call_json("ask", "GET", "/x").ok
    with wire(always(http(200, fits + b" "))) as server:
        assert uncertain_call(door(server.url, max_bytes=100)).code == TOO_LARGE


def test_a_compressed_bomb_is_too_large() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    with wire(always(http(200, bomb, "Content-Encoding: gzip"))) as server:
        assert uncertain_call(door(server.url, total_seconds=20.0)).code == TOO_LARGE


def test_an_answer_that_ends_early_is_uncertain() -> None:
    def play(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + b'{"code": "000"}')
        connection.shutdown(socket.SHUT_RDWR)

    with wire(play) as server:
        call = uncertain_call(door(server.url))

    assert (call.http_status, call.code, call.body) == (200, CONNECTION_LOST, "")


def test_a_connection_closed_without_an_answer_is_uncertain_and_not_tried_again() -> None:
    with wire(lambda connection: connection.shutdown(socket.SHUT_RDWR)) as server:
        call = uncertain_call(door(server.url))
        time.sleep(0.05)

    assert (call.http_status, call.code) == (None, CONNECTION_LOST)
    assert len(server.requests) == server.connections == 1


@pytest.mark.parametrize(
    "greeting", [b"NONSENSE\r\n\r\n", b"HTTP/1.1 20x OK\r\n\r\n", b"\x00" * 99]
)
def test_what_is_not_http_is_uncertain(greeting: bytes) -> None:
    def play(connection: socket.socket) -> None:
        connection.sendall(greeting)
        connection.shutdown(socket.SHUT_RDWR)

    with wire(play) as server:
        assert uncertain_call(door(server.url)).code == CONNECTION_LOST


def test_the_environment_names_no_proxy_and_no_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login who password secret-of-netrc")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with wire(always(http(200, b"{}"))) as server:
        assert door(server.url).call_json("ask", "GET", "/x").ok

    assert b"Authorization" not in server.requests[0]


def test_a_cookie_is_not_kept() -> None:
    with wire(always(http(200, b"{}", "Set-Cookie: session=1; Path=/"))) as server:
        one = door(server.url)
        one.call_json("ask", "GET", "/x")
        one.call_json("ask", "GET", "/x")

    assert b"Cookie" not in server.requests[1]


def test_one_thread_keeps_its_connection_and_two_do_not_share() -> None:
    with wire(always(http(200, b"{}"))) as server:
        one = door(server.url)
        for _ in range(5):
            one.call_json("ask", "GET", "/x")
        assert server.connections == 1
        with ThreadPoolExecutor(1) as other:
            other.submit(one.call_json, "ask", "GET", "/x").result()
        assert server.connections == 2


def test_a_forked_process_does_not_use_its_parents_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with wire(always(http(200, b"{}"))) as server:
        one = door(server.url)
        one.call_json("ask", "GET", "/x")
        child = os.getpid() + 1
        monkeypatch.setattr("os.getpid", lambda: child)
        one.call_json("ask", "GET", "/x")

        assert server.connections == 2


def test_a_kept_connection_that_the_server_closed_costs_nothing() -> None:
    def play(connection: socket.socket) -> None:
        connection.sendall(http(200, b"{}"))  # says that it stays, and goes
        connection.shutdown(socket.SHUT_RDWR)
        gone.append(connection)

    gone: list[socket.socket] = []
    with wire(play) as server:
        one = door(server.url)
        for number in range(1, 4):
            assert one.call_json("ask", "GET", "/x").ok
            assert within(20, lambda number=number: len(gone) == number)

    assert len(server.requests) == 3
