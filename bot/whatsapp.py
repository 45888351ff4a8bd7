"""Twilio's two webhooks: what customers send, and what became of what we sent.

Signature first, and closed when in doubt. Then the message is filed and committed, and only then
heard. Documented behaviour of the sender: docs/whatsapp.md.
"""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from flask import Blueprint, Request, Response, current_app, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from twilio.request_validator import RequestValidator

from bot.names import address_in, is_sid
from bot.runtime import Runtime
from bot.turns import drain
from domain import deliveries, inbox
from domain.crashpoints import reach
from domain.database import repeat

blueprint = Blueprint("whatsapp", __name__, url_prefix="/whatsapp")
log = structlog.get_logger(__name__)

_LONGEST_TEXT = 4_000
_LONGEST_PAYLOAD = 200
# Twilio's words for what became of a message, in ours. `accepted`, `scheduled`, `queued` and
# `sending` say nothing new.
_REPORTS = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "failed": "refused",
    "undelivered": "refused",
    "canceled": "refused",
}


def _runtime() -> Runtime:
    runtime: Runtime = current_app.extensions["tourpay"]
    return runtime


def signed_url(public_base_url: str, incoming: Request) -> str:
    """The URL that Twilio signed: our public base, and path and query exactly as they came.

    Never from `request.url`: a proxy changes scheme, host and port.
    """
    raw = str(incoming.environ.get("RAW_URI") or incoming.environ.get("REQUEST_URI") or "")
    if not raw:
        query = incoming.query_string.decode("latin-1")
        raw = incoming.path + (f"?{query}" if query else "")
    parts = urlsplit(raw)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return public_base_url.rstrip("/") + path


def is_from_twilio(runtime: Runtime, incoming: Request) -> bool:
    """Whether the request carries a good signature by one of our tokens, and names our account."""
    signature = incoming.headers.get("X-Twilio-Signature")
    # An empty token is a setting without a value: everybody can sign with it.
    tokens = [token for token in runtime.settings.twilio_tokens() if token]
    if not signature or not tokens:
        return False
    url = signed_url(runtime.settings.public_base_url, incoming)
    signed = any(
        RequestValidator(token).validate(url, incoming.form, signature) for token in tokens
    )
    return signed and incoming.form.get("AccountSid") == runtime.settings.twilio_account_sid


def _answer() -> Response:
    return Response("<Response/>", content_type="text/xml")


@blueprint.post("/inbound")
def inbound() -> Response:
    """A customer's message: filed, then heard. 200 once it is filed, whatever becomes of hearing
    it.
    """
    runtime = _runtime()
    if not is_from_twilio(runtime, request):
        log.warning("webhook_refused", path=request.path)
        return Response("signature", status=403)
    form = request.form
    sender, sid = address_in(form.get("From", "")), form.get("MessageSid", "")
    if sender is None or not is_sid(sid):
        log.warning("webhook_not_understood", path=request.path, sid=sid[:40])
        return _answer()
    sealed = runtime.messages.seal(_text_in(form, "Body", _LONGEST_TEXT))
    details = _details(form)
    try:
        contact_id = inbox.file_message(sender, sid, sealed, details)
    except (OperationalError, PoolTimeout) as error:
        # Nothing is half done. Twilio tries again, and what it gives up on is found in its list.
        log.warning("not_filed", error=type(error).__name__)
        return Response("try again", status=503, headers={"Retry-After": "5"})
    reach("message_filed")
    drain(runtime, contact_id)
    return _answer()


def _details(form: Any) -> dict[str, Any]:
    """What matters of a message beside its text; only what is there."""
    media = [
        _text_in(form, f"MediaContentType{number}", 80) or "unknown"
        for number in range(min(_count(form.get("NumMedia")), 10))
    ]
    found = {
        "profile_name": _text_in(form, "ProfileName", 100),
        "payload": _text_in(form, "ButtonPayload", _LONGEST_PAYLOAD)
        or _text_in(form, "ListId", _LONGEST_PAYLOAD),
        "media": media,
        "forwarded": form.get("Forwarded") == "true" or form.get("FrequentlyForwarded") == "true",
        "location": "Latitude" in form,
        "opt_out": _text_in(form, "OptOutType", 10),
    }
    return {name: value for name, value in found.items() if value}


def _text_in(form: Any, name: str, longest: int) -> str:
    """A text as the database takes it: it has no NUL."""
    return str(form.get(name, "")).replace("\0", "")[:longest]


def _count(text: str | None) -> int:
    return int(text[:3]) if text and text.isascii() and text.isdigit() else 0


@blueprint.post("/status")
def status() -> Response:
    """What became of a message of ours. Best effort at Twilio: late, twice and out of order."""
    runtime = _runtime()
    if not is_from_twilio(runtime, request):
        log.warning("webhook_refused", path=request.path)
        return Response("signature", status=403)
    form = request.form
    word = _REPORTS.get(form.get("MessageStatus", ""))
    sid = form.get("MessageSid", "")
    if word is None or not is_sid(sid):
        return _answer()
    token = _token(request.args.get("m"))
    code = _text_in(form, "ErrorCode", 10) or None
    try:
        known = repeat(lambda db: deliveries.record_report(db, token, sid, word, code))
    except (OperationalError, PoolTimeout):
        return Response("try again", status=503, headers={"Retry-After": "5"})
    if not known:
        log.info("report_of_unknown_message", sid=sid)
    if word == "refused":
        log.warning("reply_refused", sid=sid, code=code)
    return _answer()


def _token(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
