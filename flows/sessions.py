"""Sessions in Redis, for speed alone: the database has the truth, and a lost session costs nothing.

Key `session:<contact>`, value `<sequence>\\n<session>`. Whoever reads uses it only if its sequence
equals the contact's; a late writer never moves a contact's sequence backwards.
"""

import logging

import redis

from flows.turns import Session

SESSION_LIFE_SECONDS = 48 * 60 * 60

# One round trip: compare and set inside the server, so that a slow writer cannot overwrite a later
# turn.
_PUT = """
local stored = redis.call('GET', KEYS[1])
if stored then
    local sequence = tonumber(string.match(stored, '^(%d+)\\n'))
    if sequence and sequence > tonumber(ARGV[1]) then
        return 0
    end
end
redis.call('SET', KEYS[1], ARGV[1] .. '\\n' .. ARGV[2], 'EX', ARGV[3])
return 1
"""

_log = logging.getLogger(__name__)


class SessionStore:
    """Reads and writes sessions; where Redis does not answer it behaves as if it were empty."""

    def __init__(self, client: "redis.Redis", life_seconds: int = SESSION_LIFE_SECONDS) -> None:
        self._client = client
        self._life_seconds = life_seconds

    def get(self, contact_id: int) -> tuple[int, Session] | None:
        """The sequence and the session, or None where there is none that we know or Redis does not
        say.
        """
        try:
            stored = self._client.get(_key(contact_id))
        except redis.RedisError as error:
            _log.warning("session not read: %s", type(error).__name__)
            return None
        if isinstance(stored, bytes):
            stored = stored.decode("utf-8", errors="replace")
        if not isinstance(stored, str):
            return None
        sequence, _, document = stored.partition("\n")
        session = Session.from_json(document)
        if session is None or not (sequence.isascii() and sequence.isdecimal()):
            return None
        return int(sequence), session

    def put(self, contact_id: int, sequence: int, session: Session) -> None:
        """Keep the session of this turn, unless a later turn's is there already."""
        arguments = (str(sequence), session.to_json(), str(self._life_seconds))
        try:
            self._client.eval(_PUT, 1, _key(contact_id), *arguments)
        except redis.RedisError as error:
            _log.warning("session not kept: %s", type(error).__name__)


def _key(contact_id: int) -> str:
    return f"session:{contact_id}"
