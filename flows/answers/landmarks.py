"""Where dates, times, spans of time, sums of money and phone numbers stand in a text, so that none
is taken for a code.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from flows.answers.text import fold
from flows.answers.vocabulary import vocabulary


class Landmark(StrEnum):
    """What a stretch of text is."""

    DATE = "date"
    TIME = "time"
    DURATION = "duration"
    MONEY = "money"
    PHONE = "phone"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of normalized text, from `start` up to but not including `end`."""

    what: Landmark
    start: int
    end: int


_NUMERIC_DATE = re.compile(r"(?<![\d.,/-])(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?![\d/])")
_TIME = re.compile(
    r"(?<![\d:])\d{1,2}(?::\d{2}){1,2}(?:\s?[ap]m\b)?(?![\d:])|(?<![\d:])\d{1,2}\s?[ap]m\b", re.I
)
_DURATION = re.compile(
    r"(?<![\d.,-])\d{1,5}[ -]?(?:m|h|s|min(?:ute)?s?|sec(?:ond)?s?|h(?:ou)?rs?|days?"
    r"|мин\w*|сек\w*|час\w*|дн\w*|मिनट|minutos?)(?![\w])"
    r"|\b(?:exp(?:ire[sd]?|iry)?|valid(?:ity)?|until|till)[ :=.]{1,3}"
    r"(?:for |in |at |on |till |until )?\d{1,4}(?!\d)",
    re.I,
)
_DECIMAL = re.compile(r"(?<![\d.,'])\d{1,12}(?:[,']\d{2,3}){0,4}[.,]\d{1,2}(?![\d]|[.,]\d)")
_LONG_PHONE = re.compile(r"(?<!\d)\+?\d{9,16}(?!\d)")
_GROUPED_PHONE = re.compile(
    r"(?<!\d)(\+ ?\d{1,3}|00 ?\d{2,3}|263|91|\(0\d{1,3}\)|0\d{1,3})"
    r"(?:[ .-]?[(]?\d{1,4}[)]?){2,6}(?!\d)"
)
_DIGIT_RUN = re.compile(r"\d+")
_NUMBER = r"\d{1,16}(?:[.,']\d{1,16}){0,5}"


def numeric_date(match: re.Match[str]) -> bool:
    """Whether three numbers with one kind of separator can be a day, a month and a year, in some
    order.
    """
    first, middle, last = int(match[1]), int(match[3]), int(match[4])
    lengths = len(match[1]), len(match[4])
    if lengths[0] == 4:
        return 1 <= middle <= 12 and 1 <= last <= 31
    if lengths[0] > 2 or lengths[1] not in (2, 4):
        return False
    return (1 <= first <= 31 and 1 <= middle <= 12) or (1 <= first <= 12 and 1 <= middle <= 31)


@cache
def _named_dates() -> re.Pattern[str]:
    months = "|".join(sorted(vocabulary().months, key=len, reverse=True))
    day, year = r"\d{1,2}(?:st|nd|rd|th)?", r"(?:\d{4}|'?\d{2})"
    return re.compile(
        rf"(?<![\w-]){day}[ ./-]{{0,2}}(?:of )?(?:{months})(?:[ ,./-]{{1,2}}{year})?(?![\w])"
        rf"|(?<![\w])(?:{months})[ ./-]{{1,2}}{day}(?:[ ,./-]{{1,2}}{year})?(?![\w-])"
        rf"|(?<![\w])(?:{months})[ ,./-]{{1,2}}\d{{4}}(?![\w-])",
        re.I,
    )


@cache
def _sums() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A currency before a number, and one after it."""
    names = sorted(vocabulary().currencies, key=len, reverse=True)
    worded = "|".join(re.escape(name) for name in names if name.isalpha())
    signs = "|".join(re.escape(name) for name in names if not name.isalpha())
    before = rf"(?:(?<![^\W\d_])(?:{worded})\.?|{signs}|[$€£¥₹₸₽₦₿])[ :]?-?{_NUMBER}"
    after = rf"(?<![\d.,'-]){_NUMBER}(?: ?(?:{signs}|[$€£¥₹₸₽₦₿])| ?(?:{worded})(?!\w))"
    return re.compile(before, re.I), re.compile(after, re.I)


def blank(text: str, spans: Iterable[Span]) -> str:
    """The text with each span replaced by as many spaces, so that positions stay."""
    parts, position = [], 0
    for span in sorted(spans, key=lambda span: span.start):
        if span.start > position:
            parts.append(text[position : span.start])
        if span.end > position:
            parts.append(" " * (span.end - max(position, span.start)))
            position = span.end
    return "".join([*parts, text[position:]])


def _matches(pattern: re.Pattern[str], text: str, what: Landmark) -> list[Span]:
    return [Span(what, match.start(), match.end()) for match in pattern.finditer(text)]


def dates(text: str) -> list[Span]:
    """Dates in figures (`21/11/2026`, `2026-11-21`) or with the name of a month (`10 Feb`), and
    times of day.
    """
    found = [
        Span(Landmark.DATE, match.start(), match.end())
        for match in _NUMERIC_DATE.finditer(text)
        if numeric_date(match)
    ]
    found += _matches(_named_dates(), text, Landmark.DATE)
    return found + _matches(_TIME, blank(text, found), Landmark.TIME)


def phones(text: str) -> list[Span]:
    """Phone numbers: nine digits or more together, or grouped after a plus, a zero or a country's
    code.
    """
    found = _matches(_LONG_PHONE, text, Landmark.PHONE)
    rest = blank(text, found)
    for match in _GROUPED_PHONE.finditer(rest):
        # National numbers have ten digits, others at least eleven; groups that follow are
        # something else.
        enough = 10 if match[1].strip("(").startswith("0") and not match[1].startswith("00") else 11
        digits = 0
        for group in _DIGIT_RUN.finditer(rest, match.start(), match.end()):
            digits += len(group[0])
            if digits >= enough:
                found.append(Span(Landmark.PHONE, match.start(), group.end()))
                break
    return found


def sums(text: str) -> list[Span]:
    """Numbers with a currency beside them, and numbers with one or two decimals.

    A currency between two numbers belongs to the one that follows: in `836066 USD 100.00` only
    100.00 is money.
    """
    low = fold(text)
    if len(low) != len(text):  # positions would not fit
        low = text.lower() if len(text.lower()) == len(text) else text
    before, after = _sums()
    found = _matches(before, low, Landmark.MONEY)
    rest = blank(low, found)
    found += _matches(after, rest, Landmark.MONEY)
    return found + _matches(_DECIMAL, blank(low, found), Landmark.MONEY)


def landmarks(text: str) -> list[Span]:
    """All of them. What is read first wins: dates and times, phones, money, then spans of time."""
    found = dates(text)
    found += phones(blank(text, found))
    found += sums(blank(text, found))
    return found + _matches(_DURATION, blank(text, found), Landmark.DURATION)
