"""Sessions as they are kept in Redis, for speed alone: the database has the truth, and a lost
session costs nothing.

Key `session:<contact>`, value `<sequence>\\n<session>`. Whoever reads uses it only if its sequence
equals the contact's.
"""

from flows.turns import Session

SESSION_LIFE_SECONDS = 48 * 60 * 60


def key_of(contact_id: int) -> str:
    """The key of a contact's session."""
    return f"session:{contact_id}"


def pack(sequence: int, session: Session) -> str:
    """The value that is kept."""
    return f"{sequence}\n{session.to_json()}"


def unpack(stored: bytes) -> tuple[int, Session] | None:
    """The sequence and the session, or None for what is not one of ours."""
    sequence, _, document = stored.decode("utf-8", errors="replace").partition("\n")
    session = Session.from_json(document)
    if session is None or not (sequence.isascii() and sequence.isdecimal()):
        return None
    return int(sequence), session
