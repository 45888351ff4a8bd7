"""JSON as providers speak it: amounts stay decimal on both ways (`3.50`), never a float."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

JsonValue: TypeAlias = (
    "str | int | bool | Decimal | None | Mapping[str, JsonValue] | Sequence[JsonValue]"
)


def write_json(value: JsonValue) -> str:
    """Compact JSON; a Decimal is written digit by digit."""
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("JSON has no word for this number")
        return format(value, "f")
    if isinstance(value, Mapping):
        members = (f"{json.dumps(key)}:{write_json(item)}" for key, item in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(write_json, value)) + "]"
    return json.dumps(value)


def read_json(body: bytes) -> Mapping[str, object] | Sequence[Mapping[str, object]] | None:
    """The JSON object that a body is, or the list of objects; None for anything else.

    Strict: UTF-8 only, no NaN, no key twice (which one would count?). Numbers with a point are
    Decimal.
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except (ValueError, ArithmeticError, RecursionError):
        return None
    if isinstance(value, list):
        return value if all(isinstance(item, dict) for item in value) else None
    return value if isinstance(value, dict) else None


def read_json_object(body: bytes) -> Mapping[str, object] | None:
    """The JSON object that a body is, or None for anything else, as `read_json` reads it."""
    value = read_json(body)
    return value if isinstance(value, Mapping) else None


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key stands twice")
    return fields
