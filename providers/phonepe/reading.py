"""Reading what PhonePe wrote: amounts in paise, references, moments, links; and what is shown.

A field that is there and cannot be read raises Unreadable: None would mean that there is nothing to
compare with.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from domain.money import Money
from providers.contract import Call, Charge, ProviderRefused, ProviderUncertain, Reason
from providers.phonepe.words import CURRENCIES, CURRENCY, SMALLEST_AMOUNT_MINOR
from providers.redaction import HIDDEN

_HEX = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_URL = re.compile(r"https?://[!-~]{1,2000}")
_UPI = re.compile(r"upi://[!-~]{1,2000}")
_INDIAN = re.compile(r"91([0-9]{10})")
_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_AMOUNT_MINOR = 10**14
SHOWN_CHARACTERS = 1000
# A text that was cut may end inside of a value: the closing quote is not asked for.
_SHOWN_FIELD = re.compile(
    r'("(?:paylinkUrl|redirectUrl|intentUrl|qrData|url|vpa|name|accountHolderName|response'
    r'|maskedAccountNumber|maskedCardNumber|upiTransactionId|utr)"\s*:\s*)"(?:[^"\\]|\\.)*"?',
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?|upi)://[^\s\"'<>]+", re.IGNORECASE)


class Unreadable(ValueError):
    """A field is there, and is not what it should be."""


def wire_reference(reference: str) -> str:
    """Our dashed UUID as it goes over the wire."""
    return reference.replace("-", "")


def dashed(text: object) -> str | None:
    """What came back, in our form; None where it is none of ours."""
    return str(UUID(text)) if isinstance(text, str) and _HEX.fullmatch(text) else None


def reference_in(fields: Mapping[str, object], name: str) -> str | None:
    """Our reference as an answer repeats it; None where it carries none."""
    if fields.get(name) is None:
        return None
    reference = dashed(fields[name])
    if reference is None:
        raise Unreadable(name)
    return reference


def amount_in(fields: Mapping[str, object]) -> Money | None:
    """The amount of an answer, in paise on the wire too; None where it carries none."""
    amount = fields.get("amount")
    if amount is None:
        return None
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise Unreadable("amount")
    if not 0 < amount < _LARGEST_AMOUNT_MINOR:
        raise Unreadable("amount")
    return Money(amount, CURRENCY)


def id_in(fields: Mapping[str, object], name: str) -> str:
    """An id that must be there."""
    text = fields.get(name)
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise Unreadable(name)
    return text


def moment_in(fields: Mapping[str, object], name: str) -> datetime | None:
    """A moment in milliseconds since 1970; None where there is none."""
    milliseconds = fields.get(name)
    if milliseconds is None:
        return None
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int) or milliseconds <= 0:
        raise Unreadable(name)
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        raise Unreadable(name) from None


def link_in(fields: Mapping[str, object], name: str) -> str:
    """A web address that must be there."""
    text = fields.get(name)
    if not isinstance(text, str) or not _URL.fullmatch(text):
        raise Unreadable(name)
    return text


def picture_in(fields: Mapping[str, object]) -> str:
    """What a QR code says, or else its picture as a data URL."""
    text, drawn = fields.get("intentUrl"), fields.get("qrData")
    if isinstance(text, str) and _UPI.fullmatch(text):
        return text
    if not isinstance(drawn, str):
        raise Unreadable("qrData")
    try:
        picture = base64.b64decode(drawn, validate=True)
    except (binascii.Error, ValueError):
        picture = b""
    if not picture.startswith(_PNG):
        raise Unreadable("qrData")
    return f"data:image/png;base64,{drawn}"


def objects_in(fields: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """A list of objects; empty where there is none."""
    found = fields.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise Unreadable(name)
    return found


def object_in(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An object; empty where there is none."""
    found = fields.get(name)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise Unreadable(name)
    return found


def hidden(shown: str) -> str:
    """A redacted text without what only PhonePe's answers hold: links, pictures, who paid."""
    return _ADDRESS.sub(HIDDEN, _SHOWN_FIELD.sub(rf'\1"{HIDDEN}"', shown))


def with_hidden(call: Call, names: Sequence[str] = ()) -> Call:
    """The call, fit for the payment's story: also without these names of people."""
    body = call.body
    for name in filter(None, names):
        body = body.replace(name, HIDDEN).replace(json.dumps(name)[1:-1], HIDDEN)
    return replace(call, body=hidden(body)[:SHOWN_CHARACTERS])


def not_called(operation: str, code: str) -> Call:
    """A call that was not made, and why."""
    return Call(operation, http_status=None, milliseconds=0, code=code)


def uncertain(call: Call) -> ProviderUncertain:
    """Nothing that we understand."""
    return ProviderUncertain(call, Reason.UNAVAILABLE)


def check_charge(operation: str, amount: Money) -> None:
    """Raises ProviderRefused for what PhonePe can never take, before anything is sent."""
    if amount.currency not in CURRENCIES:
        raise ProviderRefused(not_called(operation, "bad_currency"), Reason.BAD_REQUEST)
    if amount.amount_minor < SMALLEST_AMOUNT_MINOR:
        raise ProviderRefused(not_called(operation, "bad_amount"), Reason.BAD_REQUEST)


def indian_number(phone: str | None) -> str | None:
    """The ten digits of a number in India; None for any other, which PhonePe has no use for."""
    found = _INDIAN.fullmatch(phone or "")
    return found[1] if found is not None else None


def private_of(charge: Charge) -> tuple[str, ...]:
    """What of this charge no echo may be kept of."""
    return tuple(text for text in (charge.customer_phone, charge.payer_number) if text)
