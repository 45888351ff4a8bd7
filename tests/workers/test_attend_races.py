"""What crosses a worker's way: codes and databases that are lost, rows left standing, two payments
of one person.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text, update
from sqlalchemy.orm import Session

from bot.embedded import ServerUrls
from domain import payments
from domain.database import repeat, transaction
from domain.models import Payment
from tests.simulators.world import wait_until
from tests.workers.shop import Shop
from workers import process
from workers.payments import attend
from workers.process import JobFailed

NOT_FOUND_IN_BETWEEN = 61


# The code and the vault


def test_a_code_that_the_vault_lost_is_asked_for_again(shop: Shop) -> None:
    payment = shop.until("confirming")
    shop.runtime.redis.flushdb()
    attend(str(payment))
    assert shop.status(payment) == "awaiting_otp"
    assert [told.partition(":")[0] for told in shop.told()] == ["otp_sent", "code_lost"]
    assert shop.outside.asked(payment, "request") == 0
    shop.give_code(payment)
    attend(str(payment))
    assert shop.status(payment) == "succeeded"


def test_a_code_that_was_lost_after_the_time_for_it_is_not_asked_for_again(shop: Shop) -> None:
    payment = shop.until("confirming")
    shop.runtime.redis.flushdb()
    shop.later(payment, 301)
    attend(str(payment))
    assert shop.status(payment) == "expired"
    assert shop.told() == ["otp_sent", "expired"]


def test_a_code_that_comes_while_a_worker_looks_is_not_called_lost(shop: Shop) -> None:
    """An old nudge read the vault a moment before the customer's code was put there."""
    payment = shop.until("awaiting_otp")
    code = shop.outside.code(shop.phone)
    worker = threading.Thread(target=attend, args=(str(payment),))
    with transaction() as db:
        locked = payments.lock(db, payment)
        worker.start()
        wait_until(lambda: shop.somebody_waits_for_a_lock())
        shop.runtime.vault.put(payment, 1, code)
        assert payments.begin_confirming(db, locked, shop.runtime.policy)
    worker.join()
    assert "code_lost" not in shop.events(payment)
    attend(str(payment))
    assert shop.status(payment) == "succeeded"


def test_an_answer_is_not_thrown_away_because_the_database_is_away(
    shop: Shop, servers: ServerUrls
) -> None:
    payment = shop.until("confirming")
    shop.outside.omari("request", "slow", seconds=0.3)
    worker = threading.Thread(target=attend, args=(str(payment),))
    worker.start()
    wait_until(lambda: shop.outside.asked(payment, "request") == 1)
    with database_away(servers, shop):
        time.sleep(1)
    worker.join()
    assert shop.status(payment) == "succeeded"
    assert "answer_lost" not in shop.events(payment)


@contextmanager
def database_away(servers: ServerUrls, shop: Shop) -> Iterator[None]:
    """The test's database takes no connection, and cuts those it has."""
    name = shop.runtime.database.engine.url.database
    admin = create_engine(servers.database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": name},
        )
        yield
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    admin.dispose()


# Rows must not stand in the sweep's way for ever


def test_a_question_that_fails_after_the_money_came_leaves_nothing_due(shop: Shop) -> None:
    payment = shop.until("confirming", payer_number="263770000504")
    attend(str(payment))
    call = payments.ProviderCall("query", None, 500, "timed_out")
    attend(str(payment))
    assert shop.status(payment) == "succeeded"
    with transaction() as db:
        payments.record_failed_check(db, payments.lock(db, payment), call, shop.runtime.policy)
    assert not shop.is_due(payment)


def test_a_paid_payment_that_somebody_claimed_is_put_to_rest(shop: Shop) -> None:
    payment = shop.until("confirming")
    attend(str(payment))
    with transaction() as db:
        db.execute(
            update(Payment).where(Payment.id == payment).values(next_check_at=Payment.created_at)
        )
    attend(str(payment))
    assert not shop.is_due(payment)


def test_an_account_that_cannot_be_opened_lets_waiting_payments_expire(shop: Shop) -> None:
    payment = shop.until("created")
    shop.change_account(secrets_sealed=b"sealed with a lost secret")
    with pytest.raises(JobFailed, match="Unreadable"):
        attend(str(payment))
    assert shop.status(payment) == "created"
    shop.later(payment, 301)
    attend(str(payment))
    assert shop.status(payment) == "expired"


def test_an_unknown_payment_is_nobodys_work(shop: Shop) -> None:
    with pytest.raises(JobFailed, match="NoResultFound"):
        attend(str(uuid4()))
    assert shop.outgoing() == []


# Two payments of one person


def test_a_lost_start_gives_way_to_the_payment_that_followed_it(shop: Shop) -> None:
    """The answer to the first start is lost; its customer starts again; then the first is found
    open.
    """
    first = shop.open()
    shop.outside.omari("auth", "drop_after")
    attend(str(first))
    assert shop.status(first) == "uncertain"
    second = shop.until("awaiting_otp")

    shop.later(first, 60)
    attend(str(first))

    assert shop.status(first) == "cancelled"
    assert shop.told()[-1] == "cancelled"
    shop.give_code(second)
    attend(str(second))
    assert shop.status(second) == "succeeded"
    assert shop.outside.debits() == [10_000]


def test_a_lost_start_gives_way_to_somebody_else_who_pays_from_the_same_number(
    shop: Shop,
) -> None:
    first = shop.open()
    shop.outside.omari("auth", "drop_after")
    attend(str(first))
    second = shop.until("awaiting_otp", contact_id=shop.another_contact())

    shop.later(first, 60)
    attend(str(first))

    assert shop.status(first) == "cancelled"
    assert shop.status(second) == "awaiting_otp"


def test_who_has_paid_meanwhile_is_not_asked_for_the_code_of_a_lost_start(shop: Shop) -> None:
    first = shop.open()
    shop.outside.omari("auth", "drop_after")
    attend(str(first))
    second = shop.until("confirming")
    attend(str(second))
    attend(str(first))
    assert [shop.status(first), shop.status(second)] == ["cancelled", "succeeded"]
    assert shop.told().count("otp_sent") == 1


@pytest.mark.concurrency
def test_two_people_who_pay_from_one_number_at_once_end_with_one_payment(shop: Shop) -> None:
    contacts = [shop.contact_id, shop.another_contact()]
    barrier = threading.Barrier(2)
    opened: list[object] = []

    def begin(contact_id: int) -> None:
        def work(db: Session) -> object:
            found = payments.open_payment(db, shop.request(contact_id=contact_id), policy)
            return found.why if isinstance(found, payments.NotOpened) else found.status

        barrier.wait()
        opened.append(repeat(work))

    policy = shop.runtime.policy
    threads = [threading.Thread(target=begin, args=(contact_id,)) for contact_id in contacts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, opened)) == ["created", "number_busy"]


@pytest.mark.parametrize(("status", "operation"), [("created", "auth"), ("confirming", "request")])
def test_a_worker_that_slept_since_its_lease_sends_nothing(
    shop: Shop, status: str, operation: str
) -> None:
    payment = shop.until(status)
    asleep = replace(shop.runtime.policy, lease_margin_seconds=0)
    process.configure(replace(shop.runtime, policy=asleep))
    attend(str(payment))
    assert shop.status(payment) == "uncertain"
    assert shop.outside.asked(payment, operation) == 0


def test_cancelling_while_omari_is_asked_to_start(shop: Shop) -> None:
    payment = shop.until("starting")
    with transaction() as db:
        assert payments.cancel(db, payments.lock(db, payment))
    shop.later(payment, 46)
    attend(str(payment))
    attend(str(payment))
    for _ in range(2):
        shop.later(payment, NOT_FOUND_IN_BETWEEN)
        attend(str(payment))
    assert shop.status(payment) == "failed"
    assert shop.told() == [], "who cancelled is told nothing more"


def test_a_wish_to_cancel_that_was_left_standing_is_carried_out(shop: Shop) -> None:
    payment = shop.until("awaiting_otp")
    with transaction() as db:
        db.execute(
            update(Payment)
            .where(Payment.id == payment)
            .values(cancel_requested_at=Payment.created_at, cancel_reason="customer")
        )
    attend(str(payment))
    assert shop.status(payment) == "cancelled"
