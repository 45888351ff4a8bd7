"""The turnstile on a real server: who comes through, who leaves a note, and what is handed over."""

import time
from collections.abc import Iterator

import pytest
from redis import Redis, RedisError

from bot import turnstile as module
from bot.embedded import ServerUrls
from bot.queues import connect
from bot.turnstile import Turnstile
from flows.sessions import SESSION_LIFE_SECONDS
from flows.turns import Session

CONTACT, ANOTHER = 7, 8
EARLIER = Session("pay", "otp", "payment-1", {"booking": "KS-2024-001"}, "n7")
LATER = Session("menu", "idle")


@pytest.fixture
def redis(servers: ServerUrls) -> Iterator[Redis]:
    client = connect(servers.redis_url)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def turnstile(redis: Redis) -> Turnstile:
    return Turnstile(redis)


def inside(turnstile: Turnstile, contact_id: int = CONTACT) -> module.Pass:
    entered = turnstile.enter(contact_id)
    assert entered is not None
    return entered


# Through, or a note


def test_one_comes_through_and_the_next_when_they_left(turnstile: Turnstile) -> None:
    first = inside(turnstile)
    assert turnstile.enter(CONTACT) is None
    assert inside(turnstile, ANOTHER)
    turnstile.leave(CONTACT, first.token, None)
    assert inside(turnstile).token != first.token


def test_who_leaves_is_told_that_somebody_came_and_only_once(turnstile: Turnstile) -> None:
    first = inside(turnstile)
    turnstile.enter(CONTACT)
    turnstile.enter(CONTACT)
    assert turnstile.leave(CONTACT, first.token, None) is True
    second = inside(turnstile)
    assert turnstile.leave(CONTACT, second.token, None) is False


def test_a_note_from_before_is_not_for_who_enters_now(turnstile: Turnstile, redis: Redis) -> None:
    first = inside(turnstile)
    turnstile.enter(CONTACT)
    redis.delete(f"turn:{CONTACT}")  # its time inside was over
    second = inside(turnstile)
    assert turnstile.leave(CONTACT, second.token, None) is False
    assert turnstile.leave(CONTACT, first.token, None) is False


def test_who_died_inside_keeps_nobody_out_for_long(
    turnstile: Turnstile, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside(turnstile)
    assert 0 < redis.pttl(f"turn:{CONTACT}") <= 5_000
    turnstile.enter(CONTACT)
    assert 0 < redis.ttl(f"again:{CONTACT}") <= 60
    monkeypatch.setattr(module, "_INSIDE_MILLISECONDS", 30)
    inside(turnstile, ANOTHER)
    time.sleep(0.05)
    assert inside(turnstile, ANOTHER)


def test_a_pass_that_ran_out_lets_nobody_else_out(turnstile: Turnstile, redis: Redis) -> None:
    late = inside(turnstile)
    redis.delete(f"turn:{CONTACT}")
    now = inside(turnstile)
    turnstile.enter(CONTACT)
    assert turnstile.leave(CONTACT, late.token, None) is False
    assert turnstile.enter(CONTACT) is None, "the one inside is still inside"
    assert turnstile.leave(CONTACT, now.token, None) is True


# The session


def test_the_session_is_handed_over_to_the_next(turnstile: Turnstile, redis: Redis) -> None:
    first = inside(turnstile)
    assert first.kept is None
    turnstile.leave(CONTACT, first.token, (5, EARLIER))
    assert SESSION_LIFE_SECONDS - 5 <= redis.ttl(f"session:{CONTACT}") <= SESSION_LIFE_SECONDS
    assert inside(turnstile).kept == (5, EARLIER)
    assert inside(turnstile, ANOTHER).kept is None


def test_who_heard_nothing_leaves_the_session_as_it_is(turnstile: Turnstile) -> None:
    turnstile.leave(CONTACT, inside(turnstile).token, (5, EARLIER))
    turnstile.leave(CONTACT, inside(turnstile).token, None)
    assert inside(turnstile).kept == (5, EARLIER)


def test_a_late_writer_does_not_go_back(turnstile: Turnstile, redis: Redis) -> None:
    late = inside(turnstile)
    redis.delete(f"turn:{CONTACT}")
    turnstile.leave(CONTACT, inside(turnstile).token, (10, LATER))
    turnstile.leave(CONTACT, late.token, (9, EARLIER))
    assert inside(turnstile).kept == (10, LATER)


@pytest.mark.parametrize("stored", ["", "nonsense", "5\n{}", b"\xff\xfe"])
def test_what_is_no_session_is_none_and_is_overwritten(
    turnstile: Turnstile, redis: Redis, stored: str | bytes
) -> None:
    redis.set(f"session:{CONTACT}", stored)
    entered = inside(turnstile)
    assert entered.kept is None
    turnstile.leave(CONTACT, entered.token, (6, LATER))
    assert inside(turnstile).kept == (6, LATER)


# The server


def test_each_way_is_one_round_trip(turnstile: Turnstile, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    execute = Redis.execute_command

    def counted(client: Redis, *words: object, **options: object) -> object:
        asked.append(str(words[0]))
        return execute(client, *words, **options)

    monkeypatch.setattr(Redis, "execute_command", counted)
    turnstile.leave(CONTACT, inside(turnstile).token, (1, LATER))
    assert asked == ["EVAL", "EVAL"]


def test_without_redis_nobody_comes_through() -> None:
    nowhere = connect("redis://127.0.0.1:9/0")
    with pytest.raises(RedisError):
        Turnstile(nowhere).enter(CONTACT)
    with pytest.raises(RedisError):
        Turnstile(nowhere).leave(CONTACT, "token", (1, LATER))
    nowhere.close()
