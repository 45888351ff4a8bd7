"""Money moved from one booking to another of the same operator."""

import threading
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from domain import proposals, refunds
from domain.database import transaction
from domain.models import Booking, Evidence, Refund, Transfer
from domain.money import Money
from domain.refunds import NotRefunded, RefundWish
from domain.wishes import NotDone, Why, Wish
from tests import factories
from tests.domain import people_world as p
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def office() -> p.Office:
    return p.build()


def test_it_goes_by_way_of_suspense_with_one_piece_of_evidence(office: p.Office) -> None:
    payment = p.paid(office)
    asked = p.moving(office, 10_000)
    p.agreed(office, asked)
    with transaction() as db:
        rows = db.scalars(select(Transfer).where(Transfer.kind == "move").order_by(Transfer.id))
        moved = [(row.debit, row.credit, row.amount_minor, row.booking_id) for row in rows]
        evidence = db.scalars(select(Evidence).where(Evidence.word == "move")).one()
    source, target = office.world.booking_id, office.other_booking
    between = f"suspense:{office.world.operator_id}"
    assert moved == [
        (f"booking:{source}", between, 10_000, source),
        (between, f"booking:{target}", 10_000, target),
    ]
    assert (evidence.body, evidence.delivery_key) == (
        asked.evidence,
        f"proposal:{asked.proposal_id}",
    )
    gave, took = p.booking_at(source), p.booking_at(target)
    assert (gave.paid_minor, gave.payment_status) == (0, "PENDING")
    assert gave.joined_at is not None, "it was paid once"
    assert (took.paid_minor, took.payment_status) == (10_000, "DEPOSIT_PAID")
    assert took.joined_at is not None
    assert p.review(payment) is None, "suspense holds nothing of it"
    w.assert_books_agree()


def test_both_bookings_stand_in_the_trail(office: p.Office) -> None:
    p.paid(office)
    p.agreed(office, p.moving(office))
    with transaction() as db:
        rows = db.execute(text("SELECT subject FROM audit_entry WHERE act = 'money_moved'"))
        subjects = {row[0] for row in rows}
    assert subjects == {f"booking:{office.world.booking_id}", f"booking:{office.other_booking}"}


def change(booking_id: int, **values: object) -> None:
    with transaction() as db:
        db.execute(update(Booking).where(Booking.id == booking_id).values(**values))


def test_what_does_not_fit_is_refused_with_what_would(office: p.Office) -> None:
    p.paid(office)
    refused = {
        0: Why.NOT_POSITIVE,
        -1: Why.NOT_POSITIVE,
        10_001: Why.ABOVE_HELD,
        20_001: Why.ABOVE_OWED,
    }
    assert {minor: p.propose(p.moving(office, minor)) for minor in refused} == refused
    same = p.moving(office, detail=p.transit(office.world.booking_id, 1))
    assert p.propose(same) is Why.SAME_BOOKING
    zwg = p.transit(office.other_booking, 1, "ZWG")
    assert p.propose(p.moving(office, detail=zwg)) is Why.OTHER_CURRENCY
    strange = p.transit(office.strange_booking, 1)
    assert p.propose(p.moving(office, detail=strange)) is Why.OTHER_OPERATOR


def test_a_cancelled_booking_gives_and_takes_not(office: p.Office) -> None:
    p.paid(office)
    with transaction() as db:
        now = db.execute(text("SELECT clock_timestamp()")).scalar_one()
    change(office.other_booking, cancelled_at=now)
    assert p.propose(p.moving(office)) is Why.CANCELLED
    change(office.other_booking, cancelled_at=None)
    change(office.world.booking_id, cancelled_at=now)
    p.agreed(office, p.moving(office))
    assert p.booking_at(office.other_booking).paid_minor == 4_000
    w.assert_books_agree()


def refund(office: p.Office, payment: UUID, amount_minor: int) -> Refund | NotRefunded:
    with transaction() as db:
        wish = RefundWish(
            UUID(int=amount_minor),
            payment,
            Money(amount_minor, "USD"),
            "why",
            office.anna,
            "provider",
        )
        return refunds.request(db, wish)


def test_what_is_promised_to_go_back_stays(office: p.Office) -> None:
    payment = p.paid(office)
    assert isinstance(refund(office, payment, 7_000), Refund)
    assert p.propose(p.moving(office, 3_001)) is Why.ABOVE_HELD
    p.agreed(office, p.moving(office, 3_000))
    w.assert_books_agree()


def test_what_was_moved_does_not_go_back_from_where_it_was(office: p.Office) -> None:
    payment = p.paid(office)
    p.agreed(office, p.moving(office, 6_000))
    left = Money(4_000, "USD")
    assert refund(office, payment, 4_001) == NotRefunded(refunds.Why.ABOVE_LEFT, left)
    assert isinstance(refund(office, payment, 4_000), Refund)
    w.assert_books_agree()


def test_the_surplus_of_a_payment_goes_back_though_its_booking_gave_all(office: p.Office) -> None:
    payment = p.paid(office)
    w.settle(payment, w.success(payment, "SECOND", 10_000))
    p.agreed(office, p.moving(office, 10_000))
    assert p.review(payment) == "surplus"
    assert isinstance(refund(office, payment, 10_000), Refund)
    assert refund(office, payment, 1) == NotRefunded(refunds.Why.ABOVE_LEFT, Money(0, "USD"))


def test_what_payments_under_way_hold_stays_free(office: p.Office) -> None:
    p.paid(office)
    with transaction() as db:
        contact = factories.contact(db, "+263772000002").id
    asked = office.world.request(18_000, contact_id=contact, payer="263772000002")
    open_one = w.open_payment(office.world, replace(asked, booking_id=office.other_booking))
    assert p.propose(p.moving(office, 2_001)) is Why.ABOVE_FREE
    asked = p.moving(office, 2_000)
    p.agreed(office, asked)
    assert w.payment_of(open_one).status == "created"


def test_what_no_longer_fits_is_ended(office: p.Office) -> None:
    """Its hold was over, but its code could still have come."""
    p.paid(office)
    with transaction() as db:
        contact = factories.contact(db, "+263772000002").id
    asked = office.world.request(18_000, contact_id=contact, payer="263772000002")
    open_one = w.open_payment(office.world, replace(asked, booking_id=office.other_booking))
    w.walk(open_one, "start", "code")
    w.later(open_one, 600)
    p.agreed(office, p.moving(office, 4_000))
    assert w.payment_of(open_one).status == "cancelled"
    w.assert_books_agree()


def test_bookings_that_give_to_each_other_wait_in_no_circle(office: p.Office) -> None:
    p.take(p.money(office, 5_000))
    p.take(p.money(office, 5_000, booking_id=office.other_booking))
    there = p.moving(office, 1_000)
    detail = p.transit(office.world.booking_id, 2_000)
    back = p.moving(office, subject=f"booking:{office.other_booking}", detail=detail)
    assert [p.propose(there), p.propose(back)] == [None, None]
    start, done = threading.Barrier(2), []

    def go(asked: Wish) -> None:
        start.wait()
        done.append(p.approve(asked.proposal_id, office.ben))

    threads = [threading.Thread(target=go, args=(asked,)) for asked in (there, back)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [None, None], "and none of them had to be done again"
    assert p.booking_at(office.world.booking_id).paid_minor == 6_000
    assert p.booking_at(office.other_booking).paid_minor == 4_000
    w.assert_books_agree()


def test_a_refusal_says_how_much_there_is(office: p.Office) -> None:
    p.paid(office)
    with transaction() as db:
        done = proposals.propose(db, p.moving(office, 10_001))
    assert done == NotDone(Why.ABOVE_HELD, left=Money(10_000, "USD"))


def of_payment(office: p.Office, payment: UUID, amount_minor: int) -> Wish:
    """From the first booking to the other, of what one payment brought."""
    detail = p.transit(office.other_booking, amount_minor) | {"payment_id": str(payment)}
    return p.moving(office, detail=detail)


def left_of(payment: UUID) -> int:
    with transaction() as db:
        return refunds.what_is_left(db, payment).left_minor


def test_of_a_payment_no_more_is_moved_than_it_brought(office: p.Office) -> None:
    """The booking holds more: another payment's, and cash."""
    first, second = p.paid(office), p.paid(office, "OTHER")
    p.take(p.money(office, 5_000))
    with transaction() as db:
        done = proposals.propose(db, of_payment(office, first, 10_001))
    assert done == NotDone(Why.ABOVE_LEFT, left=Money(10_000, "USD"))
    asked = of_payment(office, first, 6_000)
    p.agreed(office, asked)
    assert (left_of(first), left_of(second)) == (4_000, 10_000)
    with transaction() as db:
        rows = db.scalars(select(Transfer).where(Transfer.kind == "move")).all()
        assert {row.payment_id for row in rows} == {first}
    assert p.propose(of_payment(office, first, 4_001)) is Why.ABOVE_LEFT
    w.assert_books_agree()


def test_what_was_moved_of_a_payment_does_not_go_back_of_another_s_money(office: p.Office) -> None:
    first = p.paid(office)
    p.paid(office, "OTHER")
    p.agreed(office, of_payment(office, first, 6_000))
    left = Money(4_000, "USD")
    assert refund(office, first, 4_001) == NotRefunded(refunds.Why.ABOVE_LEFT, left)
    assert isinstance(refund(office, first, 4_000), Refund)
    assert p.propose(of_payment(office, first, 1)) is Why.ABOVE_LEFT, "it was promised"


def test_what_a_provider_takes_back_is_not_another_payment_s(office: p.Office) -> None:
    """The booking still has the other payment's money, and keeps it."""
    first = p.paid(office)
    p.paid(office, "OTHER")
    p.agreed(office, of_payment(office, first, 10_000))
    with transaction() as db:
        word = replace(w.success(first, "BACK", 10_000), status="reversed")
        assert refunds.reverse(db, first, word).review == "reversed_beyond"
    assert p.booking_at(office.world.booking_id).paid_minor == 10_000
    w.assert_books_agree()


def test_what_was_moved_is_moved_back_as_the_same_payment_s(office: p.Office) -> None:
    payment = p.paid(office)
    p.agreed(office, of_payment(office, payment, 10_000))
    detail = p.transit(office.world.booking_id, 10_000) | {"payment_id": str(payment)}
    subject = f"booking:{office.other_booking}"
    too_much = detail | {"amount_minor": 10_001}
    assert p.propose(p.moving(office, subject=subject, detail=too_much)) is Why.ABOVE_LEFT
    p.agreed(office, p.moving(office, subject=subject, detail=detail))
    assert left_of(payment) == 10_000
    assert p.booking_at(office.other_booking).paid_minor == 0
    w.assert_books_agree()


def test_a_payment_without_money_or_of_another_booking_moves_none(office: p.Office) -> None:
    p.take(p.money(office, 5_000))
    empty = w.open_payment(office.world)
    assert p.propose(of_payment(office, empty, 1)) is Why.NOTHING_CAME
    w.walk(empty, "start", "code", "given", "confirm")
    w.settle(empty, w.success(empty, "H5PS"))
    detail = p.transit(office.world.booking_id, 1) | {"payment_id": str(empty)}
    elsewhere = p.moving(office, subject=f"booking:{office.other_booking}", detail=detail)
    assert p.propose(elsewhere) is Why.ABOVE_LEFT


def test_a_surplus_stays_in_suspense(office: p.Office) -> None:
    payment = p.paid(office)
    w.settle(payment, w.success(payment, "SECOND", 10_000))
    assert p.propose(of_payment(office, payment, 10_001)) is Why.ABOVE_LEFT
    assert isinstance(refund(office, payment, 10_000), Refund)
    p.agreed(office, of_payment(office, payment, 10_000))
    w.assert_books_agree()


def test_a_move_that_is_agreed_to_is_looked_at_again(office: p.Office) -> None:
    payment = p.paid(office)
    p.paid(office, "OTHER")
    asked = of_payment(office, payment, 10_000)
    assert p.propose(asked) is None
    assert isinstance(refund(office, payment, 1), Refund)
    assert p.approve(asked.proposal_id, office.ben) is Why.ABOVE_LEFT
