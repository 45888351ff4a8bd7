"""Reading what PhonePe wrote: amounts in paise, references, moments, links.

A field that is there and cannot be read raises Unreadable: None would mean that there is nothing to
compare with.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from domain.money import Money
from providers.answers import TURNED_AWAY, UNREADABLE, JsonAnswer, not_called
from providers.contract import Call, Charge, ProviderRefused, ProviderUncertain, Reason
from providers.phonepe.words import CURRENCIES, CURRENCY, SMALLEST_AMOUNT_MINOR
from providers.references import our_reference

_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_URL = re.compile(r"https?://[!-~]{1,2000}")
_UPI = re.compile(r"upi://[!-~]{1,2000}")
_INDIAN = re.compile(r"91([0-9]{10})")
_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_AMOUNT_MINOR = 10**14


class Unreadable(ValueError):
    """A field is there, and is not what it should be."""


def reference_in(fields: Mapping[str, object], name: str) -> str | None:
    """Our reference as an answer repeats it; None where it carries none."""
    if fields.get(name) is None:
        return None
    reference = our_reference(fields[name])
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


def answered(call: Callable[[], JsonAnswer]) -> JsonAnswer:
    """The answer to a call. Being turned away is one, too, in words that nobody can read."""
    try:
        return call()
    except ProviderUncertain as error:
        if error.call.code == UNREADABLE and error.call.http_status in TURNED_AWAY:
            return JsonAnswer(error.call, ok=False, fields={})
        raise


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
    return tuple(filter(None, (charge.customer_phone, charge.payer_number, charge.customer_name)))
