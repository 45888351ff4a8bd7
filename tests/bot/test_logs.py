"""The last net under every line of the log."""

import secrets

from bot.logs import mask


def test_numbers_and_links_of_staff_are_left_out() -> None:
    token = secrets.token_urlsafe(32)
    line = {
        "event": f"Exception on /join/{token} [POST]",
        "error": "Key (address)=(+263 77 497 5187) already exists.",
        "payment": "0b6e0b0e-0000-4000-8000-000000000000",
    }
    assert mask(None, "error", line) == {
        "event": "Exception on /join/[link] [POST]",
        "error": "Key (address)=([digits]) already exists.",
        "payment": "0b6e0b0e-0000-4000-8000-000000000000",
    }
