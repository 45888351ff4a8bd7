"""The turnstile: one process at a time hears a contact, and nobody waits for it.

    enter ─┬▸ through: hear ▸ leave ▸ did somebody come meanwhile? ▸ enter again
           └▸ not through: leave a note, go away

Whoever files something does it before they try to enter. So they either come through, or their note
lies there when the one inside leaves: what they filed is heard without asking the database again.
It is for speed alone; after a lost note the sweep hears what was filed.
"""

from dataclasses import dataclass
from secrets import token_hex

from redis import Redis

_INSIDE_MILLISECONDS = 5_000
_NOTE_SECONDS = 60

# One round trip each, and nothing between the looking and the doing.
_ENTER = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
    redis.call('DEL', KEYS[2])
    return 1
end
redis.call('SET', KEYS[2], '1', 'EX', ARGV[3])
return 0
"""
_LEAVE = """
local inside = redis.call('GET', KEYS[1])
if inside and inside ~= ARGV[1] then
    return 0
end
redis.call('DEL', KEYS[1])
return redis.call('DEL', KEYS[2])
"""


@dataclass(frozen=True, slots=True)
class Turnstile:
    """Raises redis.RedisError where Redis does not answer."""

    redis: "Redis"

    def enter(self, contact_id: int) -> str | None:
        """The pass to leave with, or None: somebody else is inside, and will look once more. After
        five seconds inside the next one comes through; the contact's row lock keeps them apart.
        """
        token = token_hex(8)
        values = (token, _INSIDE_MILLISECONDS, _NOTE_SECONDS)
        through = self.redis.eval(_ENTER, 2, *_keys(contact_id), *values)
        return token if through else None

    def leave(self, contact_id: int, token: str) -> bool:
        """Whether somebody came meanwhile and left a note. With a pass that ran out it may be for
        whoever is inside now.
        """
        return bool(self.redis.eval(_LEAVE, 2, *_keys(contact_id), token))


def _keys(contact_id: int) -> tuple[str, str]:
    return f"turn:{contact_id}", f"again:{contact_id}"
