"""Money that staff took outside: posted once, within what the booking owes."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, NoResultFound

from domain.database import repeat, transaction
from domain.models import AuditEntry, Booking, Evidence, Transfer
from domain.money import Money
from domain.outside import Method, Posted, record
from domain.wishes import NotDone, Why
from tests import factories
from tests.domain import people_world as p
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def office() -> p.Office:
    return p.build()


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def test_it_is_posted_with_evidence_and_in_the_trail(office: p.Office) -> None:
    taken = p.money(office, 4_000, method=Method.BANK)
    posted = p.take(taken)
    booking_id = office.world.booking_id
    assert posted == Posted(booking_id, usd(4_000), usd(4_000), usd(46_000))
    with transaction() as db:
        row = db.scalars(select(Transfer)).one()
        evidence = db.scalars(select(Evidence)).one()
        entry = db.scalars(select(AuditEntry)).one()
    assert (row.kind, row.debit) == ("outside", f"outside:{office.world.operator_id}")
    assert (row.credit, row.amount_minor) == (f"booking:{booking_id}", 4_000)
    assert (evidence.provider, evidence.source, evidence.body) == (
        "outside",
        "person",
        "bank: receipt 17",
    )
    assert evidence.delivery_key == str(taken.record_id)
    assert (entry.act, entry.staff_id, entry.subject) == (
        "outside_recorded",
        office.own,
        f"booking:{booking_id}",
    )
    booking = w.booking_of(office.world)
    assert (booking.payment_status, booking.joined_at is not None) == ("DEPOSIT_PAID", True)
    w.assert_books_agree()


def test_the_same_money_twice_is_one(office: p.Office) -> None:
    taken = p.money(office)
    first, again = p.take(taken), p.take(taken)
    assert isinstance(first, Posted)
    assert isinstance(again, Posted)
    assert (first.known, again.known, again.amount) == (False, True, usd(4_000))
    assert p.take(replace(taken, amount=usd(1_000))) == NotDone(Why.SENT_BEFORE)
    assert w.booking_of(office.world).paid_minor == 4_000
    w.assert_books_agree()


def test_the_same_money_twice_at_once_is_one(office: p.Office) -> None:
    taken = p.money(office)
    start, done = threading.Barrier(3), []

    def go() -> None:
        start.wait()
        done.append(repeat(lambda db: record(db, taken)))

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.known for each in done) == [False, True, True]
    assert w.booking_of(office.world).paid_minor == 4_000
    w.assert_books_agree()


REFUSED = {
    "nothing": ({"amount": usd(0)}, Why.NOT_POSITIVE),
    "less": ({"amount": usd(-1)}, Why.NOT_POSITIVE),
    "another currency": ({"amount": Money(1, "ZWG")}, Why.OTHER_CURRENCY),
    "above what is owed": ({"amount": usd(50_001)}, Why.ABOVE_OWED),
    "no evidence": ({"evidence": " "}, Why.NO_EVIDENCE),
    "too much of it": ({"evidence": "x" * 301}, Why.NO_EVIDENCE),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_changes_nothing(office: p.Office, what: str) -> None:
    changed, why = REFUSED[what]
    done = p.take(p.money(office, **changed))
    assert isinstance(done, NotDone)
    assert done.why is why
    assert done.left == (usd(50_000) if why is Why.ABOVE_OWED else None)
    with transaction() as db:
        assert db.execute(select(func.count(Transfer.id))).scalar_one() == 0
    assert p.acts() == []


def test_strangers_and_cancelled_bookings(office: p.Office) -> None:
    assert p.take(p.money(office, staff_id=office.stranger)) == NotDone(Why.NOT_ALLOWED)
    elsewhere = p.money(office, booking_id=office.strange_booking)
    assert p.take(elsewhere) == NotDone(Why.NOT_ALLOWED)
    with transaction() as db:
        db.execute(
            update(Booking)
            .where(Booking.id == office.world.booking_id)
            .values(cancelled_at=func.clock_timestamp())
        )
    assert p.take(p.money(office)) == NotDone(Why.CANCELLED)
    with pytest.raises(NoResultFound):
        p.take(p.money(office, booking_id=999_999))


def test_what_a_payment_under_way_holds_is_not_taken_twice(office: p.Office) -> None:
    payment = w.open_payment(office.world, office.world.request(30_000))
    until = w.payment_of(payment).hold_until
    done = p.take(p.money(office, 20_001))
    assert done == NotDone(Why.ABOVE_FREE, left=usd(20_000), until=until)
    assert isinstance(p.take(p.money(office, 20_000)), Posted)
    assert w.payment_of(payment).status == "created"
    w.walk(payment, "start", "code", "given", "confirm")
    w.settle(payment, w.success(payment, amount_minor=30_000))
    assert w.booking_of(office.world).payment_status == "PAID"
    w.assert_books_agree()


def test_what_no_longer_fits_is_ended_and_its_customer_told(office: p.Office) -> None:
    payment = w.open_payment(office.world, office.world.request(30_000))
    w.walk(payment, "start", "code")
    w.later(payment, 600)
    assert isinstance(p.take(p.money(office, 50_000)), Posted)
    assert w.payment_of(payment).status == "cancelled"
    assert w.told(payment)[-1] == "cancelled"
    w.assert_books_agree()


def test_no_transfer_by_hand_without_evidence(office: p.Office) -> None:
    p.take(p.money(office))
    for kind in ("outside", "move"):
        with pytest.raises(DBAPIError, match="by_hand_has_evidence"), transaction() as db:
            db.execute(
                text(
                    "INSERT INTO transfer (kind, debit, credit, amount_minor, currency)"
                    " VALUES (:kind, 'a', 'b', 1, 'USD')"
                ),
                {"kind": kind},
            )


def test_who_was_dismissed_records_nothing(office: p.Office) -> None:
    with transaction() as db:
        gone = factories.staff(db, "gone@example.com", approver_after=timedelta(days=-2))
        gone.disabled_at = func.clock_timestamp()
        gone_id = gone.id
    assert p.take(p.money(office, staff_id=gone_id)) == NotDone(Why.NOT_ALLOWED)
