"""That a person answers is told once: at once, or when whoever could not be told then writes."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, update

from bot import handing
from domain import talking
from domain.database import transaction
from domain.models import Contact, Message
from tests import factories
from tests.workers.conversing import BACK, HERE, leave_alone, new_texts, step, take, texts
from tests.workers.shop import Shop


@pytest.fixture
def anna(shop: Shop) -> int:  # noqa: ARG001 - it makes the database the current one
    with transaction() as db:
        return factories.staff(db, "anna@example.com").id


def close_window(shop: Shop) -> None:
    """The customer wrote last a day ago."""
    with transaction() as db:
        long_ago = func.now() - timedelta(hours=25)
        whose = update(Contact).where(Contact.id == shop.contact_id)
        db.execute(whose.values(last_inbound_at=long_ago))


def test_whoever_could_not_be_told_is_told_once_when_they_write(shop: Shop, anna: int) -> None:
    close_window(shop)
    take(shop, anna)
    assert texts(shop) == []
    shop.say("hello?")
    (told,) = texts(shop)
    assert HERE in told
    shop.say("pay", "anybody?")
    assert len(texts(shop)) == 1
    assert shop.contact().taken_by == anna
    assert step() == "None.None", "nothing of it was acted on"
    leave_alone(shop, 2.1)
    shop.say("help")
    assert texts(shop)[1] == BACK


def test_so_is_whoever_had_stopped_us_but_not_by_what_stops_us(shop: Shop, anna: int) -> None:
    shop.say("stop all messages")
    known = len(texts(shop))
    take(shop, anna)
    shop.say("stop all messages")
    shop.say("STOP", opt_out="STOP")
    shop.say("START", opt_out="START")
    assert new_texts(shop, known) == []
    shop.say("hello?", "hello?")
    (told,) = new_texts(shop, known)
    assert HERE in told


@pytest.mark.parametrize("ending", ["handed back", "left alone"])
def test_what_was_told_of_an_earlier_time_does_not_count(
    shop: Shop, anna: int, ending: str
) -> None:
    take(shop, anna)
    if ending == "handed back":
        close_window(shop)
        assert handing.hand_back(shop.runtime, shop.contact_id, anna) is None
    else:
        leave_alone(shop, 2.1)
        shop.say("help")
    close_window(shop)
    known = len(texts(shop))
    take(shop, anna)
    shop.say("hello?", "hello?")
    (told,) = new_texts(shop, known)
    assert HERE in told


def test_who_was_told_is_not_told_of_the_next_person(shop: Shop, anna: int) -> None:
    take(shop, anna)
    with transaction() as db:
        ben = factories.staff(db, "ben@example.com").id
    close_window(shop)
    assert handing.take_over(shop.runtime, shop.contact_id, ben, anna) is None
    shop.say("hello?")
    assert len(texts(shop)) == 1
    handing.hand_back(shop.runtime, shop.contact_id, ben)
    close_window(shop)
    take(shop, anna)
    assert handing.take_over(shop.runtime, shop.contact_id, ben, anna) is None
    known = len(texts(shop))
    shop.say("hello?")
    (told,) = new_texts(shop, known)
    assert HERE in told


def test_what_did_not_arrive_told_nobody(shop: Shop, anna: int) -> None:
    take(shop, anna)
    with transaction() as db:
        db.execute(update(Message).values(status="refused", due_at=None))
    shop.say("hello?", "hello?")
    assert [HERE in told for told in texts(shop)] == [True, True]


def test_whoever_a_person_has_answered_is_not_told(shop: Shop, anna: int) -> None:
    """They know who is there: nothing comes between the person's words."""
    with transaction() as db:
        db.execute(update(Contact).values(taken_by=anna, taken_at=func.clock_timestamp()))
        said = talking.Answer(uuid4(), shop.contact_id, anna, "Hello, this is Anna")
        assert talking.answer(db, said) is None
    shop.say("hello Anna")
    assert texts(shop) == ["Hello, this is Anna"]
