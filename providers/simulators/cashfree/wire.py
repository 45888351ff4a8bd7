"""How the simulated Cashfree writes: amounts, times of India, errors, pictures."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeAlias

from flask import Response

from providers.simulators.drawing import png

Value: TypeAlias = "str | int | bool | Decimal | None | Mapping[str, Value] | Sequence[Value]"
Fields: TypeAlias = dict[str, Value]

_INDIA = timezone(timedelta(hours=5, minutes=30))
_SIDE = 21
_DOT_PIXELS = 4


class Refusal(Exception):
    """An error as Cashfree answers it."""

    def __init__(self, status: int, code: str, message: str, kind: str) -> None:
        super().__init__(message)
        self.status = status
        self.fields: Fields = {"message": message, "code": code, "type": kind}


def invalid(code: str, message: str, status: int = 400) -> Refusal:
    return Refusal(status, code, message, "invalid_request_error")


def missing(thing: str) -> Refusal:
    return invalid(f"{thing}_not_found", f"{thing} does not exist", 404)


def rupees(minor: int) -> Decimal:
    """Paise as a number of rupees with both digits."""
    return Decimal(minor).scaleb(-2)


def india(moment: float) -> str:
    """A moment (seconds since 1970) as Cashfree writes it."""
    return datetime.fromtimestamp(moment, _INDIA).isoformat(timespec="seconds")


def write(value: Value) -> str:
    """JSON in which an amount keeps both of its digits."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{write(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value)


def reply(value: Value, status: int = 200) -> Response:
    return Response(write(value), status, mimetype="application/json")


def picture(text: str) -> str:
    """A small picture that differs with the text, as `data:`. It is no code that can be scanned."""
    dots = hashlib.shake_256(text.encode()).digest(_SIDE * _SIDE)
    rows = [
        b"".join(bytes([255 * (dot & 1)]) * _DOT_PIXELS for dot in row)
        for row in (dots[at : at + _SIDE] for at in range(0, len(dots), _SIDE))
        for _ in range(_DOT_PIXELS)
    ]
    return f"data:image/png;base64,{b64encode(png(rows)).decode()}"
