"""The pieces of a sentence with figures in it: numbers, currencies, words and signs, in order."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from babel.numbers import list_currencies

from flows.answers.text import Kind, fold, tokens
from flows.answers.vocabulary import vocabulary

_LITERAL = re.compile(
    r"(?<![\d.,'_])\d{1,3}(?: \d{3})+(?:[.,]\d{1,2})?(?!\d|[.,'_ ]\d)"
    r"|\d+(?:[.,'_]\d+)*"
    r"|(?<![\w.,])[.,]\d+"
)

# Names of countries and things that name a currency only beside a number: "100 Zimbabwe dollars".
_ONLY_BESIDE = frozenset(
    {"zimbabwe", "zimbabwean", "zim", "bond", "australian", "canadian", "namibian", "singapore"}
)


class Role(StrEnum):
    """What a piece is."""

    NUMBER = "number"
    CURRENCY = "currency"
    WORD = "word"
    SIGN = "sign"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of the sentence. `name` is a word folded, or a currency's code."""

    role: Role
    text: str
    name: str


NOTHING = Item(Role.SPACE, "", "")


@cache
def _codes() -> frozenset[str]:
    return frozenset(list_currencies())


def items_of(text: str) -> list[Item]:
    items: list[Item] = []
    position = 0
    for match in _LITERAL.finditer(text):
        items += _between(text[position : match.start()])
        items.append(Item(Role.NUMBER, match[0], ""))
        position = match.end()
    return items + _between(text[position:])


def _between(text: str) -> list[Item]:
    """The items of a stretch without numbers. `us$` and `z$` are one currency each."""
    known = vocabulary()
    items: list[Item] = []
    for token in tokens(text):
        name = fold(token.text)
        if items and items[-1].role is not Role.SPACE and items[-1].name + name in known.currencies:
            whole = items.pop()
            items.append(
                Item(Role.CURRENCY, whole.text + token.text, known.currencies[whole.name + name])
            )
        elif name in known.currencies:
            items.append(Item(Role.CURRENCY, token.text, known.currencies[name]))
        elif token.kind is Kind.SPACE:
            items.append(Item(Role.SPACE, token.text, ""))
        elif token.kind is Kind.LETTERS:
            plain = known.amounts["around"].single | known.amounts["whole"].single
            code = len(name) == 3 and token.text in _codes() and name not in plain
            items.append(
                Item(Role.CURRENCY if code else Role.WORD, token.text, token.text if code else name)
            )
        elif unicodedata.category(token.text) == "Sc":
            items.append(Item(Role.CURRENCY, token.text, token.text))
        else:
            items.append(Item(Role.SIGN, token.text, token.text))
    return items


def is_short(item: Item) -> bool:
    """`r`, `rs` or `Zimbabwe`: a currency only beside a number."""
    worded = item.role is Role.CURRENCY and item.text.isalpha()
    return worded and (len(item.text) < 3 or fold(item.text) in _ONLY_BESIDE)


def matters(item: Item) -> bool:
    """Whether a sign may change what is meant: emoji and skin tones are decoration, except a
    hundred points.
    """
    return item.text == "💯" or unicodedata.category(item.text) not in (
        "So",
        "Sk",
        "Mn",
        "Cn",
        "Co",
    )


def at(items: list[Item], index: int) -> Item:
    return items[index] if 0 <= index < len(items) else NOTHING
