"""Which references of bookings a customer can write, as the conversation reads what they write."""

from domain.references import reference_key
from flows.answers import read_command, read_references


def can_be_typed(reference: str) -> bool:
    """Whether a message that is this reference is read as this booking's, and as no command."""
    read = read_references(reference)
    names = {reference_key(name) for name in (*read.found, *read.typed)}
    return names == {reference_key(reference)} and read_command(reference).command is None
