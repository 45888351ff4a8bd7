"""Encryption at rest: keys derived from one secret, one for each purpose, the previous secret still
good for reading.
"""

import base64
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unreadable(Exception):
    """What was sealed cannot be opened with our keys."""


def derive_key(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(
        algorithm=SHA256(), length=32, salt=None, info=f"tourpay {purpose}".encode()
    ).derive(secret.encode())


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the present secret's key for one purpose; opens with the present or the previous
    one's.
    """

    _keys: MultiFernet = field(repr=False)

    @classmethod
    def of(cls, purpose: str, secret: str, previous: str | None = None) -> "Sealer":
        secrets = [secret, previous] if previous else [secret]
        return cls(
            MultiFernet(
                [Fernet(base64.urlsafe_b64encode(derive_key(each, purpose))) for each in secrets]
            )
        )

    def seal(self, text: str) -> bytes:
        return self._keys.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Raises Unreadable."""
        try:
            return self._keys.decrypt(sealed).decode()
        except InvalidToken as error:
            raise Unreadable("sealed with another secret") from error
