"""What came a second time for one payment: as much as came, which two people may find otherwise
than it was asked for.
"""

from uuid import UUID

import pytest
from sqlalchemy import select

from domain import payments
from domain.database import transaction
from domain.models import PaymentEvent
from domain.payments.reviews import came_again, came_of
from domain.payments.story import write_event
from tests.domain import people_world as p
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


def each_time(payment_id: UUID) -> list[int]:
    """What is told to have come once more, event by event."""
    told = PaymentEvent.payment_id == payment_id, PaymentEvent.told == "paid_again"
    with transaction() as db:
        payment = w.payment_of(payment_id)
        versions = db.scalars(select(PaymentEvent.version).where(*told).order_by(PaymentEvent.id))
        return [came_again(db, payment, version).amount_minor for version in versions.all()]


def test_the_amount_is_what_came_and_not_what_was_asked() -> None:
    office = p.build()
    payment = p.paid(office)
    p.hear_mismatch(payment)
    p.agreed(office, p.statement(office, payment, 9_999, receipt="ODD"))
    assert w.told(payment)[-2:] == ["settled", "paid_again"]
    with transaction() as db:
        assert came_of(db, w.payment_of(payment)).amount_minor == 10_000
    assert each_time(payment) == [9_999]


def test_each_time_has_its_own_amount() -> None:
    office = p.build()
    payment = p.paid(office)
    p.agreed(office, p.statement(office, payment, 3_000, receipt="X2"))
    p.agreed(office, p.statement(office, payment, 7_000, receipt="X1"))
    assert each_time(payment) == [3_000, 7_000]


def test_an_event_that_names_no_money_is_about_what_came_last() -> None:
    office = p.build()
    payment = p.paid(office)
    for amount_minor, receipt in ((3_000, "X2"), (7_000, "X1")):
        p.agreed(office, p.statement(office, payment, amount_minor, receipt=receipt))
    with transaction() as db:
        write_event(db, payments.lock(db, payment).payment, "surplus", told="paid_again")
    assert each_time(payment) == [3_000, 7_000, 7_000]
