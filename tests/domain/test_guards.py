"""What the database itself refuses, whatever the code does."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain import states
from domain.database import transaction
from domain.models import PaymentEdge
from flows.desk import PaymentStatus
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")

REFUSED = {
    "a booking's reference": "UPDATE booking SET reference = 'X'",
    "a payment's amount": "UPDATE payment SET amount_minor = 1",
    "a payment's booking": "UPDATE payment SET booking_id = booking_id + 1",
    "a payment's payer": "UPDATE payment SET payer_number = '1'",
    "a move that is no edge": "UPDATE payment SET status = 'confirming', version = version + 1",
    "a move without its story": "UPDATE payment SET status = 'starting'",
    "a version that goes back": "UPDATE payment SET version = 0",
    "a payment": "DELETE FROM payment",
    "an event's status": "UPDATE payment_event SET kind = 'other'",
    "an event": "DELETE FROM payment_event",
    "a transfer's amount": "UPDATE transfer SET amount_minor = 1",
    "a transfer": "DELETE FROM transfer",
    "evidence": "UPDATE evidence SET word = 'failed'",
    "evidence's row": "DELETE FROM evidence",
    "money that no transfer brought": "UPDATE booking SET paid_minor = paid_minor + 1",
    "negative money": "UPDATE booking SET paid_minor = -1",
    "a status that paid does not say": "UPDATE booking SET payment_status = 'PAID'",
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_database_refuses(what: str) -> None:
    world = w.build()
    w.settle(w.open_payment(world))
    w.open_payment(world)
    with pytest.raises(DBAPIError), transaction() as db:
        db.execute(text(REFUSED[what]))
    w.assert_books_agree()


def test_a_transfer_without_the_booking_knowing_is_refused_at_commit() -> None:
    world = w.build()
    with pytest.raises(DBAPIError, match="the ledger says"), transaction() as db:
        db.execute(
            text(
                "INSERT INTO transfer (kind, debit, credit, amount_minor, currency, booking_id)"
                " VALUES ('opening', 'cash:1', 'booking:' || :booking, 5, 'USD', :booking)"
            ),
            {"booking": world.booking_id},
        )


def test_a_message_never_goes_back() -> None:
    world = w.build()
    with transaction() as db:
        db.execute(
            text(
                "INSERT INTO message (direction, contact_id, status)"
                " VALUES ('out', :contact, 'delivered')"
            ),
            {"contact": world.contact_id},
        )
    with pytest.raises(DBAPIError, match="does not go back"), transaction() as db:
        db.execute(text("UPDATE message SET status = 'sent'"))


def test_the_tables_know_the_edges_that_the_code_knows() -> None:
    with transaction() as db:
        stored = {(edge.from_status, edge.to_status) for edge in db.query(PaymentEdge)}
    assert stored == states.EDGES


def test_conversations_know_the_statuses_that_the_books_know() -> None:
    assert {status.value for status in PaymentStatus} == set(states.STATUSES)


def test_the_shared_reference_follows_tour_and_date() -> None:
    w.build()
    with transaction() as db:
        read = text("SELECT shared_reference FROM departure")
        assert db.execute(read).scalar_one() == "BK-T005-20270210"
        db.execute(text("UPDATE departure SET start_date = '2027-03-01'"))
        assert db.execute(read).scalar_one() == "BK-T005-20270301"
