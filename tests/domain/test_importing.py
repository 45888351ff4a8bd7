"""Bookings from a file beside what is there: all rows or none, once, one tour to one operator."""

import multiprocessing

import pytest
from sqlalchemy import Engine, event, func, select, text

from domain import payments
from domain.audit import prove
from domain.database import Database, configure, current, transaction
from domain.importing import ImportRefused, apply_bookings
from domain.models import AuditEntry, Booking, Operator, Tour, Transfer
from tests import factories
from tests.domain import world as w
from tests.domain.booking_files import (
    booking,
    counts,
    everything,
    file_of,
    load,
    read,
    refused,
    shared_reference,
)

pytestmark = pytest.mark.usefixtures("database")


def test_new_bookings_come_with_their_operator_tour_and_departure() -> None:
    report = load(
        file_of({}, {"reference": "KS-2", "tour_id": "", "tour_name": "", "start_date": ""})
    )
    assert counts(report) == (2, 0, 0)
    assert (report.operators, report.tours) == (("Kalai Safaris",), (5,))
    first = booking()
    assert (first.total_minor, first.deposit_minor, first.lead_phone) == (
        50_000,
        10_000,
        "263771234567",
    )
    assert shared_reference() == "BK-T005-20300210"
    assert booking("KS-2").departure_id is None


def test_a_tour_without_a_date_is_no_departure() -> None:
    load(file_of({"start_date": ""}))
    assert booking().departure_id is None
    with transaction() as db:
        assert db.execute(select(Tour.name)).scalar_one() == "Victoria Falls"


def test_a_reference_that_nobody_can_write_is_refused_where_it_is_new() -> None:
    (fault,) = refused(file_of({}, {"reference": "KS-?"}))
    assert fault.startswith("line 3, reference: customers could not write this to pay")
    assert fault.endswith("such as KS-2024-001")
    with transaction() as db:
        owner = factories.operator(db, "Kalai Safaris")
        factories.booking(db, owner, reference="KS-?")
    report = load(file_of({"reference": "KS-?", "customer_name": "Tendai de Moyo"}))
    assert counts(report) == (0, 1, 0)
    assert booking("KS-?").lead_name == "Tendai de Moyo"


def test_importing_again_changes_nothing() -> None:
    load(file_of({"paid": "50"}))
    before = everything()
    again = load(
        file_of({"paid": "50", "reference": "ks 2024 001", "customer_phone": "0771234567"})
    )
    assert counts(again) == (0, 0, 1)
    assert everything() == before


def test_what_was_paid_before_becomes_an_opening_transfer_once() -> None:
    load(file_of({"paid": "50"}, {"reference": "KS-2", "paid": "500"}))
    paid = booking()
    assert (paid.paid_minor, paid.payment_status) == (5_000, "DEPOSIT_PAID")
    assert paid.joined_at is not None
    assert booking("KS-2").payment_status == "PAID"
    with transaction() as db:
        transfers = db.execute(select(Transfer).order_by(Transfer.id)).scalars().all()
        assert [(each.kind, each.amount_minor) for each in transfers] == [
            ("opening", 5_000),
            ("opening", 50_000),
        ]
        assert transfers[0].credit == f"booking:{paid.id}"
        assert prove(db) == []


@pytest.mark.parametrize("paid", ["60", "0", "500"])
def test_another_opening_is_refused(paid: str) -> None:
    load(file_of({"paid": "50"}))
    (fault,) = refused(file_of({"paid": paid}))
    assert fault.startswith("line 2, paid: counts once")


def test_money_is_never_added_to_a_booking_that_is_there() -> None:
    load(file_of())
    assert "line 2, paid: counts once" in refused(file_of({"paid": "50"}))[0]
    assert counts(load(file_of({"paid": "0.00"}))) == (0, 0, 1)


def test_all_rows_or_none() -> None:
    faults = refused(
        file_of(
            {},
            {"reference": "KS-2", "total": "x"},
            {"reference": "KS-3", "tour_id": "6", "tour_name": ""},
        )
    )
    assert faults == [
        "line 3, total: must be an amount like 1,250.00 or 500, without sign or currency",
        "line 4, tour_name: is empty, but tour 6 is new",
    ]


def test_nobody_joins_a_cancelled_departure() -> None:
    load(file_of())
    with transaction() as db:
        db.execute(text("UPDATE departure SET cancelled_at = now()"))
    assert counts(load(file_of())) == (0, 0, 1)
    faults = refused(file_of({"reference": "KS-2"}))
    assert faults == ["line 2, start_date: this departure was cancelled"]


def test_a_tour_has_one_operator_and_one_name_within_a_file_too() -> None:
    faults = refused(
        file_of(
            {},
            {"reference": "KS-2", "tour_name": "Kariba"},
            {"reference": "KS-3", "operator": "Zambezi Trails"},
            {"reference": "KS-4", "tour_name": ""},
            {"reference": "KS-5", "tour_name": "victoria  FALLS", "operator": "kalai SAFARIS"},
        )
    )
    assert faults == [
        "line 3, tour_name: tour 5 has another name on line 2",
        "line 4, tour_id: tour 5 is of another operator on line 2",
    ]


def test_a_tour_of_another_operator_is_refused() -> None:
    load(file_of())
    faults = refused(file_of({"reference": "ZT-1", "operator": "Zambezi Trails"}))
    assert faults == ["line 2, tour_id: tour 5 belongs to another operator"]


def test_operators_are_known_whatever_their_case() -> None:
    load(file_of())
    assert load(file_of({"reference": "KS-2", "operator": "KALAI  safaris"})).operators == ()
    load(file_of({"reference": "KS-3", "operator": ""}))
    with transaction() as db:
        assert db.execute(select(func.count()).select_from(Operator)).scalar_one() == 1


def statements_of(data: bytes) -> int:
    """How many statements an import sends; rows sent in one batch are one."""
    engine: Engine = current().engine
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(engine, "before_cursor_execute", counted)
    try:
        load(data)
    finally:
        event.remove(engine, "before_cursor_execute", counted)
    return count


def test_many_rows_need_no_more_questions_than_few() -> None:
    def rows(count: int, prefix: str, name: str) -> bytes:
        return file_of(
            *(
                {"reference": f"{prefix}-{number}", "paid": "50", "customer_name": name}
                for number in range(count)
            )
        )

    few_added = statements_of(rows(2, "FEW", "A"))
    many_added = statements_of(rows(400, "MANY", "A"))
    few_changed = statements_of(rows(2, "FEW", "B"))
    many_changed = statements_of(rows(400, "MANY", "B"))
    assert many_added <= few_added
    assert many_changed <= few_changed


def _load_elsewhere(url: str, data: bytes, results: "multiprocessing.Queue[object]") -> None:
    configure(Database(url))
    try:
        results.put(counts(load(data)))
    except Exception as error:
        results.put(repr(error))


def test_the_same_file_imported_by_several_at_once_is_imported_once(database_url: str) -> None:
    data = file_of(*({"reference": f"KS-{number:04}", "paid": "50"} for number in range(200)))
    spawning = multiprocessing.get_context("spawn")
    results = spawning.Queue()
    processes = [
        spawning.Process(target=_load_elsewhere, args=(database_url, data, results))
        for _ in range(3)
    ]
    for process in processes:
        process.start()
    found = sorted(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(timeout=30)
    assert found == [(0, 0, 200), (0, 0, 200), (200, 0, 0)]
    with transaction() as db:
        assert db.execute(select(func.sum(Transfer.amount_minor))).scalar_one() == 200 * 5_000
        assert prove(db) == []


def test_a_booking_that_a_payment_holds_is_waited_for_and_read_afresh() -> None:
    world = w.build()
    payment = w.open_payment(world)
    reading = read(
        file_of(
            {
                "tour_name": "",
                "start_date": "2027-02-10",
                "customer_phone": "+263772345678",
            }
        )
    )
    with current().sessions() as looking:
        # The booking as it was before the payment: what an import must not go by.
        stale = looking.execute(select(Booking)).scalar_one()
        assert stale.paid_minor == 0
        w.settle(payment)
        with pytest.raises(ImportRefused) as error:
            apply_bookings(looking, reading, "cli")
        looking.rollback()
    assert "something is paid" in str(error.value.faults[0])


def test_the_audit_trail_counts_imports_that_did_something() -> None:
    load(file_of())
    load(file_of())
    with transaction() as db:
        entries = db.execute(select(AuditEntry)).scalars().all()
        assert [(each.act, each.detail) for each in entries] == [
            ("bookings_imported", {"added": 1, "changed": 0})
        ]


def test_paying_goes_on_as_before_after_an_import() -> None:
    load(file_of({"paid": "50"}))
    with transaction() as db:
        owner = db.execute(select(Operator)).scalar_one()
        contact = factories.contact(db).id
        account = factories.account(db, owner, w.SEALER).id
    world = w.World(owner.id, booking().id, contact, account)
    assert w.settle(w.open_payment(world)).known is False
    assert booking().paid_minor == 15_000
    with transaction() as db:
        assert payments.lock_booking(db, booking().id).payment_status == "DEPOSIT_PAID"
        assert prove(db) == []
