"""Passwords of staff: which may be chosen, and how they are kept (Argon2id).

Long rather than colourful, and none that everybody tries first: NIST SP 800-63B, 3.1.1.2.
"""

import unicodedata
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 200

# What OWASP's cheat sheet on password storage names first: 19 MiB for the time of one sign-in.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Of a password that nobody knows: an address that nobody has takes as long as one that somebody
# has.
_NOBODYS = (
    "$argon2id$v=19$m=19456,t=2,p=1$1Cmo4NJ4bqOIDQsfA2e6Wg"
    "$z9JoF0eJLYk5JB9oTbFsQ8HanQSOjwRsf4SK5AdLmk8"
)
_DIFFERENT_CHARACTERS = 5
# What people type when they are asked for twelve characters.
_COMMON = frozenset(
    {
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "passw0rd1234",
        "p@ssword1234",
        "p@ssw0rd1234",
        "mypassword123",
        "changeme1234",
        "letmein12345",
        "letmeinletmein",
        "welcome12345",
        "welcome123456",
        "welcome2024!",
        "welcome2025!",
        "welcome2026!",
        "administrator",
        "administrator1",
        "admin1234567",
        "admin12345678",
        "adminadminadmin",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiop[]",
        "qwerty123456",
        "qwerty1234567",
        "qwertyqwerty",
        "1qaz2wsx3edc",
        "1q2w3e4r5t6y",
        "zaq12wsxcde3",
        "abcdefghijkl",
        "abcdef123456",
        "abc123abc123",
        "123456789012",
        "1234567890123",
        "12345678901234",
        "1234567890qwerty",
        "0123456789012",
        "012345678910",
        "987654321098",
        "0987654321098",
        "iloveyou1234",
        "iloveyouiloveyou",
        "sunshine1234",
        "football1234",
        "princess1234",
        "tourpay12345",
        "tourpaytourpay",
        "whatsapp1234",
        "whatsappwhatsapp",
        "correcthorsebatterystaple",
        "thisismypassword",
    }
)


class Weak(StrEnum):
    """Why a password may not be chosen."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    OWN_EMAIL = "own_email"
    COMMON = "common"


def weakness(password: str, email: str) -> Weak | None:
    """What stands against a password for the person of this address, if anything."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return Weak.TOO_SHORT
    if len(plain) > LONGEST:
        return Weak.TOO_LONG
    folded = plain.casefold()
    if folded in (email.casefold(), email.casefold()[::-1]):
        return Weak.OWN_EMAIL
    if folded in _COMMON or len(set(folded)) < _DIFFERENT_CHARACTERS:
        return Weak.COMMON
    return None


def hashed(password: str) -> str:
    """What is kept of a password. It takes a tenth of a second: not inside a transaction."""
    return _HASHER.hash(_plain(password))


def fits(kept: str | None, password: str) -> bool:
    """Whether this is the password of which `kept` was kept. It takes as long for None: nobody has
    a password there.
    """
    plain = _plain(password)
    try:
        matches = len(plain) <= LONGEST and _HASHER.verify(kept or _NOBODYS, plain)
    except (VerificationError, InvalidHashError):
        return False
    return matches and kept is not None


def is_outdated(kept: str) -> bool:
    """Whether it was kept in a weaker way than ours is today."""
    return _HASHER.check_needs_rehash(kept)


def _plain(password: str) -> str:
    """The same password from another keyboard is the same password."""
    return unicodedata.normalize("NFKC", password)
