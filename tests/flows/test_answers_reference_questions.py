"""What is said by who was asked for a reference and has none."""

import pytest

from flows.answers import ReferenceQuestion, read_reference_question


@pytest.mark.parametrize(
    "text",
    [
        "i dont have one",
        "I don't know it",
        "forgot",
        "sorry i lost the paper",
        "what is my reference?",
        "не помню",
        "handina",
    ],
)
def test_none_at_hand(text: str) -> None:
    assert read_reference_question(text) is ReferenceQuestion.LACKING


@pytest.mark.parametrize(
    "text", ["what is a booking reference?", "where do I find the reference", "which ref?"]
)
def test_what_it_is(text: str) -> None:
    assert read_reference_question(text) is ReferenceQuestion.EXPLAIN


@pytest.mark.parametrize(
    "text", ["", "ok", "reference", "what?", "we had a lovely day " * 5 + "and I lost it"]
)
def test_neither(text: str) -> None:
    assert read_reference_question(text) is ReferenceQuestion.NOTHING
