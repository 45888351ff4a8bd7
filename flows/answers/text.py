"""The text of a message as the readers see it: one script of digits, one kind of dash, nothing
invisible.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

# Longer messages are cut: nothing that we ask for is longer, and every reader stays quick.
MAX_LENGTH = 4000

_LINE_ENDS = frozenset("\n\r\v\f\x85\u2028\u2029")
# Letters and marks that show nothing, and the frame of keycap emoji (the digit in it stays).
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u20e3\u2800\u3164\uffa0")
_VARIATIONS = range(0xFE00, 0xFE10)
_SAME_AS = str.maketrans(
    {
        "\u2212": "-", "\u2043": "-", "\u02d7": "-", "\u2796": "-",
        "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u02bc": "'", "\u2032": "'",
        "\u00b4": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u2033": '"',
        "\u00ab": '"', "\u00bb": '"', "\u066b": ".", "\u066c": "'", "\u060c": ",", "\u3002": ".",
        "\u2044": "/", "\u2215": "/", "\u2116": "#", "\u061f": "?", "\u037e": "?",
    }
)  # fmt: skip
# Marks drawn over Latin letters and digits that no letter is composed with: crossed-out text.
_OVERLAYS = re.compile("(?<=[0-9A-Za-z])[\u0300-\u036f\u20d0-\u20f0]+")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")
# Bold, italic and code marks of WhatsApp. One that stands between two letters or digits is no mark.
_MARKUP = re.compile(r"(?<![*_`])(?:(?<![^\W_])[*_`]++(?=\S)|(?<=\S)[*_`]++(?![^\W_]))")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u2032]+")

# Letters of other scripts that look like Latin ones.
LOOK_ALIKES = str.maketrans(
    "АВЕКМНОРСТУХІЈЅаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧοιν",
    "ABEKMHOPCTYXIJSaeopcyxijsABEZHIKMNOPTYXoiv",
)


def normalize(text: str) -> str:
    """The text for reading: digits as 0-9, dashes as `-`, quotes straight, nothing invisible, no
    bold marks.

    Lines stay apart; other white space is one space. At most MAX_LENGTH characters. Superscripts,
    fractions and circled numbers stay what they are: `²00` is not 200.
    """
    cut = text[:MAX_LENGTH]
    clean = cut if _is_plain(cut) else "".join(map(_clean, cut))
    clean = unicodedata.normalize("NFC", clean)[:MAX_LENGTH]
    clean = _OVERLAYS.sub("", clean)
    clean = _LINES.sub("\n", _SPACES.sub(" ", clean))
    return _MARKUP.sub("", clean).strip()


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _clean(character: str) -> str:
    if " " <= character <= "~":
        return character
    if character in _LINE_ENDS:
        return "\n"
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs" or character == "\t":
        return " "
    if category in ("Cc", "Cf", "Cs") or character in _UNSEEN or ord(character) in _VARIATIONS:
        return ""
    if category == "Pd":
        return "-"
    if category in ("No", "Nl"):
        return character
    same = character.translate(_SAME_AS)
    if same != character:
        return same
    folded = unicodedata.normalize("NFKC", character)
    # A square or circled sign that hides digits must not become digits.
    hides_digits = any(part.isnumeric() for part in folded) and not character.isnumeric()
    return character if hides_digits else folded


def fold(text: str) -> str:
    """The text for comparing words: lower case, without Latin and Cyrillic accents and without
    apostrophes.
    """
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", text.casefold()))
    return _APOSTROPHES.sub("", unicodedata.normalize("NFC", bare))


class Kind(StrEnum):
    """What a token is made of.

    SYMBOL is one character: an emoji, a currency sign, a mark of punctuation.
    """

    DIGITS = "digits"
    LETTERS = "letters"
    SPACE = "space"
    SYMBOL = "symbol"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of normalized text and where it stands; tokens follow one another without gaps."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def _kind(character: str) -> Kind:
    if "0" <= character <= "9":
        return Kind.DIGITS
    if character.isalpha() or unicodedata.category(character)[0] == "M":
        return Kind.LETTERS
    return Kind.SPACE if character.isspace() else Kind.SYMBOL


def tokens(text: str) -> list[Token]:
    """All of a normalized text, cut where the kind of character changes; each symbol is a token of
    its own.
    """
    found: list[Token] = []
    position = 0
    for kind, run in groupby(text, _kind):
        piece = "".join(run)
        parts = list(piece) if kind is Kind.SYMBOL else [piece]
        for part in parts:
            found.append(Token(kind, part, position))
            position += len(part)
    return found


def words(text: str) -> tuple[str, ...]:
    """Folded words, numbers and emoji of a text, in order, without punctuation.

    `Don't stop! 🛑` → dont, stop, 🛑.
    """
    found: list[str] = []
    current: list[str] = []
    for character in fold(normalize(text)):
        category = unicodedata.category(character)
        if character.isalnum() or category[0] == "M":
            current.append(character)
            continue
        if current:
            found.append(_one_script("".join(current)))
            current = []
        if category == "So":
            found.append(character)
    if current:
        found.append(_one_script("".join(current)))
    return tuple(found)


def _one_script(word: str) -> str:
    """A Latin word with a few look-alike letters of another script in it, as it was meant:
    `саncel` → cancel.
    """
    if word.isascii() or not any("a" <= letter <= "z" for letter in word):
        return word
    return word.translate(LOOK_ALIKES).casefold()
