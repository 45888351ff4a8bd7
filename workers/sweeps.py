"""Sweeps: rows whose nudge was lost, or whose time has come, are found again here. One indexed
query when nothing is due.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from bot.channel import Refused, Unanswered
from bot.queues import waiting
from bot.turns import drain
from domain import clock, contacts, inbox, outbox, payments, refunds
from domain.database import current as current_database
from domain.database import transaction
from domain.models import Message, Payment, PaymentEvent, Refund
from domain.nudges import Nudge
from domain.payments.schedule import ATTEND, QUEUE
from domain.policy import Policy
from domain.refunds.schedule import ATTEND as ATTEND_REFUND
from workers.process import current, job
from workers.replies import BLANK_CODES, CLEAR_DOUBTS

_AT_ONCE = 100
# How far to look back in Twilio's list: to the last look and a bit, or a day where none is known.
_LOOKED_AT = "missed_messages:looked_at"
_LISTED_LATE = timedelta(minutes=10)
_LOOKS_BACK_AT_MOST = timedelta(hours=24)
# Twilio tries its webhook again for 15 s, and the webhook brings more than the list has: buttons,
# names.
_TWILIO_GAVE_UP = timedelta(seconds=30)

log = structlog.get_logger(__name__)

Claim = Callable[[Session, int, Policy], list[UUID]]


@job
def sweep() -> None:
    """Look once over everything that can be due, and hand on what is. Harmless when doubled."""
    late = current().runtime.settings.nudge_lost_seconds
    now = func.statement_timestamp()
    before = now - timedelta(seconds=late)
    with transaction() as db:
        payment, refund, unheard, reply, doubt, blank = db.execute(
            select(
                exists().where(Payment.next_check_at <= now),
                exists().where(Refund.next_check_at <= now),
                exists().where(
                    Message.direction == "in",
                    Message.heard_at.is_(None),
                    Message.created_at < before,
                )
                | exists().where(
                    PaymentEvent.told.is_not(None),
                    PaymentEvent.heard_at.is_(None),
                    PaymentEvent.at < before,
                ),
                exists().where(Message.due_at <= now, Message.status == "due"),
                exists().where(Message.due_at <= now, Message.status.in_(("sending", "uncertain"))),
                exists().where(Message.due_at <= now, Message.direction == "in"),
            )
        ).one()
    if payment:
        _hand_on(payments.claim_due, ATTEND)
    if refund:
        # After the payments, in the same queue: somebody stands and waits for those.
        _hand_on(refunds.claim_due, ATTEND_REFUND)
    if unheard:
        _hear(late)
    if reply:
        current_database().ring([outbox.SEND_DUE])
    if doubt:
        current_database().ring([CLEAR_DOUBTS])
    if blank:
        current_database().ring([BLANK_CODES])


def _hand_on(claim: Claim, job_name: str) -> None:
    """No more than a worker will take soon: what is not handed on stays due, and in its order."""
    room = _AT_ONCE - waiting(current().runtime.redis, QUEUE)
    if room <= 0:
        return
    with transaction() as db:
        due = claim(db, room, current().runtime.policy)
    current_database().ring([Nudge(job_name, QUEUE, str(row_id)) for row_id in due])


def _hear(late: float) -> None:
    with transaction() as db:
        unheard = contacts.unheard_since(db, late, _AT_ONCE)
    for contact_id in unheard:
        drain(current().runtime, contact_id)


@job
def find_missed_messages() -> None:
    """File what customers sent while Twilio could not reach us."""
    compare_with_twilio(clock.now())


def compare_with_twilio(now: datetime) -> None:
    """File and hear the incoming messages of Twilio's list that we do not have."""
    channel, runtime = current().channel, current().runtime
    if channel is None:
        return
    try:
        listed = channel.received_since(_looked_at(now) - _LISTED_LATE)
    except (Refused, Unanswered) as error:
        log.warning("twilio_list_unanswered", error=str(error))
        return
    received = [each for each in listed if each.at < now - _TWILIO_GAVE_UP]
    with transaction() as db:
        known = inbox.known_sids(db, [each.sid for each in received])
    for each in reversed(received):
        if each.sid in known:
            continue
        log.warning("missed_message_found", sid=each.sid)
        details = {"media": ["unknown"] * each.media} if each.media else {}
        sealed = runtime.messages.seal(each.body)
        contact_id = inbox.file_message(each.address, each.sid, sealed, details)
        drain(runtime, contact_id)
    runtime.redis.set(_LOOKED_AT, now.isoformat())


def _looked_at(now: datetime) -> datetime:
    """When Twilio's list was last compared with ours, to the end; a day ago at the most."""
    kept = current().runtime.redis.get(_LOOKED_AT)
    longest = now - _LOOKS_BACK_AT_MOST
    if not isinstance(kept, bytes):
        return longest
    return max(longest, datetime.fromisoformat(kept.decode()))
