"""What a turn asks of the servers: each thing once. Round trips are most of its cost."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis
from sqlalchemy import event

from bot.turns import drain
from domain import inbox
from domain.database import current
from tests.workers.conversing import REFERENCE, step
from tests.workers.shop import Shop


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, text: str, *_more: object) -> None:
        sent.append(" ".join(text.split()))

    engine = current().engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_what_a_turn_needs_is_read_once_and_written_at_once(shop: Shop) -> None:
    shop.say("pay", REFERENCE)
    message = shop.file("100")
    with statements() as sent:
        drain(shop.runtime, shop.contact_id)
    assert step() == "pay.number"
    assert shop.message(message).status == "heard"
    contact, waiting, booking, accounts, switches, writes = sent
    assert "contact" in contact
    assert "waiting" in waiting
    assert "anon_1.held" in booking
    assert "FROM account" in accounts
    assert "FROM switch" in switches
    assert writes.startswith("WITH heard")


def test_a_known_sender_is_filed_by_one_statement(shop: Shop) -> None:
    with statements() as sent:
        inbox.file_message(f"+{shop.phone}", f"SM{0:032x}", b"sealed", {})
    assert len(sent) == 1


def test_redis_is_asked_on_the_way_in_and_out_and_for_the_bell(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.file("help")
    asked: list[object] = []
    execute = Redis.execute_command

    def counted(client: Redis, *words: object, **options: object) -> object:
        asked.append(words[0])
        return execute(client, *words, **options)

    shop.runtime.redis.set("rung:workers.replies.send_due", 1)
    monkeypatch.setattr(Redis, "execute_command", counted)
    drain(shop.runtime, shop.contact_id)
    assert asked == ["EVAL", "SET", "EVAL"]
