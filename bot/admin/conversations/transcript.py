"""One conversation: who it is with, who answers, and what was said, with the milestones of payments
and the acts of staff between.

What is shown is one list in the order of time. It goes back page by page, and forward by asking
what is new: messages that were not shown yet, and those of the shown ones that have changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.orm import Session

from bot.admin.ids import LARGEST_ID
from domain.states import CANCELLED, EXPIRED, FAILED, SUCCEEDED, UNCERTAIN
from domain.talking import HANDED_BACK, HELD_FOR, TAKEN

PAGE_MESSAGES = 50
# How many of the last messages a page says that it has shown: whatever is written at the same time
# is committed within a few of them.
REMEMBERED = 10
_CHANGED_AT_MOST = 30
_MILESTONES = [SUCCEEDED, FAILED, EXPIRED, CANCELLED, UNCERTAIN]
_ACTS = [TAKEN, HANDED_BACK]
_EVER = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
# A change is asked for a little longer than since the last look: it may have been committed later
# than the moment that it carries.
_OVERLAP = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Talk:
    """Who a conversation is with and who answers. `is_held`: the holder does; else the bot, with
    the next message. `closes_at`: until then we may write, None for who never wrote.
    `waits_for_code`: a payment waits for one, which nobody reads while it is held.
    """

    contact_id: int
    profile_name: str
    address: str
    wanted_at: datetime | None
    holder_id: int | None
    holder: str | None
    is_held: bool
    has_opted_out: bool
    closes_at: datetime | None
    is_open: bool
    waits_for_code: bool
    now: datetime

    @property
    def stand(self) -> str:
        """All of it that changes, in a word: a page with another one is to be renewed."""
        signs = (self.is_held, self.has_opted_out, self.is_open, self.waits_for_code)
        wanted = self.wanted_at is not None
        return f"{self.holder_id or 0}-" + "".join(str(int(sign)) for sign in (*signs, wanted))


@dataclass(frozen=True, slots=True)
class Said:
    """A message in either direction. `is_unheard`: it is sealed yet. `author` is whoever of staff
    wrote it.
    """

    id: int
    direction: str
    status: str
    body: str
    is_unheard: bool
    details: Mapping[str, Any]
    at: datetime
    phrase: str | None
    error_code: str | None
    author: str | None
    kind: str = "said"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A payment was opened (`status` None), or came to something."""

    id: int
    at: datetime
    status: str | None
    payment_id: UUID
    amount_minor: int
    currency: str
    provider: str
    kind: str = "milestone"


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody of staff took the conversation over, or handed it back."""

    id: int
    at: datetime
    act: str
    actor: str
    kind: str = "act"


Item = Said | Milestone | Act


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page has shown: the last messages, the last of the others, and when that was."""

    messages: Sequence[int]
    milestone_id: int
    act_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the transcript, oldest first. `older` is the message before which it goes on, None
    where it begins. `changed` are messages that were shown before, as they are now.
    """

    items: Sequence[Item]
    older: int | None = None
    changed: Sequence[Said] = field(default_factory=tuple)


_TALK = text("""
    SELECT contact.id, contact.profile_name,
        (SELECT address FROM identity WHERE contact_id = contact.id ORDER BY id DESC LIMIT 1),
        contact.person_wanted_at, contact.taken_by, staff.email,
        coalesce(contact.taken_at > moment.now - make_interval(secs => :held), false),
        contact.opted_out_at IS NOT NULL, contact.last_inbound_at + interval '24 hours',
        coalesce(contact.last_inbound_at + interval '24 hours' > moment.now, false),
        EXISTS (
            SELECT FROM payment WHERE contact_id = contact.id AND status = 'awaiting_otp'
            AND cancel_requested_at IS NULL),
        moment.now
    FROM contact
    CROSS JOIN (SELECT clock_timestamp() AS now) AS moment
    LEFT JOIN staff ON staff.id = contact.taken_by
    WHERE contact.id = :contact_id
""")
_SAID = """
    SELECT message.id, message.direction, message.status, message.body, message.sealed IS NOT NULL,
        message.details, message.created_at, message.phrase, message.error_code, staff.email
    FROM message LEFT JOIN staff ON staff.id = (message.details ->> 'staff')::bigint
    WHERE message.contact_id = :contact_id AND {which}
    ORDER BY message.id {order} LIMIT :at_most
"""
_BEFORE = text(_SAID.format(which="message.id < :before", order="DESC"))
# Not only what is later than the last one shown: what was written first may be committed last.
_NEW = text(
    _SAID.format(which="message.id > :from AND message.id <> ALL(:shown)", order="ASC")
).bindparams(bindparam("shown", type_=ARRAY(BigInteger)))
_LATEST = text(
    _SAID.format(
        which="(message.status_at > :since OR message.heard_at > :since)"
        " AND message.id >= (SELECT min(id) FROM (SELECT id FROM message"
        " WHERE contact_id = :contact_id ORDER BY id DESC LIMIT 30) AS last)",
        order="ASC",
    )
)
_TIME_OF = text("SELECT created_at FROM message WHERE id = :id AND contact_id = :contact_id")
_PAYMENTS = text("""
    SELECT event.id, event.at, event.to_status, payment.id, payment.amount_minor, payment.currency,
        payment.provider
    FROM (
        SELECT * FROM payment WHERE contact_id = :contact_id AND created_at <= :until
        ORDER BY created_at DESC LIMIT 50
    ) AS payment
    JOIN payment_event AS event ON event.payment_id = payment.id
    WHERE (event.kind = 'opened' OR event.to_status = ANY(:milestones))
        AND event.at > :since AND event.at <= :until AND event.id > :seen
    ORDER BY event.id
""")
_STAFF = text("""
    SELECT id, at, act, actor FROM audit_entry
    WHERE subject = :subject AND act = ANY(:acts) AND at > :since AND at <= :until AND id > :seen
    ORDER BY id
""")
_BOOKINGS = text("""
    SELECT id, reference, lead_name FROM booking WHERE id IN (
        (SELECT booking_id FROM payment WHERE contact_id = :contact_id
        ORDER BY created_at DESC LIMIT 50)
        UNION
        SELECT booking_id FROM booking_contact WHERE contact_id = :contact_id
        UNION
        SELECT led.id FROM identity JOIN booking AS led ON led.lead_phone = substr(address, 2)
        WHERE contact_id = :contact_id AND address LIKE '+%')
    ORDER BY id DESC LIMIT 10
""")


def talk(db: Session, contact_id: int) -> Talk:
    """Who it is with, and who answers."""
    values = {"contact_id": contact_id, "held": HELD_FOR.total_seconds()}
    return Talk(*db.execute(_TALK, values).one())


def bookings(db: Session, contact_id: int) -> Sequence[Any]:
    """The newest bookings that the contact is tied to: id, reference, lead_name."""
    return db.execute(_BOOKINGS, {"contact_id": contact_id}).all()


def stretch(db: Session, contact_id: int, before: int | None) -> Stretch:
    """The newest part of the transcript, or the one that ends before a message."""
    since, until = _EVER
    if before is not None:
        ended = db.execute(_TIME_OF, {"id": before, "contact_id": contact_id}).scalar_one_or_none()
        if ended is None:
            return Stretch(())
        until = ended
    values = {"contact_id": contact_id, "before": before or LARGEST_ID}
    found = [Said(*row) for row in db.execute(_BEFORE, {**values, "at_most": PAGE_MESSAGES + 1})]
    shown = found[:PAGE_MESSAGES]
    older = None
    if len(found) > PAGE_MESSAGES:
        older, since = shown[-1].id, shown[-1].at
    beside = _beside(db, contact_id, since, until, Seen((), 0, 0, until))
    return Stretch(_in_order([*reversed(shown), *beside]), older)


def news(db: Session, contact_id: int, seen: Seen) -> Stretch:
    """What was said since a page was shown, and what of the shown has changed."""
    values = {"contact_id": contact_id, "at_most": PAGE_MESSAGES}
    begins = min(seen.messages) if len(seen.messages) == REMEMBERED else 0
    lowest = {"from": begins, "shown": list(seen.messages)}
    new = [Said(*row) for row in db.execute(_NEW, {**values, **lowest})]
    since = seen.at - _OVERLAP
    ids = {each.id for each in new}
    latest = db.execute(_LATEST, {**values, "since": since, "at_most": _CHANGED_AT_MOST})
    changed = [each for each in (Said(*row) for row in latest) if each.id not in ids]
    # A milestone's moment is a little before its commit; its id says whether it was shown.
    beside = _beside(db, contact_id, seen.at - timedelta(minutes=5), _EVER[1], seen)
    return Stretch(_in_order([*new, *beside]), changed=changed)


def _beside(
    db: Session, contact_id: int, since: datetime, until: datetime, seen: Seen
) -> list[Milestone | Act]:
    values = {"contact_id": contact_id, "since": since, "until": until}
    moved = db.execute(_PAYMENTS, {**values, "milestones": _MILESTONES, "seen": seen.milestone_id})
    acted = db.execute(
        _STAFF, {**values, "subject": f"contact:{contact_id}", "acts": _ACTS, "seen": seen.act_id}
    )
    return [*(Milestone(*row) for row in moved), *(Act(*row) for row in acted)]


def _in_order(items: list[Item]) -> list[Item]:
    """By their moments; messages among themselves as they were written."""
    return sorted(items, key=lambda item: (item.at, item.id))
