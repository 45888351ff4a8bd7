"""Redaction: what a provider said, without secrets, codes, phone numbers, names and addresses."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

HIDDEN = "[hidden]"

# Fields whose value is private whatever it looks like: `customer_phone`, `deviceToken`, `otp`.
# Not `otpReference`: that is shown to the customer.
_PRIVATE_FIELD = re.compile(
    r'("[^"]*(?:otp|pin|msisdn|phone|mobile|(?:phone|mobile)_?number|email|password|secret|token'
    r'|api_?key|merchant_?key|payment_?link)"\s*:\s*)("(?:[^"\\]|\\.)*"|[^\s,}\]]+)',
    re.IGNORECASE,
)
# Fields that say who pays, from which account or behind which address, by their whole names.
_PERSONAL_FIELD = re.compile(
    r'("(?:name|customer_(?:name|id|uid|bank_\w+)|payment_session_id|upi_id|vpa|account_?holder'
    r"|accountHolderName|maskedAccountNumber|maskedCardNumber|upiTransactionId|utr|url|paylinkUrl"
    r'|redirectUrl|intentUrl|qrData|response)"\s*:\s*)"(?:[^"\\]|\\.)*"?',
    re.IGNORECASE,
)
# Whoever has the address of a link can pay it, and see who shall. A slash may be escaped; a longer
# scheme than any that there is loses its beginning only.
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{0,15}:(?:\\*/){2}|data:)[^\s\"<>]+", re.IGNORECASE)
_SPOKEN_CODE = re.compile(r"(\b(?:otp|pin)\b[^0-9\n]{0,20})\d{4,8}(?!\d)", re.IGNORECASE)
_PHONE_NUMBER = re.compile(r"\+\d[\d\s-]{7,17}\d|(?<![\w.-])\d{10,15}(?![\w-])")
_SEPARATOR = r"[\s.-]?"
_SHOWN_CHARACTERS = 1_000


class Redactor:
    """Takes private things out of a text.

    `secrets` are keys, found as they stand and as they look inside JSON or an address. `private` is
    what belongs to this very call: names, found like keys; codes and phone numbers, found with
    separators too, and those of nine digits or more with any prefix.
    """

    def __init__(self, secrets: Iterable[str], private: Iterable[str]) -> None:
        told = [text for text in private if text]
        numbers = [text for text in told if text.removeprefix("+").isdecimal()]
        words = {*secrets, *told} - {"", *numbers}
        spellings = {form for word in words for form in _spellings(word)}
        patterns = [re.escape(form) for form in sorted(spellings, key=len, reverse=True)]
        patterns += [_digits_pattern(number) for number in numbers]
        self._own = re.compile("|".join(patterns)) if patterns else None

    def finds(self, text: str) -> bool:
        """Whether one of these very secrets or private things stands in the text."""
        return self._own is not None and self._own.search(text) is not None

    def __call__(self, text: str) -> str:
        if self._own is not None:
            text = self._own.sub(HIDDEN, text)
        text = _PRIVATE_FIELD.sub(rf'\1"{HIDDEN}"', text)
        text = _PERSONAL_FIELD.sub(rf'\1"{HIDDEN}"', text)
        text = _ADDRESS.sub(HIDDEN, text)
        text = _SPOKEN_CODE.sub(rf"\1{HIDDEN}", text)
        return _PHONE_NUMBER.sub(HIDDEN, text)

    def show(self, body: bytes) -> str:
        """What of a body may be kept: redacted, then cut to 1,000 characters."""
        return self(body.decode("utf-8", "replace"))[:_SHOWN_CHARACTERS]


def _spellings(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}


def _digits_pattern(number: str) -> str:
    if len(number) < 9:
        return rf"(?<!\d){_SEPARATOR.join(map(re.escape, number))}(?!\d)"
    subscriber = _SEPARATOR.join(map(re.escape, number[-9:]))
    return rf"(?:\+?\d{{1,4}}{_SEPARATOR})?{subscriber}"
