"""The simulated Messages resource: create, list, fetch, redact, delete; and typing."""

import re
from datetime import UTC, datetime, timedelta
from itertools import islice
from urllib.parse import urlencode, urlsplit

from flask import Response, jsonify, request

from providers.simulators.whatsapp.book import OUTBOUND, Book, Draft, Message, Query
from providers.simulators.whatsapp.content import (
    Content,
    Contents,
    VariablesMissing,
    read_variables,
    too_big,
)
from providers.simulators.whatsapp.delivery import (
    CONTENT_REFUSED,
    VARIABLES_WRONG,
    WINDOW_CLOSED,
    Delivery,
)
from providers.simulators.whatsapp.gate import Gate, Problem
from providers.simulators.whatsapp.knobs import Knobs
from providers.simulators.whatsapp.shown import Media, Shown

BODY_LIMIT = 1600
MEDIA_LIMIT = 10
PAGE_LIMIT = 1000
# A phone number, or a WhatsApp user id of somebody who hides the number.
_ADDRESS = re.compile(r"whatsapp:(\+[1-9]\d{6,14}|[A-Z]{2}\.[A-Za-z0-9]{1,128})")


class MessagesApi:
    """The routes below `/2010-04-01/Accounts/<sid>/Messages`.

    `number` is the business's address, `whatsapp:+…`.
    """

    def __init__(
        self,
        number: str,
        book: Book,
        contents: Contents,
        delivery: Delivery,
        knobs: Knobs,
        gate: Gate,
    ) -> None:
        self._number = number
        self._book = book
        self._contents = contents
        self._delivery = delivery
        self._knobs = knobs
        self._gate = gate
        self.typing: dict[str, datetime] = {}

    def create(self, account_sid: str) -> Response:
        """POST …/Messages.json"""

        def act() -> Response:
            draft, refused = self._read()
            message = self._book.add(draft)
            answer = jsonify(message.resource(account_sid))
            answer.status_code = 201
            self.typing.pop(draft.recipient, None)
            self._delivery.follow(message, self._knobs.turned.callbacks, refused)
            return answer

        return self._gate.answer("create", act, request.form.get("To", ""))

    def listing(self, account_sid: str) -> Response:
        """GET …/Messages.json, newest first, a page at a time."""

        def act() -> Response:
            given = request.args
            size = min(max(given.get("PageSize", 50, int), 1), PAGE_LIMIT)
            page = max(given.get("Page", 0, int), 0)
            found = self._book.newest_first(_read_query())
            shown = list(islice(found, page * size, (page + 1) * size + 1))
            filters = {name: given[name] for name in given if name not in ("Page", "PageToken")}
            base = f"{request.path}?"
            here = base + urlencode({**filters, "Page": page})
            return jsonify(
                messages=[message.resource(account_sid) for message in shown[:size]],
                page=page,
                page_size=size,
                start=page * size,
                end=page * size + max(len(shown[:size]) - 1, 0),
                uri=here,
                first_page_uri=base + urlencode({**filters, "Page": 0}),
                previous_page_uri=base + urlencode({**filters, "Page": page - 1}) if page else None,
                next_page_uri=(
                    base + urlencode({**filters, "Page": page + 1}) if len(shown) > size else None
                ),
            )

        return self._gate.answer("list", act)

    def fetch(self, account_sid: str, sid: str) -> Response:
        """GET …/Messages/<sid>.json"""
        return self._gate.answer("fetch", lambda: jsonify(self._find(sid).resource(account_sid)))

    def update(self, account_sid: str, sid: str) -> Response:
        """POST …/Messages/<sid>.json: an empty Body blanks Twilio's copy."""

        def act() -> Response:
            message = self._find(sid)
            if request.form.get("Body") != "":
                raise Problem(20001, "Body may only be emptied")
            self._book.redact(message)
            return jsonify(message.resource(account_sid))

        return self._gate.answer("update", act)

    def delete(self, account_sid: str, sid: str) -> Response:  # noqa: ARG002 - read by the gate
        """DELETE …/Messages/<sid>.json"""

        def act() -> Response:
            self._book.delete(self._find(sid))
            return Response(status=204)

        return self._gate.answer("delete", act)

    def show_typing(self) -> Response:
        """POST /v2/Indicators/Typing.json: marks a message as read, shows dots until the reply."""

        def act() -> Response:
            message = self._find(request.form.get("messageId", ""))
            if request.form.get("channel") != "whatsapp":
                raise Problem(20001, "channel must be whatsapp")
            self.typing[message.draft.contact] = datetime.now(UTC)
            self._book.acknowledge(message, "read")
            return jsonify(success=True)

        return self._gate.answer("typing", act)

    def _find(self, sid: str) -> Message:
        message = self._book.find(sid)
        if message is None:
            raise Problem(20404, f"The requested resource {request.path} was not found", 404)
        return message

    def _read(self) -> tuple[Draft, int | None]:
        """The message to send, and WhatsApp's reason to refuse it later, if there is one."""
        form = request.form
        to, sender = form.get("To", ""), form.get("From", "")
        callback = form.get("StatusCallback", "")
        self._check_addresses(to, sender, form.get("MessagingServiceSid", ""))
        if callback and urlsplit(callback).scheme not in ("http", "https"):
            raise Problem(21609, "The 'StatusCallback' URL is not valid")
        content_sid = form.get("ContentSid", "")
        if content_sid:
            shown, refused = self._fill(to, content_sid)
        else:
            shown = self._plain(form.get("Body", ""), form.getlist("MediaUrl"))
            refused = None if self._window_open(to) else WINDOW_CLOSED
        return Draft(OUTBOUND, self._number, to, shown, "queued", callback, content_sid), refused

    def _check_addresses(self, to: str, sender: str, service_sid: str) -> None:
        if not to:
            raise Problem(21604, "A 'To' phone number is required.")
        if not _ADDRESS.fullmatch(to):
            raise Problem(21211, "Invalid 'To' Phone Number")
        if not sender and not service_sid:
            raise Problem(21603, "A 'From' phone number is required.")
        if sender and sender != self._number:
            raise Problem(63007, "Twilio could not find a Channel with the specified From address")
        if to == self._number:
            raise Problem(21266, "'To' and 'From' number cannot be the same")

    @staticmethod
    def _plain(body: str, media: list[str]) -> Shown:
        if not body and not media:
            raise Problem(21602, "Message body is required.")
        if len(body) > BODY_LIMIT:
            raise Problem(21617, "The concatenated message body exceeds the 1600 character limit.")
        if len(media) > MEDIA_LIMIT:
            raise Problem(21623, "Number of media files exceeds allowed limit.")
        if any(urlsplit(url).scheme not in ("http", "https") for url in media):
            raise Problem(21620, "Invalid media URL(s)")
        return Shown(body, media=tuple(Media(url) for url in media))

    def _fill(self, to: str, content_sid: str) -> tuple[Shown, int | None]:
        content = self._contents.find(content_sid)
        if content is None:
            raise Problem(21655, "The ContentSid is Invalid")
        try:
            given = read_variables(request.form.get("ContentVariables", ""))
        except ValueError:
            raise Problem(21656, "The ContentVariables Parameter is invalid") from None
        try:
            shown = content.fill(given)
        except VariablesMissing:
            return Shown(str(content.parts.get("body") or "")), VARIABLES_WRONG
        return shown, self._refusal(to, content, shown)

    def _refusal(self, to: str, content: Content, shown: Shown) -> int | None:
        if not content.approved and not self._window_open(to):
            return WINDOW_CLOSED
        return CONTENT_REFUSED if too_big(shown, content.kind, content.approved) else None

    def _window_open(self, contact: str) -> bool:
        heard = self._book.last_inbound(contact)
        length = timedelta(seconds=self._knobs.turned.window_seconds)
        return heard is not None and datetime.now(UTC) - heard < length


def _read_query() -> Query:
    """The filters of the list. A date without time means that whole day, as Twilio reads it."""
    given = request.args
    since, until = _moment("DateSent>"), _moment("DateSent<")
    if "DateSent" in given:
        since = _moment("DateSent")
        until = since + timedelta(days=1, seconds=-1) if since else None
    return Query(
        recipient=given.get("To", ""), sender=given.get("From", ""), since=since, until=until
    )


def _moment(name: str) -> datetime | None:
    text = request.args.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(20001, f"{name} is not a date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
