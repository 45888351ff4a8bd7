"""A shelf of one process, for adapters that keep access tokens."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class MemoryShelf:
    """Implements providers.entry.Shelf."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def read(self, name: str) -> str | None:
        text, ends = self._kept.get(name, ("", 0.0))
        return text if ends > time.monotonic() else None

    def keep(self, name: str, text: str, seconds: float) -> None:
        self._kept[name] = (text, time.monotonic() + seconds)

    @contextmanager
    def alone(self, name: str, seconds: float) -> Iterator[bool]:  # noqa: ARG002 - one process
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        got = lock.acquire(blocking=False)
        try:
            yield got
        finally:
            if got:
                lock.release()
