"""Status callbacks: signed as Twilio signs, in its words, and as unruly as the knobs want."""

import pytest
from twilio.request_validator import RequestValidator

from tests.simulators.world import AUTH_TOKEN, CUSTOMER, NUMBER, World, wait_until


def test_callbacks_are_signed_over_the_whole_address(world: World) -> None:
    world.write()
    world.bot.heard.clear()
    sent = world.send()
    wait_until(lambda: world.bot.statuses() == ["sent", "delivered", "read"])
    validator = RequestValidator(AUTH_TOKEN)
    for heard in world.bot.heard:
        assert heard.url == f"{world.bot_root}/whatsapp/status?uuid=7f3a"
        assert validator.validate(heard.url, heard.form, heard.signature)
        assert not validator.validate(heard.url + "1", heard.form, heard.signature)
    form = world.bot.heard[0].form
    assert (form["MessageSid"], form["To"], form["From"]) == (sent.sid, CUSTOMER, NUMBER)
    assert form["ChannelToAddress"] == "+263771234567"
    assert "ErrorCode" not in form


def test_free_text_outside_the_window_fails_later(world: World) -> None:
    assert world.send("you never wrote to me").status == "queued"
    wait_until(lambda: world.bot.statuses() == ["failed"])
    assert world.bot.heard[0].form["ErrorCode"] == "63016"
    found = world.client().messages.list()[0]
    assert (found.status, found.error_code) == ("failed", 63016)


def test_the_window_closes_after_a_while(world: World) -> None:
    world.write()
    world.turn(window_seconds=0)
    world.send()
    wait_until(lambda: world.bot.statuses() == ["failed"])
    world.turn(window_seconds=3600)
    world.send()
    wait_until(lambda: world.bot.statuses()[1:] == ["sent", "delivered", "read"])


@pytest.mark.parametrize(
    ("callbacks", "told"),
    [
        ({"mode": "duplicate"}, ["sent", "sent", "delivered", "delivered", "read", "read"]),
        ({"mode": "out_of_order"}, ["read", "delivered", "sent"]),
        ({"read": False}, ["sent", "delivered"]),
        ({"error_code": 63024}, ["sent", "undelivered"]),
        ({"error_code": 63038, "final_status": "failed"}, ["sent", "failed"]),
    ],
)
def test_knobs_of_the_callbacks(
    world: World, callbacks: dict[str, object], told: list[str]
) -> None:
    world.write()
    world.turn(callbacks=callbacks)
    world.send()
    wait_until(lambda: len(world.bot.statuses()) == len(told))
    # Two posts of one moment may overtake each other on the way; what is told is the same.
    wanted = told if callbacks.get("mode") != "duplicate" else sorted(told)
    got = world.bot.statuses()
    assert (got if callbacks.get("mode") != "duplicate" else sorted(got)) == wanted


def test_no_callbacks_and_the_message_arrives_all_the_same(world: World) -> None:
    world.write()
    world.turn(callbacks={"mode": "none"})
    sent = world.send()
    wait_until(lambda: world.client().messages(sent.sid).fetch().status == "read")
    assert world.bot.statuses() == []
    book = world.get("/_sim/twilio/book")
    assert book["callbacks"] == []
    assert [status for status, _ in book["messages"][1]["story"]] == [
        "queued",
        "sent",
        "delivered",
        "read",
    ]


def test_a_reset_forgets_messages_and_knobs(world: World) -> None:
    world.write()
    world.turn(latency_ms=5, callbacks={"mode": "none"})
    world.post("/_sim/twilio/reset", {})
    book = world.get("/_sim/twilio/book")
    assert (book["messages"], book["callbacks"]) == ([], [])
    assert (book["knobs"]["latency_ms"], book["knobs"]["callbacks"]["mode"]) == (0, "normal")
