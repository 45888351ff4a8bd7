"""Booking references as people type them."""

import pytest

from domain.references import reference_key
from flows.answers import References, read_references

FOUND = [
    ("ks-2024-001", "KS-2024-001"),
    ("  Ks-2024-001. ", "KS-2024-001"),
    ("KS 2024 001", "KS-2024-001"),
    ("KS–2024–001", "KS-2024-001"),
    ("ＫＳ－２０２４－００１", "KS-2024-001"),
    ("KS_2024_001", "KS-2024-001"),
    ("KS/2024/001", "KS-2024-001"),
    ("KS.2024.001", "KS-2024-001"),
    ("K.S.2024.001", "KS-2024-001"),
    ("KS-2024-\n001", "KS-2024-001"),
    ("KS -2024 - 001", "KS-2024-001"),
    ("KS-2024 001", "KS-2024-001"),
    ("KS2024 001", "KS2024-001"),
    ("ks2024001", "KS2024001"),
    ("KS dash 2024 dash 001", "KS-2024-001"),
    ("k s 2 0 2 4 0 0 1", "KS-2024001"),
    ("K-S-2-0-2-4-0-0-1", "KS-2024001"),
    ("KS--2024--001", "KS-2024-001"),
    ("K\u0337S\u0337-2\u03370\u033724-001", "KS-2024-001"),
    ("𝐊𝐒-𝟐𝟎𝟐𝟒-𝟎𝟎𝟏", "KS-2024-001"),
    ("#KS-2024-001", "KS-2024-001"),
    ("(KS-2024-001)", "KS-2024-001"),
    ("*KS-2024-001*", "KS-2024-001"),
    ("KS-2024-\u200b001", "KS-2024-001"),
    ("pay KS-2024-001 now", "KS-2024-001"),
    ("KS-2024-001 400", "KS-2024-001"),
    ("ks 2024 001 400", "KS-2024-001"),
    ("KS-2024-001 USD 100", "KS-2024-001"),
    ("KS-2024-001 on 10 Feb 2026", "KS-2024-001"),
    ("bk 1234 5678", "BK-1234-5678"),
    ("BK12345678", "BK12345678"),
    ("bk t005 20260210", "BK-T005-20260210"),
    ("BKT00520260210", "BKT00520260210"),
    ("KS-VFA-2024-001", "KS-VFA-2024-001"),
    ("2024-KS-001", "2024-KS-001"),
    ("XK7QPD", "XK7QPD"),
    ("xk7qpd", "XK7QPD"),
    ("моя бронь KS-2024-001", "KS-2024-001"),
    ("https://kalaisafaris.com/booking/KS-2024-001?utm=wa", "KS-2024-001"),
    ("www.kalaisafaris.com/b?ref=ks-2024-001", "KS-2024-001"),
    ("see kalaisafaris.com/KS%2D2024%2D001", "KS-2024-001"),
]
NONE = [
    "", "2024", "836066", "0774975187", "call 0774975187", "+263 77 497 5187", "263774975187",
    "USD 100", "100 usd", "usd1000", "USD-100", "Rs.2000", "KZT150000", "100dollars", "$1000",
    "10 Feb", "10-Feb-2026", "feb 2026", "21/11/2026", "2026-11-21", "at 14:05", "1e2", "0x64",
    "OTP-836066", "otp 836066", "OTP836066", "code 836066", "my code is 836066", "is 836066",
    "no 836066", "covid-19", "non-stop", "check-in", "tour 12345", "the year 2024", "mid-2024",
    "john2024@gmail.com", "https://example2024.com/", "_________", "' OR '1'='1", "A" * 4000,
    "i dont have one", "what is a booking reference?", "12345-6789", "we are 4 people",
]  # fmt: skip
DOUBTFUL = [
    ("KS-2024-OO1", ("KS-2024-001",), ("KS-2024-OO1",)),
    ("KS-2024-00l", ("KS-2024-001",), ("KS-2024-00L",)),
    ("KS-2O24-001", ("KS-2024-001",), ("KS-2O24-001",)),
    ("KS2024OO1", ("KS2024001",), ("KS2024OO1",)),
    ("КS-2024-001", ("KS-2024-001",), ()),  # the first letter is Cyrillic
    ("КС-2024-001", ("KC-2024-001", "KS-2024-001"), ()),  # both are: as it looks, as it sounds
    ("БК-12345678", ("BK-12345678",), ()),
]


@pytest.mark.parametrize(("text", "reference"), FOUND)
def test_found(text: str, reference: str) -> None:
    assert read_references(text) == References((reference,), (), ())


@pytest.mark.parametrize("text", NONE)
def test_none(text: str) -> None:
    assert read_references(text) == References((), (), ())


@pytest.mark.parametrize(("text", "suggested", "typed"), DOUBTFUL)
def test_doubtful(text: str, suggested: tuple[str, ...], typed: tuple[str, ...]) -> None:
    assert read_references(text) == References((), suggested, typed)


def test_several_are_found_in_order_and_each_once() -> None:
    read = read_references("KS-2024-002, ks 2024 001 and KS2024002")
    assert read.found == ("KS-2024-002", "KS-2024-001")


def test_letters_that_an_operator_really_uses_stay() -> None:
    assert read_references("BKO1X4I7").found == ("BKO1X4I7",)


def test_the_separators_do_not_matter_for_the_lookup() -> None:
    spellings = ("bk t005 20260210", "BK-T005-20260210", "BKT00520260210", "bk_t005/20260210")
    found = {reference_key(read_references(text).found[0]) for text in spellings}
    assert found == {"BKT00520260210"}
