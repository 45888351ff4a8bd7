"""Which mobile number shall be charged: the sender's own, or one that is typed, in any grouping."""

import re
from dataclasses import dataclass, field

import phonenumbers

from flows.answers.landmarks import Landmark, Span, blank
from flows.answers.references import find_references
from flows.answers.text import normalize, words
from flows.answers.vocabulary import covers, vocabulary

_FEWEST_DIGITS, _MOST_DIGITS = 6, 15
# A run of digits grouped by blanks, dashes, points or brackets; a line or a comma ends it.
_RUN = re.compile(r"(?:\+ ?)?\(?\d[\d ().-]*")
_NOT_DIGIT = re.compile(r"\D+")
_GLUED_LETTER = re.compile(r"(?<=\d)[OoIl](?=\d)|\b[OoIl](?=\d{4})")

# Zimbabwe: by shape, so that newly opened ranges work at once. `+263 (0)77…` is a common slip.
_ZIMBABWE = re.compile(r"(?:\+?263|00263)0?(7\d{8})|0?(7\d{8})")
_MOBILE = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
)


@dataclass(frozen=True, slots=True)
class PayerNumber:
    """A mobile number of the region, international, without plus: `263774975187`."""

    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SenderNumber:
    """The number that they write from."""


@dataclass(frozen=True, slots=True)
class BadNumber:
    """Figures like a phone number's, but no mobile number of the region, or several."""


@dataclass(frozen=True, slots=True)
class NotANumber:
    """Something else."""


# Numbers as people write them where we know it; the library knows one for every other region.
_EXAMPLES = {"ZW": "0771 234 567", "KZ": "8 701 234 56 78", "IN": "98765 43210"}

NumberReading = PayerNumber | SenderNumber | BadNumber | NotANumber


def read_payer_number(text: str, region: str = "ZW") -> NumberReading:
    """What a message says when it was asked which number to charge.

    `region` is ISO 3166: ZW, KZ, IN or another.
    """
    clean = normalize(text)
    known = vocabulary()
    heard = words(clean)
    named = [Span(Landmark.REFERENCE, place.start, place.end) for place in find_references(clean)]
    free = blank(clean, [span for span in named if "/" not in clean[span.start : span.end]])
    runs = [
        run for match in _RUN.finditer(free) if len(run := _compact(match[0])) >= _FEWEST_DIGITS
    ]
    if not runs:
        spoken = tuple(word for word in heard if word.isalnum() or len(word) > 1)
        whole = covers(spoken, known.sender, known.sender_around | known.politeness)
        return SenderNumber() if whole and "?" not in clean else NotANumber()
    if known.negations.intersection(heard) or _GLUED_LETTER.search(clean):
        return BadNumber()
    found = {_mobile(run, region) for run in runs}
    digits = found.pop()
    return BadNumber() if found or digits is None else PayerNumber(digits)


def example_number(region: str) -> str:
    """A mobile number as it is written in a region (ISO 3166), to show what is asked for."""
    if region in _EXAMPLES:
        return _EXAMPLES[region]
    known = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if known is None:
        return _EXAMPLES["ZW"]
    return phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _compact(run: str) -> str:
    return ("+" if run.startswith("+") else "") + _NOT_DIGIT.sub("", run)


def _mobile(run: str, region: str) -> str | None:
    """The number behind a plus and digits alone, if it is a mobile number of the region."""
    if region == "ZW":
        match = _ZIMBABWE.fullmatch(run)
        return f"263{match[1] or match[2]}" if match else None
    if len(run) > _MOST_DIGITS + 3:
        return None
    try:
        number = phonenumbers.parse(run, region)
    except phonenumbers.NumberParseException:
        return None
    fits = (
        phonenumbers.is_valid_number_for_region(number, region)
        and phonenumbers.number_type(number) in _MOBILE
    )
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
        if fits
        else None
    )
