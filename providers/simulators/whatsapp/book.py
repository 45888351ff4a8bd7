"""The simulated Twilio's book: every message in both directions.

Twilio's copy of a text can be blanked (redaction) or deleted; what already stands on a phone stays
there. Both are kept apart here, so that a test can look at either.
"""

import itertools
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from providers.simulators.whatsapp.shown import Shown

INBOUND = "inbound"
OUTBOUND = "outbound-api"
API_VERSION = "2010-04-01"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before the book gives it an identity.

    Addresses are channel addresses: `whatsapp:+263771234567`.
    """

    direction: str
    sender: str
    recipient: str
    shown: Shown
    status: str
    status_callback: str = ""
    content_sid: str = ""

    @property
    def contact(self) -> str:
        """The customer's address, whichever side wrote."""
        return self.sender if self.direction == INBOUND else self.recipient


@dataclass(slots=True)
class Message:
    """One message.

    `changed` is the book's counter at its last change; `body` is Twilio's copy of the text.
    `receipt` is what the ticks on the writer's phone say of an inbound message: sent, delivered
    (the bot took it), read.
    """

    sid: str
    draft: Draft
    body: str
    status: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    changed: int
    number: int
    error_code: int | None = None
    receipt: str = "sent"
    story: list[tuple[str, datetime]] = field(default_factory=list)

    def resource(self, account_sid: str) -> dict[str, object]:
        """The Message resource of Twilio's REST API, with times in RFC 2822."""
        uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{self.sid}"
        draft = self.draft
        return {
            "account_sid": account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": format_datetime(self.created_at),
            "date_sent": format_datetime(self.sent_at) if self.sent_at else None,
            "date_updated": format_datetime(self.updated_at),
            "direction": draft.direction,
            "error_code": self.error_code,
            "error_message": None,
            "from": draft.sender,
            "messaging_service_sid": None,
            "num_media": str(len(draft.shown.media)),
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": draft.recipient,
            "uri": f"{uri}.json",
        }

    def to_json(self) -> dict[str, object]:
        """Everything about the message, for tests and for the demo phone.

        `at` is in milliseconds since 1970.
        """
        return {
            "sid": self.sid,
            "number": self.number,
            "changed": self.changed,
            "direction": self.draft.direction,
            "from": self.draft.sender,
            "to": self.draft.recipient,
            "body": self.body,
            "shown": self.draft.shown.to_json(),
            "status": self.status,
            "receipt": self.receipt,
            "error_code": self.error_code,
            "content_sid": self.draft.content_sid,
            "status_callback": self.draft.status_callback,
            "at": int(self.created_at.timestamp() * 1000),
            "story": [[status, moment.isoformat()] for status, moment in self.story],
        }


@dataclass(frozen=True, slots=True)
class Query:
    """Which messages are asked for.

    Empty fields ask for nothing; `since` and `until` are inclusive, aware UTC.
    """

    recipient: str = ""
    sender: str = ""
    contact: str = ""
    changed_after: int = 0
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, message: Message) -> bool:
        """True when the message is asked for."""
        draft = message.draft
        moment = (message.sent_at or message.created_at).replace(microsecond=0)
        return (
            message.changed > self.changed_after
            and self.recipient in ("", draft.recipient)
            and self.sender in ("", draft.sender)
            and self.contact in ("", draft.contact)
            and (self.since is None or moment >= self.since)
            and (self.until is None or moment <= self.until)
        )


class Book:
    """All messages, in memory. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._counter = itertools.count(1)
        self._changed = 0
        self._messages: list[Message] = []
        self._by_sid: dict[str, Message] = {}
        self._by_contact: dict[str, list[Message]] = defaultdict(list)
        self._last_inbound: dict[str, datetime] = {}
        self._deleted: set[str] = set()

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._clear()

    def add(self, draft: Draft, sid: str = "") -> Message:
        """Write a message down.

        An inbound one opens its sender's window; a sid that is known already is that message.
        """
        moment = datetime.now(UTC)
        with self._lock:
            if sid and sid in self._by_sid:
                return self._by_sid[sid]
            inbound = draft.direction == INBOUND
            self._changed = next(self._counter)
            message = Message(
                sid=sid or f"{'MM' if draft.shown.media else 'SM'}{secrets.token_hex(16)}",
                draft=draft,
                body=draft.shown.text,
                status=draft.status,
                created_at=moment,
                updated_at=moment,
                sent_at=moment if inbound else None,
                changed=self._changed,
                number=len(self._messages) + 1,
                story=[(draft.status, moment)],
            )
            self._messages.append(message)
            self._by_sid[message.sid] = message
            self._by_contact[draft.contact].append(message)
            if inbound:
                self._last_inbound[draft.contact] = moment
            return message

    def move(self, message: Message, status: str, error_code: int | None = None) -> None:
        """Give a message its next status."""
        moment = datetime.now(UTC)
        with self._lock:
            message.status = status
            message.error_code = error_code
            message.story.append((status, moment))
            if message.sent_at is None:
                message.sent_at = moment
            self._touch(message, moment)

    def acknowledge(self, message: Message, receipt: str) -> None:
        """Give an inbound message its second tick ("delivered") or its blue ones ("read")."""
        with self._lock:
            if message.receipt != "read":
                message.receipt = receipt
                self._touch(message, datetime.now(UTC))

    def redact(self, message: Message) -> None:
        """Blank Twilio's copy of the text."""
        with self._lock:
            message.body = ""
            self._touch(message, datetime.now(UTC))

    def delete(self, message: Message) -> None:
        """Take a message out of Twilio's list.

        It stays on the phone.
        """
        with self._lock:
            self._deleted.add(message.sid)

    def _touch(self, message: Message, moment: datetime) -> None:
        self._changed = next(self._counter)
        message.changed = self._changed
        message.updated_at = moment

    def find(self, sid: str) -> Message | None:
        """The message with this sid, unless it was deleted."""
        with self._lock:
            return None if sid in self._deleted else self._by_sid.get(sid)

    def last_inbound(self, contact: str) -> datetime | None:
        """When this customer wrote last."""
        with self._lock:
            return self._last_inbound.get(contact)

    def newest_first(self, query: Query) -> Iterator[Message]:
        """What Twilio's list shows."""
        with self._lock:
            found = list(self._candidates(query))
            deleted = set(self._deleted)
        return (
            message
            for message in reversed(found)
            if message.sid not in deleted and query.fits(message)
        )

    def oldest_first(self, query: Query) -> tuple[int, list[dict[str, object]]]:
        """The book's counter, and what fits as JSON, deleted ones too: one consistent look."""
        with self._lock:
            found = [
                message.to_json() for message in self._candidates(query) if query.fits(message)
            ]
            return self._changed, found

    def _candidates(self, query: Query) -> list[Message]:
        contacts = {
            address for address in (query.contact, query.recipient, query.sender) if address
        }
        for contact in contacts:
            if contact in self._by_contact:
                return self._by_contact[contact]
        # A contact who is asked for and has no message has nothing to show.
        return [] if query.contact else self._messages
