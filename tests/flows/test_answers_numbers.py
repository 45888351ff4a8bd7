"""Which number to charge, as people type it."""

import pytest

from flows.answers import (
    BadNumber,
    NotANumber,
    PayerNumber,
    SenderNumber,
    read_payer_number,
)

ZIMBABWEAN = [
    "263774975187", "0774975187", "774975187", "077-497-5187", "077 497 5187", "(077) 497 5187",
    "077.497.5187", "+263 77 497 5187", "+263774975187", "+263 (0)77 497 5187",
    "00263774975187", "263 0774975187", "٠٧٧٤٩٧٥١٨٧", "０７７４９７５１８７",
    "charge 0774975187 please", "*0774975187*",
    "whatsapp:+263774975187", "https://wa.me/263774975187", "0774975187\n0774975187",
    "📱 0774975187",
]  # fmt: skip
BAD = [
    "0242123456", "07749751870", "077497518", "836066", "+27 82 123 4567", "+0774975187",
    "O774975187", "0774975187 or 0774975188", "0774975187 100", "not 0774975187", "26377497518",
    "0" * 4000, "8 701 521 15 45",
]  # fmt: skip
SENDER = [
    "this number", "mine", "my number", "same", "the same number", "use this one please", "мой",
    "этот номер", "यही नंबर", "este", "yangu", "this number 👍", "осы нөмір",
]  # fmt: skip
NEITHER = [
    "", "hello", "2", "another number", "not this number", "this number?", "KS-2024-001",
    "100.00",
    "what number", "🙏", "cancel",
]  # fmt: skip


@pytest.mark.parametrize("text", ZIMBABWEAN)
def test_zimbabwean_mobile_numbers(text: str) -> None:
    assert read_payer_number(text) == PayerNumber("263774975187")


@pytest.mark.parametrize("text", BAD)
def test_other_numbers_are_refused(text: str) -> None:
    assert read_payer_number(text) == BadNumber()


@pytest.mark.parametrize("text", SENDER)
def test_the_senders_own(text: str) -> None:
    assert read_payer_number(text) == SenderNumber()


@pytest.mark.parametrize("text", NEITHER)
def test_something_else(text: str) -> None:
    assert read_payer_number(text) == NotANumber()


@pytest.mark.parametrize(
    ("region", "text", "digits"),
    [
        ("KZ", "8 701 521 15 45", "77015211545"),
        ("KZ", "+7 701 521 15 45", "77015211545"),
        ("KZ", "7015211545", "77015211545"),
        ("IN", "9876543210", "919876543210"),
        ("IN", "+91 98765 43210", "919876543210"),
        ("IN", "098765 43210", "919876543210"),
    ],
)
def test_other_regions(region: str, text: str, digits: str) -> None:
    assert read_payer_number(text, region) == PayerNumber(digits)


@pytest.mark.parametrize(
    ("region", "text"),
    [("KZ", "+7 912 345 67 89"), ("IN", "022 2123 4567"), ("KZ", "0774975187"), ("", "0774975187")],
)
def test_what_is_no_mobile_number_of_the_region(region: str, text: str) -> None:
    assert read_payer_number(text, region) == BadNumber()


def test_a_number_shows_in_no_repr() -> None:
    assert "774975187" not in repr(read_payer_number("0774975187"))
