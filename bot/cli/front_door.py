"""Messages as Twilio would bring them: signed, to a web process or to the app of this one."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from flask import Flask
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from bot.config import Settings
from bot.runtime import Runtime

ADDRESS = re.compile(r"\+[1-9][0-9]{6,14}")
INBOUND = "/whatsapp/inbound"
_TIMEOUT_SECONDS = 15
_KNOCK_SECONDS = 1
_FORBIDDEN = 403

Post = Callable[[str, dict[str, str], dict[str, str]], int]


class Refused(Exception):
    """The front door does not take our messages; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where messages are handed in. `is_ours`: the app of this very process."""

    title: str
    is_ours: bool
    settings: Settings
    target: str
    post: Post

    def send(self, sender: str, what: dict[str, str]) -> None:
        """Hand in one message. Raises Refused."""
        account_sid, tokens = self.settings.twilio_account_sid, self.settings.twilio_tokens()
        form = {
            "AccountSid": account_sid or "",
            "MessageSid": f"SM{uuid4().hex}",
            "From": f"whatsapp:{sender}",
            "To": f"whatsapp:{self.settings.twilio_whatsapp_number}",
            "NumMedia": "0",
        } | what
        # Twilio signs the public address, wherever the message really goes in.
        parts = urlsplit(self.target)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        signed_url = self.settings.public_base_url.rstrip("/") + path
        signature = RequestValidator(tokens[0]).compute_signature(signed_url, form)
        status = self.post(self.target, form, {"X-Twilio-Signature": signature})
        if status == _FORBIDDEN:
            raise Refused(
                f"{self.title} refuses our signature: it runs with another TWILIO_AUTH_TOKEN or"
                " PUBLIC_BASE_URL. Give this command the same environment."
            )
        if not 200 <= status < 300:
            raise Refused(f"{self.title} answered {status}; its log says why.")


def open_door(app: Flask, runtime: Runtime, webhook: str | None) -> Door:
    """The web process that runs, or the app of this process where none does. Raises Refused."""
    settings = runtime.settings
    base = settings.public_base_url.rstrip("/")
    if webhook is None and not _answers(base):
        return _own_door(app, runtime)
    if not settings.twilio_tokens():
        raise Refused(
            f"A web process runs at {base}, and signing needs its TWILIO_ACCOUNT_SID,"
            " TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_NUMBER: give this command the same environment."
        )
    return Door(webhook or base, False, settings, webhook or f"{base}{INBOUND}", _post_out)


def _answers(base: str) -> bool:
    """Whether a web process of ours answers there."""
    try:
        answer = requests.get(f"{base}/healthz", timeout=_KNOCK_SECONDS, allow_redirects=False)
    except requests.RequestException:
        return False
    return answer.ok and answer.text == "ok"


def _post_out(url: str, form: dict[str, str], headers: dict[str, str]) -> int:
    try:
        answer = requests.post(
            url, form, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        raise Refused(f"{url} does not answer: {type(error).__name__}.") from None
    return answer.status_code


def _own_door(app: Flask, runtime: Runtime) -> Door:
    """The app of this process; where Twilio is not configured, with credentials made up for it."""
    settings = runtime.settings
    if not settings.twilio_tokens():
        made_up = {
            "twilio_account_sid": f"AC{secrets.token_hex(16)}",
            "twilio_auth_token": SecretStr(secrets.token_hex(16)),
            "twilio_whatsapp_number": "+14155238886",
        }
        settings = settings.model_copy(update=made_up)
        app.extensions["tourpay"] = replace(runtime, settings=settings)
    client = app.test_client()

    def post(url: str, form: dict[str, str], headers: dict[str, str]) -> int:
        return client.post(url, data=form, headers=headers).status_code

    target = f"{settings.public_base_url.rstrip('/')}{INBOUND}"
    return Door("the app in this process", True, settings, target, post)
