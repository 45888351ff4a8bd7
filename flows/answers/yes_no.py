"""Yes or no. A yes with anything beside it that could change it is neither."""

from enum import StrEnum
from itertools import groupby

from flows.answers.text import normalize, words
from flows.answers.vocabulary import Phrase, Phrases, mentions, vocabulary

# Emoji that go with an answer and do not change it.
_DECORATION = frozenset("🙏😊😀😃😄😁🙂😉😎🎉🥳❤♥💪🤝👏🤗😍✨🙌💯")


class YesNo(StrEnum):
    """What an answer to a yes-or-no question says."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


def read_yes_no(text: str) -> YesNo:
    """YES only when nothing else was said: `yes but 150`, `yes, no` and `yes?` are UNCLEAR."""
    clean = normalize(text)
    known = vocabulary()
    heard = tuple(word for word in words(clean) if word not in _DECORATION)
    if not heard:
        heard = tuple(word for word in words(clean) if word == "💯")
    heard = tuple(_unstretched(word) for word in heard)
    if "?" in clean:
        return YesNo.UNCLEAR
    yes, no = _says(heard, known.yes, known.no), _says(heard, known.no, known.yes)
    if yes == no:
        return YesNo.UNCLEAR
    return YesNo.YES if yes else YesNo.NO


def names_yes_or_no(text: str) -> bool:
    """Whether a yes or a no stands anywhere in it."""
    heard, known = words(normalize(text)), vocabulary()
    return mentions(heard, known.yes) or mentions(heard, known.no)


def _unstretched(word: str) -> str:
    """`yesss` → yes, `noooo` → no: a letter three times or more is meant once."""
    runs = [(letter, len(list(run))) for letter, run in groupby(word)]
    if all(length < 3 for _, length in runs):
        return word
    return "".join(letter if length > 2 else letter * length for letter, length in runs)


def _says(heard: Phrase, meant: Phrases, opposite: Phrases) -> bool:
    known = vocabulary()
    position, said = 0, False
    while position < len(heard):
        length = meant.at(heard, position)
        # The longer phrase counts: "not now" is no "now", "no problem" is no "no".
        if length and length >= opposite.at(heard, position):
            said = True
            position += length
        elif heard[position] in known.yes_no_around or heard[position] in known.politeness:
            position += 1
        else:
            return False
    return said
