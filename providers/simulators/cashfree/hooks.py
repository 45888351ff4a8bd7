"""The simulated Cashfree's webhooks: signed, delivered at least once, and as badly as a knob says.

none     not sent at all        duplicate  sent twice
late     `seconds` later        reversed   what belongs together arrives the wrong way round
early    a link is paid, and told so, before `POST /links` has answered
"""

import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from providers.simulators.addresses import is_here
from providers.simulators.cashfree.wire import Fields, india, write
from providers.simulators.manners import Manners

OPERATION = "webhook"
MANNERS = frozenset({"none", "duplicate", "late", "reversed", "early"})
_CALL_SECONDS = 5.0


def sign(secret_key: str, timestamp: str, body: bytes) -> str:
    """The value of x-webhook-signature: nothing stands between the timestamp and the body."""
    digest = hmac.new(secret_key.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class Event:
    """One thing to tell: its type, its data, and the addresses that the merchant gave."""

    kind: str
    data: Fields
    urls: tuple[str, ...]


class Hooks:
    """Tells the merchant, in threads of its own. `pauses_seconds` are those before each retry."""

    def __init__(
        self,
        secret_key: str,
        webhook_url: str,
        version: str,
        pauses_seconds: Sequence[float],
        manners: Manners,
    ) -> None:
        self._secret_key = secret_key
        self._webhook_url = webhook_url
        self._version = version
        self._pauses_seconds = tuple(pauses_seconds)
        self._manners = manners
        self._lock = threading.Lock()
        self._sent: list[Fields] = []
        self._threads: list[threading.Thread] = []

    def forget(self) -> None:
        with self._lock:
            self._sent.clear()

    def sent(self) -> list[Fields]:
        """Every delivery that was tried: type, address, attempt and the status that came back."""
        with self._lock:
            return list(self._sent)

    def wait(self) -> None:
        """Until everything that is being told now has been told."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def tell(self, events: Sequence[Event], after_seconds: float = 0.0) -> None:
        """Send what belongs together, in order, after a while."""
        manner = self._manners.take(OPERATION, "none", "duplicate", "late", "reversed")
        fault = "" if manner is None else manner.fault
        todo = [] if fault == "none" else list(events)
        if fault == "reversed":
            todo.reverse()
        if fault == "duplicate":
            todo = [event for event in todo for _ in range(2)]
        if manner is not None and fault == "late":
            after_seconds += manner.seconds
        letters = _letters(todo)
        thread = threading.Thread(target=self._deliver, args=(letters, after_seconds), daemon=True)
        with self._lock:
            self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            thread.start()

    def _deliver(self, letters: Sequence[tuple[Event, bytes, str]], after_seconds: float) -> None:
        if after_seconds:
            time.sleep(after_seconds)
        for event, body, key in letters:
            for url in dict.fromkeys([*event.urls, self._webhook_url]):
                if is_here(url):
                    self._send(event.kind, url, body, key)

    def _send(self, kind: str, url: str, body: bytes, key: str) -> None:
        for attempt, pause_seconds in enumerate((0.0, *self._pauses_seconds), start=1):
            time.sleep(pause_seconds)
            status = self._post(url, body, key, attempt)
            with self._lock:
                self._sent.append(
                    {"type": kind, "url": url, "attempt": attempt, "http_status": status}
                )
            if status is not None and 200 <= status < 300:
                return

    def _post(self, url: str, body: bytes, key: str, attempt: int) -> int | None:
        timestamp = str(round(time.time() * 1000))
        headers = {
            "Content-Type": "application/json",
            "x-webhook-signature": sign(self._secret_key, timestamp, body),
            "x-webhook-timestamp": timestamp,
            "x-webhook-version": self._version,
            "x-webhook-attempt": str(attempt),
            "x-idempotency-key": key,
        }
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.post(
                    url, data=body, headers=headers, timeout=_CALL_SECONDS, allow_redirects=False
                )
            except requests.RequestException:
                return None
            return answer.status_code


def _letters(events: Sequence[Event]) -> list[tuple[Event, bytes, str]]:
    """The bytes and the key of each event; the same event twice has the same ones."""
    keys: dict[int, tuple[bytes, str]] = {}
    letters = []
    for event in events:
        if id(event) not in keys:
            fields: Fields = {"data": event.data, "event_time": india(time.time())}
            body = write({**fields, "type": event.kind}).encode()
            keys[id(event)] = (body, base64.b64encode(secrets.token_bytes(32)).decode())
        letters.append((event, *keys[id(event)]))
    return letters
