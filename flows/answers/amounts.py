"""How much somebody wants to pay. Read by a grammar; whatever has two readings is asked about,
never guessed.

numerals ─▶ one, sure, nothing strange around it ──▶ Exactly
         ├▶ more than one, or one that is unsure ───▶ DoubtfulAmount
         └▶ in another currency ────────────────────▶ OtherCurrency
words ───▶ WholeBalance · Deposit · Fraction · a spelled-out number · NotAnAmount
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.money import Money
from flows.answers.number_words import is_number_word, number_of
from flows.answers.sums import Number, Sentence, cut_up
from flows.answers.text import fold, normalize, words
from flows.answers.vocabulary import Phrase, covers, vocabulary

MOST_MINOR = 10**12
_MOST_CANDIDATES = 3


class AmountFault(StrEnum):
    """Why an amount can be no payment."""

    NEGATIVE = "negative"
    ZERO = "zero"
    TOO_PRECISE = "too_precise"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Exactly:
    """One amount, in the currency that was asked for."""

    money: Money


@dataclass(frozen=True, slots=True)
class WholeBalance:
    """All that is still owed."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """The deposit."""


@dataclass(frozen=True, slots=True)
class Fraction:
    """Half, but of what: the balance or the price?"""


@dataclass(frozen=True, slots=True)
class OtherCurrency:
    """An amount in another currency (its code) than the one that was asked for."""

    code: str


@dataclass(frozen=True, slots=True)
class DoubtfulAmount:
    """An amount to be asked about; `candidates` is what it may mean, one to three."""

    candidates: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class BadAmount:
    """An amount, and no possible payment."""

    why: AmountFault


@dataclass(frozen=True, slots=True)
class NotAnAmount:
    """A question, a remark, or nothing that can be read as an amount."""


AmountReading = (
    Exactly | WholeBalance | Deposit | Fraction
    | OtherCurrency | DoubtfulAmount | BadAmount | NotAnAmount
)  # fmt: skip

_SCIENTIFIC = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)[eE]\+?(\d{1,2})")
_HALF = re.compile(r"(?:(?:pay|just|only|i want to pay) )?(?:1/2|50/50)(?: [a-z ]{1,30})?", re.I)
_PERCENT = re.compile(r"(?<![\d.,])(\d{1,3})(?:[.,]0{1,2})? ?(%|[^\W\d_]+)")
_HARMLESS = frozenset(" \n.,!:;\"'=+#")
_MINUS = frozenset({"minus", "negative", "минус", "menos"})


def read_amount(text: str, currency: str) -> AmountReading:
    """What a message says when it was asked how much to pay, for a booking in `currency` (ISO
    4217).
    """
    clean = normalize(text)
    if not any("0" <= character <= "9" for character in clean):
        return _in_words(clean, currency)
    if _HALF.fullmatch(clean):
        return Fraction()
    if match := _SCIENTIFIC.fullmatch(clean):
        return _doubtful((Decimal(match[1]).scaleb(int(match[2])),), currency)
    sentence = cut_up(clean)
    percent = _percent(clean)
    if percent is not None:
        return Fraction() if percent == 50 and len(sentence.numbers) == 1 else NotAnAmount()
    return _judge(sentence, currency)


def _percent(clean: str) -> int | None:
    names = vocabulary().amounts["percents"].single
    for match in _PERCENT.finditer(clean):
        if match[2] == "%" or fold(match[2]) in names:
            return int(match[1])
    return None


def _judge(sentence: Sentence, currency: str) -> AmountReading:
    usable = [number for number in sentence.numbers if not number.strange and not number.counts]
    own = [number for number in usable if number.currency in (None, currency)]
    foreign = [number.currency for number in usable if number.currency not in (None, currency)]
    foreign += [code for code in sentence.currencies if code != currency]
    unnamed = currency not in sentence.currencies and len(own) <= 1
    if foreign and foreign[0] and usable and (not own or (unnamed and own[0].currency is None)):
        return OtherCurrency(foreign[0])
    if not own:
        return NotAnAmount()
    if len(sentence.numbers) > 1 or foreign:
        return _doubtful(_likeliest(own), currency)
    return _judge_one(own[0], _is_plain(sentence), currency)


def _judge_one(number: Number, plain: bool, currency: str) -> AmountReading:
    if number.negative:
        return BadAmount(AmountFault.NEGATIVE)
    if number.numeral.fault is not None:
        return BadAmount(AmountFault(number.numeral.fault.value)) if plain else NotAnAmount()
    if plain and number.numeral.sure:
        return _exactly(number.numeral.values[0], currency)
    return _doubtful(number.numeral.values, currency)


def _is_plain(sentence: Sentence) -> bool:
    """Whether nothing but harmless words and signs stands around the number."""
    known = vocabulary()
    around = known.amounts["around"].single | known.politeness
    return (
        not sentence.mentions and sentence.signs <= _HARMLESS and around.issuperset(sentence.rest)
    )


def _likeliest(numbers: list[Number]) -> tuple[Decimal, ...]:
    """What several numbers may mean: the one for now, if one is said to be for now, else each."""
    positive = [number for number in numbers if not number.negative]
    chosen = [number for number in positive if number.for_now] or positive
    return tuple(value for number in chosen for value in number.numeral.values)


def _exactly(value: Decimal, currency: str) -> AmountReading:
    money = Money.from_decimal(value, currency)
    if money.amount_minor == 0:
        return BadAmount(AmountFault.ZERO)
    if money.amount_minor > MOST_MINOR:
        return BadAmount(AmountFault.TOO_LARGE)
    return Exactly(money)


def _doubtful(values: tuple[Decimal, ...], currency: str) -> AmountReading:
    """The possible payments among the values, to be asked about; without any, no amount."""
    whole = [value for value in values if value * 100 <= MOST_MINOR and value == round(value, 2)]
    readings = [_exactly(value, currency) for value in whole]
    possible = dict.fromkeys(reading.money for reading in readings if isinstance(reading, Exactly))
    return DoubtfulAmount(tuple(possible)[:_MOST_CANDIDATES]) if possible else NotAnAmount()


def _in_words(clean: str, currency: str) -> AmountReading:
    """A message without figures."""
    known = vocabulary()
    heard = tuple(word for word in words(clean) if not _is_decoration(word))
    if heard and set(heard) == {"💯"}:
        return _doubtful((Decimal(100),), currency)
    if "?" in clean:
        return NotAnAmount()
    whole, around = known.amounts["whole"], known.amounts["whole_around"].single
    around = around | known.politeness | _names_of(currency)
    if covers(heard, known.amounts["half"], around | whole.single):
        return Fraction()
    if covers(heard, known.amounts["deposit"], around | whole.single):
        return Deposit()
    if covers(heard, whole, around):
        return WholeBalance()
    return _spelled_out(heard, currency)


def _is_decoration(word: str) -> bool:
    return word not in ("💯", "½") and len(word) == 1 and unicodedata.category(word) == "So"


def _names_of(currency: str) -> frozenset[str]:
    return frozenset(name for name, code in vocabulary().currencies.items() if code == currency)


def _spelled_out(heard: Phrase, currency: str) -> AmountReading:
    """`two hundred and fifty dollars please`.

    Small numbers are everyday words (`this one`), so they must stand alone.
    """
    known = vocabulary()
    said = [position for position, word in enumerate(heard) if is_number_word(word)]
    if not said:
        return NotAnAmount()
    start = said[0] - (said[0] > 0 and heard[said[0] - 1] == "a")
    number = number_of(heard[start : said[-1] + 1])
    rest = heard[:start] + heard[said[-1] + 1 :]
    codes = {known.currencies[word] for word in rest if word in known.currencies}
    if number is None:
        return NotAnAmount()
    if codes - {currency}:
        return OtherCurrency(min(codes - {currency}))
    if _MINUS.intersection(heard[:start]):
        return BadAmount(AmountFault.NEGATIVE)
    if known.subunits.intersection(rest):
        return _doubtful((Decimal(number) / 100,), currency)
    harmless = known.amounts["around"].single | known.politeness | _names_of(currency)
    if number < 10 and not codes and set(rest) - known.politeness:
        return NotAnAmount()
    if harmless.issuperset(rest):
        return _exactly(Decimal(number), currency)
    return _doubtful((Decimal(number),), currency) if number >= 10 else NotAnAmount()
