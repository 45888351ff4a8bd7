"""Conversations in words: what became of a message, why Twilio refused one, why an act was not
done.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from markupsafe import Markup, escape

from bot.admin.conversations.transcript import Said
from domain.clock import now
from domain.talking import HELD_FOR, LONGEST_ANSWER, NotSaid
from domain.wishes import NotDone

HOURS_HELD = int(HELD_FOR.total_seconds() // 3_600)

# A status of an outgoing message: its picture, its colour, its words.
TICKS: Mapping[str, tuple[str, str, str]] = {
    "due": ("clock", "secondary", "On its way"),
    "sending": ("clock", "secondary", "On its way"),
    "uncertain": ("help", "orange", "No answer from Twilio yet: it is looked for"),
    "sent": ("check", "secondary", "Sent"),
    "delivered": ("checks", "secondary", "Delivered"),
    "read": ("checks", "azure", "Read"),
    "refused": ("circle-x", "red", "Did not arrive"),
    "expired": ("clock", "secondary", "Not sent: it would have come too late to be true"),
}

# `*bold*`: stars that touch what they enclose, and no word outside.
_BOLD = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]*[^\s*])\*(?![\w*])")

_GONE = "they cannot be reached on WhatsApp"
_STOPPED = "they asked for no more messages"
_CLOSED = "they had not written for 24 hours"
_OURS = "our Twilio account was refused"
_BUSY = "WhatsApp took no more messages for too long"
_PICTURE = "WhatsApp did not take the picture; the text before it was sent"
# Twilio's error codes, and our own words for what we did not send at all.
_REASONS: Mapping[str, str] = {
    "window": _CLOSED,
    "63016": _CLOSED,
    "picture": "it is not known whether the picture arrived; the text before it was sent",
    "21211": _GONE,
    "63003": _GONE,
    "63024": _GONE,
    "21610": _STOPPED,
    "63014": _STOPPED,
    "20003": _OURS,
    "63001": _OURS,
    "63007": _OURS,
    "63008": _OURS,
    "63015": "they have not joined the sandbox",
    "63038": "the Twilio account's limit of the day was reached",
    "not_connected": "Twilio could not be reached for a day",
    **dict.fromkeys(("20429", "20503", "63009", "63010", "63012", "63017", "63018"), _BUSY),
    **dict.fromkeys(("21620", "63005", "63006", "63019", "63021"), _PICTURE),
    **dict.fromkeys(("63013", "63028"), "WhatsApp did not take its buttons"),
}

_REFUSALS: Mapping[NotSaid, str] = {
    NotSaid.HELD_BY_ANOTHER: "Somebody else took this conversation over meanwhile. You see who"
    " below.",
    NotSaid.NOT_YOURS: "You do not have this conversation any more, so nothing was sent. Take it"
    " over first.",
    NotSaid.EMPTY: "Write something first.",
    NotSaid.TOO_LONG: f"That is too long. Up to {LONGEST_ANSWER:,} characters may be sent at once.",
    NotSaid.SENT_BEFORE: "This form was sent before, with other words. These were not sent: send"
    " them now if they still should be.",
    NotSaid.OPTED_OUT: "They asked for no more messages. Only they can change that, by writing"
    " again.",
    NotSaid.WINDOW_CLOSED: "They last wrote more than 24 hours ago, and WhatsApp lets nobody write"
    " after that. Only they can open it again, by writing.",
}

# What stands in the place of words that were not kept.
_MEDIA = {"image": "picture", "audio": "voice message", "video": "video"}


def refusal(refused: NotDone) -> str:
    """Why an act was not done."""
    return _REFUSALS[NotSaid(refused.why)]


def reason(code: str | None) -> str:
    """Why a message did not arrive, as far as Twilio said it."""
    if code is None:
        return "no reason was given"
    return _REASONS.get(code, f"Twilio's error {code}")


def media(content_type: str) -> str:
    """What somebody sent beside words; it is not fetched."""
    return _MEDIA.get(content_type.partition("/")[0], "file")


def first_words(body: str | None, details: Mapping[str, object] | None) -> str:
    """What a list shows of a message: its words on one line, or what it was."""
    if body:
        return " ".join(body.split())[:160]
    if details and details.get("picture"):
        return "QR picture"
    sent = details.get("media") if details else None
    if isinstance(sent, list) and sent:
        return f"[{media(str(sent[0]))}]"
    return "[location]" if details and details.get("location") else "[no words]"


def ago(at: datetime | None) -> str:
    """How long ago a moment is, in the largest unit: `5 min`; days from the second one on."""
    if at is None:
        return ""
    minutes = int((now() - at).total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def who_wrote(said: Said) -> str:
    """Whose message it is, for readers who do not see on which side it stands."""
    if said.direction == "in":
        return "Customer"
    return said.author or "Bot"


def marked_up(body: str) -> Markup:
    """A message as WhatsApp shows it, as far as lines and bold words go: nothing in it is taken for
    a tag.
    """
    return Markup("<br>").join(_in_bold(line) for line in body.split("\n"))


def _in_bold(line: str) -> Markup:
    # Escaped before anything is marked.
    return Markup(_BOLD.sub(r"<strong>\1</strong>", str(escape(line))))  # noqa: S704
