"""Everything that can go wrong outside, drawn at random from a seed."""

import contextlib
import random
import time
from collections.abc import Callable

import requests

from tests.faults.proxy import Proxy
from tests.faults.site import Site

_KILLED = ("web", "worker_replies", "worker_payments", "worker_sweeps", "clock")
_OMARI = (
    ("request", "drop_after"),
    ("request", "silent_after"),
    ("request", "status_after"),
    ("request", "status"),
    ("request", "html"),
    ("request", "word"),
    ("auth", "drop"),
    ("auth", "drop_after"),
    ("auth", "status"),
    ("query", "status"),
    ("query", "drop"),
    ("query", "word"),
    ("any", "slow"),
)
# What each simulated link provider calls its operations: making, asking, giving back.
_LINKS = {
    "kaspi": ("link", "status", "refund"),
    "phonepe": ("pay", "status", "refund"),
    "cashfree": ("create_link", "get_link", "create_refund"),
}
_WIRE = ("drop", "drop_after", "silent_after", "status", "status_after", "html", "word", "slow")
_CALLBACKS = ("none", "duplicate", "late", "reversed")
_TWILIO = ("refuse", "fail", "lose", "drop", "slow")


class Chaos:
    """One fault after the other, until told to stop. `done` names them for whoever asks."""

    def __init__(self, site: Site, seed: str) -> None:
        self._site = site
        self._choices = random.Random(seed)  # noqa: S311 - choices of a test
        self._faults: tuple[tuple[Callable[[], str], int], ...] = (
            (self._omari, 6),
            (self._links, 6),
            (self._callbacks, 4),
            (self._twilio, 4),
            (self._kill, 3),
            (self._stop, 2),
            (self._cut, 4),
            (self._away, 2),
            (self._delay, 2),
            (self._forget, 1),
        )
        self.done: list[str] = []

    def reign(self, seconds: float, over: Callable[[], bool]) -> None:
        """Do harm for so long, or until `over`; what ends by itself is started again."""
        deadline = time.monotonic() + seconds
        faults, weights = zip(*self._faults, strict=True)
        while time.monotonic() < deadline and not over():
            (fault,) = self._choices.choices(faults, weights)
            with contextlib.suppress(requests.RequestException):
                self.done.append(fault())
            time.sleep(self._choices.uniform(0.5, 2.0))
            self._site.house.revive()

    def _omari(self) -> str:
        operation, fault = self._choices.choice(_OMARI)
        seconds = self._choices.uniform(0.2, 3)
        self._site.house.knob(operation=operation, fault=fault, seconds=seconds)
        return f"omari {operation} {fault}"

    def _links(self) -> str:
        provider = self._choice(*_LINKS)
        operation, fault = self._choice(*_LINKS[provider]), self._choice(*_WIRE)
        seconds = self._choices.uniform(0.2, 3)
        self._site.house.turn(provider, operation=operation, fault=fault, seconds=seconds)
        return f"{provider} {operation} {fault}"

    def _callbacks(self) -> str:
        provider, fault = self._choice("phonepe", "cashfree"), self._choice(*_CALLBACKS)
        self._site.house.turn(provider, operation="webhook", fault=fault, seconds=1.0)
        return f"{provider} callback {fault}"

    def _twilio(self) -> str:
        kind = self._choices.choice(_TWILIO)
        mode = self._choice("normal", "none", "duplicate", "out_of_order")
        status, code = self._choices.choice(((429, 20429), (500, 20500)))
        fault = {"kind": kind, "count": 2, "http_status": status, "code": code, "seconds": 0.5}
        self._site.twilio_knob(faults=[fault], callbacks={"mode": mode})
        return f"twilio {kind} {mode}"

    def _kill(self) -> str:
        name = self._choices.choice(_KILLED)
        self._site.house.kill(name)
        return f"kill {name}"

    def _stop(self) -> str:
        name = self._choices.choice(_KILLED)
        self._site.pause(name)
        time.sleep(self._choices.uniform(0.5, 3))
        self._site.go_on()
        return f"stop {name}"

    def _cut(self) -> str:
        name, proxy = self._proxy("database", "valkey", "omari", "twilio")
        if name == "database" and self._choices.random() < 0.5:
            proxy.cut_at(b"COMMIT", deliver=self._choices.random() < 0.5)
        else:
            proxy.cut_now()
        return f"cut {name}"

    def _away(self) -> str:
        name, proxy = self._proxy("database", "valkey", "omari", "twilio")
        proxy.refuse()
        time.sleep(self._choices.uniform(0.3, 2))
        proxy.listen()
        return f"away {name}"

    def _delay(self) -> str:
        name, proxy = self._proxy("database", "valkey", "omari", "twilio")
        proxy.delay_seconds = self._choices.uniform(0.005, 0.05)
        time.sleep(self._choices.uniform(0.3, 2))
        proxy.delay_seconds = 0.0
        return f"delay {name}"

    def _forget(self) -> str:
        self._site.redis.flushdb()
        return "forget valkey"

    def _choice(self, *words: str) -> str:
        return self._choices.choice(words)

    def _proxy(self, *names: str) -> tuple[str, Proxy]:
        name = self._choice(*names)
        proxy: Proxy = vars(self._site)[name]
        return name, proxy
