"""A person answers in the place of the bot: the bot is silent and does nothing, money is still
told, and afterwards the conversation goes on where it stood.
"""

import threading

import pytest
from sqlalchemy import select, update

from bot import handing
from bot.turns import drain
from domain import hearing, talking
from domain.database import transaction
from domain.models import AuditEntry, Contact, Message
from tests import factories
from tests.domain.world import settle
from tests.workers.conversing import (
    BACK,
    HERE,
    leave_alone,
    new_texts,
    pay_until_code,
    step,
    take,
    texts,
)
from tests.workers.shop import Shop


@pytest.fixture
def anna(shop: Shop) -> int:  # noqa: ARG001 - it makes the database the current one
    with transaction() as db:
        return factories.staff(db, "anna@example.com").id


# Silence


def test_the_customer_is_told_once_and_the_bot_is_silent(shop: Shop, anna: int) -> None:
    shop.say("menu", "person")
    assert shop.contact().person_wanted_at is not None
    known = len(texts(shop))
    take(shop, anna)
    take(shop, anna)
    contact = shop.contact()
    assert (contact.taken_by, contact.person_wanted_at) == (anna, None)
    shop.say("hello?", "pay", "help")
    (told,) = new_texts(shop, known)
    assert HERE in told
    assert step() == "menu.idle", "nothing of it was acted on"


def test_messages_are_filed_heard_and_redacted_while_a_person_answers(
    shop: Shop, anna: int
) -> None:
    take(shop, anna)
    message = shop.message(_said(shop, "the code is 836066 and my number 0774975187"))
    assert (message.status, message.sealed) == ("heard", None)
    assert "836066" not in message.body
    assert "0774975187" not in message.body
    assert message.due_at is not None, "Twilio's copy is blanked"


def _said(shop: Shop, body: str, **details: object) -> int:
    message = shop.file(body, **details)
    drain(shop.runtime, shop.contact_id)
    return message


def test_a_code_is_not_used_while_a_person_answers_and_is_asked_for_afterwards(
    shop: Shop, anna: int
) -> None:
    payment = pay_until_code(shop)
    drain(shop.runtime, shop.contact_id)
    known = len(texts(shop))
    take(shop, anna)
    code = shop.outside.code(shop.phone)
    message = shop.message(_said(shop, code))
    assert message.body == "[hidden]"
    assert shop.status(payment.id) == "awaiting_otp"
    assert shop.outside.debits() == []
    assert handing.hand_back(shop.runtime, shop.contact_id, anna) is None
    taken, back = new_texts(shop, known)
    assert HERE in taken
    assert back.startswith(BACK)
    assert str(shop.payment(payment.id).otp_reference) in back
    shop.say(code)
    assert shop.status(payment.id) == "confirming"


def test_a_cancel_or_a_tap_does_nothing_while_a_person_answers(shop: Shop, anna: int) -> None:
    payment = pay_until_code(shop)
    drain(shop.runtime, shop.contact_id)
    take(shop, anna)
    shop.say("cancel")
    shop.say("Cancel", payload=f"tp:{payment.id}:cancel")
    assert shop.status(payment.id) == "awaiting_otp"
    assert step() == "pay.otp"


def test_what_becomes_of_money_is_told_meanwhile(shop: Shop, anna: int) -> None:
    payment_id = shop.until("confirming")
    drain(shop.runtime, shop.contact_id)
    take(shop, anna)
    settle(payment_id)
    drain(shop.runtime, shop.contact_id)
    assert "settled" in shop.told()
    assert "Paid" in texts(shop)[-1] or "paid" in texts(shop)[-1]


def test_no_code_is_asked_for_while_nobody_would_read_it(shop: Shop, anna: int) -> None:
    shop.say("pay", "KS-2024-001", "100")
    take(shop, anna)
    known = len(texts(shop))
    payment_id = shop.until("awaiting_otp")
    drain(shop.runtime, shop.contact_id)
    assert new_texts(shop, known) == []
    handing.hand_back(shop.runtime, shop.contact_id, anna)
    shop.say("status")
    assert shop.status(payment_id) == "awaiting_otp"


def test_stop_and_start_are_counted_and_so_is_the_wish_to_be_left_alone(
    shop: Shop, anna: int
) -> None:
    take(shop, anna)
    known = len(texts(shop))
    shop.say("STOP", opt_out="STOP")
    assert shop.contact().opted_out_at is not None
    shop.say("START", opt_out="START")
    assert shop.contact().opted_out_at is None
    shop.say("stop all messages")
    assert shop.contact().opted_out_at is not None
    assert new_texts(shop, known) == []


def test_what_cannot_be_read_is_not_answered_either(shop: Shop, anna: int) -> None:
    take(shop, anna)
    known = len(texts(shop))
    message = shop.file("help")
    with transaction() as db:
        db.execute(update(Message).where(Message.id == message).values(sealed=b"not ours"))
    for _ in range(3):
        drain(shop.runtime, shop.contact_id)
    assert shop.message(message).status == "failed"
    assert new_texts(shop, known) == []


# Back again


def test_handed_back_the_next_message_is_heard_as_usual(shop: Shop, anna: int) -> None:
    shop.say("pay", "KS-2024-001")
    assert step() == "pay.amount"
    take(shop, anna)
    shop.say("100")
    assert step() == "pay.amount"
    known = len(texts(shop))
    handing.hand_back(shop.runtime, shop.contact_id, anna)
    handing.hand_back(shop.runtime, shop.contact_id, anna)
    (back,) = new_texts(shop, known)
    assert back.startswith(BACK)
    assert "How much" in back
    shop.say("100")
    assert step() == "pay.number"


def test_the_buttons_of_what_is_asked_again_are_good(shop: Shop, anna: int) -> None:
    shop.say("pay", "KS-2024-001")
    take(shop, anna)
    handing.hand_back(shop.runtime, shop.contact_id, anna)
    payload, title = shop.outgoing()[-1].details["buttons"][0]
    shop.say(title, payload=payload)
    assert step() == "pay.number"


def test_left_without_an_answer_for_two_hours_the_bot_answers_again(shop: Shop, anna: int) -> None:
    shop.say("pay", "KS-2024-001")
    take(shop, anna)
    leave_alone(shop, 1.9)
    shop.say("anybody there?")
    known = len(texts(shop))
    leave_alone(shop, 0.2)
    shop.say("100")
    back, answer = new_texts(shop, known)
    assert back == BACK
    assert answer
    assert step() == "pay.number"
    assert shop.contact().taken_by is None
    shop.say("help")
    assert BACK not in texts(shop)[-1]


def test_whoever_cannot_be_written_to_is_not_told(shop: Shop, anna: int) -> None:
    with transaction() as db:
        db.execute(update(Contact).values(last_inbound_at=None))
    take(shop, anna)
    handing.hand_back(shop.runtime, shop.contact_id, anna)
    assert texts(shop) == []
    assert shop.contact().taken_by is None


# At the same time


@pytest.mark.concurrency
def test_a_message_that_comes_while_a_person_takes_over_is_heard_before_or_after(
    shop: Shop, anna: int
) -> None:
    """The turn waits for the one who takes over, sees it, and is silent."""
    shop.say("menu")
    known = len(texts(shop))
    with transaction() as db:
        talking.take_over(db, shop.contact_id, anna, None, _announce)
        message = shop.file("pay")
        hearer = threading.Thread(target=drain, args=(shop.runtime, shop.contact_id))
        hearer.start()
        while not shop.somebody_waits_for_a_lock():
            assert hearer.is_alive()
    hearer.join()
    assert shop.message(message).status == "heard"
    assert new_texts(shop, known) == ["a person"]
    assert shop.contact().taken_by == anna


@pytest.mark.concurrency
def test_a_turn_does_not_undo_a_taking_over_that_waited_for_it(shop: Shop, anna: int) -> None:
    message = shop.file("person")
    with transaction() as db:
        speaker = hearing.lock_contact(db, shop.contact_id)
        waiting = hearing.next_waiting(db, shop.contact_id)
        assert waiting is not None
        taker = threading.Thread(target=take, args=(shop, anna))
        taker.start()
        while not shop.somebody_waits_for_a_lock():
            assert taker.is_alive()
        speaker.person_wanted_at = waiting.now
        hearing.write_turn(db, speaker, waiting, {}, hearing.Kept("person", blank=False), [])
    taker.join()
    contact = shop.contact()
    assert (contact.taken_by, contact.person_wanted_at) == (anna, None)
    assert shop.message(message).status == "heard"
    shop.say("help")
    assert shop.contact().taken_by == anna, "nor does any later one"


def _announce(_language: str) -> talking.outbox.Reply:
    return talking.outbox.Reply("common.person_here", "a person")


def test_each_act_is_written_down(shop: Shop, anna: int) -> None:
    take(shop, anna)
    handing.hand_back(shop.runtime, shop.contact_id, anna)
    with transaction() as db:
        entries = db.execute(
            select(AuditEntry.act, AuditEntry.subject, AuditEntry.actor).order_by(AuditEntry.id)
        ).all()
    subject = f"contact:{shop.contact_id}"
    assert [tuple(entry) for entry in entries] == [
        ("conversation_taken", subject, "anna@example.com"),
        ("conversation_handed_back", subject, "anna@example.com"),
    ]
