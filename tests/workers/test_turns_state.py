"""Where a conversation stands: in Redis for speed, in the database for ever, codes in neither."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from redis import Redis
from sqlalchemy import select, text, update

from bot.queues import connect
from bot.runtime import Runtime
from bot.turns import drain
from domain.database import transaction
from domain.models import Contact, Payment, Turn
from tests.workers.conversing import REFERENCE, pay_until_code, step, texts
from tests.workers.shop import Shop
from workers.payments import attend
from workers.sweeps import sweep

# Redis


@contextmanager
def redis_down(shop: Shop) -> Iterator[Runtime]:
    """A process whose Redis does not answer."""
    nowhere = connect("redis://127.0.0.1:9/0")
    yield replace(
        shop.runtime,
        redis=nowhere,
        vault=replace(shop.runtime.vault, redis=nowhere),
    )
    nowhere.close()


def test_without_redis_a_message_stays_filed_and_is_heard_afterwards(shop: Shop) -> None:
    shop.file("help")
    with redis_down(shop) as runtime:
        drain(runtime, shop.contact_id)
    assert texts(shop) == []
    shop.replies_later(6)
    sweep()
    assert len(texts(shop)) == 1


def test_a_flushed_redis_loses_no_conversation(shop: Shop) -> None:
    shop.say("pay", REFERENCE)
    shop.runtime.redis.flushdb()
    shop.say("100")
    assert step() == "pay.number"


def test_a_session_that_redis_has_from_an_earlier_turn_is_not_used(shop: Shop) -> None:
    shop.say("pay", REFERENCE)
    redis = shop.runtime.redis
    (key,) = redis.keys("session:*")
    old = redis.get(key)
    shop.say("100")
    redis.set(key, old)
    shop.say("this number")
    assert step() == "pay.starting"


def test_a_session_of_an_unknown_version_restarts_from_the_live_payment(shop: Shop) -> None:
    pay_until_code(shop)
    rewrite_last_session(shop, {"v": 99, "flow": "wallet", "step": "code"})
    shop.say("status")
    assert step() == "pay.otp"


def test_a_step_that_is_no_more_restarts_from_the_menu(shop: Shop) -> None:
    shop.say("pay")
    rewrite_last_session(shop, {"v": 1, "flow": "pay", "step": "passport"})
    shop.say("status")
    assert step().startswith("menu.")


def rewrite_last_session(shop: Shop, session: dict[str, object]) -> None:
    """What another version of the product left behind."""
    shop.runtime.redis.flushdb()
    with transaction() as db:
        db.execute(text("ALTER TABLE turn DISABLE TRIGGER USER"))
        newest = select(Turn.id).order_by(Turn.id.desc()).limit(1).scalar_subquery()
        db.execute(update(Turn).where(Turn.id == newest).values(session=session))
        db.execute(text("ALTER TABLE turn ENABLE TRIGGER USER"))


def test_a_code_is_not_taken_while_the_vault_is_away_and_then_it_is(shop: Shop) -> None:
    payment = pay_until_code(shop)
    shop.file(shop.outside.code(shop.phone))
    broken = replace(shop.runtime.vault, redis=connect("redis://127.0.0.1:9/0"))
    drain(replace(shop.runtime, vault=broken), shop.contact_id)
    assert shop.status(payment.id) == "awaiting_otp"
    assert shop.outgoing()[-1].told == "otp_sent"
    drain(shop.runtime, shop.contact_id)
    assert shop.status(payment.id) == "confirming"
    broken.redis.close()


# Codes


def test_a_code_stands_in_the_vault_alone(shop: Shop) -> None:
    payment = pay_until_code(shop)
    code = shop.outside.code(shop.phone)
    shop.say(f"Omari: your OTP is {code}")
    with transaction() as db:
        for table in ("message", "turn", "payment", "payment_event", "evidence", "lookup_try"):
            rows = db.execute(text(f"SELECT t::text FROM {table} t")).scalars().all()  # noqa: S608
            assert not [row for row in rows if code in row], table
    kept = [shop.runtime.redis.get(key) for key in plain_keys(shop.runtime.redis)]
    assert not [value for value in kept if value is not None and code.encode() in value]
    assert shop.runtime.vault.read(payment.id, 1) == code


def plain_keys(redis: Redis) -> list[bytes]:
    return [key for key in redis.keys("*") if redis.type(key) == b"string"]


def test_a_message_with_a_code_is_to_be_blanked_at_twilio(shop: Shop) -> None:
    harmless, with_code = shop.file("help"), shop.file("836066")
    stopped = shop.file("STOP 836066", opt_out="STOP")
    drain(shop.runtime, shop.contact_id)
    assert shop.message(harmless).due_at is None
    assert shop.message(with_code).due_at is not None
    assert shop.message(stopped).due_at is not None


# Events


def test_an_event_about_another_payment_is_an_aside(shop: Shop) -> None:
    shop.say("pay", REFERENCE)
    payment = shop.open()
    shop.later(payment, 301)
    attend(str(payment))
    assert shop.told() == ["expired"]
    assert step() == "pay.amount"


def test_what_was_told_is_not_told_again_but_who_asks_is_answered(shop: Shop) -> None:
    """A second "cancel" of one payment is a question, and silence is no answer."""
    payment = shop.until("starting")
    shop.later(payment, 46)
    attend(str(payment))
    assert shop.status(payment) == "uncertain"
    shop.say("cancel", "menu")
    said = len(texts(shop))
    shop.say("cancel")
    assert len(texts(shop)) == said + 1
    assert shop.told() == ["uncertain", "cancelled"]


# Opting out, and who has no number


def test_twilios_own_stop_is_answered_by_twilio(shop: Shop) -> None:
    shop.say("STOP", opt_out="STOP")
    assert shop.contact().opted_out_at is not None
    shop.say("HELP", opt_out="HELP")
    assert shop.contact().opted_out_at is not None, "asking for help is no wish to hear more"
    shop.say("START", opt_out="START")
    assert shop.contact().opted_out_at is None
    assert texts(shop) == []


def test_media_and_an_empty_message_are_answered(shop: Shop) -> None:
    shop.say("", media=["audio/ogg"])
    shop.say("")
    assert len(texts(shop)) == 2


# Accounts and bookings


def test_an_account_that_cannot_be_opened_is_not_offered_to_be_paid(shop: Shop) -> None:
    shop.change_account(secrets_sealed=b"sealed with a lost secret")
    shop.say("pay", REFERENCE, "100", "this number")
    assert step() == "pay.closed"
    assert "something went wrong" not in texts(shop)[-1]
    with transaction() as db:
        assert db.scalars(select(Payment)).all() == []


def test_the_tries_of_others_keep_nobody_from_their_own_booking(shop: Shop) -> None:
    with transaction() as db:
        stranger = db.get_one(Contact, shop.another_contact())
        db.execute(
            text(
                "INSERT INTO lookup_try (contact_id, reference_key)"
                " SELECT :contact, 'KS2024001' FROM generate_series(1, 20)"
            ),
            {"contact": stranger.id},
        )
    shop.say("pay", REFERENCE)
    assert step() == "pay.amount"
