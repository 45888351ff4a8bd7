"""Answers of the simulated PhonePe's API of today (v2): JSON, its errors, and odd words."""

import json
from collections.abc import Mapping

from flask import Response, jsonify

from providers.simulators.wire_faults import Knob


def reply(fields: Mapping[str, object], status: int = 200) -> Response:
    answer = jsonify(dict(fields))
    answer.status_code = status
    return answer


def error(code: str, message: str, status: int) -> Response:
    return reply({"success": False, "code": code, "message": message, "data": {}}, status)


def bad() -> Response:
    return error("BAD_REQUEST", "Please check the inputs you have provided.", 400)


def unknown() -> Response:
    message = "No entry found for given merchant order id"
    return error("INVALID_MERCHANT_ORDER_ID", message, 400)


def odd(answer: Response, knob: Knob | None) -> Response:
    """The answer with a word, or with fields, that nobody knows."""
    if knob is None or knob.fault not in ("word", "field"):
        return answer
    fields = json.loads(answer.get_data())
    name = "state" if "state" in fields else "code"
    change = {name: knob.word} if knob.fault == "word" else {"loyalty": {"points": 3}}
    return reply(fields | change, answer.status_code)
