"""The shelf: short-lived secrets that all processes share, such as a provider's access token. They
lie encrypted in Redis.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from redis import Redis, RedisError

from domain.sealing import Sealer, Unreadable

# Deletes the lock only while it is still the caller's.
_UNLOCK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"


@dataclass(frozen=True, slots=True)
class RedisShelf:
    """Implements providers.entry.Shelf. Without Redis, nothing is found, nothing kept, and
    everybody is alone: each process then works for itself.
    """

    redis: "Redis"
    sealer: Sealer

    def read(self, name: str) -> str | None:
        try:
            sealed = self.redis.get(_key(name))
        except RedisError:
            return None
        if not isinstance(sealed, bytes):
            return None
        try:
            return self.sealer.open(sealed)
        except Unreadable:
            return None

    def keep(self, name: str, text: str, seconds: float) -> None:
        try:
            self.redis.set(_key(name), self.sealer.seal(text), px=max(1, round(seconds * 1000)))
        except RedisError:
            return

    @contextmanager
    def alone(self, name: str, seconds: float) -> Iterator[bool]:
        token, key = uuid4().hex, f"{_key(name)}:lock"
        try:
            got = bool(self.redis.set(key, token, nx=True, px=max(1, round(seconds * 1000))))
        except RedisError:
            got = True
        try:
            yield got
        finally:
            if got:
                self._unlock(key, token)

    def _unlock(self, key: str, token: str) -> None:
        try:
            self.redis.eval(_UNLOCK, 1, key, token)
        except RedisError:
            return


def _key(name: str) -> str:
    return f"shelf:{name}"
