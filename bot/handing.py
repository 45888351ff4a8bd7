"""Conversations between the bot and people of staff: what the customer is told when one is taken
over, and how it goes on when it is handed back.
"""

import json

from sqlalchemy.orm import Session as Database

from bot.runtime import Runtime
from bot.turns import desk_of
from bot.views import reply_of
from domain import hearing, outbox, talking
from domain.database import repeat
from domain.wishes import NotDone
from flows.turns import Session


def take_over(
    runtime: Runtime, contact_id: int, staff_id: int, holder_id: int | None
) -> NotDone | None:
    """A person answers from now on; see domain.talking.take_over."""

    def announce(language: str) -> outbox.Reply:
        return reply_of(runtime.engine.person_is_here(language))

    return repeat(lambda db: talking.take_over(db, contact_id, staff_id, holder_id, announce))


def hand_back(runtime: Runtime, contact_id: int, staff_id: int) -> NotDone | None:
    """The bot answers again. The customer is told so, and once more what is asked of them: what
    they wrote meanwhile was not heard, a code not used.
    """
    return repeat(lambda db: _hand_back(runtime, db, contact_id, staff_id))


def _hand_back(runtime: Runtime, db: Database, contact_id: int, staff_id: int) -> NotDone | None:
    done = talking.hand_back(db, contact_id, staff_id)
    if done is None or isinstance(done, NotDone):
        return done
    if not done.may_be_told:
        return None
    speaker = done.speaker
    stored = hearing.last_session(db, speaker)
    session = Session.from_json(json.dumps(stored)) if stored else None
    address, _ = outbox.addresses_of(db, [contact_id])[contact_id]
    desk = desk_of(runtime, db, speaker, address, done.now)
    nonce = str(speaker.sequence + 1)
    turn = runtime.engine.come_back(session, desk, speaker.language, nonce)
    replies = outbox.as_answers(db, [reply_of(say) for say in turn.says])
    hearing.write_own_turn(db, speaker, done.cause, turn.session.as_document(), replies)
    return None
