"""A customer says that they have paid, and is told what the provider says, once for each time."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from domain import payments
from domain.database import transaction
from domain.models import PaymentEvent
from domain.payments import Opened, ProviderCall, Word
from domain.policy import Policy
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")

CALL = ProviderCall("check", 200, 12)
SELDOM = Policy(check_delays_seconds=(3_600,), check_spread=0.0)


@pytest.fixture
def link() -> UUID:
    """A payment whose customer has a link, which is asked about once an hour."""
    world = w.build()
    request = replace(world.request(payer=None), otp_tries=0)
    payment_id = w.open_payment(world, request)
    w.walk(payment_id, "start")
    with transaction() as db:
        locked = payments.lock(db, payment_id)
        end = locked.now + timedelta(days=1)
        opened = Opened("QR-1", end, url="https://pay.test/l/1")
        payments.record_opened(db, locked, opened, SELDOM, CALL)
    return payment_id


def now() -> datetime:
    with transaction() as db:
        return db.execute(select(func.clock_timestamp())).scalar_one()


def says_paid(payment_id: UUID) -> None:
    with transaction() as db:
        locked = payments.lock(db, payment_id)
        payments.ask_now(db, locked.payment, locked.now)
        payments.says_paid(db, locked.payment)


def answered(payment_id: UUID, status: str = "open", asked_at: datetime | None = None) -> None:
    """The provider's answer is recorded, as a worker does it; "" is none at all."""
    moment = asked_at or now()
    with transaction() as db:
        locked = payments.lock(db, payment_id)
        if status:
            receipt = "H5PS" if status == "succeeded" else None
            key = f"{payment_id}:{moment}"
            word = Word(status, "poll", key, receipt=receipt, call=CALL)
            payments.record_word(db, locked, word, SELDOM)
        else:
            payments.record_failed_check(db, locked, CALL, SELDOM)
        payments.answer_customer(db, locked, moment)


@pytest.mark.parametrize("status", ["open", "not_found", ""])
def test_whatever_is_no_end_is_told_once_for_each_time_they_say_so(link: UUID, status: str) -> None:
    says_paid(link)
    for _ in range(3):
        answered(link, status)
    assert w.told(link) == ["link_made", "not_yet"]
    says_paid(link)
    says_paid(link)
    for _ in range(2):
        answered(link, status)
    assert w.told(link) == ["link_made", "not_yet", "not_yet"]
    w.assert_books_agree()


def test_who_did_not_ask_is_told_nothing(link: UUID) -> None:
    answered(link)
    assert w.told(link) == ["link_made"]


@pytest.mark.parametrize(
    ("status", "news"), [("succeeded", "settled"), ("failed", "failed"), ("expired", "expired")]
)
def test_an_end_is_told_by_its_own_news(link: UUID, status: str, news: str) -> None:
    says_paid(link)
    answered(link, status)
    assert w.told(link) == ["link_made", news]


def test_who_cancelled_meanwhile_is_told_nothing_more(link: UUID) -> None:
    says_paid(link)
    w.walk(link, "cancel")
    before = w.told(link)
    answered(link)
    assert w.told(link) == before


def test_an_answer_that_was_under_way_is_none_to_what_was_asked_after(link: UUID) -> None:
    asked_at = now()
    says_paid(link)
    answered(link, asked_at=asked_at)
    assert w.told(link) == ["link_made"]
    due = w.payment_of(link).next_check_at
    assert due is not None
    assert due <= now(), "it is asked anew at once"
    answered(link)
    assert w.told(link) == ["link_made", "not_yet"]


def test_two_answers_at_once_tell_it_once(link: UUID) -> None:
    says_paid(link)
    moment = now()
    workers = [threading.Thread(target=answered, args=(link, "open", moment)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert w.told(link) == ["link_made", "not_yet"]
    w.assert_books_agree()


def test_what_does_not_agree_is_noted_with_each_answer(link: UUID) -> None:
    other = replace(w.success(link, "H5PS", 9_999), call=CALL)
    for _ in range(2):
        says_paid(link)
        with transaction() as db:
            locked = payments.lock(db, link)
            payments.record_word(db, locked, other, SELDOM)
            payments.answer_customer(db, locked, locked.now)
    assert w.told(link) == ["link_made", "not_yet", "not_yet"]
    with transaction() as db:
        told = PaymentEvent.payment_id == link, PaymentEvent.told == "not_yet"
        notes = db.scalars(select(PaymentEvent.note).where(*told)).all()
    assert notes == ["amount_mismatch", "amount_mismatch"]
    w.assert_books_agree()
