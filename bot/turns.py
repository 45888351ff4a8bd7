"""Turns: everything a contact sent or was told about is heard in order, each with all of its
effects or none.

    enter ▸ BEGIN ▸ contact FOR UPDATE ▸ oldest unheard ▸ flow ▸ outbox ▸ turn row
        ▸ COMMIT ▸ session ▸ leave ▸ is there more?

The turnstile (bot/turnstile.py) only spares waiting: whoever does not come through leaves a note,
and who is inside looks once more. The contact's row lock, UNIQUE(cause) and UNIQUE(contact,
sequence) are what makes it right.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from redis import RedisError
from rq.timeouts import JobTimeoutException
from sqlalchemy import func, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session as Database

from bot import views
from bot.desk import DatabaseDesk
from bot.runtime import Runtime
from bot.till import Tools
from bot.turnstile import Turnstile
from bot.views import reply_of
from domain import hearing, outbox, talking
from domain.crashpoints import reach
from domain.database import name_commit, repeat, transaction
from domain.hearing import Kept, Speaker, Waiting
from domain.models import Contact, Message, PaymentEvent
from flows.redaction import redact
from flows.turns import Heard, Session, Told, Turn

_TRIES = 3
# They ask for a code, which nobody reads while a person of staff answers: not said until then.
_ASKS_FOR_CODE = frozenset({"otp_sent", "code_resent", "otp_wrong", "code_lost"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What became of looking for something to hear: where the conversation stands now, to be kept
    in Redis after the commit, and whether more was waiting.
    """

    kept: tuple[int, Session] | None
    more: bool


@dataclass(frozen=True, slots=True)
class _Effects:
    """What hearing one thing came to: where the conversation stands, what is kept of a message, and
    what is said.
    """

    session: Session | None
    kept: Kept | None
    replies: list[outbox.Reply]


def drain(runtime: Runtime, contact_id: int) -> None:
    """Hear everything that waits for this contact, unless somebody is at it already. Raises nothing
    for outages.
    """
    with structlog.contextvars.bound_contextvars(contact=contact_id):
        try:
            while _drain_once(runtime, contact_id):
                pass
        except (OperationalError, PoolTimeout, RedisError) as error:
            # It is filed: the sweep hears it when the servers are back.
            log.warning("turn_put_off", error=type(error).__name__)


def _drain_once(runtime: Runtime, contact_id: int) -> bool:
    """Hear one thing, alone. Whether to look once more: more was waiting, or whoever filed
    something meanwhile did not come through. False: somebody else is at it, or it failed.
    """
    turnstile = Turnstile(runtime.redis)
    entered = turnstile.enter(contact_id)
    if entered is None:
        return False
    heard: _Heard | None = None
    try:
        heard = _hear_oldest(runtime, contact_id, entered.kept)
    finally:
        kept = None if heard is None else heard.kept
        somebody_came = turnstile.leave(contact_id, entered.token, kept)
    return heard is not None and (heard.more or somebody_came)


def _hear_oldest(
    runtime: Runtime, contact_id: int, kept: tuple[int, Session] | None
) -> _Heard | None:
    """None: it failed, and is tried again later."""
    trying: list[Waiting] = []
    try:
        return repeat(lambda db: _hear(runtime, db, contact_id, kept, trying))
    except (OperationalError, PoolTimeout, RedisError, JobTimeoutException):
        raise
    except Exception:
        log.exception("turn_failed", cause=trying[-1].cause if trying else None)
        if not trying:
            return None
        with transaction() as db:
            given_up = _count_failure(runtime, db, contact_id, trying[-1])
        return _Heard(None, trying[-1].more) if given_up else None


def _hear(
    runtime: Runtime,
    db: Database,
    contact_id: int,
    kept: tuple[int, Session] | None,
    trying: list[Waiting],
) -> _Heard:
    """One turn, in one transaction: the effects, the replies and the proof that it was heard."""
    speaker = hearing.lock_contact(db, contact_id)
    waiting = hearing.next_waiting(db, contact_id)
    if waiting is None:
        return _Heard(None, more=False)
    trying.append(waiting)
    if kept is not None and kept[0] == speaker.sequence:
        session: Session | None = kept[1]
    else:
        stored = hearing.last_session(db, speaker)
        session = Session.from_json(json.dumps(stored)) if stored else None
    if waiting.kind == "message":
        effects = _hear_message(runtime, db, speaker, waiting, session)
    else:
        effects = _hear_event(runtime, db, speaker, waiting, session)
    after = effects.session
    document: dict[str, Any] = after.as_document() if after else {}
    sequence = hearing.write_turn(db, speaker, waiting, document, effects.kept, effects.replies)
    log.info("turn", cause=waiting.cause, step=f"{document.get('flow')}.{document.get('step')}")
    is_message = waiting.kind == "message"
    reach("turn_written" if is_message else "event_written")
    name_commit(db, "turn_committed" if is_message else "event_committed")
    return _Heard((sequence, after) if after else None, waiting.more)


def _hear_message(
    runtime: Runtime, db: Database, speaker: Speaker, waiting: Waiting, session: Session | None
) -> _Effects:
    details = waiting.details or {}
    text = runtime.messages.open(waiting.sealed) if waiting.sealed else ""
    speaker.last_inbound_at = waiting.filed_at
    speaker.profile_name = details.get("profile_name", speaker.profile_name)
    body = redact(text, code_expected=runtime.engine.expects_code(session))
    # Its copy at Twilio is blanked by a worker.
    kept = Kept(body, blank=runtime.settings.otp_redact_at_twilio and body != text)
    if details.get("opt_out") is not None:
        # Twilio answered this one itself, and stops what we send after STOP: nothing may be said.
        # Its HELP changes nothing.
        if details["opt_out"] == "STOP":
            speaker.opted_out_at = waiting.now
        elif details["opt_out"] == "START":
            speaker.opted_out_at = None
        return _Effects(session, kept, [])
    speaker.opted_out_at = None
    if talking.is_with_person(speaker, waiting.now):
        # The bot is silent and does nothing: a code is not used, and is asked for again when the
        # conversation comes back. But who wants to be left alone is, whoever answers.
        if runtime.engine.asks_to_stop(text):
            speaker.opted_out_at = waiting.now
            return _Effects(session, kept, [])
        return _Effects(session, kept, _who_answers(runtime, db, speaker))
    above = speaker.count_message(waiting.filed_at) - runtime.settings.contact_messages_per_minute
    if above > 0:
        # A flood is filed and not acted on; it is answered once.
        slow_down = [reply_of(runtime.engine.slow_down(speaker.language))] if above == 1 else []
        return _Effects(session, kept, slow_down)
    heard = Heard(
        text=text,
        payload=details.get("payload"),
        media=tuple(details.get("media", ())),
        forwarded=bool(details.get("forwarded")),
        location=bool(details.get("location")),
    )
    turn = _converse(runtime, db, speaker, waiting, session, heard)
    replies = outbox.as_answers(db, [reply_of(say) for say in turn.says])
    return _Effects(turn.session, kept, [*_taken_back(runtime, db, speaker), *replies])


def _who_answers(runtime: Runtime, db: Database, speaker: Speaker) -> list[outbox.Reply]:
    """That a person does, to whom that could not be told when they took the conversation over."""
    here = reply_of(runtime.engine.person_is_here(speaker.language))
    back = reply_of(runtime.engine.is_back(speaker.language))
    return [] if talking.is_told(db, speaker.id, here.phrase, back.phrase) else [here]


def _taken_back(runtime: Runtime, db: Database, speaker: Speaker) -> list[outbox.Reply]:
    """Whoever of staff had the conversation has not answered for too long: it is the bot's
    again.
    """
    if speaker.taken_by is None:
        return []
    talking.let_go(db, speaker.id)
    return [reply_of(runtime.engine.is_back(speaker.language))]


def _hear_event(
    runtime: Runtime, db: Database, speaker: Speaker, waiting: Waiting, session: Session | None
) -> _Effects:
    told = views.told(db, waiting, runtime.policy, runtime.links)
    turn = _converse(runtime, db, speaker, waiting, session, told)
    # Also to who wants no messages: what became of their money they are told. Opting out cancelled
    # what was only waiting, and after Twilio's own STOP nothing leaves Twilio.
    silent = waiting.told in _ASKS_FOR_CODE and talking.is_with_person(speaker, waiting.now)
    says = () if silent else turn.says
    return _Effects(turn.session, None, [reply_of(say) for say in says])


def _converse(
    runtime: Runtime,
    db: Database,
    speaker: Speaker,
    waiting: Waiting,
    session: Session | None,
    heard: Heard | Told,
) -> Turn:
    desk = desk_of(runtime, db, speaker, waiting.address, waiting.now)
    # New with each turn: the sequence that it will have.
    nonce = str(speaker.sequence + 1)
    return runtime.engine.hear(session, heard, desk, speaker.language, nonce)


def desk_of(
    runtime: Runtime, db: Database, speaker: Speaker, address: str, now: datetime
) -> DatabaseDesk:
    """The desk for one turn of a locked contact."""
    tools = Tools(
        runtime.policy,
        runtime.accounts,
        runtime.vault,
        runtime.answers,
        runtime.links,
        runtime.settings.otp_digits,
    )
    return DatabaseDesk(db, tools, speaker, address, now)


def _count_failure(runtime: Runtime, db: Database, contact_id: int, waiting: Waiting) -> bool:
    """A thing that failed three times is given to a person, with an apology, and blocks nothing any
    longer. Whether it was given up.
    """
    speaker = hearing.lock_contact(db, contact_id)
    table = Message if waiting.kind == "message" else PaymentEvent
    over = waiting.attempts + 1 >= _TRIES
    values: dict[str, Any] = {"attempts": table.attempts + 1}
    if over:
        values["heard_at"] = func.clock_timestamp()
        if table is Message:
            values |= {"status": "failed", "sealed": None, "body": "[not understood]"}
            if runtime.settings.otp_redact_at_twilio:
                values["due_at"] = func.clock_timestamp()
    counted = db.execute(
        update(table)
        .where(table.id == waiting.id, table.heard_at.is_(None))
        .values(values)
        .returning(table.id)
    ).scalar_one_or_none()
    if not over or counted is None:
        return False
    db.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(person_wanted_at=func.clock_timestamp())
    )
    if not talking.is_with_person(speaker, waiting.now):
        sorry = runtime.engine.sorry(speaker.language)
        outbox.add_replies(db, contact_id, [reply_of(sorry)])
    return True
