"""What is stored and logged of a message."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.redaction import CODE, HIDDEN, NUMBER, redact

# The first reading of all loads the vocabulary, and machines may be busy.
relaxed = settings(deadline=None)

MASKED = [
    ("836066", CODE),
    ("my code is 836066 ok", f"my code is {CODE} ok"),
    ("836 066", CODE),
    ("8 3 6 0 6 6", CODE),
    ("836\u200b066", CODE),
    ("٨٣٦٠٦٦", CODE),
    ("①②③④⑤⑥", CODE),
    ("836O66", CODE),
    ("OTP836066", f"OTP{CODE}"),
    ("code-4821", f"code-{CODE}"),
    ("eight three six zero six six", CODE),
    ("OTP 836066 USD 100.00", f"OTP {CODE} USD 100.00"),
    ("KS-2024-001 836066", f"KS-2024-001 {CODE}"),
    ("0774975187", "…187"),
    ("+263 77 497 5187", "+…187"),
    ("call 263774975187 now", "call …187 now"),
    ("0774975187 836066", NUMBER),
    ("100.00 836066", NUMBER),
]
KEPT = [
    "KS-2024-001", "pay for KS-2024-001 and BK12345678", "BK-T005-20260210", "USD 100",
    "USD 1000",
    "100", "100.00", "1,250.00", "$1000", "150000 тенге", "I have 3 kids, pay 100 please",
    "yes", "",
    "https://kalaisafaris.com/booking/KS-2024-001",
]  # fmt: skip


@pytest.mark.parametrize(("text", "stored"), MASKED)
def test_codes_and_phone_numbers_are_masked(text: str, stored: str) -> None:
    assert redact(text, code_expected=False) == stored


@pytest.mark.parametrize("text", KEPT)
def test_references_amounts_and_short_numbers_stay(text: str) -> None:
    assert redact(text, code_expected=False) == text


@pytest.mark.parametrize(
    "text",
    ["836066", "is it 8?", "KS-2024-001", "٨", "²", "eight", "八", "my code: oh six", "восемь"],
)
def test_where_a_code_is_expected_anything_with_a_digit_is_hidden(text: str) -> None:
    assert redact(text, code_expected=True) == HIDDEN


def test_words_stay_where_a_code_is_expected() -> None:
    assert redact("resend please", code_expected=True) == "resend please"


def test_long_texts_are_cut() -> None:
    assert redact("a" * 4000, code_expected=False) == "a" * 500


CODES = st.text("0123456789", min_size=4, max_size=8)
ZEROS = [ord("0"), ord("٠"), ord("०"), ord("０"), ord("೦")]
SEPARATORS = st.sampled_from(["", " ", "-", "\u200b", " - ", "\u00a0", "–", "."])


@relaxed
@given(
    before=st.text(max_size=30),
    code=CODES,
    zero=st.sampled_from(ZEROS),
    separator=SEPARATORS,
    after=st.text(max_size=30),
)
@example(before="usd", code="0000", zero=ord("0"), separator="", after="")
@example(before="$", code="836066", zero=ord("0"), separator="", after="")
@example(before="1.00", code="4821", zero=ord("0"), separator=" ", after="5.25")
@example(before="KS-2024-001", code="836066", zero=ord("0"), separator="", after="0774975187")
def test_no_code_that_stands_in_a_text_survives(
    before: str, code: str, zero: int, separator: str, after: str
) -> None:
    written = separator.join(chr(zero + int(digit)) for digit in code)
    stored = redact(f"{before} , {written} ; {after}", code_expected=False)
    assert written not in stored
    assert code not in stored


@relaxed
@given(st.text(), st.booleans())
def test_it_never_raises_and_is_short(text: str, code_expected: bool) -> None:
    assert len(redact(text, code_expected=code_expected)) <= 500


@relaxed
@given(before=st.text(max_size=20), number=st.integers(700000000, 799999999))
def test_no_phone_number_survives(before: str, number: int) -> None:
    for written in (
        f"0{number}",
        f"+263{number}",
        f"+263 {str(number)[:2]} {str(number)[2:5]} {str(number)[5:]}",
    ):
        stored = redact(f"{before} {written}", code_expected=False)
        digits = "".join(character for character in stored if character.isdigit())
        assert str(number) not in digits
