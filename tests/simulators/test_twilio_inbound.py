"""A customer writes: the webhook is the real one, signed, repeated as its address asks."""

import json

import pytest
import requests
from twilio.request_validator import RequestValidator

from providers.simulators.whatsapp.webhooks import Overrides, sign
from tests.simulators.world import ACCOUNT_SID, AUTH_TOKEN, CUSTOMER, NUMBER, World


def test_the_webhook_is_signed_and_complete(world: World) -> None:
    answer = world.write("Привет\r\nпай 💸", sender="+263 77 123 4567")
    assert answer["status"] == 200
    heard = world.bot.heard[0]
    assert heard.url == f"{world.bot_root}/whatsapp/inbound?from=twilio"
    assert RequestValidator(AUTH_TOKEN).validate(heard.url, heard.form, heard.signature)
    form = heard.form
    assert (form["From"], form["To"], form["WaId"]) == (CUSTOMER, NUMBER, "263771234567")
    assert (form["Body"], form["ProfileName"]) == ("Привет\r\nпай 💸", "Tendai")
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == answer["sid"]
    assert form["AccountSid"] == ACCOUNT_SID
    assert form["NumMedia"] == "0"


def test_the_published_signature_comes_out() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    signature = sign("12345", "https://example.com/myapp.php?foo=1&bar=2", form)
    assert signature == "L/OH5YylLD5NRKLltdqwSvS0BnU="


def test_a_tap_on_a_button_comes_as_whatsapp_sends_it(world: World) -> None:
    world.write(payload="pay:all:7", button_text="USD 300.00", replied_sid="SM" + "a" * 32)
    form = world.bot.heard[0].form
    assert (form["Body"], form["ButtonText"]) == ("USD 300.00", "USD 300.00")
    assert (form["ButtonPayload"], form["MessageType"]) == ("pay:all:7", "interactive")
    assert form["OriginalRepliedMessageSid"] == "SM" + "a" * 32
    assert form["OriginalRepliedMessageSender"] == NUMBER


def test_a_choice_from_a_list_a_voice_note_and_strange_parameters(world: World) -> None:
    world.write("", list_id="booking:2", list_title="KS-2024-002")
    note = {"url": "https://api.twilio.com/Media/ME1", "content_type": "audio/ogg"}
    world.write("", media=[note], params={"Forwarded": "true", "BrandNew": "1"})
    choice, voice = (heard.form for heard in world.bot.heard)
    assert (choice["ListId"], choice["Body"]) == ("booking:2", "KS-2024-002")
    assert (voice["NumMedia"], voice["MediaContentType0"]) == ("1", "audio/ogg")
    assert (voice["Body"], voice["Forwarded"], voice["BrandNew"]) == ("", "true", "1")
    assert json.loads(voice["ChannelMetadata"])["type"] == "whatsapp"


def test_a_shared_place_is_shown_and_told(world: World) -> None:
    place = {"Latitude": "-17.9243", "Longitude": "25.8572", "Label": "Victoria Falls"}
    world.write("", params=place)
    form = world.bot.heard[0].form
    assert (form["Body"], form["Latitude"], form["Label"]) == ("", "-17.9243", "Victoria Falls")
    shown = world.get(f"/_sim/twilio/messages?contact={CUSTOMER}")["messages"][0]["shown"]
    assert (shown["text"], shown["note"]) == ("", "Victoria Falls")


def test_an_error_of_the_bot_is_tried_again_with_the_same_form(world: World) -> None:
    world.bot.answers = [500, 503]
    answer = world.write()
    assert answer["status"] == 200
    assert [attempt["status"] for attempt in answer["calls"][0]] == [500, 503, 200]
    assert len({heard.form["MessageSid"] for heard in world.bot.heard}) == 1
    assert len({heard.token for heard in world.bot.heard}) == 1


def test_a_refusal_of_the_bot_is_not_tried_again_and_goes_to_the_fallback(world: World) -> None:
    world.bot.answers = [403]
    world.write()
    inbound, fallback = world.bot.heard
    assert fallback.url == f"{world.bot_root}/whatsapp/fallback"
    assert fallback.form["ErrorCode"] == "11200"
    assert fallback.form["ErrorUrl"] == f"{world.bot_root}/whatsapp/inbound?from=twilio"
    assert fallback.form["MessageSid"] == inbound.form["MessageSid"]


def test_a_slow_bot_is_tried_again(world: World) -> None:
    world.bot.pause_seconds = 0.5
    answer = world.write()
    # Three times with the 300 ms of its address, then the fallback with Twilio's 15 s.
    failures = [attempt["failure"] for attempt in answer["calls"][0]]
    assert failures == ["rt", "rt", "rt", ""]
    assert len({heard.form["MessageSid"] for heard in world.bot.heard}) == 1


def test_what_the_bot_never_got_stands_in_twilios_list(world: World) -> None:
    world.bot.answers = [500] * 4
    answer = world.write("are you there?")
    assert answer["status"] == 500
    sid = answer["sid"]
    assert [message.sid for message in world.client().messages.list(to=NUMBER)] == [sid]
    shown = world.get(f"/_sim/twilio/messages?contact={CUSTOMER}")["messages"]
    assert [one["receipt"] for one in shown] == ["sent"]


def test_copies_are_the_same_webhook_at_once(world: World) -> None:
    answer = world.write(copies=8, sid="SM" + "b" * 32)
    assert [call[0]["status"] for call in answer["calls"]] == [200] * 8
    assert {heard.form["MessageSid"] for heard in world.bot.heard} == {"SM" + "b" * 32}
    assert len(world.client().messages.list()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": "from nobody"},
        {"from": CUSTOMER, "copies": 0},
        {"from": CUSTOMER, "bdoy": "x"},
        {"from": CUSTOMER, "params": []},
        {"from": CUSTOMER, "media": ["https://x.example/a.jpg"]},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(world: World, wrong: dict[str, object]) -> None:
    answer = requests.post(f"{world.root}/_sim/twilio/inbound", json=wrong, timeout=5)
    assert answer.status_code == 400
    assert world.bot.heard == []


def test_only_what_changed_is_shown_again(world: World) -> None:
    world.write("one")
    first = world.get(f"/_sim/twilio/messages?contact={CUSTOMER}")
    path = f"/_sim/twilio/messages?contact={CUSTOMER}&after={first['latest']}"
    assert world.get(path)["messages"] == []
    world.write("two")
    assert [one["shown"]["text"] for one in world.get(path)["messages"]] == ["two"]
    assert world.get("/_sim/twilio/messages?contact=%2B15550001111")["messages"] == []


def test_overrides_behind_the_address() -> None:
    plain = Overrides.read("")
    assert (plain.retries, plain.read_seconds, plain.again("ct")) == (1, 15.0, True)
    assert not plain.again("5xx")
    tuned = Overrides.read("rc=9&rp=5xx,rt&rt=4000&ct=x")
    assert (tuned.retries, tuned.read_seconds, tuned.connect_seconds) == (5, 4.0, 5.0)
    assert tuned.again("5xx")
    assert not tuned.again("ct")
    assert not tuned.again("")
