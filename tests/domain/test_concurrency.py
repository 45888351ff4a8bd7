"""Many processes at the same rows, each with an engine of its own."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.pool import Pool
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain import payments
from domain.database import Database, configure, repeat, transaction
from domain.models import Payment, Transfer
from tests import factories
from tests.domain import world as w

pytestmark = [pytest.mark.concurrency, pytest.mark.usefixtures("database")]

SPAWN = multiprocessing.get_context("spawn")
PROCESSES = 8


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """Eight processes for all tests of this module: their start takes longer than their work."""
    with SPAWN.Pool(PROCESSES) as pool:
        yield pool


@contextmanager
def engine_of_its_own(url: str) -> Iterator[None]:
    """This process's own connection, for as long as the block lasts."""
    database = Database(url, pool_size=1)
    configure(database)
    try:
        yield
    finally:
        database.engine.dispose()


def settle_again_and_again(url: str, payment_ids: list[UUID], times: int) -> int:
    """In a process of its own: settle every payment, many times. Returns how often it was this
    process that did.
    """
    done = 0
    with engine_of_its_own(url):
        for payment_id in payment_ids * times:
            settlement = repeat(
                lambda db, p=payment_id: payments.settle(db, p, w.success(p, receipt=f"R{p}"))  # type: ignore[misc]
            )
            done += not settlement.known
    return done


def open_one(url: str, request: payments.OpenRequest) -> str:
    """In a process of its own: try to open a payment."""
    with engine_of_its_own(url):
        opened = repeat(lambda db: payments.open_payment(db, request, w.POLICY))
    return "opened" if isinstance(opened, Payment) else opened.why


def test_eight_processes_settle_one_booking_and_each_payment_is_credited_once(
    database_url: str, pool: Pool
) -> None:
    world = w.build(total_minor=1_000_000)
    ids = []
    for number in range(10):
        phone = f"26377100000{number}"
        with transaction() as db:
            contact = factories.contact(db, f"+{phone}").id
        ids.append(w.open_payment(world, world.request(10_000, contact_id=contact, payer=phone)))
    done = pool.starmap(settle_again_and_again, [(database_url, ids, 3)] * PROCESSES)

    assert sum(done) == len(ids)
    assert w.booking_of(world).paid_minor == 100_000
    with transaction() as db:
        assert db.execute(select(func.count(Transfer.id))).scalar_one() == len(ids)
    w.assert_books_agree()


def test_two_people_paying_the_last_balance_at_once_never_hold_more_than_is_owed(
    database_url: str, pool: Pool
) -> None:
    world = w.build(total_minor=15_000)
    requests = []
    for number in range(PROCESSES):
        phone = f"26377100000{number}"
        with transaction() as db:
            contact = factories.contact(db, f"+{phone}").id
        requests.append(world.request(15_000, contact_id=contact, payer=phone))
    answers = pool.starmap(open_one, [(database_url, request) for request in requests])
    assert sorted(answers) == ["held"] * (PROCESSES - 1) + ["opened"]


def test_one_number_charged_from_many_phones_at_once_has_one_open_payment(
    database_url: str, pool: Pool
) -> None:
    world = w.build(total_minor=1_000_000)
    requests = []
    for number in range(PROCESSES):
        with transaction() as db:
            contact = factories.contact(db, f"+26377100000{number}").id
        requests.append(world.request(10_000, contact_id=contact, payer="263779999999"))
    answers = pool.starmap(open_one, [(database_url, request) for request in requests])
    assert sorted(answers) == ["number_busy"] * (PROCESSES - 1) + ["opened"]
