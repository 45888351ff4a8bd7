"""The twilio SDK's own client talks to the simulated Twilio as it would to the real one."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from tests.simulators.world import ACCOUNT_SID, AUTH_TOKEN, CUSTOMER, NUMBER, World, wait_until


def test_a_message_is_taken_and_can_be_fetched(world: World) -> None:
    world.write()
    sent = world.send("Your *receipt*")
    assert sent.sid.startswith("SM")
    assert len(sent.sid) == 34
    assert (sent.status, sent.direction) == ("queued", "outbound-api")
    assert (sent.to, sent.from_, sent.body) == (CUSTOMER, NUMBER, "Your *receipt*")
    assert sent.date_created.tzinfo is not None
    wait_until(lambda: world.client().messages(sent.sid).fetch().status == "read")
    assert world.client().messages(sent.sid).fetch().date_sent is not None


def test_the_list_is_newest_first_and_goes_on_over_pages(world: World) -> None:
    world.write("one")
    for body in ("two", "three", "four", "five"):
        world.send(body)
    bodies = [message.body for message in world.client().messages.list(page_size=2)]
    assert bodies == ["five", "four", "three", "two", "one"]
    assert len(world.client().messages.list(limit=3)) == 3


def test_the_list_can_be_narrowed(world: World) -> None:
    other = "whatsapp:+77011234567"
    world.write("from Tendai")
    world.write("from Aigerim", sender=other)
    world.send("to Tendai")
    client = world.client()
    assert [m.body for m in client.messages.list(to=CUSTOMER)] == ["to Tendai"]
    assert [m.body for m in client.messages.list(from_=other)] == ["from Aigerim"]
    inbound = client.messages.list(to=NUMBER, from_=CUSTOMER)
    assert [(m.body, m.direction, m.status) for m in inbound] == [
        ("from Tendai", "inbound", "received")
    ]


def test_the_list_can_be_narrowed_by_time(world: World) -> None:
    world.write("now")
    moment = datetime.now(UTC)
    minute = timedelta(minutes=1)
    messages = world.client().messages
    assert len(messages.list(date_sent_after=moment - minute)) == 1
    assert len(messages.list(date_sent_before=moment - minute)) == 0
    assert len(messages.list(date_sent_after=moment + minute)) == 0
    day = requests.get(
        f"{world.root}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json",
        params={"DateSent": moment.date().isoformat()},
        auth=(ACCOUNT_SID, AUTH_TOKEN),
        timeout=5,
    ).json()
    assert len(day["messages"]) == 1


def test_redaction_blanks_twilios_copy_and_not_the_phone(world: World) -> None:
    sid = world.write("836066")["sid"]
    assert world.client().messages(sid).update(body="").body == ""
    assert world.client().messages(sid).fetch().body == ""
    shown = world.get(f"/_sim/twilio/messages?contact={CUSTOMER}")["messages"]
    assert [(one["body"], one["shown"]["text"]) for one in shown] == [("", "836066")]
    with pytest.raises(TwilioRestException) as refused:
        world.client().messages(sid).update(body="something else")
    assert refused.value.code == 20001


def test_a_deleted_message_is_gone_from_twilio(world: World) -> None:
    sid = world.write("old")["sid"]
    assert world.client().messages(sid).delete()
    assert world.client().messages.list() == []
    with pytest.raises(TwilioRestException) as gone:
        world.client().messages(sid).fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)
    assert len(world.get("/_sim/twilio/book")["messages"]) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"body": "x" * 1601}, 21617),
        ({"body": ""}, 21602),
        ({"to": "whatsapp:263771234567"}, 21211),
        ({"to": "whatsapp:+0000000"}, 21211),
        ({"to": ""}, 21604),
        ({"to": NUMBER}, 21266),
        ({"from_": "whatsapp:+15550001111"}, 63007),
        ({"status_callback": "not an address"}, 21609),
        ({"media_url": ["file:///etc/passwd"]}, 21620),
        ({"media_url": ["https://x.example/a.png"] * 11}, 21623),
        ({"content_sid": "HX" + "0" * 32}, 21655),
    ],
)
def test_what_twilio_refuses_has_twilios_code(
    world: World, change: dict[str, object], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        world.send(**change)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert world.get("/_sim/twilio/book")["messages"] == []


def test_1600_characters_and_a_hidden_number_are_fine(world: World) -> None:
    hidden = "whatsapp:ZW.13491208655302741918"
    world.write("hello", sender=hidden)
    assert world.send("x" * 1600, to=hidden).status == "queued"
    form = world.bot.heard[0].form
    assert form["From"] == hidden
    assert "WaId" not in form


def test_a_wrong_token_or_account_is_refused(world: World) -> None:
    with pytest.raises(TwilioRestException) as refused:
        world.client("wrong").messages("SM1").fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)
    other = requests.get(
        f"{world.root}/2010-04-01/Accounts/AC{'6' * 32}/Messages.json",
        auth=(ACCOUNT_SID, AUTH_TOKEN),
        timeout=5,
    )
    assert (other.status_code, other.json()["code"]) == (401, 20003)


def test_files_go_beside_the_text(world: World) -> None:
    world.write()
    sent = world.send("Your code", media_url=["https://x.example/qr.png"])
    assert (sent.sid[:2], sent.num_media) == ("MM", "1")
    shown = world.get(f"/_sim/twilio/messages?to={CUSTOMER}")["messages"][0]["shown"]
    assert shown["media"] == [{"url": "https://x.example/qr.png", "content_type": ""}]


def test_the_typing_indicator_marks_the_message_as_read(world: World) -> None:
    sid = world.write("pay")["sid"]
    world.client().messaging.v2.typing_indicator.create(channel="whatsapp", message_id=sid)
    seen = world.get(f"/_sim/twilio/messages?contact={CUSTOMER}")
    assert seen["typing"] is True
    assert seen["messages"][0]["receipt"] == "read"
    world.send("here I am")
    assert world.get(f"/_sim/twilio/messages?contact={CUSTOMER}")["typing"] is False
