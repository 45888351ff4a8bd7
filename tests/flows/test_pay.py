"""The conversation as transcripts: what is written, what happens, and what is answered, word for
word.
"""

from pathlib import Path

import pytest

from flows.answers import Command, read_command
from flows.charging import Charging
from flows.desk import PaymentStatus, Refusal
from flows.pay import Pay
from flows.phrases import load_phrases
from flows.standing import STEP_OF
from tests.flows.transcript import FOLDER, Player, load

TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(path: Path) -> None:
    lines = load(path)
    assert Player().play(lines) == lines


def test_there_are_transcripts() -> None:
    assert len(TRANSCRIPTS) > 40


def test_every_payment_stands_at_a_step() -> None:
    assert set(STEP_OF) == set(PaymentStatus)
    for step in STEP_OF.values():
        assert callable(getattr(Charging, f"ask_{step}"))


def test_every_refusal_has_words() -> None:
    words = load_phrases().speaking("en")
    for refusal in Refusal:
        assert f"pay.refused.{refusal.value}" in words


@pytest.mark.parametrize("keyword", ["pay", "payment", "make payment", "omari payment"])
def test_the_documented_keywords_are_heard(keyword: str) -> None:
    assert keyword in Pay.keywords
    reading = read_command(keyword)
    assert (reading.command, reading.sure) == (Command.PAY, True)
