"""Entries of the audit trail in words: sentences, references, what a proposal would change."""

import ast
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import event

from bot.admin.audit_trail.sentences import ACTS, plain, sentence
from domain.cancelling import cancel_booking
from domain.database import current, transaction
from domain.models import AuditEntry, Departure, Operator
from domain.money import Money
from domain.outside import Method, OutsideMoney, Posted, record
from tests import factories
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import Sold, proposed, sell, send, words_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def sold(house: House) -> Sold:
    return sell(house.operator_id)


def write(act: str, subject: str, **detail: object) -> None:
    with transaction() as db:
        db.add(AuditEntry(actor="anna@example.com", act=act, subject=subject, detail=detail))


def cash(house: House, sold: Sold, amount_minor: int = 10_000) -> None:
    money = Money(amount_minor, "USD")
    wish = OutsideMoney(uuid4(), sold.world.booking_id, money, Method.CASH, "Book 7", house.own)
    with transaction() as db:
        assert isinstance(record(db, wish), Posted)


def test_an_act_is_a_sentence_about_something_with_a_name(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    cash(house, sold)
    with transaction() as db:
        departure = db.query(Departure).one()
    write("numbers_shown", f"departure:{departure.id}", view="csv")
    payment = sold.paid()
    write("payment_asked", f"payment:{payment}")
    answer = sign_in(house.admin).get("/admin/audit")
    said = words_of(answer)
    assert "Recorded USD 100.00 taken in cash Booking KS-2024-001" in said
    assert "Evidence: Book 7" in said
    assert "Amount:" not in said
    assert "Looked at the phone numbers of the group Victoria Falls Safari, 10 Feb 2027" in said
    assert f'href="/admin/departures/{departure.id}"' in answer.text
    assert "Payment of USD 100.00, booking KS-2024-001" in said


def test_who_was_not_told_is_named_by_reference_with_the_reason(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    silent = {str(sold.world.booking_id): "unknown", "999": "late"}
    write("departure_cancelled", "departure:1", bookings=2, why="Floods", told=0, not_told=silent)
    said = words_of(sign_in(house.admin).get("/admin/audit"))
    assert "Not told: KS-2024-001 (nobody with this number has written to us)" in said
    assert "Not told: booking 999 (last wrote to us more than 24 hours ago)" in said
    assert "People told: 0" in said


def test_a_proposal_says_what_it_would_change_and_leads_there(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    sold.paid()
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        other = factories.booking(db, owner, reference="KS-2024-777")
    moved = {"from": sold.world.booking_id, "to": other.id, "amount_minor": 500, "currency": "USD"}
    write("money_moved", f"booking:{other.id}", **moved)
    client = sign_in(house.own)
    page = f"/admin/bookings/{sold.world.booking_id}/correct"
    form = {"name": "Tendai Moyo", "total": "400.00", "evidence": "A discount of theirs"}
    send(client, page, **form)
    (asked,) = proposed()
    answer = sign_in(house.admin).get("/admin/audit")
    said = words_of(answer)
    assert "Proposed to correct a booking Booking KS-2024-001" in said
    assert "Total: USD 500.00 → USD 400.00" in said
    assert f'href="/admin/approvals/{asked.id}"' in answer.text
    assert str(asked.id)[:8] not in said
    assert "Moved USD 5.00 to another booking Booking KS-2024-777" in said
    assert "From: Booking KS-2024-001 To: Booking KS-2024-777" in said
    # The booking's own page says the same to its operator's staff.
    own = words_of(client.get(f"/admin/bookings/{sold.world.booking_id}"))
    assert "Proposed to correct a booking" in own
    assert "A proposal to correct a booking waits for a second person" in own


def test_a_move_that_waits_names_the_payment_and_the_booking(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    payment = sold.paid()
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        factories.booking(db, owner, reference="KS-2024-777")
    client = sign_in(house.own)
    fields = {"amount": "20", "evidence": "She booked twice"}
    send(client, f"/admin/transactions/{payment}/move?to=KS-2024-777", **fields)
    said = words_of(sign_in(house.admin).get("/admin/audit"))
    assert "Proposed to move money to another booking Booking KS-2024-001" in said
    assert "Amount: USD 20.00 Of: Payment of USD 100.00, booking KS-2024-001" in said
    assert "To: Booking KS-2024-777" in said


def test_a_page_of_entries_takes_as_many_queries_as_one_entry(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    client, engine = sign_in(house.admin), current().engine
    asked: list[str] = []

    def count(*args: object) -> None:
        asked.append(str(args[2]))

    write("booking_changed", f"booking:{sold.world.booking_id}", columns=["name"], line=2)
    event.listen(engine, "before_cursor_execute", count)
    try:
        client.get("/admin/audit")
        few, asked[:] = len(asked), []
        for number in range(30):
            with transaction() as db:
                owner = db.get_one(Operator, house.operator_id)
                booking = factories.booking(db, owner, reference=f"KS-2025-{number:03}")
            write("booking_changed", f"booking:{booking.id}", columns=["name"], line=2)
        asked[:] = []
        assert "Booking KS-2025-029" in client.get("/admin/audit").text
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert len(asked) == few


def test_what_is_unknown_or_says_less_is_told_by_its_name(house: House, sign_in: SignIn) -> None:
    write("something_new", "thing:7", colour="blue")
    write("outside_recorded", "booking:x", method="cash", not_told="odd", proposal="odd")
    write("payment_asked", "payment:not-an-id", payment=[1], review=None)
    write("booking_changed", "booking:99999999999999999999", columns=None, departure="odd")
    said = words_of(sign_in(house.admin).get("/admin/audit"))
    assert "Something new Thing 7" in said
    assert "Colour: blue" in said
    assert "Outside recorded Booking x" in said
    assert "Payment not-an-id" in said


def test_an_operators_own_read_no_names_of_others(house: House, sign_in: SignIn) -> None:
    own, theirs = sell(house.operator_id), sell(house.stranger_id, "OT-1", tour=6)
    write("money_moved", f"booking:{own.world.booking_id}", to=theirs.world.booking_id)
    page = sign_in(house.own).get(f"/admin/bookings/{own.world.booking_id}").text
    assert "OT-1" not in page


def test_a_cancelled_booking_says_so_in_its_history(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    with transaction() as db:
        cancel_booking(db, sold.world.booking_id, house.own, "They fell ill")
    said = words_of(sign_in(house.own).get(f"/admin/bookings/{sold.world.booking_id}"))
    assert "Cancelled the booking" in said
    assert "Money to give back: no" in said
    assert "Why: They fell ill" in said
    assert "Bookings: 1" not in said


def test_every_act_that_is_written_down_has_a_sentence() -> None:
    """By the calls of the house that write one: their act is a plain text in them."""
    named = {plain(act) for act in ACTS}
    for path in [*(ROOT / "domain").rglob("*.py"), *(ROOT / "bot").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called not in ("entry", "write_act", "_write_down", "write_down", "AuditEntry"):
                continue
            texts = [*node.args, *(each.value for each in node.keywords if each.arg == "act")]
            for each in texts:
                words = each.value if isinstance(each, ast.Constant) else ""
                if isinstance(words, str) and "_" in words:
                    assert plain(words) in named, f"{path}: {words}"
    assert sentence("signed_in", {}).words == "Signed in"
