"""What Twilio says of a reply afterwards, how buttons leave, how its copy of a code is blanked."""

from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from domain import deliveries, outbox
from domain.database import transaction
from domain.models import Message
from domain.outbox import Reply
from tests.conftest import WHATSAPP_NUMBER
from tests.workers.shop import Shop
from workers.replies import blank_codes, clear_doubts, send_due


def write(shop: Shop, *bodies: str, contact_id: int | None = None, **more: object) -> list[int]:
    """Put replies into the outbox. Returns their ids."""
    replies = [Reply("common.text", body, **more) for body in bodies]  # type: ignore[arg-type]
    before = len(shop.outgoing(contact_id))
    with transaction() as db:
        outbox.add_replies(db, contact_id or shop.contact_id, replies)
    return [message.id for message in shop.outgoing(contact_id)[before:]]


def statuses(shop: Shop) -> list[str]:
    return [message.status for message in shop.outgoing()]


# Reports


def report(shop: Shop, *words: str, by: str = "token") -> list[str]:
    """Twilio's reports about the one reply, in this order. The status after each."""
    found = []
    for word in words:
        (message,) = shop.outgoing()
        token = message.token if by == "token" else None
        with transaction() as db:
            deliveries.record_report(db, token, message.sid or f"SM{'0' * 32}", word, None)
        found.append(shop.outgoing()[0].status)
    return found


ORDERS: Sequence[tuple[Sequence[str], Sequence[str]]] = (
    (["sent", "delivered", "read"], ["sent", "delivered", "read"]),
    (["read", "delivered", "sent"], ["read", "read", "read"]),
    (["delivered", "delivered", "sent"], ["delivered", "delivered", "delivered"]),
    (["refused", "sent", "refused"], ["refused", "refused", "refused"]),
)


@pytest.mark.parametrize(("words", "after"), ORDERS, ids=lambda words: "-".join(words))
@pytest.mark.parametrize("by", ["token", "sid"])
def test_reports_only_lead_forward(
    shop: Shop, words: Sequence[str], after: Sequence[str], by: str
) -> None:
    write(shop, "hello")
    send_due()
    assert report(shop, *words, by=by) == after


def test_a_report_may_come_before_the_answer_to_the_request(shop: Shop) -> None:
    (reply,) = write(shop, "hello")
    with transaction() as db:
        outbox.claim_due(db, 20, 30)
    assert report(shop, "delivered") == ["delivered"]
    with transaction() as db:
        deliveries.record_sent(db, reply, f"SM{'0' * 32}")
    assert shop.message(reply).status == "delivered"
    shop.replies_later(61)
    clear_doubts()
    send_due()
    assert shop.outside.sent() == []


def test_a_report_ends_the_doubt(shop: Shop) -> None:
    write(shop, "hello")
    shop.outside.twilio({"kind": "lose", "count": 1})
    send_due()
    assert report(shop, "sent") == ["sent"]
    shop.replies_later(61)
    clear_doubts()
    send_due()
    assert shop.outside.sent() == ["hello"]


# Buttons

BUTTONS = (("tp:1:yes", "Yes"), ("tp:1:no", "No"))


def test_buttons_are_a_content_template_made_once(shop: Shop) -> None:
    write(shop, "Sure?", buttons=BUTTONS)
    write(shop, "Really?", buttons=BUTTONS)
    send_due()
    contents = {message["content_sid"] for message in shop.outside.messages()}
    assert len(contents) == 1
    assert "" not in contents


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "refuse", "operation": "content", "http_status": 400, "code": 20001},
        {"kind": "refuse", "operation": "content", "http_status": 500},
        {"kind": "drop", "operation": "content"},
        {"kind": "refuse", "operation": "create", "http_status": 400, "code": 21655, "count": 1},
    ],
    ids=["refused", "500", "dropped", "forgotten"],
)
def test_where_twilio_has_no_template_the_choices_stand_in_the_text(
    shop: Shop, fault: dict[str, object]
) -> None:
    write(shop, "Sure?", buttons=BUTTONS)
    shop.outside.twilio(fault)
    send_due()
    assert shop.outside.sent() == ["Sure?\n\n• Yes\n• No"]
    assert statuses(shop) == ["sent"]


# Twilio's copy of a code


def test_a_message_that_held_a_code_is_blanked_at_twilio(shop: Shop) -> None:
    shop.outside.receives("Omari: your OTP is 836066")
    (message,) = listed(shop)
    with transaction() as db:
        db.add(
            Message(
                direction="in",
                contact_id=shop.contact_id,
                status="heard",
                sid=message["sid"],
                due_at=func.clock_timestamp(),
            )
        )
    shop.outside.twilio({"kind": "refuse", "operation": "update", "count": 1})
    blank_codes()
    assert listed(shop)[0]["body"] != ""
    shop.replies_later(61)
    blank_codes()
    assert listed(shop)[0]["body"] == ""
    blank_codes()
    with transaction() as db:
        due = select(Message.due_at).where(Message.sid == message["sid"])
        assert db.execute(due).scalar_one() is None


def listed(shop: Shop) -> list[dict[str, str]]:
    """The messages to us in the simulated Twilio's book."""
    found = shop.outside.book()
    return [message for message in found if message["to"] == f"whatsapp:{WHATSAPP_NUMBER}"]
