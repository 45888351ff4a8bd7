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
from typing import Any
from uuid import UUID

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
from domain import bookings, contacts, outbox
from domain.contacts import Waiting
from domain.crashpoints import reach
from domain.database import name_commit, repeat, transaction
from domain.models import Contact, Message, Payment, PaymentEvent, Refund
from domain.money import Money
from flows.redaction import redact
from flows.turns import Heard, Say, Session, Told, Turn
from providers.registry import PROVIDERS

_TRIES = 3
# Events that can come more than once for one payment, and are told each time.
_REPEATABLE = frozenset({"otp_wrong", "code_lost", "refund_sent", "refunded"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What became of hearing one thing: where the conversation stands now, to be kept in Redis
    after the commit, and whether more was waiting.
    """

    sequence: int
    session: Session | None
    more: bool


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
    token = turnstile.enter(contact_id)
    if token is None:
        return False
    more: bool | None = None
    try:
        more = _hear_oldest(runtime, contact_id)
    finally:
        somebody_came = turnstile.leave(contact_id, token)
    return more is not None and (more or somebody_came)


def _hear_oldest(runtime: Runtime, contact_id: int) -> bool | None:
    """Whether more is waiting behind what was heard; None: it failed, and is tried again later."""
    kept = runtime.sessions.get(contact_id)
    trying: list[Waiting] = []
    try:
        heard = repeat(lambda db: _hear(runtime, db, contact_id, kept, trying))
    except (OperationalError, PoolTimeout, RedisError, JobTimeoutException):
        raise
    except Exception:
        log.exception("turn_failed", cause=trying[-1].cause if trying else None)
        if not trying:
            return None
        with transaction() as db:
            given_up = _count_failure(runtime, db, contact_id, trying[-1])
        return trying[-1].more if given_up else None
    if heard is not None and heard.session is not None:
        runtime.sessions.put(contact_id, heard.sequence, heard.session)
    return heard is not None and heard.more


def _hear(
    runtime: Runtime,
    db: Database,
    contact_id: int,
    kept: tuple[int, Session] | None,
    trying: list[Waiting],
) -> _Heard | None:
    """One turn, in one transaction: the effects, the replies and the proof that it was heard."""
    contact = contacts.lock_contact(db, contact_id)
    waiting = contacts.next_waiting(db, contact_id)
    if waiting is None:
        return None
    trying.append(waiting)
    if kept is not None and kept[0] == contact.sequence:
        session: Session | None = kept[1]
    else:
        stored = contacts.last_session(db, contact)
        session = Session.from_json(json.dumps(stored)) if stored else None
    if waiting.kind == "message":
        after = _hear_message(runtime, db, contact, waiting, session)
    else:
        after = _hear_event(runtime, db, contact, waiting, session)
    document: dict[str, Any] = json.loads(after.to_json()) if after else {}
    sequence = contacts.write_turn(db, contact, waiting, document)
    log.info("turn", cause=waiting.cause, step=f"{document.get('flow')}.{document.get('step')}")
    db.flush()
    is_message = waiting.kind == "message"
    reach("turn_written" if is_message else "event_written")
    name_commit(db, "turn_committed" if is_message else "event_committed")
    return _Heard(sequence, after, waiting.more)


def _hear_message(
    runtime: Runtime, db: Database, contact: Contact, waiting: Waiting, session: Session | None
) -> Session | None:
    message = db.get_one(Message, waiting.id)
    contacts.begin_turn(contact)
    details = message.details
    text = runtime.messages.open(message.sealed) if message.sealed else ""
    contact.last_inbound_at = message.created_at
    contact.profile_name = details.get("profile_name", contact.profile_name)
    code_expected = runtime.engine.expects_code(session)
    message.body = redact(text, code_expected=code_expected)
    message.sealed, message.status, message.heard_at = None, "heard", func.clock_timestamp()
    if runtime.settings.otp_redact_at_twilio and message.body != text:
        message.due_at = func.clock_timestamp()  # its copy at Twilio is blanked by a worker
    if details.get("opt_out") is not None:
        # Twilio answered this one itself, and stops what we send after STOP: nothing may be said.
        # Its HELP changes nothing.
        if details["opt_out"] == "STOP":
            contact.opted_out_at = func.clock_timestamp()
        elif details["opt_out"] == "START":
            contact.opted_out_at = None
        return session
    contact.opted_out_at = None
    above = contacts.count_message(contact, message.created_at) - (
        runtime.settings.contact_messages_per_minute
    )
    if above > 0:
        # A flood is filed and not acted on; it is answered once.
        if above == 1:
            outbox.add_replies(db, contact.id, [_reply(runtime.engine.slow_down(contact.language))])
        return session
    desk = _desk(runtime, db, contact, waiting)
    heard = Heard(
        text=text,
        payload=details.get("payload"),
        media=tuple(details.get("media", ())),
        forwarded=bool(details.get("forwarded")),
        location=bool(details.get("location")),
    )
    turn = _converse(runtime, contact, desk, session, heard)
    replies = outbox.as_answers(db, [_reply(say) for say in turn.says])
    outbox.add_replies(db, contact.id, replies)
    return turn.session


def _hear_event(
    runtime: Runtime, db: Database, contact: Contact, waiting: Waiting, session: Session | None
) -> Session | None:
    event = db.get_one(PaymentEvent, waiting.id)
    contacts.begin_turn(contact)
    db.execute(
        update(PaymentEvent)
        .where(PaymentEvent.id == event.id)
        .values(heard_at=func.clock_timestamp())
    )
    payment = db.get_one(Payment, event.payment_id)
    refund = None if event.refund_id is None else db.get_one(Refund, event.refund_id)
    known = bookings.facts(db, [payment.booking_id], contact.id)[0]
    told = Told(
        name=event.told or "",
        payment=views.payment_view(
            payment, views.booking_view(known, runtime.policy), runtime.links
        ),
        ordinal=event.version if event.told in _REPEATABLE else 0,
        amount=None if refund is None else Money(refund.amount_minor, payment.currency),
        days=None if refund is None else PROVIDERS[payment.provider].refund_days,
    )
    turn = _converse(runtime, contact, _desk(runtime, db, contact, waiting), session, told)
    # Also to who wants no messages: what became of their money they are told. Opting out cancelled
    # what was only waiting, and after Twilio's own STOP nothing leaves Twilio.
    outbox.add_replies(db, contact.id, [_reply(say) for say in turn.says])
    return turn.session


def _converse(
    runtime: Runtime,
    contact: Contact,
    desk: DatabaseDesk,
    session: Session | None,
    heard: Heard | Told,
) -> Turn:
    nonce = str(contact.sequence)
    return runtime.engine.hear(session, heard, desk, contact.language, nonce)


def _desk(runtime: Runtime, db: Database, contact: Contact, waiting: Waiting) -> DatabaseDesk:
    tools = Tools(
        runtime.policy,
        runtime.accounts,
        runtime.vault,
        runtime.answers,
        runtime.links,
        runtime.settings.otp_digits,
    )
    return DatabaseDesk(db, tools, contact, waiting.address)


def _reply(say: Say) -> outbox.Reply:
    return outbox.Reply(
        phrase=say.key,
        body=say.text,
        buttons=[(button.id, button.title) for button in say.buttons],
        payment_id=UUID(say.payment) if say.payment and say.told else None,
        told=say.told,
        expires_seconds=say.expires_seconds,
        link=(say.link.title, say.link.url) if say.link else None,
        picture=say.picture,
    )


def _count_failure(runtime: Runtime, db: Database, contact_id: int, waiting: Waiting) -> bool:
    """A thing that failed three times is given to a person, with an apology, and blocks nothing any
    longer. Whether it was given up.
    """
    contact = contacts.lock_contact(db, contact_id)
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
    contact.person_wanted_at = func.clock_timestamp()
    sorry = runtime.engine.sorry(contact.language)
    outbox.add_replies(db, contact_id, [_reply(sorry)])
    return True
