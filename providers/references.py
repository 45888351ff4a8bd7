"""Our references as most providers take them: a dashed UUID without its dashes, and back."""

import re
from uuid import UUID

_HEX = re.compile(r"[0-9a-fA-F]{32}")


def wire_reference(reference: str) -> str:
    """Our dashed UUID as 32 hex digits."""
    return UUID(reference).hex


def our_reference(value: object) -> str | None:
    """What came back, as a dashed lower-case UUID; None for what is none of ours."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        return None
    return str(UUID(value))
