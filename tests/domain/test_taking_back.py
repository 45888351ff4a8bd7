"""Money recorded as taken outside, taken back: as far as it goes, and by two people."""

import threading
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, NoResultFound

from domain import proposals, refunds
from domain.database import repeat, transaction
from domain.models import AuditEntry, Booking, Evidence, Refund, Transfer
from domain.money import Money
from domain.outside import Posted
from domain.refunds import RefundWish
from domain.taking_back import recorded
from domain.wishes import NotDone, Tools, Why, Wish
from tests.domain import people_world as p
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def office() -> p.Office:
    return p.build()


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def left_of(office: p.Office, transfer_id: int) -> int:
    with transaction() as db:
        found = recorded(db, office.world.booking_id, transfer_id)
        assert found is not None
        return found.left.amount_minor


def paid_of(office: p.Office) -> tuple[int, str]:
    booking = w.booking_of(office.world)
    return booking.paid_minor, booking.payment_status


def test_it_is_posted_the_other_way_with_evidence_and_in_the_trail(office: p.Office) -> None:
    came = p.cash(office)
    asked = p.taking_back(office, came, evidence=" counted twice ")
    p.agreed(office, asked)
    booking, outside = f"booking:{office.world.booking_id}", f"outside:{office.world.operator_id}"
    with transaction() as db:
        row = db.scalars(select(Transfer).where(Transfer.kind == "taken_back")).one()
        evidence = db.get_one(Evidence, row.evidence_id)
        entry = db.scalars(select(AuditEntry).where(AuditEntry.act == "outside_taken_back")).one()
    assert (row.debit, row.credit, row.amount_minor) == (booking, outside, 4_000)
    assert (row.booking_id, row.takes_back_id) == (office.world.booking_id, came)
    assert (evidence.source, evidence.word, evidence.body) == (
        "person",
        "taken_back",
        "by_mistake: counted twice",
    )
    assert evidence.delivery_key == f"proposal:{asked.proposal_id}"
    assert (entry.subject, entry.staff_id, entry.detail["cause"]) == (
        booking,
        office.ben,
        "by_mistake",
    )
    assert paid_of(office) == (0, "PENDING")
    assert left_of(office, came) == 0
    w.assert_books_agree()


def test_nothing_happens_before_a_second_person_and_then_once(office: p.Office) -> None:
    asked = p.taking_back(office, p.cash(office))
    assert p.propose(asked) is None
    assert p.propose(asked) is None, "the same form twice is one"
    assert paid_of(office) == (4_000, "DEPOSIT_PAID")
    assert p.approve(asked.proposal_id, office.anna) is Why.SAME_PERSON
    assert p.approve(asked.proposal_id, office.ben) is None
    assert p.approve(asked.proposal_id, office.ben) is None, "and approved twice it is one"
    assert p.approve(asked.proposal_id, office.own) is Why.DECIDED
    assert paid_of(office) == (0, "PENDING")
    w.assert_books_agree()


def test_parts_go_until_nothing_is_left(office: p.Office) -> None:
    came = p.cash(office, 5_000)
    p.cash(office, 5_000)
    p.agreed(office, p.taking_back(office, came, 2_000))
    p.agreed(office, p.taking_back(office, came, 1_000, cause="given_back"))
    assert left_of(office, came) == 2_000
    with transaction() as db:
        done = proposals.propose(db, p.taking_back(office, came, 2_001))
    assert done == NotDone(Why.ABOVE_LEFT, left=usd(2_000))
    p.agreed(office, p.taking_back(office, came, 2_000))
    assert p.propose(p.taking_back(office, came, 1)) is Why.ABOVE_LEFT
    assert paid_of(office) == (5_000, "DEPOSIT_PAID")
    w.assert_books_agree()


def test_what_does_not_fit_is_refused_and_changes_nothing(office: p.Office) -> None:
    came = p.cash(office)
    refused = {0: Why.NOT_POSITIVE, -1: Why.NOT_POSITIVE, 4_001: Why.ABOVE_LEFT}
    asked = {minor: p.propose(p.taking_back(office, came, minor)) for minor in refused}
    assert asked == refused
    assert p.propose(p.taking_back(office, came, currency="ZWG")) is Why.OTHER_CURRENCY
    assert p.propose(p.taking_back(office, came, evidence=" ")) is Why.NO_EVIDENCE
    assert p.propose(p.taking_back(office, came, staff_id=office.stranger)) is Why.NOT_ALLOWED
    with pytest.raises(ValueError, match="stolen"):
        p.propose(p.taking_back(office, came, cause="stolen"))
    with transaction() as db:
        assert db.execute(select(func.count(Transfer.id))).scalar_one() == 1
    assert p.acts() == [("own", "outside_recorded")]


def test_another_operators_money_stays(office: p.Office) -> None:
    theirs = p.money(office, booking_id=office.strange_booking, staff_id=office.stranger)
    assert isinstance(p.take(theirs), Posted)
    with transaction() as db:
        strange = db.scalars(select(Transfer.id)).one()
    there = {"subject": f"booking:{office.strange_booking}"}
    assert p.propose(p.taking_back(office, strange, **there)) is Why.OTHER_OPERATOR
    own = {"staff_id": office.own, "operator_id": office.world.operator_id}
    assert p.propose(p.taking_back(office, strange, **there, **own)) is Why.OTHER_OPERATOR
    with pytest.raises(NoResultFound):
        p.propose(p.taking_back(office, strange))


def test_only_money_from_outside_is_taken_back(office: p.Office) -> None:
    p.paid(office)
    with transaction() as db:
        captured = db.scalars(select(Transfer.id)).one()
    with pytest.raises(NoResultFound):
        p.propose(p.taking_back(office, captured, 10_000))


def test_a_cancelled_booking_gives_it_back(office: p.Office) -> None:
    came = p.cash(office)
    with transaction() as db:
        change = update(Booking).where(Booking.id == office.world.booking_id)
        db.execute(change.values(cancelled_at=func.clock_timestamp()))
    p.agreed(office, p.taking_back(office, came, cause="given_back"))
    assert paid_of(office) == (0, "PENDING")
    w.assert_books_agree()


def test_what_was_moved_is_not_taken_back_from_where_it_was(office: p.Office) -> None:
    came = p.cash(office, 5_000)
    p.agreed(office, p.moving(office, 3_000))
    with transaction() as db:
        done = proposals.propose(db, p.taking_back(office, came, 2_001))
    assert done == NotDone(Why.ABOVE_HELD, left=usd(2_000))
    p.agreed(office, p.taking_back(office, came, 2_000))
    back = p.transit(office.world.booking_id, 3_000)
    p.agreed(office, p.moving(office, subject=f"booking:{office.other_booking}", detail=back))
    p.agreed(office, p.taking_back(office, came, 3_000))
    assert paid_of(office) == (0, "PENDING")
    w.assert_books_agree()


def promise(office: p.Office, payment: UUID, amount_minor: int) -> None:
    """A refund that waits for a second person."""
    ask = RefundWish(
        UUID(int=1), payment, usd(amount_minor), "a seat less", office.anna, "provider"
    )
    with transaction() as db:
        assert isinstance(refunds.request(db, ask), Refund)


def test_what_a_refund_was_promised_stays(office: p.Office) -> None:
    """Of 4,000 in cash and 10,000 by a provider 9,000 were moved: 5,000 stand, 4,500 promised."""
    payment, came = p.paid(office), p.cash(office)
    p.agreed(office, p.moving(office, 9_000))
    promise(office, payment, 4_500)
    with transaction() as db:
        done = proposals.propose(db, p.taking_back(office, came, 501))
    assert done == NotDone(Why.ABOVE_HELD, left=usd(500))
    p.agreed(office, p.taking_back(office, came, 500))
    w.assert_books_agree()


def test_what_was_promised_meanwhile_is_looked_at_again(office: p.Office) -> None:
    payment, came = p.paid(office), p.cash(office)
    p.agreed(office, p.moving(office, 9_000))
    asked = p.taking_back(office, came)
    assert p.propose(asked) is None
    promise(office, payment, 4_500)
    assert p.approve(asked.proposal_id, office.ben) is Why.ABOVE_HELD
    assert p.proposal_of(asked.proposal_id).status == "proposed"
    assert paid_of(office) == (5_000, "DEPOSIT_PAID")
    w.assert_books_agree()


def at_once(*works: Callable[[], StrEnum | None]) -> list[StrEnum | None]:
    start, done = threading.Barrier(len(works)), []

    def go(work: Callable[[], StrEnum | None]) -> None:
        start.wait()
        done.append(work())

    threads = [threading.Thread(target=go, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def test_two_who_approve_at_once_post_it_once(office: p.Office) -> None:
    asked = p.taking_back(office, p.cash(office))
    assert p.propose(asked) is None
    done = at_once(
        *(lambda who=who: p.approve(asked.proposal_id, who) for who in (office.ben, office.own))
    )
    assert sorted(done, key=str) == [None, Why.DECIDED]
    assert paid_of(office) == (0, "PENDING")
    w.assert_books_agree()


def test_taken_back_and_moved_at_once_is_one_of_them(office: p.Office) -> None:
    asked, moved = p.taking_back(office, p.cash(office)), p.moving(office)
    assert [p.propose(asked), p.propose(moved)] == [None, None]
    both = asked.proposal_id, moved.proposal_id
    done = at_once(*(lambda one=one: p.approve(one, office.ben) for one in both))
    assert sorted(done, key=str) == [None, Why.ABOVE_HELD]
    assert paid_of(office) == (0, "PENDING")
    w.assert_books_agree()


def test_who_tells_customers_hears_of_it_once(office: p.Office) -> None:
    heard: list[Wish] = []
    tools = replace(p.TOOLS, tell=lambda _db, wish: heard.append(wish))
    asked = p.taking_back(office, p.cash(office))

    def approve(by: int, tools: Tools = tools) -> None:
        repeat(lambda db: proposals.approve(db, asked.proposal_id, by, tools))

    assert p.propose(asked) is None
    approve(office.anna)
    assert heard == []
    approve(office.ben)
    approve(office.ben)
    approve(office.own)
    assert [wish.detail for wish in heard] == [asked.detail]


def test_the_same_receipt_is_not_taken_anew(office: p.Office) -> None:
    taken = p.money(office)
    assert isinstance(p.take(taken), Posted)
    with transaction() as db:
        came = db.scalars(select(Transfer.id)).one()
    p.agreed(office, p.taking_back(office, came))
    again = p.take(taken)
    assert isinstance(again, Posted)
    assert again.known
    assert paid_of(office) == (0, "PENDING")


PLANTED = """
    INSERT INTO transfer (kind, debit, credit, amount_minor, currency, booking_id, evidence_id,
                          takes_back_id)
    SELECT {kind}, {debit}, credit_of.account, {minor}, currency, {booking}, evidence_id, {back}
    FROM transfer CROSS JOIN LATERAL (SELECT debit AS account) credit_of WHERE kind = 'outside'
"""
RIGHT = {
    "kind": "'taken_back'",
    "debit": "credit",
    "minor": "amount_minor",
    "booking": "booking_id",
    "back": "id",
}
WRONG = {
    "more than came": ({"minor": "amount_minor + 1"}, "only what came from outside"),
    "from another account": ({"debit": "'opening:1'"}, "only what came from outside"),
    "of nothing": ({"back": "NULL"}, "takes_back_something"),
    "of another kind": ({"kind": "'opening'"}, "takes_back_something"),
    "of no booking": ({"booking": "NULL"}, "by_hand_has_evidence"),
    "behind the booking's back": ({}, "the ledger says"),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_database_refuses_what_cannot_be(office: p.Office, what: str) -> None:
    p.cash(office)
    changed, why = WRONG[what]
    with pytest.raises(DBAPIError, match=why), transaction() as db:
        db.execute(text(PLANTED.format(**RIGHT | changed)))
    w.assert_books_agree()
