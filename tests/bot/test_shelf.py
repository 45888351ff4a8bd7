"""The shelf: kept for a while, sealed, and never in anybody's way."""

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.runtime import Runtime
from bot.shelf import RedisShelf
from domain.sealing import Sealer
from tests.bot.watching import within

SEALER = Sealer.of("access tokens", "a secret for tests, of a fair length")


@pytest.fixture
def shelf(runtime: Runtime) -> RedisShelf:
    return RedisShelf(runtime.redis, SEALER)


@pytest.fixture
def away() -> RedisShelf:
    """One whose Redis does not answer; it asks once, where a client of Redis alone would try for
    seconds.
    """
    return RedisShelf(
        Redis(port=9, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0)), SEALER
    )


def test_what_is_kept_is_found_by_name_and_lies_sealed(shelf: RedisShelf) -> None:
    shelf.keep("phonepe:1", "t0k3n", 60)
    assert shelf.read("phonepe:1") == "t0k3n"
    assert shelf.read("phonepe:2") is None
    (kept,) = [shelf.redis.get(key) for key in shelf.redis.keys("*")]
    assert isinstance(kept, bytes)
    assert b"t0k3n" not in kept


def test_it_is_kept_for_so_long_only(shelf: RedisShelf) -> None:
    shelf.keep("a", "text", 0.05)
    assert within(20, lambda: shelf.read("a") is None)
    shelf.keep("b", "text", 0)
    assert within(20, lambda: shelf.read("b") is None)


def test_what_another_secret_sealed_is_not_there(shelf: RedisShelf) -> None:
    shelf.keep("a", "text", 60)
    other = RedisShelf(shelf.redis, Sealer.of("access tokens", "another secret of a fair length"))
    assert other.read("a") is None


def test_one_is_alone_until_it_leaves(shelf: RedisShelf) -> None:
    with shelf.alone("a", 60) as first:
        with shelf.alone("a", 60) as second, shelf.alone("b", 60) as elsewhere:
            assert (first, second, elsewhere) == (True, False, True)
        # Who was not alone does not open the door for others.
        with shelf.alone("a", 60) as third:
            assert third is False
    with shelf.alone("a", 60) as fourth:
        assert fourth is True


def test_who_stays_too_long_does_not_turn_out_the_next(shelf: RedisShelf) -> None:
    with shelf.alone("a", 0.05):
        assert within(20, lambda: not shelf.redis.exists("shelf:a:lock"))
        next_one = shelf.alone("a", 60)
        assert next_one.__enter__() is True
    with shelf.alone("a", 60) as third:
        assert third is False


def test_without_redis_each_works_for_itself(away: RedisShelf) -> None:
    away.keep("a", "text", 60)
    assert away.read("a") is None
    with away.alone("a", 60) as first, away.alone("a", 60) as second:
        assert (first, second) == (True, True)
