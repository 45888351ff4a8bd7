"""What leaves for WhatsApp: in order for each contact, each once, and never lost to a moment's
trouble.
"""

import threading

import pytest
from sqlalchemy import func, update

from domain import deliveries, outbox
from domain.database import transaction
from domain.models import Contact
from domain.outbox import Reply
from tests.workers.shop import Shop
from workers.replies import clear_doubts, send_due


def write(shop: Shop, *bodies: str, contact_id: int | None = None, **more: object) -> list[int]:
    """Put replies into the outbox. Returns their ids."""
    replies = [Reply("common.text", body, **more) for body in bodies]  # type: ignore[arg-type]
    before = len(shop.outgoing(contact_id))
    with transaction() as db:
        outbox.add_replies(db, contact_id or shop.contact_id, replies)
    return [message.id for message in shop.outgoing(contact_id)[before:]]


def statuses(shop: Shop) -> list[str]:
    return [message.status for message in shop.outgoing()]


def test_replies_leave_in_order_and_remember_twilios_name(shop: Shop) -> None:
    write(shop, "one", "two", "three")
    send_due()
    assert shop.outside.sent() == ["one", "two", "three"]
    assert [m.sid for m in shop.outgoing()] == [m["sid"] for m in shop.outside.messages()]
    assert statuses(shop) == ["sent", "sent", "sent"]


def test_an_earlier_reply_in_flight_holds_back_the_later_ones_of_its_contact_only(
    shop: Shop,
) -> None:
    other = shop.another_contact()
    write_for_other_contact(shop, other)
    first, _second = write(shop, "one", "two")
    with transaction() as db:
        claimed = outbox.claim_due(db, 20, 30)
    assert sorted(message.id for message in claimed)[-1] == first
    assert {message.body for message in claimed} == {"one", "other"}
    with transaction() as db:
        assert outbox.claim_due(db, 20, 30) == []


def write_for_other_contact(shop: Shop, contact_id: int) -> None:
    with transaction() as db:
        db.execute(
            update(Contact)
            .where(Contact.id == contact_id)
            .values(last_inbound_at=func.clock_timestamp())
        )
    write(shop, "other", contact_id=contact_id)


@pytest.mark.concurrency
def test_many_workers_share_the_outbox(shop: Shop) -> None:
    texts = [f"text {number:02d}" for number in range(12)]
    write(shop, *texts)
    threads = [threading.Thread(target=send_due) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_due()
    assert shop.outside.sent() == texts


def test_what_would_be_a_lie_when_late_is_not_sent(shop: Shop) -> None:
    write(shop, "your code, please", expires_seconds=60)
    write(shop, "the end")
    shop.replies_later(61)
    send_due()
    assert statuses(shop)[0] == "expired"
    assert shop.outside.sent() == ["the end"]


def test_outside_the_window_nothing_is_sent_as_text(shop: Shop) -> None:
    with transaction() as db:
        contact = db.get_one(Contact, shop.contact_id)
        contact.last_inbound_at = contact.created_at.replace(year=2020)
    write(shop, "too late")
    send_due()
    assert shop.outside.sent() == []
    assert [(m.status, m.error_code) for m in shop.outgoing()] == [("refused", "window")]


# Twilio's three answers

NOT_NOW = (
    {"kind": "refuse", "http_status": 429, "code": 20429},
    {"kind": "refuse", "http_status": 401, "code": 20003},
    {"kind": "refuse", "http_status": 400, "code": 63018},
)


@pytest.mark.parametrize("fault", NOT_NOW, ids=lambda fault: str(fault["code"]))
def test_not_now_is_tried_again_after_a_pause(shop: Shop, fault: dict[str, object]) -> None:
    write(shop, "hello")
    shop.outside.twilio({**fault, "count": 1})
    send_due()
    assert statuses(shop) == ["due"]
    send_due()
    assert shop.outside.sent() == [], "not before the pause is over"
    shop.replies_later(3)
    send_due()
    assert shop.outside.sent() == ["hello"]


def test_what_became_of_somebodys_money_outlives_an_hour_without_twilio(shop: Shop) -> None:
    (reply,) = write(shop, "Paid USD 100.00")
    shop.outside.twilio(NOT_NOW[0])
    for _ in range(12):
        send_due()
        shop.replies_later(300)
    assert statuses(shop) == ["due"]
    shop.outside.twilio()
    send_due()
    assert shop.outside.sent() == ["Paid USD 100.00"]
    assert shop.message(reply).status == "sent"


def test_after_a_day_it_is_given_up(shop: Shop) -> None:
    write(shop, "hello")
    shop.outside.twilio(NOT_NOW[0])
    shop.replies_later(25 * 3_600)
    send_due()
    assert [(m.status, m.error_code) for m in shop.outgoing()] == [("refused", "20429")]


def test_a_definite_no_is_final(shop: Shop) -> None:
    write(shop, "hello", "and more")
    shop.outside.twilio({"kind": "refuse", "http_status": 400, "code": 21211, "count": 1})
    send_due()
    assert statuses(shop) == ["refused", "sent"]
    assert shop.outgoing()[0].error_code == "21211"


@pytest.mark.parametrize("kind", ["lose", "fail"])
def test_an_answer_that_was_lost_is_found_in_twilios_list(shop: Shop, kind: str) -> None:
    write(shop, "hello", "and more")
    shop.outside.twilio({"kind": kind, "count": 1})
    send_due()
    assert statuses(shop) == ["uncertain", "due"]
    shop.replies_later(61)
    clear_doubts()
    send_due()
    assert shop.outside.sent() == ["hello", "and more"], "neither twice nor out of order"
    assert statuses(shop) == ["sent", "sent"]
    assert [m.sid for m in shop.outgoing()] == [m["sid"] for m in shop.outside.messages()]


@pytest.mark.parametrize("kind", ["drop", "refuse"])
def test_what_twilios_list_does_not_have_is_sent_again(shop: Shop, kind: str) -> None:
    write(shop, "hello")
    shop.outside.twilio({"kind": kind, "count": 1})
    send_due()
    assert statuses(shop) == ["uncertain"]
    clear_doubts()
    assert statuses(shop) == ["uncertain"], "Twilio's callback has its time first"
    shop.replies_later(61)
    clear_doubts()
    send_due()
    assert shop.outside.sent() == ["hello"]


def test_while_twilios_list_does_not_answer_nothing_is_sent_again(shop: Shop) -> None:
    write(shop, "hello")
    shop.outside.twilio(
        {"kind": "lose", "count": 1}, {"kind": "refuse", "operation": "list", "http_status": 500}
    )
    send_due()
    shop.replies_later(61)
    clear_doubts()
    assert statuses(shop) == ["uncertain"]
    shop.outside.twilio()
    shop.replies_later(61)
    clear_doubts()
    assert statuses(shop) == ["sent"]
    assert shop.outside.sent() == ["hello"]


def test_the_same_words_sent_before_do_not_pass_for_the_one_in_doubt(shop: Shop) -> None:
    write(shop, "Please send your booking reference")
    send_due()
    write(shop, "Please send your booking reference")
    shop.outside.twilio({"kind": "drop", "count": 1})
    send_due()
    shop.replies_later(61)
    clear_doubts()
    send_due()
    assert len(shop.outside.sent()) == 2
    sids = [message.sid for message in shop.outgoing()]
    assert len(set(sids)) == 2
    assert statuses(shop) == ["sent", "sent"]


def test_of_two_with_the_same_words_only_the_one_that_is_missing_is_sent_again(
    shop: Shop,
) -> None:
    shop.outside.twilio({"kind": "lose", "count": 1})
    write(shop, "the same words", "the same words")
    send_due()
    shop.replies_later(61)
    clear_doubts()
    send_due()
    assert len(shop.outside.sent()) == 2
    assert [m.sid for m in shop.outgoing()] == [m["sid"] for m in shop.outside.messages()]


def test_a_worker_that_died_after_claiming_leaves_a_doubt_that_is_cleared(shop: Shop) -> None:
    write(shop, "hello")
    with transaction() as db:
        (claimed,) = outbox.claim_due(db, 20, 30)
    shop.replies_later(31)
    clear_doubts()
    send_due()
    assert shop.outside.sent() == ["hello"]
    assert shop.message(claimed.id).attempts == 2


def test_who_let_go_of_a_reply_leaves_it_due_and_nobody_elses_claim(shop: Shop) -> None:
    write(shop, "hello")
    with transaction() as db:
        (claimed,) = outbox.claim_due(db, 20, 30)
        deliveries.release(db, claimed.id, claimed.claimed_at)
    with transaction() as db:
        (again,) = outbox.claim_due(db, 20, 30)
        deliveries.release(db, again.id, claimed.claimed_at)
    assert statuses(shop) == ["sending"], "the claim that is released is only one's own"


def test_a_slow_answer_for_one_does_not_put_the_others_in_doubt(shop: Shop) -> None:
    write(shop, "slow one")
    others = [shop.another_contact(number) for number in (31, 32)]
    for contact_id in others:
        write_for_other_contact(shop, contact_id)
    shop.runtime.settings.reply_claim_seconds = 0.6
    shop.outside.twilio(
        {"kind": "slow", "seconds": 0.4, "to": f"whatsapp:+{shop.phone}", "count": 1}
    )
    send_due()
    found = [m.status for contact_id in others for m in shop.outgoing(contact_id)]
    assert found == ["sent", "sent"]
