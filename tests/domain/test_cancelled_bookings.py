"""What a traveller may see of a booking that was cancelled: what is to be given back, and what
was.
"""

import pytest
from sqlalchemy import func, text

from domain import bookings
from domain.database import transaction
from domain.models import Booking
from tests import factories
from tests.domain import people_world as p
from tests.domain import refunds_world as r
from tests.domain import world as w

LONG_AGO = text("UPDATE booking SET cancelled_at = cancelled_at - interval '61 days'")

pytestmark = pytest.mark.usefixtures("database")


def cancel(world: w.World) -> None:
    with transaction() as db:
        db.get_one(Booking, world.booking_id).cancelled_at = func.clock_timestamp()


def money(world: w.World) -> list[tuple[int, int]]:
    """What is held and what was given back of each cancelled booking of the traveller."""
    with transaction() as db:
        found = bookings.own_cancelled(db, world.contact_id, factories.PHONE)
    return [(each.held_minor, each.given_back_minor) for each in found]


def test_what_was_paid_is_to_be_given_back_until_it_was() -> None:
    desk = r.build()
    assert money(desk.world) == []
    cancel(desk.world)
    assert money(desk.world) == [(10_000, 0)]
    part = r.sent(desk, 4_000)
    assert money(desk.world) == [(10_000, 0)], "it is on its way"
    r.hear(part, "succeeded")
    assert money(desk.world) == [(6_000, 4_000)]
    r.hear(r.sent(desk, 6_000), "succeeded")
    assert money(desk.world) == [(0, 10_000)]


def test_what_came_too_much_is_to_be_given_back_too() -> None:
    desk = r.build()
    cancel(desk.world)
    r.surplus(desk)
    assert money(desk.world) == [(20_000, 0)]


def test_cash_that_was_handed_back_was_given_back_and_a_mistake_was_not() -> None:
    office = p.build()
    came, mistaken = p.cash(office, 4_000), p.cash(office, 1_000)
    cancel(office.world)
    p.agreed(office, p.taking_back(office, came, 3_000, cause="given_back"))
    p.agreed(office, p.taking_back(office, mistaken, 1_000))
    assert money(office.world) == [(1_000, 3_000)]


def test_what_was_moved_to_another_booking_is_neither() -> None:
    office = p.build()
    p.paid(office)
    cancel(office.world)
    p.agreed(office, p.moving(office, 4_000))
    assert money(office.world) == [(6_000, 0)]


def untraced(world: w.World) -> list[tuple[int, int]]:
    """What is held of each cancelled booking, and what of it nobody here can give back."""
    with transaction() as db:
        found = bookings.own_cancelled(db, world.contact_id, factories.PHONE)
    return [(each.held_minor, each.untraced_minor) for each in found]


def test_what_was_paid_before_the_booking_came_here_is_its_operators() -> None:
    office = p.build(paid_minor=7_000)
    p.cash(office, 4_000)
    p.paid(office)
    cancel(office.world)
    assert untraced(office.world) == [(14_000, 7_000)]
    p.agreed(office, p.moving(office, 5_000))
    assert untraced(office.world) == [(14_000, 2_000)]
    p.agreed(office, p.moving(office, 5_000))
    assert untraced(office.world) == [(11_000, 0)]


def test_of_moved_money_only_what_names_its_payment_can_be_given_back() -> None:
    office = p.build()
    payment = p.paid(office)
    own = {"payment_id": str(payment)}
    p.agreed(office, p.moving(office, detail=p.transit(office.other_booking, 6_000) | own))
    p.agreed(office, p.moving(office, 1_000))
    with transaction() as db:
        other = db.get_one(Booking, office.other_booking)
        other.lead_phone = factories.PHONE
        other.cancelled_at = func.clock_timestamp()
    assert untraced(office.world) == [(6_000, 1_000)]


def test_long_ago_a_surplus_alone_is_shown_too() -> None:
    world = w.build()
    late = w.open_payment(world)
    w.walk(late, "start", "code", "given", "confirm")
    cancel(world)
    w.settle(late)
    with transaction() as db:
        db.execute(LONG_AGO)
    assert money(world) == [(10_000, 0)]


def test_long_ago_it_is_shown_only_while_it_holds_money() -> None:
    desk = r.build()
    cancel(desk.world)
    with transaction() as db:
        db.execute(LONG_AGO)
    assert money(desk.world) == [(10_000, 0)]
    r.hear(r.sent(desk, 10_000), "succeeded")
    assert money(desk.world) == []


def test_nobody_sees_anybody_elses() -> None:
    desk = r.build()
    cancel(desk.world)
    with transaction() as db:
        stranger = factories.contact(db, "+263771000001")
        assert bookings.own_cancelled(db, stranger.id, "263771000001") == []
        assert bookings.own_cancelled(db, stranger.id, None) == []
