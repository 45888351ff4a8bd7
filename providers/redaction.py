"""Redaction: what a provider answered, with every secret, code and phone number taken out."""

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
_SPOKEN_CODE = re.compile(r"(\b(?:otp|pin)\b[^0-9\n]{0,20})\d{4,8}(?!\d)", re.IGNORECASE)
_PHONE_NUMBER = re.compile(r"\+\d[\d\s-]{7,17}\d|(?<![\w.-])\d{10,15}(?![\w-])")
_SEPARATOR = r"[\s.-]?"


class Redactor:
    """Takes private things out of a text.

    `secrets` are keys, found as they stand and as they look inside JSON or an address. `digits` are
    the codes and phone numbers of this very call, found with separators too; of nine digits or more
    with any prefix.
    """

    def __init__(self, secrets: Iterable[str], digits: Iterable[str]) -> None:
        spellings = {form for secret in secrets if secret for form in _spellings(secret)}
        patterns = [re.escape(form) for form in sorted(spellings, key=len, reverse=True)]
        patterns += [_digits_pattern(number) for number in digits if number]
        self._own = re.compile("|".join(patterns)) if patterns else None

    def finds(self, text: str) -> bool:
        """Whether one of these very secrets or digits stands in the text."""
        return self._own is not None and self._own.search(text) is not None

    def __call__(self, text: str) -> str:
        if self._own is not None:
            text = self._own.sub(HIDDEN, text)
        text = _PRIVATE_FIELD.sub(rf'\1"{HIDDEN}"', text)
        text = _SPOKEN_CODE.sub(rf"\1{HIDDEN}", text)
        return _PHONE_NUMBER.sub(HIDDEN, text)


def _spellings(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}


def _digits_pattern(number: str) -> str:
    if len(number) < 9:
        return rf"(?<!\d){_SEPARATOR.join(map(re.escape, number))}(?!\d)"
    subscriber = _SEPARATOR.join(map(re.escape, number[-9:]))
    return rf"(?:\+?\d{{1,4}}{_SEPARATOR})?{subscriber}"
