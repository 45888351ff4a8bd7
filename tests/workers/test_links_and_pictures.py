"""What a customer pays by, on its way to WhatsApp: a link as a button, a picture behind its
text.
"""

from typing import Any

import pytest

from bot.channel import TwilioChannel
from domain import outbox
from domain.database import transaction
from domain.models import Message
from domain.outbox import Reply
from tests.conftest import PUBLIC_URL
from tests.workers.shop import Shop
from workers.process import configure
from workers.replies import clear_doubts, send_due

GO = f"{PUBLIC_URL}/go/t0k3n"
PICTURE = f"{PUBLIC_URL}/qr/t0k3n.png"
LINK = ("Pay INR 150.00", GO)


def write(shop: Shop, *replies: Reply) -> None:
    with transaction() as db:
        outbox.add_replies(db, shop.contact_id, list(replies))


def shown(shop: Shop) -> list[dict[str, Any]]:
    return [message["shown"] for message in shop.outside.messages()]


def stored(shop: Shop) -> list[tuple[str, str, str | None]]:
    return [(row.body, row.status, row.error_code) for row in shop.outgoing()]


def test_a_link_is_one_button_of_a_template_made_once(shop: Shop) -> None:
    write(shop, Reply("pay.link", "Please pay.", link=LINK))
    write(shop, Reply("pay.link", "Again.", link=("Pay", f"{PUBLIC_URL}/go/other")))
    send_due()
    first, second = shop.outside.messages()
    assert first["content_sid"] == second["content_sid"] != ""
    assert [each["text"] for each in shown(shop)] == ["Please pay.", "Again."]
    assert first["shown"]["buttons"] == [
        {"kind": "url", "title": "Pay INR 150.00", "id": "", "url": GO}
    ]
    assert second["shown"]["buttons"][0]["url"] == f"{PUBLIC_URL}/go/other"


def test_another_public_address_has_another_template(shop: Shop) -> None:
    write(shop, Reply("pay.link", "Please pay.", link=LINK))
    send_due()
    settings = shop.runtime.settings.model_copy(update={"public_base_url": "https://new.example"})
    channel = TwilioChannel(settings, shop.runtime.redis)
    write(shop, Reply("pay.link", "Again.", link=("Pay", "https://new.example/go/t0k3n")))
    with transaction() as db:
        (claimed,) = outbox.claim_due(db, 20, 30)
    channel.send(claimed)
    assert shown(shop)[1]["buttons"][0]["url"] == "https://new.example/go/t0k3n"


@pytest.mark.parametrize(
    ("body", "link"),
    [
        ("x" * 641, LINK),
        ("Please pay.", ("Pay", "https://elsewhere.example/go/t0k3n")),
        ("Please pay.", ("A title of more than twenty", GO)),
        ("Please pay.", ("Pay", f"{PUBLIC_URL}/go/")),
    ],
    ids=["long text", "not our address", "long title", "no token"],
)
def test_what_fits_no_button_is_text_with_the_address(
    shop: Shop, body: str, link: tuple[str, str]
) -> None:
    write(shop, Reply("pay.link", body, link=link))
    send_due()
    assert shop.outside.sent() == [f"{body}\n\n{link[1]}"]


def test_the_address_is_never_cut(shop: Shop) -> None:
    write(shop, Reply("pay.link", "x" * 1_600, link=LINK))
    send_due()
    (sent,) = shop.outside.sent()
    assert len(sent) == 1_600
    assert sent.endswith(f"x\n\n{GO}")


def test_without_buttons_the_address_stands_in_the_text(shop: Shop) -> None:
    settings = shop.runtime.settings.model_copy(update={"twilio_buttons": False})
    write(shop, Reply("pay.link", "Please pay.", link=LINK))
    with transaction() as db:
        (claimed,) = outbox.claim_due(db, 20, 30)
    TwilioChannel(settings, shop.runtime.redis).send(claimed)
    assert shop.outside.sent() == [f"Please pay.\n\n{GO}"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "refuse", "operation": "content", "http_status": 400, "code": 20001},
        {"kind": "refuse", "operation": "create", "http_status": 400, "code": 21655, "count": 1},
    ],
    ids=["refused", "forgotten"],
)
def test_where_twilio_takes_no_template_the_address_stands_in_the_text(
    shop: Shop, fault: dict[str, object]
) -> None:
    configure(shop.runtime)
    write(shop, Reply("pay.link", "Please pay.", link=LINK))
    shop.outside.twilio(fault)
    send_due()
    assert shop.outside.sent() == [f"Please pay.\n\n{GO}"]


@pytest.mark.parametrize("buttons", [True, False])
def test_a_link_in_doubt_is_found_and_not_sent_again(shop: Shop, buttons: bool) -> None:
    link = LINK if buttons else ("Pay", "https://elsewhere.example/go/t0k3n")
    write(shop, Reply("pay.link", "Please pay.", link=link))
    shop.outside.twilio({"kind": "lose", "count": 1})
    send_due()
    assert [row.status for row in shop.outgoing()] == ["uncertain"]
    shop.replies_later(61)
    clear_doubts()
    send_due()
    assert len(shop.outside.messages()) == 1
    assert [row.status for row in shop.outgoing()] == ["sent"]


# Pictures


def test_a_picture_follows_its_text_as_a_message_of_its_own(shop: Shop) -> None:
    payment_id = shop.until("awaiting_otp")
    reply = Reply(
        "pay.link",
        "Please pay.",
        payment_id=payment_id,
        told="link_made",
        expires_seconds=600,
        link=LINK,
        picture=PICTURE,
    )
    before = len(shop.outgoing())
    write(shop, reply, Reply("common.text", "the next"))
    text, picture, _ = shop.outgoing()[before:]
    assert (picture.body, picture.payment_id, picture.told) == ("", payment_id, "link_made:picture")
    assert picture.expires_at is not None
    assert text.expires_at is not None
    send_due()
    sent = shown(shop)[-3:]
    assert [each["text"] for each in sent] == ["Please pay.", "", "the next"]
    assert [len(each["buttons"]) for each in sent] == [1, 0, 0]
    assert [each["media"] for each in sent] == [[], [{"url": PICTURE, "content_type": ""}], []]
    # What was told before is not told again, and its picture neither.
    write(shop, reply)
    assert len(shop.outgoing()) == before + 3


def test_a_picture_expires_with_its_text(shop: Shop) -> None:
    write(shop, Reply("pay.link", "Please pay.", expires_seconds=60, picture=PICTURE))
    shop.replies_later(61)
    send_due()
    assert [row.status for row in shop.outgoing()] == ["expired", "expired"]
    assert shop.outside.sent() == []


def test_a_picture_in_doubt_is_given_up_and_holds_nothing_back(shop: Shop) -> None:
    write(shop, Reply("pay.link", "Please pay.", picture=PICTURE), Reply("common.text", "next"))
    with transaction() as db:
        outbox.claim_due(db, 20, 30)
    shop.outside.twilio()
    shop.replies_later(61)
    clear_doubts()  # the text: Twilio does not have it
    send_due_losing_the_picture(shop)
    shop.replies_later(61)
    clear_doubts()
    send_due()
    assert stored(shop) == [
        ("Please pay.", "sent", None),
        ("", "refused", "picture"),
        ("next", "sent", None),
    ]
    assert [len(each["media"]) for each in shown(shop)] == [0, 1, 0]


def send_due_losing_the_picture(shop: Shop) -> None:
    """The text goes out; then the worker dies with the picture handed over and not written down."""
    with transaction() as db:
        (text,) = outbox.claim_due(db, 20, 30)
    channel = TwilioChannel(shop.runtime.settings, shop.runtime.redis)
    sid = channel.send(text)
    with transaction() as db:
        db.get_one(Message, text.id).status = "sent"
        db.get_one(Message, text.id).sid = sid
        db.get_one(Message, text.id).due_at = None
    with transaction() as db:
        (picture,) = outbox.claim_due(db, 20, 30)
    channel.send(picture)


def test_a_picture_that_twilio_refuses_leaves_its_text_true(shop: Shop) -> None:
    write(shop, Reply("pay.link", "Please pay.", picture="ftp://no.example/qr.png"))
    send_due()
    assert stored(shop) == [("Please pay.", "sent", None), ("", "refused", "21620")]
