"""The words around a code: what they call it, and whether they take it back."""

from bisect import bisect_left
from enum import StrEnum

from flows.answers.text import Kind, Token, fold, tokens
from flows.answers.vocabulary import vocabulary

# How many words away a label still points at a number, and a warning still explains a "not".
_LABEL_REACH, _LABEL_REACH_AFTER = 4, 6
_WARNING_REACH, _AUDIENCE_REACH = 3, 6
_ENDS = frozenset(".!?;")
_ABBREVIATED = frozenset({"no", "nr", "num", "number", "№"})
_STOPS = frozenset({"stop", "стоп", "тоқта", "misa"})
_SHORTEST_CODE = 4


class Pointed(StrEnum):
    """What the nearest word around a number calls it."""

    CODE = "code"
    OTHER = "other"
    NOTHING = "nothing"


def pointed(pieces: list[Token], start: int, end: int) -> Pointed:
    """What the words before, else after, call the number from `start` to `end`.

    `OTP is …`, `… is your OTP`.
    """
    known = vocabulary()
    window = 4 * _LABEL_REACH_AFTER
    first = bisect_left(pieces, start, key=lambda piece: piece.start)
    last = bisect_left(pieces, end, key=lambda piece: piece.start)
    before = _words_beside(pieces[max(0, first - window) : first][::-1], _LABEL_REACH)
    for position, word in enumerate(before):
        if word in known.code_labels or _is_one_time_pin(before[position:]):
            return Pointed.CODE
        if word in known.code_others and word not in _ABBREVIATED:
            return Pointed.OTHER
    after = _words_beside(pieces[last : last + window], _LABEL_REACH_AFTER)
    for position, word in enumerate(after):
        if word in known.code_labels or _is_one_time_pin(tuple(reversed(after[: position + 1]))):
            return Pointed.CODE
        if word in known.code_others and "is" in after[:position]:
            return Pointed.OTHER
    return Pointed.NOTHING


def _is_one_time_pin(reversed_words: tuple[str, ...]) -> bool:
    """A bare PIN is the wallet's own secret; a one-time PIN is the code that was sent."""
    return reversed_words[:1] == ("pin",) and reversed_words[1:3] in (("time", "one"), ("otp",))


def _words_beside(pieces: list[Token], reach: int) -> tuple[str, ...]:
    """The nearest words, folded, up to the end of the sentence, another number or `reach` words."""
    found: list[str] = []
    for piece in pieces:
        if len(found) == reach or piece.kind is Kind.DIGITS:
            break
        ends_line = piece.kind is Kind.SPACE and "\n" in piece.text and found
        ends = piece.kind is Kind.SYMBOL and piece.text in _ENDS
        if ends_line or (ends and not (found and found[-1] in _ABBREVIATED)):
            break
        if piece.kind is Kind.LETTERS:
            found.append(fold(piece.text))
    return tuple(found)


def is_taken_back(text: str) -> bool:
    """Whether normalized text says not to use its code, or to stop.

    "Do not share" and the like are only warnings.
    """
    return any(_takes_back(sentence) for sentence in _sentences(text))


def _sentences(text: str) -> list[list[str]]:
    """The words and numbers of each sentence or line, folded."""
    sentences: list[list[str]] = [[]]
    for piece in tokens(text):
        if (piece.kind is Kind.SYMBOL and piece.text in _ENDS) or "\n" in piece.text:
            sentences.append([])
        elif piece.kind in (Kind.LETTERS, Kind.DIGITS):
            word = fold(piece.text)
            # An apostrophe cuts "don't" in two.
            if word == "t" and sentences[-1] and sentences[-1][-1].endswith("n"):
                sentences[-1][-1] += word
            else:
                sentences[-1].append(word)
    return sentences


def _takes_back(sentence: list[str]) -> bool:
    known = vocabulary()
    back = known.negations | known.commands["cancel"].strong | _STOPS
    coded = any(word.isdigit() and len(word) >= _SHORTEST_CODE for word in sentence)
    if not coded and (known.warnings | known.audience).intersection(sentence):
        return False
    for position, word in enumerate(sentence):
        if word not in back:
            continue
        previous = sentence[position - 1] if position else ""
        following = sentence[position + 1 :]
        if word in _ABBREVIATED and previous in known.code_labels | known.code_others:
            continue
        if following[:1] in (["you"], ["one"]):  # "Not you? Call us", "share with no one"
            continue
        if known.warnings.intersection(following[:_WARNING_REACH]):
            continue
        if known.audience.intersection(following[:_AUDIENCE_REACH]):
            continue
        return True
    return False
