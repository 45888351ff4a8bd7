"""The customer's side of the simulated Twilio: write to the bot, read what it said, turn knobs.

POST /_sim/twilio/inbound    a customer writes; answers with what the bot answered
GET  /_sim/twilio/messages   ?to= ?from= ?contact= ?after=   what stands on the phones, oldest first
GET  /_sim/twilio/book       every message with its story, every callback, where the knobs stand
POST /_sim/twilio/knobs      misbehave (see knobs.py);  POST /_sim/twilio/reset   forget everything
"""

import json
import re
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urldefrag

from flask import Response, jsonify, request

from providers.simulators.whatsapp.book import API_VERSION, INBOUND, Book, Draft, Query
from providers.simulators.whatsapp.delivery import Delivery
from providers.simulators.whatsapp.knobs import Knobs
from providers.simulators.whatsapp.messages import MessagesApi
from providers.simulators.whatsapp.shown import Media, Shown
from providers.simulators.whatsapp.webhooks import Attempt, Caller

TYPING_LASTS = timedelta(seconds=25)
COPIES_LIMIT = 200
# WhatsApp user ids begin with the country of the number.
COUNTRIES = {"263": "ZW", "91": "IN", "7": "KZ", "44": "GB", "49": "DE"}
_FIELDS = {
    "from", "body", "profile_name", "payload", "button_text", "replied_sid", "list_id",
    "list_title", "media", "params", "sid", "copies",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Business:
    """Whom customers write to.

    `fallback_url` is called when the webhook could not be; empty for none.
    """

    account_sid: str
    number: str
    webhook_url: str
    fallback_url: str = ""


class CustomerSide:
    """The routes below `/_sim/twilio`."""

    def __init__(
        self,
        business: Business,
        book: Book,
        caller: Caller,
        delivery: Delivery,
        knobs: Knobs,
        messages: MessagesApi,
    ) -> None:
        self._business = business
        self._book = book
        self._caller = caller
        self._delivery = delivery
        self._knobs = knobs
        self._messages = messages

    def inbound(self) -> tuple[Response, int]:
        """A customer writes. `copies` sends the very same webhook so many times at once."""
        given = request.get_json()
        problem = _problem_with(given)
        if problem:
            return jsonify(error=problem), 400
        form = self._form(given)
        place = form.get("Label", form.get("Latitude", ""))
        shown = Shown(form["Body"], media=_media(given), note=place)
        draft = Draft(INBOUND, form["From"], self._business.number, shown, "received")
        message = self._book.add(draft, form["MessageSid"])
        copies = int(given.get("copies", 1))
        if copies == 1:
            calls = [self._call(form)]
        else:
            with ThreadPoolExecutor(copies) as pool:
                calls = list(pool.map(self._call, [form] * copies))
        taken = any(attempt.status and attempt.status < 300 for call in calls for attempt in call)
        if taken:
            self._book.acknowledge(message, "delivered")
        return jsonify(sid=message.sid, status=calls[0][-1].status, calls=_as_json(calls)), 200

    def _call(self, form: Mapping[str, str]) -> tuple[Attempt, ...]:
        attempts = self._caller.call(self._business.webhook_url, form)
        if attempts[-1].failure and self._business.fallback_url:
            code = "11200" if attempts[-1].status else "11205"
            told = {"ErrorCode": code, "ErrorUrl": urldefrag(self._business.webhook_url).url}
            attempts += self._caller.call(self._business.fallback_url, {**form, **told})
        return attempts

    def messages(self) -> Response:
        """What fits the filters and changed after the counter `after`;

        `latest` is the counter to go on from.
        """
        given = request.args
        latest, found = self._book.oldest_first(
            Query(
                recipient=_address(given.get("to", "")),
                sender=_address(given.get("from", "")),
                contact=_address(given.get("contact", "")),
                changed_after=given.get("after", 0, int),
            )
        )
        begun = self._messages.typing.get(_address(given.get("contact", "")))
        typing = begun is not None and datetime.now(UTC) - begun < TYPING_LASTS
        return jsonify(latest=latest, typing=typing, messages=found)

    def book(self) -> Response:
        """Everything."""
        latest, messages = self._book.oldest_first(Query())
        callbacks = [
            {"sid": told.sid, "status": told.status, "answers": list(told.answers)}
            for told in list(self._delivery.told)
        ]
        return jsonify(
            latest=latest, messages=messages, callbacks=callbacks, knobs=self._knobs.to_json()
        )

    def knobs(self) -> tuple[Response, int]:
        """Turn knobs, or see where they stand."""
        if request.method == "POST":
            try:
                self._knobs.turn(request.get_json())
            except (ValueError, TypeError) as problem:
                return jsonify(error=str(problem)), 400
        return jsonify(self._knobs.to_json()), 200

    def reset(self) -> Response:
        """Forget every message and callback, and behave.

        Templates stay: the bot knows their sids.
        """
        self._delivery.reset()
        self._book.reset()
        self._knobs.reset()
        self._messages.typing.clear()
        return jsonify(ok=True)

    def _form(self, given: Mapping[str, Any]) -> dict[str, str]:
        """The webhook's parameters, as a real WhatsApp message brings them."""
        sender = _address(str(given["from"]))
        sid = str(given.get("sid") or f"SM{secrets.token_hex(16)}")
        digits = sender.removeprefix("whatsapp:+") if sender.startswith("whatsapp:+") else ""
        profile = str(given.get("profile_name") or "")
        media = _media(given)
        form = {
            "AccountSid": self._business.account_sid,
            "ApiVersion": API_VERSION,
            "Body": str(given.get("body") or ""),
            "ChannelMetadata": _channel_metadata(profile, digits),
            "ExternalUserId": _user_id(sender, digits),
            "From": sender,
            "MessageSid": sid,
            "MessageType": "text",
            "NumMedia": str(len(media)),
            "NumSegments": "1",
            "ProfileName": profile,
            "ReferralNumMedia": "0",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": self._business.number,
        }
        if digits:
            form["WaId"] = digits
        for at, file in enumerate(media):
            form[f"MediaUrl{at}"] = file.url
            form[f"MediaContentType{at}"] = file.content_type
        form.update(_rich(given, self._business.number))
        form.update({str(name): str(value) for name, value in given.get("params", {}).items()})
        return form


def _problem_with(given: object) -> str:
    if not isinstance(given, dict) or not given.get("from"):
        return "from is missing"
    unknown = set(given) - _FIELDS
    if unknown:
        return f"unknown: {', '.join(sorted(unknown))}"
    if not isinstance(given.get("params", {}), dict):
        return "params is not an object"
    if not all(isinstance(f, dict) and {"url", "content_type"} <= set(f) for f in _files(given)):
        return "media is a list of {url, content_type}"
    copies = given.get("copies", 1)
    if not isinstance(copies, int) or not 1 <= copies <= COPIES_LIMIT:
        return f"copies is a number from 1 to {COPIES_LIMIT}"
    return ""


def _rich(given: Mapping[str, Any], number: str) -> dict[str, str]:
    """What a tap on a button or a list adds. The title stands in Body too."""
    rich: dict[str, str] = {}
    if given.get("payload"):
        title = str(given.get("button_text") or given.get("body") or "")
        rich.update(
            MessageType="interactive",
            Body=title,
            ButtonText=title,
            ButtonPayload=str(given["payload"]),
        )
    if given.get("list_id"):
        title = str(given.get("list_title") or given.get("body") or "")
        rich.update(
            MessageType="interactive", Body=title, ListId=str(given["list_id"]), ListTitle=title
        )
    if given.get("replied_sid"):
        rich.update(
            OriginalRepliedMessageSender=number, OriginalRepliedMessageSid=str(given["replied_sid"])
        )
    if given.get("media"):
        rich.setdefault("MessageType", str(given["media"][0]["content_type"]).split("/")[0])
    return rich


def _media(given: Mapping[str, Any]) -> tuple[Media, ...]:
    return tuple(Media(str(file["url"]), str(file["content_type"])) for file in _files(given))


def _files(given: Mapping[str, Any]) -> list[Any]:
    files = given.get("media") or []
    return files if isinstance(files, list) else [files]


def _address(text: str) -> str:
    """`+263 77…`, `26377…` and `whatsapp:+26377…` name the same customer; user ids stay."""
    bare = text.removeprefix("whatsapp:")
    if not bare or re.fullmatch(r"[A-Z]{2}\.[A-Za-z0-9]+", bare):
        return f"whatsapp:{bare}" if bare else ""
    return "whatsapp:+" + re.sub(r"\D", "", bare)


def _channel_metadata(profile: str, digits: str) -> str:
    context = {"ProfileName": profile}
    if digits:
        context["WaId"] = digits
    return json.dumps({"type": "whatsapp", "data": {"context": context}})


def _user_id(sender: str, digits: str) -> str:
    """WhatsApp's own id of the customer; the same number always has the same."""
    if not digits:
        return sender
    country = next((code for prefix, code in COUNTRIES.items() if digits.startswith(prefix)), "US")
    return f"whatsapp:{country}.{int(digits) * 7919 + 4566_000_000_000}"


def _as_json(calls: list[tuple[Attempt, ...]]) -> list[list[dict[str, object]]]:
    return [
        [
            {
                "status": attempt.status,
                "failure": attempt.failure,
                "milliseconds": attempt.milliseconds,
            }
            for attempt in call
        ]
        for call in calls
    ]
