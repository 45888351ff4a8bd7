"""For every text: readers never raise, are quick, and never take one thing for another."""

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.money import Money
from domain.references import reference_key, shared_reference
from flows.answers import (
    Exactly,
    Otp,
    PayerNumber,
    normalize,
    read_amount,
    read_command,
    read_language,
    read_otp,
    read_payer_number,
    read_reference_question,
    read_references,
    read_yes_no,
)
from flows.answers.text import MAX_LENGTH, tokens

# The first reading of all loads the vocabulary, and machines may be busy.
relaxed = settings(deadline=None)

READERS: dict[str, Callable[[str], object]] = {
    "references": read_references,
    "reference question": read_reference_question,
    "amount": lambda text: read_amount(text, "USD"),
    "payer number": read_payer_number,
    "Kazakh payer number": lambda text: read_payer_number(text, "KZ"),
    "code": read_otp,
    "short code": lambda text: read_otp(text, 4),
    "command": read_command,
    "language": read_language,
    "yes or no": read_yes_no,
}
# Pieces that the grammars care about, so that random texts reach their corners.
PIECES = st.sampled_from([
    "1", "0", "100", "836066", "0774975187", "KS", "2024", "001", "USD", "$", "usd", "k",
    "%", "-", ".", ",", "/", ":", "'", "_", "(", ")", "+", "=", "?", "!", "OTP", "code",
    "not", "dont", "cancel", "pay", "one", "two", "hundred", "and", "half", "full", "Feb",
    "10", "am", "O", "l", "💯", "½", "²", "٨", "К", "С", "https://", "www.", "@", "x", "e",
    "\n", "\u200b", "ks-2024-001", "min", "valid",
])  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(st.one_of(PIECES, st.just(" ")), max_size=30).map("".join)
)
NASTY = [
    "1" * 9000, "1 " * 3000, "1," * 3000, "+1" * 3000, "0-" * 3000, "*" * 6000,
    "OO1" * 2000, "1:" * 3000, "a1.b2-" * 1000, "AB 1 " * 1000, "K " * 3000,
    "https://" * 900, "x@" * 3000, "100 " * 1500 + "1", "836066 " * 900, "one " * 1500,
    "two hundred " * 500, "no cancel " * 600, "i paid " * 900, "\u0300" * 6000,
    "\ufdfa" * 6000, "١" * 6000, "🛑" * 6000, "263 77 " * 900, "jan 1 " * 900, "$1" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@relaxed
@given(text=TEXTS)
@example(text="\ud800")
@example(text="\x00")
@example(text="")
def test_no_reader_ever_raises(name: str, text: str) -> None:
    READERS[name](text)


@pytest.mark.parametrize("name", READERS)
def test_no_text_keeps_a_reader_busy(name: str) -> None:
    slowest = 0.0
    for text in NASTY:
        started = time.process_time()
        READERS[name](text)
        slowest = max(slowest, time.process_time() - started)
    # Quadratic patterns need seconds for these; the bound is far above what a slow machine needs.
    assert slowest < 2


@relaxed
@given(TEXTS)
def test_normalized_text_stays_the_same(text: str) -> None:
    clean = normalize(text)
    assert len(clean) <= MAX_LENGTH
    assert normalize(clean) == clean
    assert "".join(token.text for token in tokens(clean)) == clean


@relaxed
@given(st.integers(0, 999999), st.sampled_from("٠०০０𝟎"))
def test_digits_of_every_script_are_the_same(number: int, zero: str) -> None:
    plain = f"{number:06d}"
    other = "".join(chr(ord(zero) + int(digit)) for digit in plain)
    assert normalize(other) == plain
    assert read_otp(other) == Otp(plain)
    assert read_amount(other, "USD") == read_amount(plain, "USD")


def grouped(minor: int, group: str, point: str) -> str:
    whole, cents = divmod(minor, 100)
    return f"{whole:,}".replace(",", group) + f"{point}{cents:02d}"


@relaxed
@given(
    st.integers(1, 10**12),
    st.sampled_from(
        [(",", "."), (".", ","), (" ", ","), (" ", "."), ("'", "."), ("", "."), ("", ",")]
    ),
    st.sampled_from(
        ["{}", "USD {}", "${}", "{} usd", "{}$", "I want to pay {}", "*{}*", "{}.", " {} 🙏"]
    ),
)
def test_an_amount_in_any_format_is_read_back(
    minor: int, style: tuple[str, str], frame: str
) -> None:
    text = frame.format(grouped(minor, *style))
    assert read_amount(text, "USD") == Exactly(Money(minor, "USD"))


@relaxed
@given(st.integers(1, 10**12), st.sampled_from(["USD", "ZWG", "KZT", "INR"]))
def test_our_own_writing_of_an_amount_is_read_back(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert read_amount(str(money), currency) == Exactly(money)
    assert not isinstance(read_otp(str(money)), Otp)


@relaxed
@given(st.decimals(0, 10**9, places=2), st.sampled_from(["USD", "ZWG", "KZT", "INR"]))
def test_a_sum_of_money_is_never_a_code(amount: Decimal, currency: str) -> None:
    for text in (f"{amount}", f"{currency} {amount}", f"{amount:,} {currency.lower()}"):
        assert not isinstance(read_otp(text), Otp)
    assert not isinstance(read_otp(f"{currency} {int(amount)}"), Otp)
    assert not isinstance(read_otp(f"{int(amount)}{currency}"), Otp)


@relaxed
@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_date_is_never_a_code(day: date) -> None:
    patterns = (
        "%d/%m/%Y",
        "%Y-%m-%d",
        "%d.%m.%Y",
        "%d-%m-%y",
        "%d %b %Y",
        "%B %d, %Y",
        "%Y%m%d",
        "%d%m%Y",
    )
    for pattern in patterns:
        assert not isinstance(read_otp(day.strftime(pattern)), Otp)


@relaxed
@given(st.integers(700000000, 799999999))
def test_a_phone_number_is_never_a_code_or_an_amount(number: int) -> None:
    digits = str(number)
    spellings = (
        f"0{digits}",
        f"263{digits}",
        f"+263{digits}",
        f"0{digits[:2]} {digits[2:5]} {digits[5:]}",
        f"0{digits[:2]}-{digits[2:5]}-{digits[5:]}",
        f"+263 {digits[:2]} {digits[2:5]} {digits[5:]}",
    )
    for text in spellings:
        assert read_payer_number(text) == PayerNumber(f"263{digits}")
        assert not isinstance(read_otp(text), Otp)
        assert not isinstance(read_amount(text, "USD"), Exactly)
        assert read_references(text).found == ()


HEADS = st.text("BCDFGHJKMNPQRTVWXYZ", min_size=2, max_size=2)


@relaxed
@given(HEADS, st.integers(0, 999999), st.sampled_from(["", "-", "/", "_"]))
def test_a_booking_reference_is_never_a_code(head: str, number: int, gap: str) -> None:
    assert not isinstance(read_otp(f"{head}{gap}{number:06d}"), Otp)
    assert not isinstance(read_otp(f"{head}{gap}2024{gap}{number:06d}"), Otp)


@relaxed
@given(st.sampled_from(["KS", "bk", "Zq", "VFX"]), st.integers(0, 999999))
def test_a_booking_reference_with_a_space_is_never_a_code(head: str, number: int) -> None:
    assert not isinstance(read_otp(f"{head} {number:06d}"), Otp)


@relaxed
@given(st.integers(1, 999999), st.dates(date(2020, 1, 1), date(2099, 12, 31)))
def test_every_shared_reference_is_found(tour: int, start: date) -> None:
    reference = shared_reference(tour, start)
    spellings = (
        reference,
        reference.lower(),
        reference.replace("-", " "),
        f"it is {reference}, ok?",
    )
    for text in spellings:
        found = read_references(text).found
        assert [reference_key(name) for name in found] == [reference_key(reference)]
        assert not isinstance(read_otp(text), Otp)


@relaxed
@given(st.text("0123456789", min_size=6, max_size=6), st.text("0123456789", min_size=6, max_size=6))
def test_two_codes_are_never_chosen_between(first: str, second: str) -> None:
    if first == second:
        return
    for frame in ("{} {}", "{} or {}", "OTP {} or OTP {}", "{}\n{}", "code {}, code {}"):
        assert not isinstance(read_otp(frame.format(first, second)), Otp)


@relaxed
@given(TEXTS, st.text("0123456789", min_size=6, max_size=6))
def test_a_code_beside_a_cancel_is_never_used(text: str, code: str) -> None:
    assert not isinstance(read_otp(f"cancel {code} {text}"), Otp)
    assert not isinstance(read_otp(f"{text} don't use {code}"), Otp)


@relaxed
@given(TEXTS)
def test_only_figures_of_the_text_are_ever_read_as_a_code(text: str) -> None:
    read = read_otp(text)
    if isinstance(read, Otp):
        assert len(read.code) == 6
        assert read.code.isascii()
        assert read.code.isdecimal()
