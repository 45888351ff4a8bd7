"""X-VERIFY, the checksum of PhonePe's old API (v1): a body in base64, a path, and the salt key.

request    sha256hex(base64 + path + salt key) + "###" + index
question   sha256hex(path + salt key) + "###" + index
callback   sha256hex(base64 + salt key) + "###" + index
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from providers.wire_json import JsonValue, write_json


def encode(fields: Mapping[str, JsonValue]) -> str:
    """The body of a request: JSON in base64."""
    return base64.b64encode(write_json(fields).encode()).decode()


def checksum(text: str, salt_key: str, salt_index: str) -> str:
    """The value of X-VERIFY for this text: body and path, whatever of them there is."""
    digest = hashlib.sha256((text + salt_key).encode()).hexdigest()
    return f"{digest}###{salt_index}"


def matches(given: str, text: str, salt_key: str, salt_index: str) -> bool:
    """Whether the value is right, in either case, in the same time for each that is wrong."""
    wanted = checksum(text, salt_key, salt_index)
    given = given.strip().lower()
    return hmac.compare_digest(given.encode(errors="replace"), wanted.lower().encode())
