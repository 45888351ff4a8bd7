"""What the clock repairs: lost nudges, a flushed Redis, messages that never reached us."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text, update

from bot.queues import waiting
from bot.turns import drain
from domain import clock, deliveries, outbox, payments
from domain.database import transaction
from domain.models import ContactIdentity, Message, Payment, PaymentEvent
from domain.outbox import Reply
from tests.workers.shop import Shop
from workers.sweeps import compare_with_twilio, find_missed_messages, sweep


def jobs(shop: Shop, queue: str) -> int:
    return waiting(shop.runtime.redis, queue)


def empty_redis(shop: Shop) -> None:
    """Every nudge so far is lost."""
    shop.runtime.redis.flushdb()


def test_nothing_due_promises_nothing(shop: Shop) -> None:
    empty_redis(shop)
    sweep()
    assert [jobs(shop, queue) for queue in ("payments", "replies")] == [0, 0]


def test_a_payment_whose_nudge_was_lost_is_handed_on_once_in_a_while(shop: Shop) -> None:
    payment = shop.open()
    empty_redis(shop)
    sweep()
    assert jobs(shop, "payments") == 0, "its nudge may still be on its way"
    shop.later(payment, 6)
    sweep()
    sweep()
    assert jobs(shop, "payments") == 1
    shop.later(payment, 11)
    sweep()
    assert jobs(shop, "payments") == 2, "whoever took it may have died"


def test_while_no_worker_works_the_queue_does_not_grow_for_ever(shop: Shop) -> None:
    make_due_payments(shop, 150)
    empty_redis(shop)
    for _ in range(5):
        sweep()
        with transaction() as db:
            db.execute(update(Payment).values(next_check_at=Payment.created_at))
    assert jobs(shop, "payments") == 100


def make_due_payments(shop: Shop, count: int) -> None:
    with transaction() as db:
        db.execute(
            text(
                "INSERT INTO payment (id, booking_id, contact_id, account_id, provider, reference,"
                " amount_minor, currency, status, started_at, ended_at, hold_until, next_check_at)"
                " SELECT gen_random_uuid(), :booking, :contact, :account, 'omari', n::text, 100,"
                " 'USD', 'expired', now(), now(), now(), now() FROM generate_series(1, :count) n"
            ),
            {
                "booking": shop.booking_id,
                "contact": shop.contact_id,
                "account": shop.account_id,
                "count": count,
            },
        )


def test_a_nudge_that_nobody_takes_does_not_stay(shop: Shop) -> None:
    shop.open()
    redis = shop.runtime.redis
    lives = [redis.ttl(key) for key in redis.keys("rq:job:*")]
    assert lives
    assert all(0 < seconds <= 60 for seconds in lives)


def test_a_message_that_was_filed_and_not_heard_is_heard(shop: Shop) -> None:
    shop.file("help")
    sweep()
    assert shop.outgoing() == [], "whoever filed it may be about to hear it"
    shop.replies_later(6)
    sweep()
    assert len(shop.outgoing()) == 1


def test_an_event_that_was_not_heard_is_told(shop: Shop) -> None:
    payment = shop.open()
    with transaction() as db:
        payments.expire(db, payments.lock(db, payment))
        db.execute(text("ALTER TABLE payment_event DISABLE TRIGGER USER"))
        db.execute(
            update(PaymentEvent).values(at=text("payment_event.at - make_interval(secs => 6)"))
        )
        db.execute(text("ALTER TABLE payment_event ENABLE TRIGGER USER"))
    sweep()
    assert shop.told() == ["expired"]


def queue_a_reply(shop: Shop) -> None:
    with transaction() as db:
        outbox.add_replies(db, shop.contact_id, [Reply("common.help", "hello")])


def leave_a_doubt(shop: Shop) -> None:
    queue_a_reply(shop)
    with transaction() as db:
        (claimed,) = outbox.claim_due(db, 1, 30)
        deliveries.record_uncertain(db, claimed.id, 0)


def leave_a_code(shop: Shop) -> None:
    drain_one = shop.file("my code is 836066")
    drain(shop.runtime, shop.contact_id)
    with transaction() as db:
        db.execute(update(Message).where(Message.direction == "out").values(due_at=None))
        assert db.get_one(Message, drain_one).due_at is not None


@pytest.mark.parametrize("leave", [queue_a_reply, leave_a_doubt, leave_a_code])
def test_what_is_due_at_twilio_is_the_replies_workers_work(
    shop: Shop, leave: Callable[[Shop], None]
) -> None:
    """A Twilio that does not answer must not keep the sweeps from payments."""
    leave(shop)
    empty_redis(shop)
    shop.outside.twilio({"kind": "silent", "operation": "list", "seconds": 20})
    sweep()
    assert jobs(shop, "replies") == 1


def test_what_is_due_is_found_by_an_index(shop: Shop) -> None:
    """However many payments are watched for late money."""
    make_due_payments(shop, 3_000)
    with transaction() as db:
        db.execute(text("UPDATE payment SET next_check_at = now() + make_interval(hours => 1)"))
        db.execute(text("ANALYZE payment"))
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _u: Any, statement: str, values: Any, *_more: Any) -> None:
        asked.append((statement, values))

    engine = shop.runtime.database.engine
    event.listen(engine, "before_cursor_execute", note)
    sweep()
    with transaction() as db:
        payments.claim_due(db, 100, shop.runtime.policy)
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        plans = [
            "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())
            for statement, values in asked
        ]
    assert len(plans) == 2
    for plan in plans:
        assert "Index Cond: (next_check_at <= statement_timestamp())" in plan


# What Twilio could not bring us


def look(hours: float = 0, seconds: float = 0) -> None:
    """Compare Twilio's list with ours, so much later."""
    compare_with_twilio(clock.now() + timedelta(hours=hours, seconds=seconds))


def test_a_message_that_never_reached_us_is_found_in_twilios_list(shop: Shop) -> None:
    shop.outside.receives("help")
    find_missed_messages()
    assert filed(shop) == [], "Twilio may still be trying"
    look(seconds=40)
    look(seconds=41)
    assert [message.status for message in filed(shop)] == ["heard"]
    assert len(shop.outgoing()) == 1


def test_after_half_a_day_without_us_it_is_found_too(shop: Shop) -> None:
    find_missed_messages()
    shop.outside.receives("help")
    look(hours=12)
    assert len(filed(shop)) == 1


def test_where_the_last_look_is_not_known_a_day_is_looked_over(shop: Shop) -> None:
    find_missed_messages()
    shop.outside.receives("help")
    empty_redis(shop)
    look(hours=12)
    assert len(filed(shop)) == 1


def test_a_list_that_did_not_answer_is_looked_over_later(shop: Shop) -> None:
    find_missed_messages()
    shop.outside.receives("help")
    shop.outside.twilio({"kind": "refuse", "operation": "list", "http_status": 500})
    look(hours=1)
    assert filed(shop) == []
    shop.outside.twilio()
    look(hours=2)
    assert len(filed(shop)) == 1


def test_a_user_id_without_a_number_is_found_too(shop: Shop) -> None:
    shop.outside.receives("help", address="ZW.1A2B3C4D5E6F")
    look(seconds=40)
    with transaction() as db:
        address = db.scalars(select(ContactIdentity.address).order_by(-ContactIdentity.id)).first()
    assert address == "ZW.1A2B3C4D5E6F"


def filed(shop: Shop) -> list[Message]:
    with transaction() as db:
        found = select(Message).where(
            Message.direction == "in", Message.contact_id == shop.contact_id
        )
        return list(db.scalars(found.order_by(Message.id)))
