"""Knobs that make a simulated provider misbehave on the wire, before or after it did its work.

A knob names an operation (or `any`), a fault, and how often it counts (`times`, or until cleared):

    nothing was done   silent  drop  status
    done               silent_after  drop_after  status_after  html  huge  charset  drip
    done, only late    slow (waits first)  slow_after (waits last)
    done, odd words    word  field  not_found

`seconds` is how long a wait is; for `drip` the pause before each byte; for `not_found` how long
from now the provider says that it knows of no payment.
"""

import json
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

from flask import Response, request

BEFORE = frozenset({"silent", "drop", "status"})
AFTER = frozenset(
    {"silent_after", "drop_after", "status_after", "html", "huge", "charset", "drip", "slow_after"}
)
WORDS = frozenset({"word", "field", "not_found"})
FAULTS = BEFORE | AFTER | WORDS | {"slow"}

_PAGE = "<!doctype html><html><title>Bad Gateway</title><h1>Bad Gateway</h1></html>"
_HUGE_BYTES = 10_000_000
_DEFAULT_SECONDS = {"silent": 60.0, "silent_after": 60.0, "drip": 0.2}


@dataclass(slots=True)
class Knob:
    """One fault waiting to happen. `until` is a moment of the monotonic clock, for `not_found`."""

    operation: str
    fault: str
    times: int | None = 1
    seconds: float = 0.0
    status: int = 502
    word: str = ""
    until: float | None = None


class Knobs:
    """The knobs that are turned, in the order in which they were. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._knobs: list[Knob] = []

    def turn(self, wish: Mapping[str, object], operations: frozenset[str]) -> None:
        """Add the knob that a JSON object describes; raises ValueError when there is none such."""
        operation, fault = str(wish.get("operation", "any")), str(wish.get("fault"))
        if operation not in operations | {"any"} or fault not in FAULTS:
            raise ValueError("no such operation or fault")
        unknown = set(wish) - {"operation", "fault", "times", "seconds", "status", "word"}
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        knob = Knob(
            operation,
            fault,
            times=None if wish.get("times", 1) is None else int(_number(wish, "times", 1)),
            seconds=_number(wish, "seconds", _DEFAULT_SECONDS.get(fault, 1.0)),
            status=int(_number(wish, "status", 502)),
            word=str(wish.get("word", "Reversing")),
        )
        if fault == "not_found":
            knob.times, knob.until = None, time.monotonic() + knob.seconds
        with self._lock:
            self._knobs.append(knob)

    def take(self, operation: str) -> Knob | None:
        """The first knob that counts for this operation now; it is used up by that."""
        with self._lock:
            now = time.monotonic()
            self._knobs = [k for k in self._knobs if k.until is None or k.until > now]
            for knob in self._knobs:
                if knob.operation in (operation, "any"):
                    if knob.times is not None:
                        knob.times -= 1
                        if knob.times <= 0:
                            self._knobs.remove(knob)
                    return knob
        return None

    def clear(self) -> None:
        with self._lock:
            self._knobs.clear()

    def listing(self) -> list[dict[str, object]]:
        with self._lock:
            return [asdict(knob) for knob in self._knobs]


def misbehave(knob: Knob | None, act: Callable[[], Response]) -> Response:
    """Answer a request as the knob wants; `act` does the work, at most once."""
    if knob is None or knob.fault in WORDS:
        return act()
    if knob.fault == "slow":
        time.sleep(knob.seconds)
        return act()
    if knob.fault in BEFORE:
        return _spoil(knob, Response())
    return _spoil(knob, act())


def cut_connection() -> Response:
    """Close the connection under this request: the client gets no byte of an answer."""
    _client_socket().shutdown(socket.SHUT_RDWR)
    return Response()


def stay_silent(seconds: float) -> Response:
    """Hold the connection open without a word until the client hangs up, then close it."""
    with selectors.DefaultSelector() as selector:
        selector.register(_client_socket(), selectors.EVENT_READ)
        selector.select(seconds)
    return cut_connection()


def _client_socket() -> socket.socket:
    found = request.environ.get("werkzeug.socket") or request.environ["gunicorn.socket"]
    if not isinstance(found, socket.socket):
        raise TypeError("this server does not show its sockets")
    return found


def _number(wish: Mapping[str, object], name: str, default: float) -> float:
    value = wish.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} must be a number")
    return value


def _spoil(knob: Knob, answer: Response) -> Response:
    match knob.fault:
        case "silent" | "silent_after":
            return stay_silent(knob.seconds)
        case "drop" | "drop_after":
            return cut_connection()
        case "status" | "status_after":
            location = {"Location": request.path} if 300 <= knob.status < 400 else {}
            return Response(_PAGE, knob.status, location, mimetype="text/html")
        case "html":
            return Response(_PAGE, 200, mimetype="text/html")
        case "huge":
            fields = json.loads(answer.get_data()) | {"padding": "x" * _HUGE_BYTES}
            return Response(json.dumps(fields), answer.status_code, mimetype="application/json")
        case "charset":
            body = answer.get_data(as_text=True).encode("utf-16")
            return Response(body, answer.status_code, content_type="application/json")
        case "drip":
            body = answer.get_data()
            length = {"Content-Length": str(len(body))}
            return Response(_drip(body, knob.seconds), answer.status_code, length)
    time.sleep(knob.seconds)
    return answer


def _drip(body: bytes, pause_seconds: float) -> Iterator[bytes]:
    for position in range(len(body)):
        time.sleep(pause_seconds)
        yield body[position : position + 1]
