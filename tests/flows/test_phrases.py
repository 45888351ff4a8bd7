"""The phrases: complete, used, strict about their variables, and short enough for the channel."""

import ast
import re
from pathlib import Path

import pytest

from flows.answers import AmountFault, Command
from flows.asides import TOLD_BY_KIND
from flows.conversations import FLOWS
from flows.desk import PaymentStatus, Refusal, WayKind
from flows.events import EVENTS
from flows.facts import KNOWN_FAILURES
from flows.facts import TOLD_BY_KIND as STATES_BY_KIND
from flows.flow import table_of
from flows.phrases import Phrase, PhraseError, Rendered, as_plain_words, load_phrases, read_phrases
from flows.standing import by_kind
from providers.contract import Reason
from tests.flows.transcript import FOLDER, Player, load

ROOT = Path(__file__).parents[2]
KEY = re.compile(r"[a-z_]+(\.[a-z_]*[a-z])+")
NOT_AS_ASKED = {"aside.disagrees", "state.disagrees"}
BY_KIND = (
    "pay.starting.ask",
    "pay.starting.wait",
    "pay.starting.help",
    "pay.uncertain.resend",
    "pay.cancelled.ask",
    "pay.cancelled.first",
    "pay.failed.expired",
    "pay.back.sure",
    *(f"aside.{event}" for event in TOLD_BY_KIND),
    *(f"state.{status.value}" for status in STATES_BY_KIND),
)
ENGLISH = load_phrases().speaking("en")


def keys_in_code() -> set[str]:
    """Every text in the flows that has the form of a key."""
    found: set[str] = set()
    for path in (ROOT / "flows").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if KEY.fullmatch(node.value) else set()
    return found


def keys_in_families() -> set[str]:
    """The keys that code builds from a name."""
    families = {f"state.{status.value}" for status in PaymentStatus}
    families |= {f"reason.{reason}" for reason in KNOWN_FAILURES} | NOT_AS_ASKED
    families |= {f"aside.{event}" for event in EVENTS}
    families |= {f"pay.refused.{refusal.value}" for refusal in Refusal}
    families |= {f"word.{command.value}" for command in Command}
    families |= {f"pay.amount.bad_{fault.value}" for fault in AmountFault}
    families |= {by_kind(key, kind) for key in BY_KIND for kind in WayKind}
    families |= {f"way.{kind.value}" for kind in WayKind} | {"way.only", "reason.not_in_time"}
    families |= {f"{key}_words" for key in ("pay.paused.all", "pay.refused.paused")}
    numbers = ("pay.number.ask", "pay.number.ask_any", "pay.number.help", "pay.consent.ask")
    families |= {f"{key}_phone" for key in numbers}
    for step in ("otp", "link"):
        families |= {f"pay.{step}.too_soon", f"pay.{step}.too_many"}
    for step in ("link", "phone"):
        families |= {f"pay.{step}.no_code", f"pay.{step}.not_understood"}
    for step in ("confirming", "uncertain"):
        families |= {f"pay.{step}.cancel", f"pay.{step}.resend"}
    helps = {f"{flow.name}.{step}.help" for flow in FLOWS for step in table_of(flow).steps}
    return families | {key for key in helps if key in ENGLISH}


def test_every_key_in_the_code_is_a_phrase() -> None:
    tables = {phrase.key.partition(".")[0] for phrase in ENGLISH}
    keys = {key for key in keys_in_code() if key.partition(".")[0] in tables}
    assert {key for key in keys if key not in ENGLISH} == set()


def test_every_phrase_is_used() -> None:
    used = keys_in_code() | keys_in_families()
    assert {phrase.key for phrase in ENGLISH} - used == set()


def test_every_built_key_is_a_phrase() -> None:
    assert {key for key in keys_in_families() if key not in ENGLISH} == set()


def test_every_reason_of_a_provider_has_words() -> None:
    by_hand = {"closed_by_staff"}
    assert {reason.value for reason in Reason} | by_hand == KNOWN_FAILURES


def test_every_language_says_the_same_things_with_the_same_variables() -> None:
    english = {phrase.key: phrase.variables for phrase in ENGLISH}
    for words in load_phrases().languages.values():
        assert {phrase.key: phrase.variables for phrase in words} == english


def test_every_phrase_fits_with_the_longest_values() -> None:
    for phrase in ENGLISH:
        text = phrase.render(dict.fromkeys(phrase.variables, "W" * 500))
        assert len(text) <= 1024, phrase.key


def test_titles_of_buttons_fit() -> None:
    for phrase in ENGLISH:
        if phrase.key.startswith("button."):
            values = {"amount": "USD 400.00", "end": "187", "booking": "KS-2024-001"}
            taken = {name: values[name] for name in phrase.variables}
            assert len(phrase.render(taken)) <= 20, phrase.key


def test_the_longest_names_still_make_a_message_of_the_channel() -> None:
    player = Player()
    long = "W" * 300
    for line in load(FOLDER / "happy_path.txt"):
        if line.startswith("@"):
            player.set_up(f"{line.removeprefix('@ ')} tour={long} operator={long}")
        elif line.startswith(("> ", "* ")):
            player.walk(line.removeprefix("> "))
    for say in player.said:
        assert 0 < len(say.text) <= 1024


def test_a_missing_and_an_extra_variable_are_errors() -> None:
    phrase = Phrase("a.b", "Pay {amount} now")
    assert phrase.render({"amount": 5}) == "Pay 5 now"
    with pytest.raises(PhraseError, match="amount"):
        phrase.render({})
    with pytest.raises(PhraseError, match="colour"):
        phrase.render({"amount": 5, "colour": "red"})


@pytest.mark.parametrize("template", ["{", "}", "{amount!r}", "{0}", "{a.b}", "{amount:>9}", "{}"])
def test_a_badly_written_phrase_does_not_load(template: str) -> None:
    with pytest.raises(PhraseError):
        Phrase("a.b", template)


@pytest.mark.parametrize("document", [{"a": {"b": 5}}, {"a": ["x"]}])
def test_a_phrase_is_text(document: dict[str, object]) -> None:
    with pytest.raises(PhraseError):
        read_phrases("en", document)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(PhraseError):
        ENGLISH.render("no.such", {})
    with pytest.raises(PhraseError):
        ENGLISH.render_one_of("state", "levitating", {})


def test_a_value_is_never_read_as_a_template() -> None:
    phrase = Phrase("a.b", "Hello {name}, {name}")
    assert phrase.render({"name": "{name} {0} %s"}) == "Hello {name} {0} %s, {name} {0} %s"


def test_a_value_brings_no_markup_lines_or_hidden_characters() -> None:
    assert as_plain_words("*Free*\n`now`\u202e\x00 ~x~") == "Free now x"
    assert as_plain_words("W" * 500) == "W" * 59 + "…"
    assert as_plain_words(Rendered("*two*\nlines")) == "*two*\nlines"


def test_a_language_falls_back() -> None:
    phrases = load_phrases()
    assert phrases.speaking("en-GB").language == "en"
    assert phrases.speaking("xx").language == "en"
