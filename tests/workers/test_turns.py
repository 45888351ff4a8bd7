"""Turns: all of a message's effects or none, in order, whatever fails in between."""

import threading

import pytest
from sqlalchemy import select, update

from bot.turns import drain
from domain import payments
from domain.database import transaction
from domain.models import Message, PaymentEvent, Turn
from tests.workers.conversing import texts
from tests.workers.shop import Shop


def turns() -> list[tuple[int, str]]:
    with transaction() as db:
        return [
            (sequence, cause)
            for sequence, cause in db.execute(
                select(Turn.sequence, Turn.cause).order_by(Turn.sequence)
            )
        ]


# Order


def test_what_waits_is_heard_oldest_first_each_in_a_turn_of_its_own(shop: Shop) -> None:
    ids = [shop.file(body) for body in ("help", "menu", "status")]
    drain(shop.runtime, shop.contact_id)
    assert turns() == [
        (number, f"message:{message}") for number, message in enumerate(ids, start=1)
    ]
    assert len(texts(shop)) == 3


@pytest.mark.concurrency
def test_who_does_not_get_the_lock_leaves_and_its_holder_looks_once_more(shop: Shop) -> None:
    """A worker looks, finds nothing, and a message is filed before it gives the lock back."""
    for _ in range(60):
        worker = threading.Thread(target=drain, args=(shop.runtime, shop.contact_id))
        worker.start()
        shop.say("menu")
        worker.join()
        with transaction() as db:
            unheard = select(Message.id).where(
                Message.direction == "in", Message.heard_at.is_(None)
            )
            assert db.execute(unheard).all() == []


@pytest.mark.concurrency
def test_many_at_once_hear_each_message_once(shop: Shop) -> None:
    for _ in range(6):
        shop.file("help")
    threads = [
        threading.Thread(target=drain, args=(shop.runtime, shop.contact_id)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain(shop.runtime, shop.contact_id)
    assert [sequence for sequence, _ in turns()] == list(range(1, 7))
    assert len(texts(shop)) == 6


# A turn that fails


def unreadable(shop: Shop) -> int:
    """A message that no secret of ours opens."""
    message = shop.file("help")
    with transaction() as db:
        db.execute(update(Message).where(Message.id == message).values(sealed=b"not ours"))
    return message


def test_what_failed_three_times_is_given_to_a_person_and_blocks_nothing(shop: Shop) -> None:
    message = unreadable(shop)
    shop.file("menu")
    for attempt in range(3):
        assert shop.message(message).attempts == attempt
        drain(shop.runtime, shop.contact_id)

    found = shop.message(message)
    assert (found.status, found.sealed) == ("failed", None)
    assert found.due_at is not None, "it may have held a code: Twilio's copy is blanked"
    sorry, menu = texts(shop)
    assert "something went wrong on our side" in sorry
    assert shop.contact().person_wanted_at is not None
    assert [cause for _, cause in turns()] == [f"message:{message + 1}"]
    assert menu
    drain(shop.runtime, shop.contact_id)
    assert len(texts(shop)) == 2


def test_a_failing_turn_leaves_no_trace_of_itself(shop: Shop) -> None:
    unreadable(shop)
    drain(shop.runtime, shop.contact_id)
    assert texts(shop) == []
    assert turns() == []
    assert shop.contact().sequence == 0


def test_an_event_that_nobody_can_tell_is_given_up_and_what_follows_is_told(shop: Shop) -> None:
    payment = shop.open()
    with transaction() as db:
        locked = payments.lock(db, payment)
        payments.expire(db, locked)
        db.flush()
        event = PaymentEvent(
            payment_id=payment,
            contact_id=shop.contact_id,
            version=locked.payment.version + 1,
            kind="news",
            told="of_a_newer_version",
            at=locked.payment.created_at,
        )
        locked.payment.version += 1
        db.add(event)
    for _ in range(3):
        drain(shop.runtime, shop.contact_id)
    assert shop.told() == ["expired"]
    assert shop.contact().person_wanted_at is not None


def test_an_error_is_logged_without_the_payers_number(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    unreadable(shop)
    drain(shop.runtime, shop.contact_id)
    assert "turn_failed" in caplog.text
    assert shop.phone not in caplog.text
