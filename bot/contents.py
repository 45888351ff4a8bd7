"""Twilio's content templates for messages with something to tap: quick replies, or one link.

A template is made once for each form and filled in with variables, so none of them needs approval:
they are sent inside the 24-hour window only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from domain.outbox import Outgoing

_QUICK_REPLY_BODY_AT_MOST = 1_024
_LINK_BODY_AT_MOST = 640
_TITLE_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Content:
    """What a message needs: the template's name (the same for the same template), the request that
    makes it at Twilio, and the values of its variables in this message, as JSON.
    """

    name: str
    request: Mapping[str, Any]
    variables: str


def content_for(message: Outgoing, link_prefix: str) -> Content | None:
    """The content of a message, or None for one that goes out as text: it has nothing to tap, or
    does not fit.

    `link_prefix` is how the addresses of our links begin: only the end of a template's address can
    be a variable.
    """
    if message.link is not None:
        return _with_link(message.body, *message.link, link_prefix)
    if message.buttons and len(message.body) <= _QUICK_REPLY_BODY_AT_MOST:
        return _with_buttons(message.body, message.buttons)
    return None


def _with_link(body: str, title: str, url: str, prefix: str) -> Content | None:
    token = url.removeprefix(prefix)
    if token in ("", url) or len(body) > _LINK_BODY_AT_MOST or len(title) > _TITLE_AT_MOST:
        return None
    action = {"type": "URL", "title": "{{2}}", "url": f"{prefix}{{{{3}}}}"}
    # The address is part of the template, so another one has a template of its own.
    house = sha256(prefix.encode()).hexdigest()[:12]
    return Content(
        name=f"link:{house}",
        request={
            "friendly_name": f"tourpay_link_{house}",
            "language": "en",
            "variables": {"1": "Please pay", "2": "Pay", "3": "sample"},
            "types": {"twilio/call-to-action": {"body": "{{1}}", "actions": [action]}},
        },
        variables=json.dumps({"1": body, "2": title, "3": token}),
    )


def _with_buttons(body: str, buttons: tuple[tuple[str, str], ...]) -> Content:
    count = len(buttons)
    actions = [
        {"title": f"{{{{{2 * number + 2}}}}}", "id": f"{{{{{2 * number + 3}}}}}"}
        for number in range(count)
    ]
    samples = {"1": "Please choose"} | {
        str(number): f"sample{number}" for number in range(2, 2 * count + 2)
    }
    variables = {"1": body}
    for number, (button_id, title) in enumerate(buttons):
        variables |= {str(2 * number + 2): title, str(2 * number + 3): button_id}
    return Content(
        name=f"buttons:{count}",
        request={
            "friendly_name": f"tourpay_buttons_{count}",
            "language": "en",
            "variables": samples,
            "types": {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}},
        },
        variables=json.dumps(variables),
    )
