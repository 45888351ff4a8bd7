"""What a file may change of a booking that is there, and what it may not."""

import pytest
from sqlalchemy import select

from domain.correcting import Correction, correct, fingerprint
from domain.database import transaction
from domain.models import AuditEntry
from domain.money import Money
from domain.wishes import NotDone, Why
from tests import factories
from tests.domain import world as w
from tests.domain.booking_files import (
    booking,
    cancel_booking,
    counts,
    file_of,
    load,
    refused,
    shared_reference,
)

pytestmark = pytest.mark.usefixtures("database")


def test_what_may_change_changes_and_is_written_down() -> None:
    load(file_of())
    report = load(
        file_of(
            {
                "customer_name": "Tendai Moyo-Dube",
                "customer_phone": "+263772345678",
                "total": "600",
                "start_date": "2030-02-12",
                "email": "",
                "deposit": "120",
                "balance_due_on": "2030-01-12",
            }
        )
    )
    assert counts(report) == (0, 1, 0)
    changed = booking()
    assert (changed.lead_name, changed.lead_phone, changed.total_minor, changed.email) == (
        "Tendai Moyo-Dube",
        "263772345678",
        60_000,
        None,
    )
    assert shared_reference() == "BK-T005-20300212"
    with transaction() as db:
        entry = db.execute(
            select(AuditEntry).where(AuditEntry.act == "booking_changed")
        ).scalar_one()
        assert entry.subject == f"booking:{changed.id}"
        assert entry.detail["total_minor"] == [50_000, 60_000]
        assert "2345678" not in str(entry.detail)


def test_columns_that_are_left_out_leave_what_is_stored() -> None:
    load(file_of())
    without = frozenset({"email", "deposit", "balance_due_on", "paid", "operator"})
    assert counts(load(file_of(without=without))) == (0, 0, 1)
    assert booking().deposit_minor == 10_000


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"customer_phone": "+263772345678"}, "line 2, customer_phone: something is paid: leave"),
        ({"total": "600"}, "line 2, total: something is paid: leave it as it is here"),
        ({"tour_id": "6", "tour_name": "Kariba"}, "line 2, tour_id: something is paid"),
        ({"start_date": ""}, "line 2, start_date: something is paid"),
    ],
)
def test_what_may_not_change_once_something_is_paid(row: dict[str, str], fault: str) -> None:
    load(file_of({"paid": "50"}))
    (named,) = refused(file_of({"paid": "50"} | row))
    assert named.startswith(fault)


def test_a_paid_booking_may_move_to_another_date_and_change_its_name() -> None:
    load(file_of({"paid": "50"}))
    report = load(file_of({"paid": "50", "start_date": "2030-02-12", "customer_name": "T. Moyo"}))
    assert counts(report) == (0, 1, 0)
    assert shared_reference() == "BK-T005-20300212"


def test_an_open_date_may_be_filled_in_after_paying() -> None:
    load(file_of({"paid": "50", "tour_id": "", "tour_name": "", "start_date": ""}))
    assert counts(load(file_of({"paid": "50"}))) == (0, 1, 0)
    assert shared_reference() == "BK-T005-20300210"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"currency": "ZWG"}, "line 2, currency: a booking's currency never changes"),
        (
            {"operator": "Zambezi Trails"},
            "line 2, operator: this reference is a booking of another",
        ),
        ({"tour_name": "Kariba"}, "line 2, tour_name: tour 5 has another name here"),
    ],
)
def test_what_never_changes(row: dict[str, str], fault: str) -> None:
    load(file_of())
    assert any(named.startswith(fault) for named in refused(file_of(row)))


def test_a_cancelled_booking_keeps_total_and_departure() -> None:
    load(file_of())
    cancel_booking()
    faults = refused(file_of({"total": "600", "start_date": "2030-02-12"}))
    assert faults == [
        "line 2, total: the booking is cancelled",
        "line 2, start_date: the booking is cancelled",
    ]
    assert counts(load(file_of({"customer_name": "T. Moyo"}))) == (0, 1, 0)


def test_a_total_does_not_change_while_a_payment_is_under_way() -> None:
    world = w.build()
    payment = w.open_payment(world)
    row = {
        "tour_name": "",
        "start_date": "2027-02-10",
        "customer_phone": f"+{factories.PHONE}",
        "total": "600",
    }
    assert "line 2, total: a payment of this booking is under way" in refused(file_of(row))[0]
    w.walk(payment, "cancel")
    assert counts(load(file_of(row))) == (0, 1, 0)


_SO_FAR = ("start", "code", "given", "confirm", "lose")
_STAGES: dict[str, tuple[tuple[str, ...], bool]] = {
    "opened": ((), False),
    "in the call that starts it": (_SO_FAR[:1], False),
    "waiting for its code": (_SO_FAR[:2], False),
    "about to be taken": (_SO_FAR[:3], True),
    "in the call that takes it": (_SO_FAR[:4], True),
    "uncertain": (_SO_FAR, True),
    "cancelled": (("cancel",), False),
}


@pytest.mark.parametrize("stage", _STAGES)
@pytest.mark.parametrize("column", ["customer_phone", "total"])
def test_a_file_may_not_do_what_takes_two_people_by_hand(column: str, stage: str) -> None:
    world = w.build()
    steps, takes_two = _STAGES[stage]
    w.walk(w.open_payment(world), *steps)
    assert by_hand(world, column) == (NotDone(Why.NEEDS_TWO) if takes_two else None)
    same = {"tour_name": "", "start_date": "2027-02-10", "customer_phone": f"+{factories.PHONE}"}
    row = same | {"customer_phone": "+263772345678"}
    row = same | {"total": "600"} if column == "total" else row
    named = f"line 2, {column}: a payment of this booking may have been taken, and nobody knows yet"
    if takes_two:
        (fault,) = refused(file_of(row))
        assert fault.startswith(f"{named}: leave it as it is here, and correct the booking")
        assert fault.endswith("with a second person")
    elif column == "total" and stage != "cancelled":
        assert refused(file_of(row)) == [
            "line 2, total: a payment of this booking is under way: import again when it is over"
        ]
    else:
        assert counts(load(file_of(row))) == (0, 1, 0)


def by_hand(world: w.World, column: str) -> NotDone | None:
    """Why one person may not correct it, if so; nothing is changed."""
    row = w.booking_of(world)
    with transaction() as db:
        person = factories.staff(db, "anna@example.com").id
        done = correct(
            db,
            Correction(
                booking_id=row.id,
                staff_id=person,
                name=row.lead_name,
                phone="263772345678" if column == "customer_phone" else row.lead_phone,
                email=row.email,
                total=Money(60_000 if column == "total" else row.total_minor, row.currency),
                deposit=None,
                balance_due_on=row.balance_due_on,
                seen=fingerprint(row),
            ),
        )
        db.rollback()
    return done if isinstance(done, NotDone) else None


def test_a_total_below_a_deposit_that_the_file_does_not_give_is_refused() -> None:
    load(file_of())
    faults = refused(file_of({"total": "90"}, without=frozenset({"deposit"})))
    assert faults == [
        "line 2, total: is less than the deposit of this booking: give the column deposit too"
    ]
