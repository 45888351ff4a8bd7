"""What is wrong with a booking is put right: at once, or by two people where something is paid."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from domain import correcting, proposals
from domain.correcting import Corrected, Correction, NotRight
from domain.database import Database, repeat, transaction
from domain.importing import NotAdded, add_booking
from domain.models import AuditEntry, Booking, Proposal
from domain.money import Money
from domain.states import CANCELLED
from domain.wishes import NotDone, Tools, Why
from tests import factories
from tests.domain.booking_files import file_of, read
from tests.domain.world import (
    POLICY,
    SEALER,
    World,
    assert_books_agree,
    booking_of,
    build,
    open_payment,
    payment_of,
    settle,
    walk,
)

TOOLS = Tools(POLICY, SEALER)


@dataclass(frozen=True)
class Office:
    """The small world with people of staff."""

    world: World
    first: int
    second: int
    stranger: int


@pytest.fixture
def office(database: Database) -> Office:  # noqa: ARG001 - it makes the database the current one
    world = build()
    with transaction() as db:
        others = factories.operator(db, "Other Tours")
        first = factories.staff(db, "anna@example.com")
        second = factories.staff(db, "ben@example.com")
        stranger = factories.staff(db, "foreign@example.com", others)
        return Office(world, first.id, second.id, stranger.id)


def as_it_reads(office: Office, **other: Any) -> Correction:
    """The booking as it reads, but for what is said."""
    booking = booking_of(office.world)
    return replace(
        Correction(
            booking_id=booking.id,
            staff_id=office.first,
            name=booking.lead_name,
            phone=booking.lead_phone,
            email=booking.email,
            total=Money(booking.total_minor, booking.currency),
            deposit=None,
            balance_due_on=booking.balance_due_on,
            seen=correcting.fingerprint(booking),
        ),
        **other,
    )


def correct(correction: Correction) -> Corrected | NotDone:
    return repeat(lambda db: correcting.correct(db, correction))


def propose(correction: Correction, proposal_id: UUID | None = None) -> Proposal | NotDone:
    key = proposal_id or uuid4()
    return repeat(
        lambda db: proposals.propose(
            db, correcting.wish_for(db, correction, key, "He called us", SEALER)
        )
    )


def approve(proposal_id: UUID, by: int) -> Proposal | NotDone:
    return repeat(lambda db: proposals.approve(db, proposal_id, by, TOOLS))


def entries() -> list[AuditEntry]:
    with transaction() as db:
        return list(db.scalars(select(AuditEntry).where(AuditEntry.act == "booking_corrected")))


def test_one_person_corrects_what_is_not_paid(office: Office) -> None:
    done = correct(
        as_it_reads(
            office,
            name="Tendai de Moyo",
            phone="263771234567",
            email="tendai@example.com",
            total=Money(60_000, "USD"),
            deposit=Money(10_000, "USD"),
            balance_due_on=date(2027, 1, 10),
        )
    )
    assert isinstance(done, Corrected)
    assert len(done.columns) == 6
    booking = booking_of(office.world)
    assert (booking.lead_name, booking.lead_phone) == ("Tendai de Moyo", "263771234567")
    assert (booking.total_minor, booking.deposit_minor) == (60_000, 10_000)
    assert booking.balance_due_on == date(2027, 1, 10)
    (entry,) = entries()
    assert entry.detail["changed"]["total"] == {"from": "USD 500.00", "to": "USD 600.00"}
    assert entry.detail["changed"]["phone"] == {"from": "•••• 5187", "to": "•••• 4567"}
    assert factories.PHONE not in str(entry.detail)
    assert "tendai@" not in str(entry.detail)


def test_what_reads_so_already_writes_nothing(office: Office) -> None:
    correction = as_it_reads(office, name="Tendai de Moyo")
    assert correct(correction) == Corrected(("name",))
    assert correct(correction) == Corrected(())
    assert len(entries()) == 1


def test_who_saw_something_older_changes_nothing(office: Office) -> None:
    mine, theirs = as_it_reads(office, name="A B"), as_it_reads(office, name="C D")
    correct(mine)
    assert correct(theirs) == NotDone(NotRight.CHANGED_SINCE)


def test_strangers_correct_nothing(office: Office) -> None:
    stranger = as_it_reads(office, name="A B", staff_id=office.stranger)
    assert correct(stranger) == NotDone(Why.NOT_ALLOWED)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"total": Money(9_999, "USD")}, NotRight.BELOW_PAID),
        ({"total": Money(60_000, "KZT")}, Why.OTHER_CURRENCY),
        ({"deposit": Money(50_001, "USD")}, NotRight.DEPOSIT_ABOVE_TOTAL),
        ({"total": Money(60_000, "USD")}, Why.NEEDS_TWO),
        ({"phone": "263771234567"}, Why.NEEDS_TWO),
    ],
)
def test_what_stands_against_correcting_a_paid_booking(
    office: Office, other: dict[str, Any], why: str
) -> None:
    settle(open_payment(office.world))
    done = correct(as_it_reads(office, **other))
    assert isinstance(done, NotDone)
    assert done.why == why
    assert entries() == []


def test_the_name_of_a_paid_booking_takes_one_person(office: Office) -> None:
    settle(open_payment(office.world))
    assert correct(as_it_reads(office, name="A B")) == Corrected(("name",))


def test_the_status_follows_the_total(office: Office) -> None:
    settle(open_payment(office.world))
    asked = propose(as_it_reads(office, total=Money(10_000, "USD")))
    assert isinstance(asked, Proposal)
    assert booking_of(office.world).payment_status == "DEPOSIT_PAID"
    assert isinstance(approve(asked.id, office.second), Proposal)
    assert booking_of(office.world).payment_status == "PAID"
    assert_books_agree()


def test_a_phone_of_a_paid_booking_changes_when_a_second_person_agrees(office: Office) -> None:
    settle(open_payment(office.world))
    asked = propose(as_it_reads(office, phone="263771234567"))
    assert isinstance(asked, Proposal)
    assert asked.detail["changes"] == {"phone": ["•••• 5187", "•••• 4567"]}
    assert b"263771234567" not in (asked.sealed or b"")
    assert booking_of(office.world).lead_phone == factories.PHONE
    assert approve(asked.id, office.first) == NotDone(Why.SAME_PERSON)
    done = approve(asked.id, office.second)
    assert isinstance(done, Proposal)
    assert done.sealed is None
    assert booking_of(office.world).lead_phone == "263771234567"
    (entry,) = entries()
    assert entry.detail["proposal"] == str(asked.id)


def test_the_same_proposal_twice_is_one(office: Office) -> None:
    settle(open_payment(office.world))
    key, correction = uuid4(), as_it_reads(office, phone="263771234567")
    first, second = propose(correction, key), propose(correction, key)
    assert isinstance(first, Proposal)
    assert isinstance(second, Proposal)
    assert first.id == second.id == key


def test_a_proposal_is_not_carried_out_over_what_changed_since(office: Office) -> None:
    settle(open_payment(office.world))
    asked = propose(as_it_reads(office, total=Money(60_000, "USD")))
    assert isinstance(asked, Proposal)
    with transaction() as db:
        db.get_one(Booking, office.world.booking_id).total_minor = 55_000
    assert approve(asked.id, office.second) == NotDone(NotRight.CHANGED_SINCE)


def test_a_proposal_below_what_was_paid_meanwhile_is_refused(office: Office) -> None:
    settle(open_payment(office.world))
    asked = propose(as_it_reads(office, total=Money(15_000, "USD")))
    assert isinstance(asked, Proposal)
    second = open_payment(office.world, office.world.request(20_000))
    walk(second, "start", "code", "given", "confirm")
    refused = approve(asked.id, office.second)
    assert refused == NotDone(NotRight.BELOW_UNDER_WAY, left=Money(30_000, "USD"))


def test_a_lower_total_ends_what_no_longer_fits(office: Office) -> None:
    payment_id = open_payment(office.world, office.world.request(40_000))
    assert isinstance(correct(as_it_reads(office, total=Money(30_000, "USD"))), Corrected)
    assert payment_of(payment_id).status == CANCELLED


def test_money_under_way_counts_as_paid(office: Office) -> None:
    payment_id = open_payment(office.world)
    walk(payment_id, "start", "code", "given", "confirm", "lose")
    assert correct(as_it_reads(office, phone="263771234567")) == NotDone(Why.NEEDS_TWO)
    low = correct(as_it_reads(office, total=Money(9_000, "USD")))
    assert low == NotDone(NotRight.BELOW_UNDER_WAY, left=Money(10_000, "USD"))


def test_the_total_of_a_cancelled_booking_stays(office: Office) -> None:
    with transaction() as db:
        db.get_one(Booking, office.world.booking_id).cancelled_at = func.clock_timestamp()
    assert correct(as_it_reads(office, total=Money(60_000, "USD"))) == NotDone(Why.CANCELLED)


def test_a_booking_is_added_once(office: Office) -> None:
    (row,) = read(file_of({"reference": "KS-NEW", "tour_name": ""})).rows
    form = uuid4()

    def add(form_id: UUID, by: int) -> Booking | NotDone:
        return repeat(lambda db: add_booking(db, row, form_id, by))

    first, again = add(form, office.first), add(form, office.first)
    assert isinstance(first, Booking)
    assert isinstance(again, Booking)
    assert first.id == again.id
    assert add(uuid4(), office.first) == NotDone(NotAdded.KNOWN_REFERENCE)
    assert add(form, office.stranger) == NotDone(Why.NOT_ALLOWED)
    with transaction() as db:
        query = select(AuditEntry).where(AuditEntry.subject == f"booking:{first.id}")
        (entry,) = db.scalars(query)
    assert (entry.act, entry.staff_id) == ("booking_added", office.first)
