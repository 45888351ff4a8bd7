"""The vault: the one place where a customer's code lies, encrypted, for a few minutes, until it is
handed over.
"""

from dataclasses import dataclass
from uuid import UUID

from redis import Redis

from domain.sealing import Sealer, Unreadable


@dataclass(frozen=True, slots=True)
class Vault:
    """Codes by payment and try. `ttl_seconds` is their longest life."""

    redis: "Redis"
    sealer: Sealer
    ttl_seconds: int

    def put(self, payment_id: UUID, otp_try: int, otp: str) -> None:
        """Raises redis.RedisError; the turn is then undone and heard again."""
        self.redis.set(_key(payment_id, otp_try), self.sealer.seal(otp), ex=self.ttl_seconds)

    def read(self, payment_id: UUID, otp_try: int) -> str | None:
        """The code, or None where there is none (any longer). Raises redis.RedisError."""
        sealed = self.redis.get(_key(payment_id, otp_try))
        if not isinstance(sealed, bytes):
            return None
        try:
            return self.sealer.open(sealed)
        except Unreadable:
            return None

    def delete(self, payment_id: UUID, otp_try: int) -> None:
        """Raises redis.RedisError."""
        self.redis.delete(_key(payment_id, otp_try))


def _key(payment_id: UUID, otp_try: int) -> str:
    return f"otp:{payment_id}:{otp_try}"
