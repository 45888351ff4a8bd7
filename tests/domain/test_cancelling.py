"""What is called off or put off: nothing more can be paid, nothing is deleted, the group is told
once.
"""

import threading
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update

from domain import cancelling, payments
from domain.cancelling import Cancelled, Moved, NotMoved
from domain.database import Database, repeat, transaction
from domain.importing import ImportRefused, apply_bookings
from domain.models import AuditEntry, Booking, BookingContact, Contact, Departure, Operator
from domain.payments import NotOpened
from domain.reaching import Silent, reach_of
from domain.states import AWAITING_CUSTOMER, CANCELLED, CONFIRMING, SUCCEEDED
from domain.wishes import NotDone, Why
from tests import factories
from tests.domain.booking_files import file_of, read
from tests.domain.world import (
    POLICY,
    World,
    assert_books_agree,
    booking_of,
    build,
    open_payment,
    payment_of,
    settle,
    told,
    walk,
)

TODAY, DAY, OTHER_DAY = date(2027, 1, 15), date(2027, 2, 10), date(2027, 2, 17)


@dataclass(frozen=True)
class Office:
    """The small world with people of staff: an admin, the operator's own, a stranger."""

    world: World
    departure_id: int
    admin: int
    own: int
    stranger: int


@pytest.fixture
def office(database: Database) -> Office:  # noqa: ARG001 - it makes the database the current one
    world = build()
    with transaction() as db:
        booking = db.get_one(Booking, world.booking_id)
        assert booking.departure_id is not None
        others = factories.operator(db, "Other Tours")
        admin = factories.staff(db, "anna@example.com")
        stranger = factories.staff(db, "foreign@example.com", others)
        own = factories.staff(db, "own@example.com", db.get_one(Operator, world.operator_id))
        return Office(world, booking.departure_id, admin.id, own.id, stranger.id)


def wrote(contact_id: int, hours_ago: float = 1) -> None:
    with transaction() as db:
        db.execute(
            update(Contact)
            .where(Contact.id == contact_id)
            .values(last_inbound_at=func.clock_timestamp() - timedelta(hours=hours_ago))
        )


def traveller(office: Office, reference: str, phone: str | None, paid_minor: int = 0) -> int:
    """One more booking on the departure."""
    with transaction() as db:
        owner = db.get_one(Booking, office.world.booking_id).operator_id
        row = factories.booking(
            db,
            db.get_one(Operator, owner),
            db.get_one(Departure, office.departure_id),
            reference=reference,
            phone=phone,
            paid_minor=paid_minor,
        )
        return row.id


def cancel(office: Office, by: int | None = None, why: str = "The guide is ill") -> object:
    return repeat(
        lambda db: cancelling.cancel_booking(db, office.world.booking_id, by or office.admin, why)
    )


def cancel_all(office: Office, by: int | None = None) -> object:
    return repeat(
        lambda db: cancelling.cancel_departure(
            db, office.departure_id, by or office.admin, "No boat"
        )
    )


def move(
    office: Office,
    to: date = OTHER_DAY,
    was: date = DAY,
    by: int | None = None,
    today: date = TODAY,
) -> object:
    return repeat(
        lambda db: cancelling.move_departure(
            db, office.departure_id, was, to, today, by or office.admin, "High water"
        )
    )


def entries(act: str) -> list[AuditEntry]:
    with transaction() as db:
        return list(db.scalars(select(AuditEntry).where(AuditEntry.act == act)))


def test_a_cancelled_booking_takes_no_new_payment_and_keeps_what_was_paid(office: Office) -> None:
    settle(open_payment(office.world))
    done = cancel(office)
    assert isinstance(done, Cancelled)
    assert (done.booking_ids, done.to_refund) == ((office.world.booking_id,), 1)
    assert booking_of(office.world).paid_minor == 10_000
    with transaction() as db:
        opened = payments.open_payment(db, office.world.request(), POLICY)
    assert opened == NotOpened("cancelled")
    assert_books_agree()


def test_what_waits_is_ended_and_its_customer_told(office: Office) -> None:
    payment_id = open_payment(office.world)
    walk(payment_id, "start", "code")
    cancel(office)
    assert payment_of(payment_id).status == CANCELLED
    assert told(payment_id)[-1] == "cancelled"


def test_a_link_that_is_out_is_asked_to_be_voided(office: Office) -> None:
    payment_id = open_payment(office.world)
    walk(payment_id, "start")
    with transaction() as db:
        locked = payments.lock(db, payment_id)
        locked.payment.otp_tries = 0
        opened = payments.Opened("P1", locked.now + timedelta(minutes=5), url="https://pay/1")
        payments.record_opened(db, locked, opened, POLICY, payments.ProviderCall("x", 200, 1))
    cancel(office)
    payment = payment_of(payment_id)
    assert payment.status == AWAITING_CUSTOMER
    assert payment.cancel_requested_at is not None
    assert told(payment_id)[-1] == "withdrawn"


def test_money_that_still_comes_for_a_cancelled_booking_is_a_surplus(office: Office) -> None:
    payment_id = open_payment(office.world)
    walk(payment_id, "start", "code", "given", "confirm")
    cancel(office)
    assert payment_of(payment_id).status == CONFIRMING
    settle(payment_id)
    assert payment_of(payment_id).status == SUCCEEDED
    assert payment_of(payment_id).review == "surplus"
    assert booking_of(office.world).paid_minor == 0
    assert_books_agree()


def test_cancelling_twice_tells_once(office: Office) -> None:
    wrote(office.world.contact_id)
    first, second = cancel(office), cancel(office)
    assert isinstance(first, Cancelled)
    assert isinstance(second, Cancelled)
    assert [each.contact_id for each in first.reach.listeners] == [office.world.contact_id]
    assert second.known
    assert second.reach.listeners == ()
    (entry,) = entries("booking_cancelled")
    assert entry.detail["why"] == "The guide is ill"
    assert entry.staff_id == office.admin


def test_strangers_and_acts_without_a_reason_are_refused(office: Office) -> None:
    assert cancel(office, office.stranger) == NotDone(Why.NOT_ALLOWED)
    assert cancel_all(office, office.stranger) == NotDone(Why.NOT_ALLOWED)
    assert move(office, by=office.stranger) == NotDone(Why.NOT_ALLOWED)
    assert cancel(office, why="  ") == NotDone(Why.NO_REASON)
    assert booking_of(office.world).cancelled_at is None
    assert isinstance(cancel(office, office.own), Cancelled)


def test_a_departure_is_cancelled_with_everybody_on_it(office: Office) -> None:
    second = traveller(office, "KS-2", "263771111111", paid_minor=5_000)
    waiting = open_payment(office.world)
    done = cancel_all(office)
    assert isinstance(done, Cancelled)
    assert (done.booking_ids, done.to_refund) == ((office.world.booking_id, second), 1)
    with transaction() as db:
        assert db.get_one(Departure, office.departure_id).cancelled_at is not None
        assert all(db.scalars(select(Booking.cancelled_at.is_not(None))))
    assert payment_of(waiting).status == CANCELLED
    again = cancel_all(office)
    assert isinstance(again, Cancelled)
    assert again.known
    (entry,) = entries("departure_cancelled")
    assert (entry.detail["bookings"], entry.detail["to_refund"]) == (2, 1)
    assert_books_agree()


def test_nobody_is_put_on_a_departure_while_it_is_cancelled(office: Office) -> None:
    """An import that begins before the end of the cancelling waits for it, and is refused then."""
    row = {"reference": "KS-9", "tour_name": "", "start_date": DAY.isoformat()}
    reading = read(file_of(row))
    faults: list[str] = []

    def bring() -> None:
        try:
            repeat(lambda db: apply_bookings(db, reading, "cli"))
        except ImportRefused as refused:
            faults.extend(str(fault) for fault in refused.faults)

    other = threading.Thread(target=bring)
    with transaction() as db:
        cancelling.cancel_departure(db, office.departure_id, office.admin, "No boat")
        other.start()
        other.join(0.5)
        assert other.is_alive()
    other.join(10)
    assert faults == ["line 2, start_date: this departure was cancelled"]


def test_a_moved_date_moves_the_shared_reference(office: Office) -> None:
    done = move(office)
    assert isinstance(done, Moved)
    assert done.shared_reference == "BK-T005-20270217"
    (entry,) = entries("departure_moved")
    assert entry.detail["shared_reference"] == {
        "from": "BK-T005-20270210",
        "to": "BK-T005-20270217",
    }
    again = move(office)
    assert isinstance(again, Moved)
    assert again.known
    assert again.reach.listeners == ()
    assert len(entries("departure_moved")) == 1


def test_a_date_is_refused_that_is_taken_or_was_moved_meanwhile(office: Office) -> None:
    with transaction() as db:
        db.add(Departure(tour_id=5, start_date=OTHER_DAY))
    assert move(office) == NotDone(NotMoved.DATE_TAKEN)
    assert move(office, date(2027, 3, 1), was=date(2027, 1, 1)) == NotDone(NotMoved.MOVED_MEANWHILE)
    cancel_all(office)
    assert move(office, date(2027, 3, 1)) == NotDone(Why.CANCELLED)


def test_a_day_that_is_over_is_refused(office: Office) -> None:
    yesterday = TODAY - timedelta(days=1)
    assert move(office, yesterday) == NotDone(NotMoved.DATE_OVER)
    assert entries("departure_moved") == []
    assert isinstance(move(office, TODAY), Moved)
    again = move(office, TODAY, today=DAY)
    assert isinstance(again, Moved)
    assert again.known


def test_whom_news_would_reach_is_whom_it_reaches(office: Office) -> None:
    wrote(office.world.contact_id)
    traveller(office, "KS-2", "263771111111")
    with transaction() as db:
        before = cancelling.whom_to_tell(db, office.departure_id)
    moved = move(office)
    assert isinstance(moved, Moved)
    assert (before.told, len(before.silent)) == (1, 1)
    assert moved.reach == before


def test_two_who_move_at_once_take_turns(office: Office) -> None:
    results: list[object] = []
    days = (date(2027, 3, 1), date(2027, 3, 2))
    threads = [
        threading.Thread(target=lambda day=day: results.append(move(office, day))) for day in days
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(type(each).__name__ for each in results) == ["Moved", "NotDone"]
    assert NotDone(NotMoved.MOVED_MEANWHILE) in results


def test_who_can_be_written_to(office: Office) -> None:
    """By the lead's number or by proof, within a day, once for all of their bookings."""
    wrote(office.world.contact_id)
    same = traveller(office, "KS-2", factories.PHONE)
    unknown = traveller(office, "KS-3", "263771111111")
    late = traveller(office, "KS-4", "263772222222")
    silenced = traveller(office, "KS-5", None)
    with transaction() as db:
        factories.contact(db, "+263772222222").last_inbound_at = None
        other = factories.contact(db, "+263773333333")
        other.opted_out_at = func.clock_timestamp()
        db.add(BookingContact(booking_id=silenced, contact_id=other.id))
    wrote(other.id)
    with transaction() as db:
        ids = [office.world.booking_id, same, unknown, late, silenced]
        reach = reach_of(db, ids)
    (listener,) = reach.listeners
    assert listener.contact_id == office.world.contact_id
    assert listener.booking_ids == (office.world.booking_id, same)
    assert reach.silent == {
        unknown: Silent.UNKNOWN,
        late: Silent.LATE,
        silenced: Silent.OPTED_OUT,
    }
    wrote(office.world.contact_id, hours_ago=25)
    with transaction() as db:
        assert reach_of(db, [same]).silent == {same: Silent.LATE}


def test_who_was_not_told_stands_in_the_trail(office: Office) -> None:
    move(office)
    (entry,) = entries("departure_moved")
    assert entry.detail["told"] == 0
    assert entry.detail["not_told"] == {str(office.world.booking_id): "late"}
