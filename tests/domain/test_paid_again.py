"""What came a second time for one payment: as much as came, which two people may find otherwise
than it was asked for.
"""

import pytest

from domain.database import transaction
from domain.payments.reviews import came_again, came_of
from tests.domain import people_world as p
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


def test_the_amount_is_what_came_and_not_what_was_asked() -> None:
    office = p.build()
    payment = p.paid(office)
    p.hear_mismatch(payment)
    p.agreed(office, p.statement(office, payment, 9_999, receipt="ODD"))
    assert w.told(payment)[-2:] == ["settled", "paid_again"]
    with transaction() as db:
        paid = w.payment_of(payment)
        came, again = came_of(db, paid), came_again(db, paid)
    assert (came.amount_minor, again.amount_minor) == (10_000, 9_999)
