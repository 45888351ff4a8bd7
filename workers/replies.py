"""What leaves for WhatsApp: the outbox, many messages to a job, over one connection, in order for
each contact.
"""

import time

import structlog

from bot.channel import NotNow, Refused, TwilioChannel, Unanswered
from bot.queues import bell_flag
from domain import deliveries, inbox, outbox
from domain.crashpoints import reach
from domain.database import current as current_database
from domain.database import repeat, transaction
from domain.deliveries import Doubtful
from domain.nudges import Nudge
from domain.outbox import SEND_DUE, Outgoing
from workers.process import current, job

CLEAR_DOUBTS = Nudge("workers.replies.clear_doubts", "replies")
BLANK_CODES = Nudge("workers.replies.blank_codes", "replies")
_AT_ONCE = 20
# A job stops here by itself and rings for another: its time-out would fall into the middle of a
# call to Twilio.
_JOB_SECONDS = 60

log = structlog.get_logger(__name__)


@job
def send_due() -> None:
    """Send what is due, until nothing is. Two workers at once share it: each message is claimed by
    one.
    """
    channel = current().channel
    if channel is None:
        return
    # Before looking: whoever writes a reply from here on rings again.
    current().runtime.redis.delete(bell_flag(SEND_DUE))
    seconds = current().runtime.settings.reply_claim_seconds
    began = time.monotonic()
    while time.monotonic() - began < _JOB_SECONDS:
        claimed_at = time.monotonic()
        with transaction() as db:
            claimed = outbox.claim_due(db, _AT_ONCE, seconds)
        if not claimed:
            return
        reach("reply_claimed")
        for message in claimed:
            # One that waited too long behind slow ones is let go: soon its claim runs out, and
            # somebody else looks for it in Twilio's list.
            if time.monotonic() - claimed_at < seconds / 2:
                _send(channel, message)
            else:
                _let_go(message)
    current_database().ring([SEND_DUE])


def _let_go(message: Outgoing) -> None:
    repeat(lambda db: deliveries.release(db, message.id, message.claimed_at))


def _send(channel: TwilioChannel, message: Outgoing) -> None:
    wait = current().runtime.settings.reply_uncertain_seconds
    try:
        sid = channel.send(message)
    except NotNow as error:
        code = error.code
        log.warning("reply_not_now", message=message.id, code=code)
        repeat(lambda db: deliveries.record_not_now(db, message.id, code))
    except Refused as error:
        code = error.code
        log.warning("reply_refused", message=message.id, code=code)
        repeat(lambda db: deliveries.record_refused(db, message.id, code))
    except Unanswered as error:
        log.warning("reply_unanswered", message=message.id, error=str(error))
        repeat(lambda db: deliveries.record_uncertain(db, message.id, wait))
    else:
        reach("reply_handed_over")
        repeat(lambda db: deliveries.record_sent(db, message.id, sid))


@job
def clear_doubts() -> None:
    """Find out about replies that Twilio did not answer for: only what its list does not have is
    sent again.
    """
    channel = current().channel
    if channel is None:
        return
    wait = current().runtime.settings.reply_uncertain_seconds
    began = time.monotonic()
    with transaction() as db:
        doubtful = deliveries.claim_doubtful(db, _AT_ONCE, wait)
    for message in doubtful:
        if time.monotonic() - began < _JOB_SECONDS:
            _clear(channel, message)


def _clear(channel: TwilioChannel, message: Doubtful) -> None:
    try:
        sids = channel.lookalikes(message)
    except (Refused, Unanswered) as error:
        log.warning("twilio_list_unanswered", message=message.id, error=str(error))
        return
    with transaction() as db:
        unclaimed = sorted(set(sids) - inbox.known_sids(db, sids))
    if unclaimed:
        repeat(lambda db: deliveries.record_sent(db, message.id, unclaimed[0]))
    else:
        repeat(lambda db: deliveries.record_unknown_to_twilio(db, message.id))


@job
def blank_codes() -> None:
    """Empty Twilio's copies of incoming messages that held a code or a number."""
    channel = current().channel
    if channel is None:
        return
    began = time.monotonic()
    with transaction() as db:
        blankable = inbox.claim_blankable(db, _AT_ONCE)
    for message in blankable:
        if time.monotonic() - began > _JOB_SECONDS:
            return
        try:
            channel.blank(message.sid)
        except (Refused, Unanswered) as error:
            log.warning("not_blanked", message=message.id, error=str(error))
            continue
        message_id = message.id
        repeat(lambda db, message_id=message_id: inbox.record_blanked(db, message_id))  # type: ignore[misc]
