"""The simulated Cashfree's door: versions, keys, limits, and what a repeated key gets."""

import hashlib
import hmac
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Response, request

from providers.simulators.cashfree.book import Book
from providers.simulators.cashfree.wire import Fields, Refusal, Value, invalid, reply
from providers.simulators.manners import Manners

# These authenticate by a session or by an attempt, not by the merchant's keys.
OPEN_OPERATIONS = frozenset({"pay_order", "authenticate"})
LIMIT_A_MINUTE = 200


@dataclass(frozen=True, slots=True)
class Keys:
    """One merchant's keys."""

    app_id: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Kept:
    fingerprint: str
    body: Value
    status: int


class Gate:
    """Lets requests in, and answers the same key with the same words for ever."""

    def __init__(self, keys: Keys, book: Book, manners: Manners) -> None:
        self._keys = keys
        self._book = book
        self._manners = manners
        self._kept: dict[str, _Kept] = {}

    def forget(self) -> None:
        with self._book.lock:
            self._kept.clear()

    def turned_away(self, operation: str) -> Response | None:
        """The answer to a request that is not let in."""
        if not request.headers.get("x-api-version"):
            refusal = invalid("request_failed", "version is missing in header")
            return answer(refusal.fields, refusal.status)
        if operation not in OPEN_OPERATIONS and not self._known():
            fields: Fields = {"message": "authentication Failed", "code": "request_failed"}
            return answer(fields | {"type": "authentication_error"}, 401)
        busy = self._manners.take(operation, "rate_limit")
        if busy is not None:
            return too_many(max(1, round(busy.seconds)))
        return None

    def once(self, operation: str, act: Callable[[], Value]) -> Response:
        """Do it, unless its key was seen before; the first result stays, even an error."""
        key = request.headers.get("x-idempotency-key", "")
        if request.method == "GET" or not key:
            with self._book.lock:
                return answer(*self._done(operation, act))
        seen = f"{request.method} {request.path}".encode() + request.get_data()
        fingerprint = hashlib.sha256(seen).hexdigest()
        with self._book.lock:
            kept = self._kept.get(key)
            if kept is not None and kept.fingerprint != fingerprint:
                message = "the idempotency key was used with another body"
                other = Refusal(422, "request_invalid", message, "idempotency_error")
                return answer(other.fields, other.status)
            if kept is not None:
                return answer(kept.body, kept.status, replayed="true")
            body, status = self._done(operation, act)
            self._kept[key] = _Kept(fingerprint, body, status)
            return answer(body, status)

    def _known(self) -> bool:
        given = (
            request.headers.get("x-client-id", ""),
            request.headers.get("x-client-secret", ""),
        )
        wanted = (self._keys.app_id, self._keys.secret_key)
        pairs = zip(given, wanted, strict=True)
        return all(hmac.compare_digest(one.encode(), other.encode()) for one, other in pairs)

    def _done(self, operation: str, act: Callable[[], Value]) -> tuple[Value, int]:
        try:
            if self._manners.take(operation, "stored_error") is not None:
                raise broken()
            return act(), 200
        except Refusal as refusal:
            return refusal.fields, refusal.status


def answer(body: Value, status: int = 200, replayed: str = "false") -> Response:
    """An answer with the headers that each one has."""
    response = reply(body, status)
    response.headers["x-api-version"] = request.headers.get("x-api-version", "")
    response.headers["x-request-id"] = request.headers.get("x-request-id") or uuid.uuid4().hex
    if key := request.headers.get("x-idempotency-key"):
        response.headers["x-idempotency-key"] = key
        response.headers["x-idempotency-replayed"] = replayed
    response.headers["x-ratelimit-limit"] = str(LIMIT_A_MINUTE)
    response.headers["x-ratelimit-remaining"] = str(LIMIT_A_MINUTE - 1)
    response.headers["x-ratelimit-retry"] = "0"
    response.headers["x-ratelimit-type"] = "app_id"
    return response


def too_many(retry_seconds: int) -> Response:
    """The answer above the limit."""
    fields: Fields = {
        "message": "Too many requests from IP. Check headers",
        "code": "request_failed",
        "type": "rate_limit_error",
    }
    response = answer(fields, 429)
    response.headers["x-ratelimit-remaining"] = "0"
    response.headers["x-ratelimit-retry"] = str(retry_seconds)
    return response


def broken() -> Refusal:
    """Cashfree's own error."""
    return Refusal(500, "internal_error", "internal Server Error", "api_error")
