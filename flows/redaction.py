"""What of a message may be stored and logged: no code, no full phone number.

    booking references (KS-2024-001) ── kept
    amounts (USD 100, 1,250.00) ─────── kept
    nine digits or more ─────────────▶  …187
    four to eight digits ────────────▶  [code], whatever stands between them
    anything, when a code is expected ▶ [hidden]

Rather a number too many is masked than a code stays readable.
"""

import re
import unicodedata
from collections.abc import Iterator

from flows.answers.number_words import is_number_word, spoken_runs
from flows.answers.text import fold, normalize, words
from flows.answers.vocabulary import vocabulary

HIDDEN = "[hidden]"
CODE = "[code]"
NUMBER = "[number]"

_LONGEST = 500
_FEWEST_OF_CODE, _MOST_OF_CODE, _MOST_OF_PHONE, _PHONE_END = 4, 8, 15, 3
_MOST_OF_REFERENCE = 12
# How phone numbers that are written in groups begin, and how many digits they have.
_GROUPED_PHONES = (("0", 10), ("263", 12), ("91", 12), ("7", 11), ("8", 11), ("7", 9))
_LONGEST_GROUP = 5

# Digits with a few other marks between them are one number: `8 3 6 0 6 6`, `836 - 066`.
_RUN = re.compile(r"\d(?:[\W_]{0,6}\d)*+")
_REFERENCE = re.compile(
    r"(?<![\w@.+-])([A-Za-z]{1,6})(?:-?[A-Za-z]{0,4}\d{1,8}){1,3}(?![\w]|[-.,]\d)"
)
_DECIMAL = re.compile(r"(?<![\d.,])(\d{1,9})(?:,\d{2,3}){0,4}\.\d{2}(?!\d|[.,]\d)")
_PRICE = re.compile(
    r"(?<![^\W_])([^\W\d_]{3,8}|[^\w\s]) ?(\d{1,9}(?:,\d{2,3}){0,4})(?![\w]|[.,]\d)"
    r"|(?<![\w.,])(\d{1,9}(?:,\d{2,3}){0,4}) ?([^\W\d_]{3,8}|[^\w\s])(?! ?\d)(?![^\W_])"
)
_DIGIT_NEAR = re.compile(r"\d[\W_]{0,6}$"), re.compile(r"[\W_]{0,6}\d")
_PLACEHOLDER = "x"


def redact(text: str, *, code_expected: bool) -> str:
    """The text for storing and logging, at most 500 characters, codes and phone numbers masked.

    With `code_expected` a message with any digit, of any script or spelled out, is hidden as a
    whole.
    """
    clean = normalize(text)
    if code_expected and _has_digit(clean):
        return HIDDEN
    for start, end, digits in reversed(spoken_runs(clean)):
        if len(digits) >= _FEWEST_OF_CODE and not clean[start:end].isdigit():
            clean = clean[:start] + CODE + clean[end:]
    plain = _as_digits(clean)
    for start, end in _kept(plain):
        plain = plain[:start] + _PLACEHOLDER * (end - start) + plain[end:]
    parts, position = [], 0
    for run in _RUN.finditer(plain):
        parts += [clean[position : run.start()], _masked(clean[run.start() : run.end()], run[0])]
        position = run.end()
    return "".join([*parts, clean[position:]])[:_LONGEST]


def _has_digit(clean: str) -> bool:
    known = vocabulary()
    return any(character.isnumeric() for character in clean) or any(
        is_number_word(word) or word in known.spoken_digits for word in words(clean)
    )


def _as_digits(clean: str) -> str:
    """The same length, with `²`, `①` and letters that stand for digits inside a number as digits.

    Which digits does not matter: they are only counted.
    """
    plain = "".join("0" if _is_other_digit(character) else character for character in clean)
    return re.sub(r"(?<![^\W_])[\dOoIl]+(?![^\W_])", _figures, plain)


def _is_other_digit(character: str) -> bool:
    return character > "~" and unicodedata.category(character) in ("No", "Nl")


def _figures(match: re.Match[str]) -> str:
    word = match[0]
    return "0" * len(word) if any(map(str.isdigit, word)) and not word.isdigit() else word


def _kept(plain: str) -> Iterator[tuple[int, int]]:
    """References, and amounts that no other number touches."""
    known = vocabulary()
    for match in _REFERENCE.finditer(plain):
        head = match[1].casefold()
        digits = sum(map(str.isdigit, match[0]))
        common = head in known.not_heads or head in known.never_heads
        if not common and digits <= _MOST_OF_REFERENCE:
            yield match.span()
    labelled = bool(known.code_labels.intersection(words(plain)))
    for match in _DECIMAL.finditer(plain):
        if _is_alone(plain, *match.span()) and not (labelled and len(match[1]) > _PHONE_END):
            yield match.span()
    for match in _PRICE.finditer(plain):
        name, number = (match[1], 2) if match[1] else (match[4], 3)
        glued = name.isalpha() or " " not in match[0]
        known_name = fold(name) in known.currencies or unicodedata.category(name[0]) == "Sc"
        if known_name and glued and not labelled and _is_alone(plain, *match.span(number)):
            yield match.span(number)


def _is_alone(plain: str, start: int, end: int) -> bool:
    before, after = _DIGIT_NEAR
    return not (
        before.search(plain[max(0, start - 7) : start]) or after.match(plain[end : end + 7])
    )


def _masked(written: str, run: str) -> str:
    digits = [character for character in run if "0" <= character <= "9"]
    if len(digits) < _FEWEST_OF_CODE:
        return written
    if len(digits) <= _MOST_OF_CODE:
        return CODE
    return "…" + written[-_PHONE_END:] if _is_phone(written, run) else NUMBER


def _is_phone(written: str, run: str) -> bool:
    """Whether a run of nine digits or more is one phone number, so that its end is no code's."""
    groups = re.split(r"[\W_]+", run)
    size = sum(map(len, groups))
    grouped = any(run.startswith(start) and size == full for start, full in _GROUPED_PHONES)
    whole = len(groups) == 1 or (grouped and max(map(len, groups)) <= _LONGEST_GROUP)
    return size <= _MOST_OF_PHONE and whole and written[-_PHONE_END:].isdigit()
