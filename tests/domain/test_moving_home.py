"""Moved money that has to go back: its bookings were cancelled, or its provider took it back."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import func

from domain import proposals, refunds
from domain.database import transaction
from domain.models import Booking, Refund
from domain.money import Money
from domain.payments import Word
from domain.refunds import NotRefunded, RefundWish
from domain.wishes import NotDone, Why, Wish
from tests.domain import people_world as p
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")

NOTHING = Money(0, "USD")


@pytest.fixture
def office() -> p.Office:
    return p.build()


def away(office: p.Office, payment: UUID, amount_minor: int = 10_000) -> Wish:
    """From the payment's own booking to the other one."""
    detail = p.transit(office.other_booking, amount_minor) | {"payment_id": str(payment)}
    return p.moving(office, detail=detail)


def home(office: p.Office, payment: UUID, amount_minor: int = 10_000) -> Wish:
    """Back again."""
    detail = p.transit(office.world.booking_id, amount_minor) | {"payment_id": str(payment)}
    return p.moving(office, subject=f"booking:{office.other_booking}", detail=detail)


def cancel(*booking_ids: int, total_minor: int = 50_000) -> None:
    with transaction() as db:
        for booking_id in booking_ids:
            booking = db.get_one(Booking, booking_id)
            booking.cancelled_at = func.clock_timestamp()
            booking.total_minor = total_minor


def refund(office: p.Office, payment: UUID, amount_minor: int = 10_000) -> Refund | NotRefunded:
    amount = Money(amount_minor, "USD")
    wish = RefundWish(uuid4(), payment, amount, "called off", office.anna, "provider")
    with transaction() as db:
        return refunds.request(db, wish)


def proposed(asked: Wish) -> object:
    with transaction() as db:
        return proposals.propose(db, asked)


def take_back(payment: UUID, amount_minor: int = 10_000) -> str | None:
    """The provider takes money back by itself."""
    amount = Money(amount_minor, "USD")
    word = Word("reversed", "statement", f"CB{amount_minor}", f"CB{amount_minor}", amount)
    with transaction() as db:
        return refunds.reverse(db, payment, word).review


def test_it_comes_home_to_a_cancelled_booking_and_goes_back_from_there(office: p.Office) -> None:
    payment = p.paid(office)
    p.agreed(office, away(office, payment))
    cancel(office.world.booking_id, office.other_booking)
    assert isinstance(refund(office, payment), NotRefunded)
    p.agreed(office, home(office, payment))
    assert p.booking_at(office.other_booking).paid_minor == 0
    assert p.booking_at(office.world.booking_id).paid_minor == 10_000
    w.assert_books_agree()
    assert isinstance(refund(office, payment), Refund)


def test_no_other_money_comes_to_a_cancelled_booking(office: p.Office) -> None:
    payment = p.paid(office)
    p.agreed(office, away(office, payment))
    cancel(office.world.booking_id)
    assert proposed(home(office, payment, 10_001)) == NotDone(
        Why.ABOVE_LEFT, left=Money(10_000, "USD")
    )
    p.take(p.money(office, 5_000, booking_id=office.other_booking))
    unnamed = p.transit(office.world.booking_id, 1)
    asked = p.moving(office, subject=f"booking:{office.other_booking}", detail=unnamed)
    assert p.propose(asked) is Why.CANCELLED, "nobody says whose money it is"
    p.agreed(office, home(office, payment))
    cancel(office.other_booking)
    assert p.propose(away(office, payment)) is Why.CANCELLED, "it is not its own"


def test_it_comes_home_as_far_as_the_booking_costs_so_much(office: p.Office) -> None:
    """No booking is ever paid more than it costs."""
    payment = p.paid(office)
    p.agreed(office, away(office, payment))
    cancel(office.world.booking_id, total_minor=6_000)
    assert proposed(home(office, payment)) == NotDone(Why.ABOVE_OWED, left=Money(6_000, "USD"))
    p.agreed(office, home(office, payment, 6_000))
    w.assert_books_agree()


def test_what_its_provider_took_back_is_neither_moved_nor_refunded(office: p.Office) -> None:
    payment = p.paid(office)
    p.agreed(office, away(office, payment))
    assert take_back(payment) == "reversed_beyond"
    assert proposed(home(office, payment)) == NotDone(Why.TAKEN_BACK, left=NOTHING)
    assert refund(office, payment) == NotRefunded(refunds.Why.TAKEN_BACK, NOTHING)
    w.assert_books_agree()


def test_a_move_and_a_refund_that_wait_are_looked_at_again(office: p.Office) -> None:
    payment = p.paid(office)
    p.agreed(office, away(office, payment))
    asked = home(office, payment)
    assert p.propose(asked) is None
    take_back(payment)
    assert p.approve(asked.proposal_id, office.ben) is Why.TAKEN_BACK


def test_no_more_leaves_than_came_though_new_money_came_home(office: p.Office) -> None:
    """It was taken back while it was elsewhere, and paid once more."""
    payment = p.paid(office)
    p.agreed(office, away(office, payment))
    take_back(payment)
    w.settle(payment, w.success(payment, "SECOND", 10_000))
    assert isinstance(refund(office, payment), Refund)
    assert p.propose(home(office, payment, 1)) is Why.TAKEN_BACK
    assert refund(office, payment, 1) == NotRefunded(refunds.Why.TAKEN_BACK, NOTHING)


def test_of_what_is_left_the_rest_is_moved_and_refunded(office: p.Office) -> None:
    payment = p.paid(office)
    p.agreed(office, away(office, payment))
    take_back(payment, 4_000)
    left = Money(6_000, "USD")
    assert proposed(home(office, payment, 6_001)) == NotDone(Why.TAKEN_BACK, left=left)
    p.agreed(office, home(office, payment, 6_000))
    assert refund(office, payment, 6_001) == NotRefunded(refunds.Why.TAKEN_BACK, left)
    p.agreed(office, away(office, payment, 6_000))
    p.agreed(office, home(office, payment, 6_000))
    assert isinstance(refund(office, payment, 6_000), Refund)
    assert p.propose(home(office, payment, 1)) is Why.TAKEN_BACK
    w.assert_books_agree()
