"""The words that customers read: one TOML file per language beside this one, one phrase per key.

Placeholders are plain names in braces. Every phrase gets exactly its own variables, and what is put
in is never read as a template again.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

DEFAULT_LANGUAGE = "en"
LONGEST_VALUE = 60

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_MARKUP = str.maketrans("", "", "*~`")


class PhraseError(ValueError):
    """A phrase that does not exist, is badly written, or was given other variables than it has."""


class Rendered(str):
    """Text that came out of a phrase: it may go into another one whole, with its lines and its
    markup.
    """

    __slots__ = ()


class Phrase:
    """One phrase, parsed once."""

    __slots__ = ("_parts", "key", "variables")

    def __init__(self, key: str, template: str) -> None:
        pieces = _PLACEHOLDER.split(template.strip())
        if any("{" in text or "}" in text for text in pieces[::2]):
            raise PhraseError(f"{key}: a brace that is no placeholder")
        self.key = key
        self._parts = tuple(pieces)
        self.variables = frozenset(pieces[1::2])

    def render(self, values: Mapping[str, object]) -> Rendered:
        """The text. Raises PhraseError for a variable too few or too many."""
        if values.keys() != self.variables:
            wrong = sorted(values.keys() ^ self.variables)
            raise PhraseError(f"{self.key}: missing or extra variables {', '.join(wrong)}")
        return Rendered(
            "".join(
                as_plain_words(values[part]) if position % 2 else part
                for position, part in enumerate(self._parts)
            )
        )


class Words:
    """All phrases of one language."""

    def __init__(self, language: str, phrases: Mapping[str, Phrase]) -> None:
        self.language = language
        self._phrases = phrases

    def __contains__(self, key: str) -> bool:
        return key in self._phrases

    def __iter__(self) -> Iterator[Phrase]:
        return iter(self._phrases.values())

    def render(self, key: str, values: Mapping[str, object]) -> Rendered:
        """The phrase of this key with these values. Raises PhraseError."""
        phrase = self._phrases.get(key)
        if phrase is None:
            raise PhraseError(f"there is no phrase {key!r}")
        return phrase.render(values)

    def render_one_of(self, family: str, name: str, values: Mapping[str, object]) -> Rendered:
        """One of a family of phrases that say the same of different things: each takes what it
        needs.
        """
        phrase = self._phrases.get(f"{family}.{name}")
        if phrase is None:
            raise PhraseError(f"there is no phrase {name!r} among {family!r}")
        needed = {variable: values[variable] for variable in phrase.variables & values.keys()}
        return phrase.render(needed)


class Phrases:
    """Every language we speak."""

    def __init__(self, languages: Mapping[str, Words]) -> None:
        self.languages = languages

    def speaking(self, language: str) -> Words:
        """The words of a language (`en`, `en-GB`), or of the default one where we do not speak
        it.
        """
        for name in (language, language.partition("-")[0], DEFAULT_LANGUAGE):
            if name in self.languages:
                return self.languages[name]
        raise PhraseError(f"no phrases for {DEFAULT_LANGUAGE!r}")


def as_plain_words(value: object, longest: int = LONGEST_VALUE) -> str:
    """A value as it may stand in a message: one line, no markup, no invisible characters, cut when
    longer than `longest` characters.
    """
    if isinstance(value, Rendered):
        return value
    text = str(value).translate(_MARKUP)
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_visible, text))
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character)[0] == "C" else character


def read_phrases(language: str, document: Mapping[str, object]) -> Words:
    """The phrases of one parsed TOML document; nested tables become dotted keys."""
    phrases: dict[str, Phrase] = {}
    for key, template in _flat(document, ""):
        phrases[key] = Phrase(key, template)
    return Words(language, phrases)


def _flat(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        elif isinstance(value, str):
            yield key, value
        else:
            raise PhraseError(f"{key}: a phrase is text")


@cache
def load_phrases() -> Phrases:
    """Every language file beside this module, read once."""
    languages = {
        path.stem: read_phrases(path.stem, tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(Path(__file__).parent.glob("*.toml"))
    }
    return Phrases(languages)
