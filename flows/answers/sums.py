"""A sentence with figures in it: each number with its currency, its sign and what it counts."""

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal

from flows.answers.items import NOTHING, Item, Role, at, is_short, items_of, matters
from flows.answers.landmarks import Landmark, Span, blank, dates, phones
from flows.answers.numerals import Numeral, read_numeral
from flows.answers.references import find_references
from flows.answers.text import Kind, Token, tokens
from flows.answers.vocabulary import vocabulary


@dataclass(frozen=True, slots=True)
class Number:
    """A numeral in its sentence.

    `currency` stands beside it, or is None. `strange`: glued to what is no part of an amount
    (`0x64`, `²00`). `counts`: it numbers people or days. `for_now`: "now" or the like follows it.
    """

    numeral: Numeral
    currency: str | None
    negative: bool
    strange: bool
    counts: bool
    for_now: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """The numbers, the other words (folded) and signs, and every currency that is named.

    `mentions`: there are dates, phone numbers or references too, which stand for themselves.
    """

    numbers: tuple[Number, ...]
    rest: tuple[str, ...]
    signs: frozenset[str]
    currencies: frozenset[str]
    mentions: bool


# `100/-`, `100/=` and `100,-` are how prices are written where no cents are used.
_PRICE_ENDS = re.compile(r"(?<=\d)(?: ?/[-=]|[.,]-+)(?!\d)")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
_DECIMALS_AFTER = re.compile(r"[.,]\d")
_GROUP_BEFORE = re.compile(r"\d[ ']$")
_LOOKS_LIKE_DIGIT = str.maketrans("OoIl", "0011")
_MINUS = frozenset({"minus", "negative", "минус", "menos"})


def cut_up(text: str) -> Sentence:
    """Cut up normalized text."""
    text = _PRICE_ENDS.sub("", _APOSTROPHE.sub("", text))
    mentioned = _mentioned(text)
    text, confused = _repaired(blank(text, mentioned))
    items = items_of(text)
    numbers, consumed = [], set()
    prefixed = _is_prefixed(items)
    for index, item in enumerate(items):
        if item.role is Role.NUMBER:
            number, used = _number(items, index, prefixed)
            numbers.append(replace(number, numeral=_unsure(number.numeral)) if confused else number)
            consumed |= used
    left = [item for index, item in enumerate(items) if index not in consumed]
    return Sentence(
        numbers=tuple(numbers),
        rest=tuple(item.name for item in left if item.role is Role.WORD or is_short(item)),
        signs=frozenset(item.text for item in left if item.role is Role.SIGN and matters(item)),
        currencies=frozenset(
            item.name
            for index, item in enumerate(items)
            if item.role is Role.CURRENCY and (index in consumed or not is_short(item))
        ),
        mentions=bool(mentioned),
    )


def _mentioned(text: str) -> list[Span]:
    found = dates(text)
    found += [span for span in phones(blank(text, found)) if _is_phone(text, span)]
    for place in find_references(blank(text, found)):
        # `ks 2024 001` is a reference, `cash 1000` hardly.
        if " " not in text[place.start : place.end] or place.written.count("-") > 1:
            found.append(Span(Landmark.REFERENCE, place.start, place.end))
    return found


def _is_phone(text: str, span: Span) -> bool:
    """Whether figures are a phone number even here, and no large amount or a later part of one."""
    if _GROUP_BEFORE.search(text[max(0, span.start - 2) : span.start]):
        return False
    if _DECIMALS_AFTER.match(text[span.end : span.end + 2]):
        return False
    written = text[span.start : span.end].lstrip("(")
    return written.startswith(("+", "0")) or (written.startswith("263") and len(written) >= 12)


def _repaired(text: str) -> tuple[str, bool]:
    """The text with letters that stand for digits inside numbers (`1OO`) replaced, and whether
    there were any.
    """
    parts: list[str] = []
    run: list[Token] = []
    confused = False
    for token in [*tokens(text), Token(Kind.SPACE, "", len(text))]:
        if token.kind in (Kind.DIGITS, Kind.LETTERS):
            run.append(token)
            continue
        whole = "".join(part.text for part in run)
        same = whole.translate(_LOOKS_LIKE_DIGIT)
        mixed = len(run) > 1 and same.isascii() and same.isdigit()
        confused = confused or mixed
        parts += [same if mixed else whole, token.text]
        run = []
    return "".join(parts), confused


def _unsure(numeral: Numeral) -> Numeral:
    return replace(numeral, sure=False)


def _before(items: list[Item], index: int) -> int | None:
    """Where the currency before a number stands: `USD 100`, `Rs. 100`, `$-100`, `USD: 100`."""
    for position in range(index - 1, max(index - 4, -1), -1):
        item = items[position]
        if item.role is Role.CURRENCY:
            return position
        if item.role is not Role.SPACE and item.text not in "-.:=":
            return None
    return None


def _after(items: list[Item], index: int) -> int | None:
    """Where the thing right after a number stands, over one space at most; None at the end."""
    position = index + 1 + (at(items, index + 1).role is Role.SPACE)
    return position if position < len(items) else None


def _is_prefixed(items: list[Item]) -> bool:
    """Whether this sentence names currencies before its numbers: `USD 100 / ZWG 2600`, not `100
    USD / 2600 ZWG`.
    """
    first = next((index for index, item in enumerate(items) if item.role is Role.NUMBER), 0)
    return _before(items, first) is not None


def _number(items: list[Item], index: int, prefixed: bool) -> tuple[Number, set[int]]:
    """The number at `index`, and the items that belong to it."""
    known = vocabulary()
    numeral = read_numeral(items[index].text)
    before, after = _before(items, index), _after(items, index)
    follower = at(items, after) if after is not None else NOTHING
    used = {index}
    sides = [before, after if follower.role is Role.CURRENCY else None]
    named = [side for side in (sides if prefixed else reversed(sides)) if side is not None]
    used.update(named)
    minus = _minus(items, index, before)
    used |= minus
    counts = False
    if after is not None and follower.role is Role.WORD:
        factor = _factor(follower.name)
        counts = factor is None and follower.name in known.amounts["units"].single
        if factor is not None:
            numeral = Numeral(
                tuple(value * factor for value in numeral.values), False, numeral.fault
            )
        if counts or factor is not None:
            used.add(after)
    number = Number(
        numeral=numeral,
        currency=items[named[0]].name if named else None,
        negative=bool(minus),
        strange=_is_glued(items, index, used),
        counts=counts,
        for_now=_is_for_now(items, max(used)),
    )
    return number, used


def _factor(word: str) -> Decimal | None:
    """What a word after a number multiplies it by: `2k`, `50 cents`."""
    known = vocabulary()
    if word in known.subunits:
        return Decimal("0.01")
    return Decimal(known.multipliers[word]) if word in known.multipliers else None


def _minus(items: list[Item], index: int, currency: int | None) -> set[int]:
    """The minus sign of a number, if it has one: `-5`, `- 5` at the very start, `$-5`, `-USD 5`,
    `minus 5`.
    """
    for edge in (index, currency):
        if edge is None:
            continue
        position = edge - 1
        if at(items, position).text == " ":
            # Elsewhere than at the very start, a dash between spaces is a dash.
            if position != 1 and at(items, position - 1).name not in _MINUS:
                continue
            position -= 1
        item, left = at(items, position), at(items, position - 1)
        if item.role is Role.WORD and item.name in _MINUS:
            return {position}
        worded = left.role in (Role.WORD, Role.NUMBER) or left.text.isalpha()
        if item.text == "-" and not worded:
            return {position}
    return set()


def _is_glued(items: list[Item], index: int, used: set[int]) -> bool:
    """Whether letters, or signs like `²` and `½`, touch the number without belonging to it."""
    return any(
        item.role is Role.WORD
        or (item.role is Role.SIGN and unicodedata.category(item.text) in ("No", "Nl"))
        for position in (index - 1, index + 1)
        if position not in used and (item := at(items, position)).text
    )


def _is_for_now(items: list[Item], last: int) -> bool:
    after = _after(items, last)
    return after is not None and items[after].name in vocabulary().amounts["now"].single
