"""What people write about a way of paying: which one, that they are ready for it, that they have
paid by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from flows.answers.commands import Command, is_slip, read_command
from flows.answers.text import normalize, words
from flows.answers.vocabulary import Phrase, Phrases, covers, vocabulary

_SHORTEST_SLIP = 5


@dataclass(frozen=True, slots=True)
class NamedWay:
    """What a way is called: the key under which it is found, its provider's key and title, and its
    kind (`code`, `link`, `phone`).
    """

    key: str
    provider: str
    title: str
    kind: str


def read_ways(text: str, offered: Iterable[NamedWay]) -> tuple[str, ...]:
    """The keys of the ways that a message may mean, in their order; empty where it names none.

    A message that says anything beside the names of a way does not mean it.
    """
    heard = _bare(text)
    if not heard or vocabulary().negations.intersection(heard):
        return ()
    return tuple(way.key for way in offered if _means(heard, way))


def names_provider(text: str) -> bool:
    """Whether a message is nothing but what people call a provider: `kaspi`, `phone pe`."""
    return covers(words(normalize(text)), _all_names(), frozenset())


def read_paid(text: str) -> bool:
    """Whether somebody says that they have paid: `paid`, `I have paid but nothing happened`.

    What may be another wish ("done, cancel it") is not one.
    """
    known = vocabulary()
    heard = words(normalize(text))
    around = known.ways.paid_around | known.politeness
    if covers(heard, known.ways.paid, around):
        return True
    if read_command(text).command not in (None, Command.STATUS, Command.RECEIPT):
        return False
    first = next((place for place, word in enumerate(heard) if word not in around), None)
    return first is not None and known.ways.paid.at(heard, first) > 0


def read_go(text: str) -> bool:
    """Whether somebody says that they are ready: `ready`, `send me the link`. No question is."""
    known = vocabulary()
    clean = normalize(text)
    around = known.ways.go_around | known.politeness
    return "?" not in clean and covers(words(clean), known.ways.go, around)


def _bare(text: str) -> Phrase:
    known = vocabulary()
    heard = words(normalize(text))
    without = known.ways.around | known.politeness
    return tuple(word for word in heard if word not in without)


@cache
def _all_names() -> Phrases:
    names = vocabulary().ways.names
    return Phrases(" | ".join((*names, *names.values())))


@cache
def _names_of(way: NamedWay) -> Phrases:
    """What one way is called. There are as many as providers have ways, so all are kept."""
    known = vocabulary().ways
    listed = (way.title, way.provider, known.kinds[way.kind], known.names.get(way.provider, ""))
    return Phrases(" | ".join(listed))


def _means(heard: Phrase, way: NamedWay) -> bool:
    names = _names_of(way)
    straight = tuple(_straightened(word, names.single) for word in heard)
    return covers(straight, names, frozenset())


def _straightened(word: str, names: frozenset[str]) -> str:
    """A word with one slip in it as it was meant: `kaspy` → kaspi."""
    if word in names or len(word) < _SHORTEST_SLIP:
        return word
    return next((name for name in sorted(names) if is_slip(word, name)), word)
