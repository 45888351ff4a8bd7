"""Who asked for a person and waits is not talked over."""

from datetime import timedelta

from sqlalchemy import update

from domain.database import transaction
from domain.models import Contact, Message
from tests.workers.conversing import new_texts, texts
from tests.workers.shop import Shop

PASSED_ON = "I have passed this on"


def hour_passes() -> None:
    with transaction() as db:
        earlier = Message.created_at - timedelta(hours=1)
        db.execute(update(Message).values(created_at=earlier))


def test_what_is_not_understood_is_answered_once_an_hour(shop: Shop) -> None:
    shop.say("hi", "tell me of my grandmother")
    assert "Sorry, I did not understand" in texts(shop)[-1]
    shop.say("person")
    known = len(texts(shop))
    shop.say("Are you there?", "My grandmother has lost her papers")
    (told,) = new_texts(shop, known)
    assert PASSED_ON in told
    hour_passes()
    shop.say("I am still here")
    assert PASSED_ON in new_texts(shop, known)[-1]
    assert len(new_texts(shop, known)) == 2


def test_what_is_understood_is_answered_as_always(shop: Shop) -> None:
    shop.say("person", "Are you there?")
    known = len(texts(shop))
    shop.say("status", "pay", "KS-2024-001", "100")
    assert len(new_texts(shop, known)) == 4


def test_after_a_person_was_there_it_is_the_bot_again(shop: Shop) -> None:
    shop.say("person", "Are you there?")
    with transaction() as db:
        db.execute(update(Contact).values(person_wanted_at=None))
    shop.say("tell me of my grandmother")
    assert "Sorry, I did not understand" in texts(shop)[-1]
