"""The words that the readers know, read once from words.toml and folded as messages are."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flows.answers.text import fold, normalize, words

_FILE = Path(__file__).with_name("words.toml")

Phrase = tuple[str, ...]


class Phrases:
    """Words and phrases to look for in a list of words; the longest fits first."""

    def __init__(self, listed: str) -> None:
        entries = [words(entry) for line in listed.splitlines() for entry in line.split("|")]
        self.all: frozenset[Phrase] = frozenset(entry for entry in entries if entry)
        self.single: frozenset[str] = frozenset(entry[0] for entry in self.all if len(entry) == 1)
        self._longest = max((len(entry) for entry in self.all), default=0)

    def at(self, heard: Phrase, position: int) -> int:
        """How many words of `heard` from `position` on are the longest entry found there; 0 for
        none.
        """
        for length in range(min(self._longest, len(heard) - position), 0, -1):
            if heard[position : position + length] in self.all:
                return length
        return 0


def mentions(heard: Phrase, named: Phrases) -> bool:
    """Whether one of these words or phrases stands anywhere in `heard`."""
    return any(named.at(heard, position) for position in range(len(heard)))


def covers(heard: Phrase, core: Phrases, around: frozenset[str]) -> bool:
    """Whether `heard` is made of `core` and words `around` it alone, with at least one of the
    core.
    """
    position, named = 0, False
    while position < len(heard):
        length = core.at(heard, position)
        if length:
            named = True
            position += length
        elif heard[position] in around:
            position += 1
        else:
            return False
    return named


@dataclass(frozen=True, slots=True)
class CommandWords:
    """What names a command: `core` with words `around` it, or one of `phrases` as a whole;
    `strong` even in a sentence.
    """

    core: Phrases
    around: frozenset[str]
    phrases: Phrases
    strong: frozenset[str]


@dataclass(frozen=True, slots=True)
class WayWords:
    """Words about ways of paying. `kinds` and `names` are lists as they stand in the file, by kind
    and by provider.
    """

    kinds: Mapping[str, str]
    names: Mapping[str, str]
    around: frozenset[str]
    paid: Phrases
    paid_around: frozenset[str]
    go: Phrases
    go_around: frozenset[str]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All of words.toml, folded."""

    politeness: frozenset[str]
    negations: frozenset[str]
    doubts: frozenset[str]
    yes: Phrases
    no: Phrases
    yes_no_around: frozenset[str]
    commands: Mapping[str, CommandWords]
    command_signs: frozenset[str]
    cancel_signs: frozenset[str]
    languages: Mapping[str, Phrases]
    not_slips: frozenset[str]
    amounts: Mapping[str, Phrases]
    multipliers: Mapping[str, int]
    currencies: Mapping[str, str]
    subunits: frozenset[str]
    number_words: Mapping[str, int]
    number_multipliers: Mapping[str, int]
    number_joins: frozenset[str]
    spoken_digits: Mapping[str, int]
    code_labels: frozenset[str]
    code_others: frozenset[str]
    warnings: frozenset[str]
    audience: frozenset[str]
    sender: Phrases
    sender_around: frozenset[str]
    months: frozenset[str]
    lacking: Phrases
    reference_names: Phrases
    questions: frozenset[str]
    not_heads: frozenset[str]
    never_heads: frozenset[str]
    ways: WayWords


def _single(listed: str) -> frozenset[str]:
    return Phrases(listed).single


def _values(table: Mapping[str, str]) -> dict[str, int]:
    return {word: int(value) for value, listed in table.items() for word in _single(listed)}


def _command(table: Mapping[str, str]) -> CommandWords:
    return CommandWords(
        core=Phrases(table["core"]),
        around=_single(table["around"]),
        phrases=Phrases(table.get("phrases", "")),
        strong=_single(table.get("strong", "")),
    )


def _way_words(ways: Mapping[str, Any], links: Mapping[str, str]) -> WayWords:
    return WayWords(
        kinds=ways["kinds"],
        names=ways["names"],
        around=_single(ways["around"]),
        paid=Phrases(links["paid"]),
        paid_around=_single(links["paid_around"]),
        go=Phrases(links["go"]),
        go_around=_single(links["go_around"]),
    )


def _currency_names(table: Mapping[str, str]) -> dict[str, str]:
    """Names and signs of currencies. Signs are no words, so they are kept as written, folded."""
    return {
        fold(normalize(name)): code
        for code, listed in table.items()
        for name in listed.split(" | ")
    }


@cache
def vocabulary() -> Vocabulary:
    """The words of words.toml. Read at the first call, then kept."""
    data = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    numbers = _values(data["number_words"])
    digits = {word: value for word, value in numbers.items() if value < 10}
    currencies = _currency_names(data["currencies"])
    heads = _single(data["references"]["not_heads"]) | _single(data["codes"]["labels"])
    everyday = [data["politeness"], data["negations"], data["doubts"], data["amounts"]["around"]]
    everyday += [data["yes_no"]["yes"], data["yes_no"]["no"], data["amounts"]["whole"]]
    everyday += [table["core"] for table in data["commands"].values()]
    commands = {name: _command(table) for name, table in data["commands"].items()}
    unsure = _single(data["commands"]["cancel"]["unsure"])
    signs = (word for table in commands.values() for word in table.core.single)
    return Vocabulary(
        politeness=_single(data["politeness"]),
        negations=_single(data["negations"]),
        doubts=_single(data["doubts"]),
        yes=Phrases(data["yes_no"]["yes"]),
        no=Phrases(data["yes_no"]["no"]),
        yes_no_around=_single(data["yes_no"]["around"]),
        commands=commands,
        command_signs=unsure.union(s for s in signs if not s.isalnum() and len(s) == 1),
        cancel_signs=unsure,
        languages={code: Phrases(listed) for code, listed in data["languages"].items()},
        not_slips=_single(data["not_slips"]["words"]),
        amounts={name: Phrases(listed) for name, listed in data["amounts"].items()},
        multipliers=_values(data["multipliers"]),
        currencies=currencies,
        subunits=frozenset(fold(name) for name in data["subunits"]["words"].split(" | ")),
        number_words=numbers,
        number_multipliers=_values(data["number_multipliers"]),
        number_joins=_single(data["number_joins"]["words"]),
        spoken_digits=digits | _values(data["spoken_digits"]),
        code_labels=_single(data["codes"]["labels"]),
        code_others=_single(data["codes"]["others"]),
        warnings=_single(data["codes"]["warnings"]),
        audience=_single(data["codes"]["audience"]),
        sender=Phrases(data["numbers"]["sender"]),
        sender_around=_single(data["numbers"]["around"]),
        months=_single(data["dates"]["months"]),
        lacking=Phrases(data["references"]["lacking"]),
        reference_names=Phrases(data["references"]["names"]),
        questions=_single(data["references"]["questions"]),
        not_heads=heads.union(*map(_single, everyday), currencies, numbers),
        never_heads=_single(data["references"]["never_heads"]),
        ways=_way_words(data["ways"], data["links"]),
    )
