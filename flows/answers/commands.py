"""Commands that work at every step: whole messages, not words inside other sentences.

Politeness and punctuation around a command do not matter. What is only nearly a command, or a
command with something beside it that may change it, is read as unsure: to be asked about.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from flows.answers.text import normalize, words
from flows.answers.vocabulary import CommandWords, Phrase, covers, vocabulary

_LONGEST_UNSURE = 8
_SHORTEST_SLIP, _MOST_WORDS_SLIPPED = 4, 4


class Command(StrEnum):
    """What a customer may ask for at any time."""

    PAY = "pay"
    MENU = "menu"
    HELP = "help"
    STATUS = "status"
    BACK = "back"
    CANCEL = "cancel"
    OPT_OUT = "opt_out"
    PERSON = "person"
    RESEND = "resend"
    RECEIPT = "receipt"
    BALANCE = "balance"
    CHANGE_AMOUNT = "change_amount"
    CHANGE_NUMBER = "change_number"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class CommandReading:
    """A command, or None. `sure` is False for what must be asked about, and for None."""

    command: Command | None
    sure: bool


NO_COMMAND = CommandReading(None, False)

# The first that fits counts: "stop sending me messages" is no cancel, "cancel payment" no payment.
_ORDER = (
    Command.OPT_OUT, Command.CANCEL, Command.RESEND, Command.CHANGE_AMOUNT, Command.CHANGE_NUMBER,
    Command.RECEIPT, Command.BALANCE, Command.STATUS, Command.MENU, Command.BACK, Command.PERSON,
    Command.HELP, Command.PAY, Command.LANGUAGE,
)  # fmt: skip
# A question about one of these ("cancel?") is no wish for it yet.
_GRAVE = frozenset({Command.CANCEL, Command.OPT_OUT, Command.PAY})
_STOP_MESSAGES = re.compile(
    r"\b(?:stop|quit|dont|do not|no more) (?:\w+ ){0,2}?"
    r"(?:sending|texting|messaging|contacting|spamming|disturbing|writing|whatsapping)\b"
    r"(?: \w+){0,4}"
)
_DO_NOT_STOP = re.compile(r"(?:dont|do not) (?:stop|quit)\b")
_NEW_VALUE = re.compile(
    r"(.{0,80}?) (?:to|at|on|from|with|is|it)? ?(?:[a-z]{2,4} )?[+\d][\d .,()+-]{0,20}"
    r"(?: [a-z]{1,10})?"
)
_MAKE_IT = re.compile(r"(?:no )?(?:make it|make that|change it to|change to) \d{1,9}(?: .{0,20})?")
_PAID_BEFORE = re.compile(
    r"(?:i|we|ive|weve) (?:have |had |has )?(?:already |just )?(?:paid|sent the money)\b.{0,120}?"
    r"\b(?:but|no|not|never|nothing|havent|didnt|dont|where|why|still|receipt|confirmation)\b.{0,200}"
)


def read_command(text: str) -> CommandReading:
    """The command that a message is as a whole.

    A sentence that only contains such a word is none.
    """
    clean = normalize(text)
    known = vocabulary()
    heard = words(clean)
    bare = _without_politeness(heard)
    if not bare:
        return _question_mark(clean)
    asked = "?" in clean
    if known.cancel_signs.issuperset(bare):
        return CommandReading(Command.CANCEL, False)
    if _language(bare) is not None:
        return CommandReading(Command.LANGUAGE, True)
    for command in _ORDER:
        if _is(bare, known.commands[command.value]):
            return CommandReading(command, not (asked and command in _GRAVE))
    return _in_a_sentence(bare) or _split_or_slipped(bare) or NO_COMMAND


def read_language(text: str) -> str | None:
    """The language whose name a message is (`русский`), by its ISO 639-1 code; None for anything
    else.
    """
    return _language(_without_politeness(words(normalize(text))))


def _language(bare: Phrase) -> str | None:
    around = vocabulary().commands[Command.LANGUAGE.value].around
    named = vocabulary().languages.items()
    return next((code for code, names in named if covers(bare, names, around)), None)


def _question_mark(clean: str) -> CommandReading:
    """A lone `?` or `??` asks for help."""
    return CommandReading(Command.HELP, True) if clean and set(clean) <= {"?", " "} else NO_COMMAND


def _without_politeness(heard: Phrase) -> Phrase:
    """The words that matter: no politeness, emoji of the commands only, each once in a row,
    stretched letters once.
    """
    known = vocabulary()
    kept: list[str] = []
    for word in heard:
        stretched = re.sub(r"(.)\1{2,}", r"\1", word)
        is_sign = len(word) == 1 and not word.isalnum()
        if stretched in known.politeness or (is_sign and word not in known.command_signs):
            continue
        if not kept or kept[-1] != stretched:
            kept.append(stretched)
    return tuple(kept)


def _is(bare: Phrase, table: CommandWords) -> bool:
    return bare in table.phrases.all or covers(bare, table.core, table.around)


def _in_a_sentence(bare: Phrase) -> CommandReading | None:
    """Commands that say more than their name, and those that may be meant within a sentence."""
    known = vocabulary()
    text = " ".join(bare)
    if _STOP_MESSAGES.fullmatch(text) and not _DO_NOT_STOP.match(text):
        return CommandReading(Command.OPT_OUT, True)
    for command in (Command.CHANGE_AMOUNT, Command.CHANGE_NUMBER):
        match = _NEW_VALUE.fullmatch(text)
        if match and _is(tuple(match[1].split()), known.commands[command.value]):
            return CommandReading(command, True)
    if _MAKE_IT.fullmatch(text):
        return CommandReading(Command.CHANGE_AMOUNT, False)
    if _PAID_BEFORE.fullmatch(text):
        return CommandReading(Command.STATUS, True)
    cancel = known.commands[Command.CANCEL.value]
    if known.negations.intersection(bare) - {"no"} or len(bare) > _LONGEST_UNSURE:
        return None
    unnumbered = tuple(word for word in bare if not word.isdigit() and word != "no")
    if cancel.strong.intersection(bare) or (
        len(unnumbered) < len(bare) and _is(unnumbered, cancel)
    ):
        return CommandReading(Command.CANCEL, False)
    return None


def _split_or_slipped(bare: Phrase) -> CommandReading | None:
    """`c a n c e l` and `canc el` are the command; `cancle` is nearly one."""
    known = vocabulary()
    joined = "".join(bare)
    for command in _ORDER:
        core = known.commands[command.value].core.single
        if len(bare) > 1 and len(joined) >= _SHORTEST_SLIP and joined in core:
            return CommandReading(command, True)
    if len(bare) <= _MOST_WORDS_SLIPPED and not joined.isdigit() and joined not in known.not_slips:
        return _slipped(bare, joined)
    return None


def _slipped(bare: Phrase, joined: str) -> CommandReading | None:
    known = vocabulary()
    for command, names in _slippable():
        around = known.commands[command.value].around
        rest = [word for word in bare if word not in around]
        said = rest[0] if len(rest) == 1 else joined
        if len(said) >= _SHORTEST_SLIP - 1 and said not in known.not_slips:
            near = (name for length in range(-1, 2) for name in names.get(len(said) + length, ()))
            if any(is_slip(said, name) for name in near):
                return CommandReading(command, False)
    return None


@cache
def _slippable() -> tuple[tuple[Command, dict[int, tuple[str, ...]]], ...]:
    """The single words of each command that are long enough to be recognised with a slip, by
    length.
    """
    found = []
    for command in _ORDER:
        names: dict[int, tuple[str, ...]] = {}
        for name in sorted(vocabulary().commands[command.value].core.single):
            if len(name) >= _SHORTEST_SLIP:
                names[len(name)] = (*names.get(len(name), ()), name)
        found.append((command, names))
    return tuple(found)


def is_slip(said: str, name: str) -> bool:
    """Whether one letter more, less, other, or two swapped, make `said` of `name`."""
    if said == name:
        return False
    start = next((i for i, (a, b) in enumerate(zip(said, name, strict=False)) if a != b), None)
    if start is None:
        return abs(len(said) - len(name)) == 1
    left, right = said[start:], name[start:]
    if len(left) == len(right):
        swapped = left[:2] == right[1::-1] and left[2:] == right[2:]
        return swapped or left[1:] == right[1:]
    return left[1:] == right if len(left) > len(right) else left == right[1:]
