"""How the simulated Twilio calls the bot: signed forms, retried as the address asks.

    X-Twilio-Signature = base64(HMAC-SHA1(auth token, address without fragment + every name and
    value, sorted by name))

What stands behind `#` overrides how Twilio connects: `ct` and `rt` are the milliseconds to connect
and to wait for bytes, `tt` the whole time, `rc` how many times to try again, `rp` after what (4xx,
5xx, ct, rt, all).
"""

import base64
import hashlib
import heapq
import hmac
import itertools
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urldefrag, urlencode

import requests

CONNECT_FAILED = "ct"
READ_FAILED = "rt"


def sign(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """The value of X-Twilio-Signature for a form that is posted to `url` (without fragment)."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class Overrides:
    """How Twilio connects to one address."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 15.0
    retries: int = 1
    after: frozenset[str] = frozenset({CONNECT_FAILED})

    @classmethod
    def read(cls, fragment: str) -> "Overrides":
        """The overrides behind an address's `#`; what is missing keeps Twilio's default."""
        given = {name: values[-1] for name, values in parse_qs(fragment).items()}

        def number(name: str, default: float, low: int, high: int) -> float:
            text = given.get(name, "")
            return min(max(int(text), low), high) if text.isdecimal() else default

        return cls(
            connect_seconds=number("ct", 5000, 100, 10000) / 1000,
            read_seconds=number("rt", 15000, 100, 15000) / 1000,
            total_seconds=number("tt", 15000, 100, 15000) / 1000,
            retries=int(number("rc", 1, 0, 5)),
            after=frozenset(given.get("rp", CONNECT_FAILED).split(",")),
        )

    def again(self, failure: str) -> bool:
        """True when Twilio tries again after this kind of failure."""
        return bool(failure) and ("all" in self.after or failure in self.after)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST to the bot: its answer's status (None: there was none), and what went wrong."""

    status: int | None
    failure: str
    milliseconds: int


class Caller:
    """Posts signed forms to the bot. Safe for many threads: each has a connection of its own."""

    def __init__(self, auth_token: str) -> None:
        self._auth_token = auth_token
        self._local = threading.local()

    def call(self, url: str, form: Mapping[str, str]) -> tuple[Attempt, ...]:
        """Post a form until it is taken or the tries are used up; every attempt, oldest first."""
        address, fragment = urldefrag(url)
        overrides = Overrides.read(fragment)
        headers = {
            "X-Twilio-Signature": sign(self._auth_token, address, form),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
        }
        body = urlencode(form).encode()
        deadline = time.monotonic() + overrides.total_seconds
        attempts: list[Attempt] = []
        while len(attempts) <= overrides.retries and time.monotonic() < deadline:
            attempts.append(self._post(address, body, headers, overrides))
            if not overrides.again(attempts[-1].failure):
                break
        return tuple(attempts)

    def _post(
        self, address: str, body: bytes, headers: Mapping[str, str], overrides: Overrides
    ) -> Attempt:
        begun = time.monotonic()
        status, failure = None, ""
        try:
            answer = self._session().post(
                address,
                data=body,
                headers=headers,
                timeout=(overrides.connect_seconds, overrides.read_seconds),
                allow_redirects=False,
            )
            status = answer.status_code
            failure = "" if status < 400 else "4xx" if status < 500 else "5xx"
        except requests.ReadTimeout:
            failure = READ_FAILED
        except requests.RequestException:
            failure = CONNECT_FAILED
        return Attempt(status, failure, int((time.monotonic() - begun) * 1000))

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            self._local.session = session
        return session


class Later:
    """Does small jobs after a while, in threads of its own that end with the process."""

    def __init__(self, threads: int = 4) -> None:
        self._threads = threads
        self._started = False
        self._ready = threading.Condition()
        self._order = itertools.count()
        self._jobs: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, job: Callable[[], None]) -> None:
        """Run `job` once, `seconds` from now or as soon after as a thread is free."""
        with self._ready:
            if not self._started:
                self._started = True
                for _ in range(self._threads):
                    threading.Thread(target=self._work, name="twilio-later", daemon=True).start()
            heapq.heappush(self._jobs, (time.monotonic() + seconds, next(self._order), job))
            self._ready.notify()

    def forget(self) -> None:
        """Drop every job that has not begun."""
        with self._ready:
            self._jobs.clear()

    def _work(self) -> None:
        while True:
            self._next()()

    def _next(self) -> Callable[[], None]:
        with self._ready:
            while True:
                wait = self._jobs[0][0] - time.monotonic() if self._jobs else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._jobs)[2]
                self._ready.wait(wait)
