"""What comes back through the door to a provider, and why nothing did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from providers.contract import Call

# Codes of calls that this door itself found uncertain; `not_connected` alone says that nothing was
# sent.
NOT_CONNECTED = "not_connected"
TIMED_OUT = "timed_out"
CONNECTION_LOST = "connection_lost"
TOO_LARGE = "too_large"
REDIRECTED = "redirected"
SERVER_ERROR = "server_error"
UNREADABLE = "unreadable"

# Those that say that the provider is not there, or not well.
NO_ANSWER = frozenset({NOT_CONNECTED, TIMED_OUT, CONNECTION_LOST, SERVER_ERROR})

# Whoever is turned away with one of these at the gate has moved nothing, whatever page says so.
TURNED_AWAY = frozenset({401, 403, 429})

_LONGEST_PAUSE_SECONDS = 3_600.0


def not_called(operation: str, code: str) -> Call:
    """The line of the story where nobody was called; `code` says why."""
    return Call(operation, http_status=None, milliseconds=0, code=code)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with status 2xx or 4xx.

    `shown` is its body, redacted and cut; `digest` the sha256 of the body (hex); names of `headers`
    are in lower case.
    """

    operation: str
    status: int
    milliseconds: int
    digest: str
    shown: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def to_call(self, code: str | None = None) -> Call:
        """This answer as a line of the payment's story; `code` is the provider's word or ours."""
        return Call(self.operation, self.status, self.milliseconds, code, self.shown, self.digest)


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """An answer that is one JSON object; `call.code` is the provider's code.

    Where the provider answers with a list, its objects stand in `items` and `fields` is empty.
    """

    call: Call
    ok: bool  # the status was 2xx
    fields: Mapping[str, object] = field(repr=False)
    items: Sequence[Mapping[str, object]] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def pause_seconds(self, header: str) -> float:
        """How long the provider asks us to leave it alone, by this header (seconds); 0: it does
        not.
        """
        value = self.headers.get(header, "")
        return min(float(value), _LONGEST_PAUSE_SECONDS) if value.isdecimal() else 0.0
