"""The one-time code in what people type or paste: never a date, an amount, a phone number or a
reference.

Numbers that are explained otherwise are taken out first. Among what is left, a code that a word
like "OTP" points at wins; one that stands alone counts; anything less certain is asked about. A
code that is taken back is never used.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from flows.answers.code_words import Pointed, is_taken_back, pointed
from flows.answers.landmarks import Landmark, Span, blank, landmarks
from flows.answers.number_words import spell_out
from flows.answers.references import find_references
from flows.answers.text import LOOK_ALIKES, fold, normalize, tokens, words
from flows.answers.vocabulary import vocabulary

# A longer message than this, in which no word points at the code, is about something else.
_LONGEST_UNLABELLED = 12
_NEAR, _SHORTEST_NEAR = 2, 4
_LOOKS_LIKE_DIGIT = str.maketrans("OoQDIilSsBbZzg", "00001115588229")
_CHAIN = re.compile(r"\d++(?:(?: ?- ?| )\d++)*+")
_DIGITS = re.compile(r"\d+")
_WORD_BEFORE = re.compile(r"([^\W\d_]{1,24})[-/_\\]?$")
# Between two digits these make one thing of them that is no code: `836.066`, `14:05`, `1/2`.
_ODD_BEFORE = re.compile(r"\d[.,:/*_@\\'&=+]$|\+$")
_ODD_AFTER = re.compile(r"[.,:/*_@\\'&=+]\d|%|[^\W_]")
_ODDLY_GROUPED = re.compile(r"(?<!\d)\d++(?:[.,:/_*@'&=+]\d++)++")
_BADLY_TYPED = re.compile(r"[^\W_]+(?:[ -][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Otp:
    """The code, digits 0-9 only. It shows in no repr."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DoubtfulOtp:
    """Something like a code: a letter in it, a wrong length, two codes, or words that make it
    unsure.
    """


@dataclass(frozen=True, slots=True)
class NegatedOtp:
    """A code that is not to be used: "don't use …", or one beside a word like "cancel"."""


@dataclass(frozen=True, slots=True)
class NotAnOtp:
    """Nothing like a code."""


OtpReading = Otp | DoubtfulOtp | NegatedOtp | NotAnOtp


@dataclass(frozen=True, slots=True)
class _Candidate:
    code: str = field(repr=False)
    pointed: Pointed


@dataclass(frozen=True, slots=True)
class _Found:
    """Codes of the right length; whether there are near misses; whether other numbers stay
    unexplained.
    """

    candidates: tuple[_Candidate, ...]
    near: bool
    unexplained: bool


def read_otp(text: str, digits: int = 6) -> OtpReading:
    """What a message says when it was asked for a code of `digits` figures."""
    clean = spell_out(normalize(text))
    marks = landmarks(clean)
    taken = blank(clean, marks)
    references = [
        Span(Landmark.REFERENCE, place.start, place.end) for place in find_references(taken)
    ]
    found = _find(blank(taken, references), digits)
    near = (
        found.near
        or _is_badly_typed(taken, digits)
        or any(_hides_code(taken[span.start : span.end], digits) for span in references)
    )
    if not found.candidates and not near:
        return NotAnOtp()
    if is_taken_back(clean):
        return NegatedOtp()
    heard = words(clean)
    others = found.unexplained or any(mark.what is Landmark.MONEY for mark in marks)
    code = _choose(found.candidates, others or len(heard) > _LONGEST_UNLABELLED)
    if code is None or vocabulary().doubts.intersection(heard):
        return DoubtfulOtp()
    return Otp(code)


def _choose(candidates: tuple[_Candidate, ...], needs_label: bool) -> str | None:
    """The one code that is meant, or None when that is not certain."""
    labelled = {found.code for found in candidates if found.pointed is Pointed.CODE}
    if labelled:
        return labelled.pop() if len(labelled) == 1 else None
    codes = {found.code for found in candidates}
    mislabelled = any(found.pointed is Pointed.OTHER for found in candidates)
    if len(codes) != 1 or mislabelled or needs_label:
        return None
    return codes.pop()


def _find(text: str, digits: int) -> _Found:
    candidates: list[_Candidate] = []
    near = unexplained = False
    pieces = tokens(text)
    for start, end, code, whole in _numbers(text, digits):
        if whole and len(code) == digits and _stands_free(text, start, end):
            candidates.append(_Candidate(code, pointed(pieces, start, end)))
        elif _is_near(code, digits):
            near = True
        else:
            unexplained = True
    return _Found(tuple(candidates), near, unexplained)


def _numbers(text: str, digits: int) -> Iterator[tuple[int, int, str, bool]]:
    """Numbers with their places, and whether each is whole.

    Short equal groups are one number: `836 066`, `83-60-66`.
    """
    for chain in _CHAIN.finditer(text):
        groups = list(_DIGITS.finditer(text, chain.start(), chain.end()))
        lengths = {len(group[0]) for group in groups}
        if len(groups) == 1 or max(lengths) < digits:
            joined = "".join(group[0] for group in groups)
            yield chain.start(), chain.end(), joined, len(lengths) == 1
            continue
        dashed = "-" in chain[0]
        for group in groups:
            yield group.start(), group.end(), group[0], not dashed


def _stands_free(text: str, start: int, end: int) -> bool:
    """Whether neither letters nor other digits touch the number; a label may: `OTP836066`."""
    before, after = text[max(0, start - 25) : start], text[end : end + 2]
    if _ODD_BEFORE.search(before) or _ODD_AFTER.match(after):
        return False
    word = _WORD_BEFORE.search(before)
    return word is None or fold(word[1]) in vocabulary().code_labels


def _is_near(code: str, digits: int) -> bool:
    """Whether a number that is no code could be one with a slip: one or two figures too many or
    few, or glued.
    """
    if len(code) < _SHORTEST_NEAR or abs(len(code) - digits) > _NEAR:
        return False
    return not (len(code) == 8 and digits != 8 and _is_day(code))


def _is_day(code: str) -> bool:
    for pattern in ("%Y%m%d", "%d%m%Y", "%m%d%Y"):
        try:
            return 1900 < datetime.strptime(code, pattern).year < 2200  # noqa: DTZ007 - a calendar date has no zone
        except ValueError:
            continue
    return False


def _is_badly_typed(text: str, digits: int) -> bool:
    """Whether there are a code's digits with other marks between them (`836.066`), or with a
    letter or two that look like digits (`836O66`).
    """
    for match in _ODDLY_GROUPED.finditer(text):
        if sum(character.isdigit() for character in match[0]) == digits:
            return True
    for match in _BADLY_TYPED.finditer(text):
        for part in {match[0], *match[0].replace("-", " ").split()}:
            compact = part.replace(" ", "").replace("-", "")
            letters = sum(not "0" <= character <= "9" for character in compact)
            same = compact.translate(LOOK_ALIKES).translate(_LOOKS_LIKE_DIGIT)
            if len(compact) == digits and 0 < letters <= _NEAR and same.isdigit():
                return True
    return False


def _hides_code(reference: str, digits: int) -> bool:
    """Whether a reference with a space in it may be a word and a code: `ETDC 836066`."""
    return " " in reference and any(len(run) == digits for run in _DIGITS.findall(reference))
