"""Doors to test servers, with a short deadline and secrets that must not leak."""

import socket
import time

import pytest

from providers.contract import Call, ProviderUncertain, Reason
from providers.http import (
    Door,
)
from tests.providers.servers import Play

KEY = "key-9f/2+=?"
PHONE = "263774975187"
CODE = "836066"
TOTAL = 0.5


def door(url: str, **options: object) -> Door:
    wishes = {"headers": {"X-Key": KEY}, "secrets": (KEY,), "total_seconds": TOTAL}
    return Door("test", url, **{**wishes, **options})


def uncertain_call(at: Door, **request: object) -> Call:
    with pytest.raises(ProviderUncertain) as uncertain:
        at.call_json("ask", "POST", "/x", **{"json": {"a": "b"}, **request})
    assert uncertain.value.reason is Reason.UNAVAILABLE
    return uncertain.value.call


def drip(start: bytes, piece: bytes) -> Play:
    def play(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            time.sleep(0.05)
            connection.sendall(piece)

    return play
