"""WhatsApp through Twilio's REST API: sending a reply, looking one up, blanking what held a code.

Three answers, as with providers: taken (a sid), Refused (a definite no), NotNow (surely not taken,
may be tried again), and Unanswered: Twilio may have it, so its callback or its list is asked before
it is sent again.
"""

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
from redis import Redis, RedisError
from twilio.base.exceptions import TwilioException, TwilioRestException

from bot.config import Settings
from bot.contents import Content, content_for
from bot.names import address_in, is_sid
from bot.twilio_client import twilio_client
from domain.deliveries import Doubtful
from domain.outbox import Outgoing

# Surely not taken, and worth another try later: throttled, out of order, or our own credentials are
# wrong for now.
_NOT_NOW_CODES = frozenset(
    {20003, 20429, 20503, 63001, 63007, 63008, 63009, 63010, 63012, 63017, 63018, 63038}
)
_TOO_MANY_REQUESTS = 429
_BODY_AT_MOST = 1_600
_CLOCKS_APART = timedelta(minutes=2)
_LISTED_AT_MOST = 5_000
# Something is wrong with the content template, not with the message: it goes out as text.
_CONTENT_CODES = frozenset({"21654", "21655", "21656"})
_WITHOUT_BUTTONS_SECONDS = 60


class Refused(Exception):
    """Twilio's definite no. `code` is its error code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Twilio refused: {code}")
        self.code = code


class NotNow(Refused):
    """Surely not taken; may be tried again later."""


class Unanswered(Exception):
    """No answer, or none that we understand: Twilio may have it."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message to us in Twilio's list, as its webhook would have brought it."""

    sid: str
    address: str
    body: str
    media: int
    at: datetime


class TwilioChannel:
    """One sender's channel. Safe to keep; one to a process."""

    def __init__(self, settings: Settings, redis: "Redis") -> None:
        self._client = twilio_client(settings)
        self._redis = redis
        self._from = f"whatsapp:{settings.twilio_whatsapp_number}"
        self._report_url = settings.public_base_url.rstrip("/") + "/whatsapp/status"
        self._link_prefix = settings.public_base_url.rstrip("/") + "/go/"
        self._buttons = settings.twilio_buttons
        self._contents: dict[str, str] = {}
        self._text_until = 0.0

    def send(self, message: Outgoing) -> str:
        """Hand a message over. Returns Twilio's sid. Raises Refused, NotNow, Unanswered."""
        if not message.window_open:
            # Outside 24 hours after their last message only approved templates may be sent.
            raise Refused("window")
        if message.picture is not None:
            return self._create(message, {"media_url": [message.picture]})
        content = content_for(message, self._link_prefix)
        sid = None if content is None else self._sid_of(content)
        if content is not None and sid is not None:
            try:
                filled = {"content_sid": sid, "content_variables": content.variables}
                return self._create(message, filled)
            except Refused as error:
                if error.code not in _CONTENT_CODES:
                    raise
                self._forget_content(content)
        return self._create(message, {"body": _as_text(message)})

    def _create(self, message: Outgoing, what: Mapping[str, object]) -> str:
        sid = self._ask(
            lambda: self._client.messages.create(
                to=f"whatsapp:{message.address}",
                from_=self._from,
                status_callback=f"{self._report_url}?m={message.token}",
                **what,
            )
        ).sid
        if not is_sid(sid):
            raise Unanswered("no sid")
        return str(sid)

    def lookalikes(self, message: Doubtful) -> list[str]:
        """Sids in Twilio's list that may be this message: same receiver, same text, sent since it
        was claimed.

        Raises Refused, Unanswered.
        """
        listed = self._ask(
            lambda: self._client.messages.list(
                to=f"whatsapp:{message.address}",
                from_=self._from,
                date_sent_after=message.claimed_at - _CLOCKS_APART,
                limit=50,
            )
        )
        return [each.sid for each in listed if each.body in (message.body, _as_text(message))]

    def received_since(self, moment: datetime) -> list[Received]:
        """Messages to us that Twilio has, newest first. Raises Refused, Unanswered."""
        listed = self._ask(
            lambda: self._client.messages.list(
                to=self._from, date_sent_after=moment, limit=_LISTED_AT_MOST
            )
        )
        return [
            Received(
                each.sid, address, each.body or "", int(each.num_media or 0), each.date_created
            )
            for each in listed
            if each.direction == "inbound" and (address := address_in(each.from_ or ""))
        ]

    def blank(self, sid: str) -> None:
        """Empty the stored text of a message at Twilio. Raises Refused, Unanswered."""
        self._ask(lambda: self._client.messages(sid).update(body=""))

    def _ask(self, call: Any) -> Any:
        try:
            return call()
        except TwilioRestException as error:
            if error.status >= 500:
                raise Unanswered(f"http {error.status}") from None
            code = error.code or error.status
            if error.status == _TOO_MANY_REQUESTS or code in _NOT_NOW_CODES:
                raise NotNow(str(code)) from None
            raise Refused(str(code)) from None
        except requests.exceptions.ConnectTimeout:
            raise NotNow("not_connected") from None
        except (requests.RequestException, TwilioException, ValueError) as error:
            if _never_left(error):
                raise NotNow("not_connected") from None
            raise Unanswered(type(error).__name__) from None

    def _sid_of(self, content: Content) -> str | None:
        """The sid of a content template; None where the message goes out as text."""
        if not self._buttons or time.monotonic() < self._text_until:
            return None
        try:
            return self._content_sid(content)
        except (Refused, Unanswered):
            # Better in plain text than not at all, and not asked again for every message.
            self._text_until = time.monotonic() + _WITHOUT_BUTTONS_SECONDS
            return None

    def _content_sid(self, content: Content) -> str:
        """Made at Twilio once, its sid kept in Redis and here."""
        if content.name in self._contents:
            return self._contents[content.name]
        key = self._key(content)
        kept = self._kept(key)
        sid = kept or self._make_content(content)
        if kept is None:
            self._keep(key, sid)
        self._contents[content.name] = sid
        return sid

    def _kept(self, key: str) -> str | None:
        try:
            kept = self._redis.get(key)
        except RedisError:
            return None
        return kept.decode() if isinstance(kept, bytes) else None

    def _keep(self, key: str, sid: str) -> None:
        try:
            self._redis.set(key, sid)
        except RedisError:
            return

    def _forget_content(self, content: Content) -> None:
        """Twilio does not know it any longer: the next message of its form makes it anew."""
        self._contents.pop(content.name, None)
        with suppress(RedisError):
            self._redis.delete(self._key(content))

    def _key(self, content: Content) -> str:
        return f"content:{self._client.username}:{content.name}"

    def _make_content(self, content: Content) -> str:
        answer = self._ask(
            lambda: self._client.request(
                "POST",
                "https://content.twilio.com/v1/Content",
                data=dict(content.request),
                headers={"Content-Type": "application/json"},
            )
        )
        if answer.status_code >= 500:
            raise NotNow(f"content {answer.status_code}")
        if answer.status_code >= 400:
            raise Refused(f"content {answer.status_code}")
        try:
            return str(json.loads(answer.text)["sid"])
        except (ValueError, KeyError, TypeError):
            raise Unanswered("content without a sid") from None


def _as_text(message: Outgoing | Doubtful) -> str:
    """The message as plain text: what buttons would offer stands below as words to reply with, a
    link as its address, which is never cut.
    """
    if message.link is not None:
        address = f"\n\n{message.link[1]}"
        return message.body[: _BODY_AT_MOST - len(address)] + address
    offers = "".join(f"\n• {title}" for _, title in message.buttons)
    body = f"{message.body}\n{offers}" if offers else message.body
    return body[:_BODY_AT_MOST]


def _never_left(error: Exception) -> bool:
    """Whether the request surely did not reach Twilio: no connection was made."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError", "SSLError")
