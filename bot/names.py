"""Names that Twilio gives: addresses of people, and names of messages."""

import re

_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
# A phone number, or the user id of somebody who hides theirs (`ZW.1A2B3C4D5E6F`): whatever it is
# made of, a message from there must not be lost.
_ADDRESS = re.compile(r"whatsapp:(\+[1-9][0-9]{6,14}|[!-*,-~][!-~]{0,139})")


def address_in(text: str) -> str | None:
    """The address in Twilio's `From`, as we keep it; None for what is not WhatsApp's."""
    found = _ADDRESS.fullmatch(text)
    return None if found is None else found[1]


def is_sid(text: object) -> bool:
    """Whether this is the name of a message at Twilio."""
    return isinstance(text, str) and _SID.fullmatch(text) is not None
