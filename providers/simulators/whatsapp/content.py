"""The simulated Twilio's Content API: templates, their limits, and how they are filled in.

Limits are WhatsApp's as Twilio publishes them: quick-reply body 1024 and 3 buttons of 20 characters
inside a session (10 when approved), list-picker 1 to 10 items of 24 and 72 characters, call-to-
action body 640. Approval is given at once, except to a list-picker, which WhatsApp never approves.
"""

import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from providers.simulators.whatsapp.shown import Button, ListItem, Media, Shown

QUICK_REPLY = "twilio/quick-reply"
LIST_PICKER = "twilio/list-picker"
CALL_TO_ACTION = "twilio/call-to-action"
MEDIA = "twilio/media"
TEXT = "twilio/text"
# The richest form that WhatsApp can show wins.
KINDS = (LIST_PICKER, QUICK_REPLY, CALL_TO_ACTION, MEDIA, TEXT)
BODY_LIMITS = {QUICK_REPLY: 1024, LIST_PICKER: 1024, CALL_TO_ACTION: 640, MEDIA: 1600, TEXT: 1600}
SESSION_BUTTONS = 3
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class ContentInvalid(ValueError):
    """A template that the Content API would not take; the message says why."""


class VariablesMissing(ValueError):
    """A template that was sent without all of its variables:

    WhatsApp refuses it later, with 63028.
    """


@dataclass(frozen=True, slots=True)
class Content:
    """A template. `kind` is the type that WhatsApp shows, `parts` that type's own fields."""

    sid: str
    friendly_name: str
    language: str
    variables: Mapping[str, str]
    types: Mapping[str, Any]
    kind: str
    parts: Mapping[str, Any]
    created_at: datetime
    approved: bool = False
    category: str = ""

    def resource(self, account_sid: str, root: str) -> dict[str, object]:
        """The Content resource of Twilio's API. `root` is the server's own address."""
        url = f"{root}/v1/Content/{self.sid}"
        moment = self.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "sid": self.sid,
            "account_sid": account_sid,
            "friendly_name": self.friendly_name,
            "language": self.language,
            "variables": dict(self.variables),
            "types": dict(self.types),
            "url": url,
            "date_created": moment,
            "date_updated": moment,
            "links": {
                "approval_create": f"{url}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{url}/ApprovalRequests",
            },
        }

    def approval(self) -> dict[str, object]:
        """WhatsApp's word about the template."""
        refused = bool(self.category) and not self.approved
        status = "approved" if self.approved else "rejected" if refused else "unsubmitted"
        return {
            "type": "whatsapp",
            "name": self.friendly_name,
            "category": self.category,
            "content_type": self.kind,
            "status": status,
            "rejection_reason": "this type cannot be approved" if refused else "",
            "allow_category_change": False,
        }

    def fill(self, given: Mapping[str, str]) -> Shown:
        """The message as the phone shows it.

        Raises VariablesMissing for a variable without value and sample.
        """
        values = {**self.variables, **given}

        def text(template: object) -> str:
            return _VARIABLE.sub(lambda match: _value(values, match[1]), str(template or ""))

        parts = self.parts
        return Shown(
            text=text(parts.get("body")),
            buttons=tuple(_button(action, text) for action in _rows(parts, "actions")),
            list_button=text(parts.get("button")),
            items=tuple(
                ListItem(text(row.get("id")), text(row.get("item")), text(row.get("description")))
                for row in _rows(parts, "items")
            ),
            media=tuple(Media(text(url)) for url in parts.get("media") or ()),
        )


def _value(values: Mapping[str, str], name: str) -> str:
    if name not in values:
        raise VariablesMissing(name)
    return values[name]


def _button(action: Mapping[str, Any], text: Callable[[object], str]) -> Button:
    if action.get("url"):
        return Button("url", text(action.get("title")), url=text(action["url"]))
    return Button("reply", text(action.get("title")), id=text(action.get("id")))


def _rows(parts: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [row for row in parts.get(name) or () if isinstance(row, Mapping)]


def read_variables(text: str) -> dict[str, str]:
    """ContentVariables as sent with a message.

    Raises ValueError for anything but a JSON object of strings.
    """
    given = json.loads(text) if text else {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise ValueError("ContentVariables is not an object of strings")
    return {str(name): value for name, value in given.items()}


def too_big(shown: Shown, kind: str, approved: bool) -> bool:
    """True when a filled-in template breaks WhatsApp's limits: it fails after it was taken."""
    in_session = not approved
    return (
        not shown.text
        or len(shown.text) > BODY_LIMITS[kind]
        or any(not 1 <= len(button.title) <= 20 or len(button.id) > 200 for button in shown.buttons)
        or (in_session and kind == QUICK_REPLY and len(shown.buttons) > SESSION_BUTTONS)
        or (in_session and kind == CALL_TO_ACTION and len(shown.buttons) > 1)
        or any(
            not 1 <= len(row.item) <= 24 or not 1 <= len(row.description) <= 72 or len(row.id) > 200
            for row in shown.items
        )
    )


class Contents:
    """All templates of the account, in memory. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_sid: dict[str, Content] = {}

    def create(self, request: Mapping[str, Any]) -> Content:
        """Keep a template. Raises ContentInvalid."""
        # The SDK sends every type that it knows, with null where there is none.
        types = {name: parts for name, parts in (request.get("types") or {}).items() if parts}
        kind = next((name for name in KINDS if name in types), "")
        if not kind:
            raise ContentInvalid(f"types must hold one of {', '.join(KINDS)}")
        content = Content(
            sid=f"HX{secrets.token_hex(16)}",
            friendly_name=str(request.get("friendly_name") or ""),
            language=str(request.get("language") or ""),
            variables=read_variables(json.dumps(request.get("variables") or {})),
            types=types,
            kind=kind,
            parts=types[kind],
            created_at=datetime.now(UTC),
        )
        _check(content)
        with self._lock:
            self._by_sid[content.sid] = content
        return content

    def find(self, sid: str) -> Content | None:
        """The template with this sid."""
        with self._lock:
            return self._by_sid.get(sid)

    def all(self) -> list[Content]:
        """Every template, oldest first."""
        with self._lock:
            return list(self._by_sid.values())

    def approve(self, content: Content, name: str, category: str) -> Content:
        """WhatsApp's review, at once: everything is approved but a list-picker."""
        asked = replace(
            content,
            friendly_name=name or content.friendly_name,
            category=category or "UTILITY",
            approved=content.kind != LIST_PICKER,
        )
        with self._lock:
            self._by_sid[content.sid] = asked
        return asked

    def delete(self, sid: str) -> None:
        """Forget a template."""
        with self._lock:
            self._by_sid.pop(sid, None)


def _check(content: Content) -> None:
    parts, kind = content.parts, content.kind
    if not content.language:
        raise ContentInvalid("language is required")
    if not parts.get("body") and kind != MEDIA:
        raise ContentInvalid("body is required")
    if len(str(parts.get("body") or "")) > BODY_LIMITS[kind]:
        raise ContentInvalid(f"body of {kind} exceeds {BODY_LIMITS[kind]} characters")
    actions, items = _rows(parts, "actions"), _rows(parts, "items")
    if kind in (QUICK_REPLY, CALL_TO_ACTION) and not 1 <= len(actions) <= 10:
        raise ContentInvalid("1 to 10 actions are required")
    if any(not 1 <= len(str(action.get("title") or "")) <= 20 for action in actions):
        raise ContentInvalid("an action's title has 1 to 20 characters")
    if kind == CALL_TO_ACTION and any(not _ends_in_variable(each.get("url")) for each in actions):
        raise ContentInvalid("an address holds at most one variable, at its end")
    if kind == LIST_PICKER and not (parts.get("button") and 1 <= len(items) <= 10):
        raise ContentInvalid("a list-picker needs a button and 1 to 10 items")
    if any(not (row.get("item") and row.get("id") and row.get("description")) for row in items):
        raise ContentInvalid("an item needs item, id and description")


def _ends_in_variable(url: object) -> bool:
    """Whether the address of a button is a fixed one, or a fixed one with one variable behind."""
    fixed = _VARIABLE.sub("", str(url or ""), count=1)
    variable = _VARIABLE.search(str(url or ""))
    is_fixed = urlsplit(fixed).scheme in ("http", "https") and "{{" not in fixed
    return is_fixed and (variable is None or str(url).endswith(variable[0]))
