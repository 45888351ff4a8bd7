"""Numbers that are spelled out: `two hundred and fifty`, `сто`, `एक सौ`, and digits said one by
one.
"""

import re

from flows.answers.text import Kind, Token, fold, tokens
from flows.answers.vocabulary import Phrase, vocabulary

_FEWEST_SPOKEN = 3
_REPEATS = {"double": 2, "triple": 3}
_BETWEEN_SPOKEN = re.compile(r"[ ,.\-\n]{0,3}")


def number_of(heard: Phrase) -> int | None:
    """The number that all of the words together say, or None when they say none or several."""
    known = vocabulary()
    if not heard or heard[-1] in known.number_joins:
        return None
    thousands = part = 0
    below = (
        10**6
    )  # "two fifty" are two numbers: each word must be smaller than the place of the one before
    for word in heard:
        factor = known.number_multipliers.get(word)
        value = known.number_words.get(word)
        if factor == 100 and part < 20:
            part, below = max(part, 1) * 100, 100
        elif factor == 1000 and not thousands:
            thousands, part, below = max(part, 1) * 1000, 0, 1000
        elif value is not None and value < below and (value or len(heard) == 1):
            part, below = part + value, _place(value)
        elif word not in known.number_joins:
            return None
    return thousands + part


def _place(value: int) -> int:
    """What may be added to a number word: below 100 after `сто`, below 10 after `twenty`, nothing
    after `seven`.
    """
    if value >= 100:
        return 100
    return 10 if value >= 20 else 1


def is_number_word(word: str) -> bool:
    """Whether a folded word is part of a spelled-out number."""
    known = vocabulary()
    return word in known.number_words or word in known.number_multipliers


def spoken_runs(text: str) -> list[tuple[int, int, str]]:
    """Digits said one by one in normalized text, as start, end and the digits: `eight three double
    six` → 8366.

    At least three, of which one in words; single figures between them count too.
    """
    runs: list[tuple[int, int, str]] = []
    run: list[tuple[Token, str]] = []
    repeat = 1
    worded = 0

    def close() -> None:
        nonlocal worded
        digits = "".join(said for _, said in run)
        if worded and len(digits) >= _FEWEST_SPOKEN:
            runs.append((run[0][0].start, run[-1][0].end, digits))
        run.clear()
        worded = 0

    for token in tokens(text):
        if token.kind in (Kind.SPACE, Kind.SYMBOL):
            continue
        if run and not _BETWEEN_SPOKEN.fullmatch(text[run[-1][0].end : token.start]):
            close()
        word = fold(token.text)
        digit = _spoken_digit(word)
        if digit is None:
            if word in _REPEATS:
                repeat = _REPEATS[word]
                run.append((token, ""))
                continue
            close()
        else:
            worded += not token.text.isdigit()
            run.append((token, digit * repeat))
        repeat = 1
    close()
    return runs


def _spoken_digit(word: str) -> str | None:
    if len(word) == 1 and "0" <= word <= "9":
        return word
    value = vocabulary().spoken_digits.get(word)
    return None if value is None else str(value)


def spell_out(text: str) -> str:
    """Normalized text with digits that were said one by one written as figures."""
    parts, position = [], 0
    for start, end, digits in spoken_runs(text):
        parts += [text[position:start], digits]
        position = end
    return "".join([*parts, text[position:]])
