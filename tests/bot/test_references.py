"""Which references a new booking may have: those that customers can write."""

import pytest

from bot.references import can_be_typed
from flows.answers.vocabulary import vocabulary


@pytest.mark.parametrize(
    "reference",
    [
        "KS-2024-001",
        "ks 2024 001",
        "ZT-2024-010",
        "KS/24/0017",
        "A1B2C3",
        "PAY-2024-1",
        "KSO-2O24-1",
    ],
)
def test_what_the_chat_reads_as_one_booking_is_good(reference: str) -> None:
    assert can_be_typed(reference)


@pytest.mark.parametrize(
    "reference",
    [
        "🦓 <b>",
        "12345",
        "cancel",
        "CANCEL-01",
        "HELP1",
        "Moyo",
        "KS-1",
        "2024/117",
        "USD100",
        "OTP-836066",
        "АБ-2024-001",
        "KS-2024-001 400",
        "KS-2024-001, KS-2024-002",
    ],
)
def test_what_the_chat_would_not_know_is_not(reference: str) -> None:
    assert not can_be_typed(reference)


def test_no_word_that_the_chat_obeys_is_a_reference_in_any_language() -> None:
    """Nor with a number behind it, where that is obeyed too."""
    for command in vocabulary().commands.values():
        for word in command.core.single:
            assert not can_be_typed(word), word
    assert not any(can_be_typed(f"{word} 1") for word in ("menü", "отмена", "hakuna", "रद्द"))
