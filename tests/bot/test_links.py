"""The addresses that customers open: signed, and naming one payment."""

from uuid import UUID, uuid4

import pytest

from bot.links import Links

PAYMENT = UUID("7f3a0000-0000-4000-8000-00000000abcd")
LINKS = Links.of("https://bot.example.com/", "a secret for tests, of a fair length")


def token(links: Links, payment_id: UUID = PAYMENT) -> str:
    return links.go(payment_id).rpartition("/")[2]


def test_an_address_names_its_payment() -> None:
    assert LINKS.go(PAYMENT) == f"https://bot.example.com/go/{token(LINKS)}"
    assert LINKS.picture(PAYMENT) == f"https://bot.example.com/qr/{token(LINKS)}.png"
    assert LINKS.read(token(LINKS)) == PAYMENT
    assert token(LINKS) != token(LINKS, uuid4())


@pytest.mark.parametrize("change", ["", "x", token(LINKS)[:-1], token(LINKS) + "x", PAYMENT.hex])
def test_what_we_did_not_sign_names_nothing(change: str) -> None:
    assert LINKS.read(change) is None


def test_a_signed_thing_that_is_no_payment_names_nothing() -> None:
    for thing in ("not hexadecimal", 7, None, ["a"]):
        signed = str(LINKS._serializer.dumps(thing))
        assert LINKS.read(signed) is None


def test_the_previous_secret_is_still_read_and_no_longer_used() -> None:
    old = Links.of("https://bot.example.com", "the secret before, of a fair length")
    new = Links.of(
        "https://bot.example.com",
        "a secret for tests, of a fair length",
        "the secret before, of a fair length",
    )
    assert new.read(token(old)) == PAYMENT
    assert old.read(token(new)) is None
    assert "secret" not in repr(new)
