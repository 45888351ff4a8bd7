"""The turnstile: one process at a time hears a contact, and nobody waits for it.

    enter ─┬▸ through: hear ▸ leave ▸ did somebody come meanwhile? ▸ enter again
           └▸ not through: leave a note, go away

Whoever files something does it before they try to enter. So they either come through, or their note
lies there when the one inside leaves: what they filed is heard without asking the database again.
The session is handed over on the way in and taken back on the way out (flows/sessions.py). All of
it is for speed alone; after a lost note the sweep hears what was filed.
"""

from dataclasses import dataclass
from secrets import token_hex

from redis import Redis

from flows import sessions
from flows.turns import Session

_INSIDE_MILLISECONDS = 5_000
_NOTE_SECONDS = 60

# One round trip each, and nothing between the looking and the doing.
_ENTER = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
    redis.call('DEL', KEYS[2])
    return redis.call('GET', KEYS[3]) or ''
end
redis.call('SET', KEYS[2], '1', 'EX', ARGV[3])
return false
"""
# A slow writer does not overwrite the session of a later turn.
_LEAVE = """
if ARGV[2] ~= '' then
    local kept = redis.call('GET', KEYS[3])
    local sequence = kept and tonumber(string.match(kept, '^(%d+)\\n'))
    if not sequence or sequence <= tonumber(string.match(ARGV[2], '^%d+')) then
        redis.call('SET', KEYS[3], ARGV[2], 'EX', ARGV[3])
    end
end
local inside = redis.call('GET', KEYS[1])
if inside and inside ~= ARGV[1] then
    return 0
end
redis.call('DEL', KEYS[1])
return redis.call('DEL', KEYS[2])
"""


@dataclass(frozen=True, slots=True)
class Pass:
    """What whoever is inside has: the token to leave with, and the session with its sequence, where
    one is kept.
    """

    token: str
    kept: tuple[int, Session] | None


@dataclass(frozen=True, slots=True)
class Turnstile:
    """Raises redis.RedisError where Redis does not answer."""

    redis: "Redis"

    def enter(self, contact_id: int) -> Pass | None:
        """None: somebody else is inside, and will look once more. After five seconds inside the
        next one comes through; the contact's row lock keeps them apart.
        """
        token = token_hex(8)
        values = (token, _INSIDE_MILLISECONDS, _NOTE_SECONDS)
        stored = self.redis.eval(_ENTER, 3, *_keys(contact_id), *values)
        return Pass(token, sessions.unpack(stored)) if isinstance(stored, bytes) else None

    def leave(self, contact_id: int, token: str, kept: tuple[int, Session] | None) -> bool:
        """Whether somebody came meanwhile and left a note. `kept` is the session of the turn that
        was heard, None where none was. With a pass that ran out the note may be for whoever is
        inside now.
        """
        stored = "" if kept is None else sessions.pack(*kept)
        values = (token, stored, sessions.SESSION_LIFE_SECONDS)
        return bool(self.redis.eval(_LEAVE, 3, *_keys(contact_id), *values))


def _keys(contact_id: int) -> tuple[str, str, str]:
    return f"turn:{contact_id}", f"again:{contact_id}", sessions.key_of(contact_id)
