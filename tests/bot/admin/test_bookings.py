"""Bookings: the list and its search, one with its history, and what is done to it."""

import re
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from bot.admin.bookings.queries import STATUSES
from bot.runtime import Runtime
from domain import proposals
from domain.database import transaction
from domain.models import (
    AuditEntry,
    Booking,
    Contact,
    Departure,
    Message,
    Operator,
    Payment,
    Proposal,
    Transfer,
)
from domain.wishes import Tools
from tests import factories
from tests.bot.admin.conftest import House, SignIn
from tests.domain.world import World, assert_books_agree, open_payment, settle

DAY = date(2030, 2, 10)


@dataclass(frozen=True)
class Sold:
    """A booking of each operator, alike, and who leads ours."""

    ours: int
    theirs: int
    contact: int


@pytest.fixture
def sold(house: House) -> Sold:
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        stranger = db.get_one(Operator, house.stranger_id)
        on = factories.departure(db, factories.tour(db, owner, 5, "Victoria Falls"), DAY)
        other = factories.departure(db, factories.tour(db, stranger, 6, "Charyn Canyon"), DAY)
        ours = factories.booking(db, owner, on, reference="KS-2024-001", paid_minor=10_000)
        theirs = factories.booking(db, stranger, other, reference="KS-2024-002")
        contact = factories.contact(db)
        return Sold(ours.id, theirs.id, contact.id)


def wrote(sold: Sold) -> None:
    with transaction() as db:
        db.get_one(Contact, sold.contact).last_inbound_at = func.clock_timestamp()


def booking_of(booking_id: int) -> Booking:
    with transaction() as db:
        return db.get_one(Booking, booking_id)


def said() -> list[str]:
    with transaction() as db:
        query = select(Message.body).where(Message.direction == "out").order_by(Message.id)
        return list(db.scalars(query))


def listed(page: str) -> list[str]:
    return re.findall(r'href="/admin/bookings/\d+">([^<]+)</a>', page)


@pytest.mark.parametrize(
    "query",
    [
        "ks 2024 001",
        "KS2024001",
        "bk t005 20300210",
        "+263 77 497 5187",
        "0774975187",
        "tend",
        "moyo TEN",
    ],
)
def test_a_booking_is_found_by_whatever_names_it(
    house: House, sold: Sold, sign_in: SignIn, query: str
) -> None:
    assert sold.ours
    page = sign_in(house.own).get("/admin/bookings", query_string={"q": query}).text
    assert listed(page) == ["KS-2024-001"]


@pytest.mark.parametrize(
    "query", ["oyo", "tendai banda", "KS-2024-002", "BK-T006-20300210", "' | !"]
)
def test_what_is_not_ones_own_or_no_beginning_is_not_found(
    house: House, sold: Sold, sign_in: SignIn, query: str
) -> None:
    assert sold.theirs
    page = sign_in(house.own).get("/admin/bookings", query_string={"q": query})
    assert page.status_code == 200
    assert listed(page.text) == []


def test_names_in_other_scripts_are_found_in_small_letters(house: House, sign_in: SignIn) -> None:
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        factories.booking(db, owner, reference="KZ-1", name="Айгуль Сейтқали")
    page = sign_in(house.admin).get("/admin/bookings", query_string={"q": "сейт айг"}).text
    assert listed(page) == ["KZ-1"]


def test_the_list_is_narrowed_and_goes_on(house: House, sold: Sold, sign_in: SignIn) -> None:
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        for number in range(60):
            factories.booking(db, owner, reference=f"N-{number:03d}", phone=None)
        db.get_one(Booking, sold.ours).cancelled_at = func.clock_timestamp()
    client = sign_in(house.admin)
    first = client.get(f"/admin/bookings?operator={house.operator_id}").text
    assert listed(first)[0] == "N-059"
    assert len(listed(first)) == 50
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older is not None
    rest = client.get(older[1].replace("&amp;", "&")).text
    assert listed(rest) == [*(f"N-{number:03d}" for number in range(9, -1, -1)), "KS-2024-001"]
    assert listed(client.get("/admin/bookings?status=TO_REFUND").text) == ["KS-2024-001"]
    assert listed(client.get("/admin/bookings?status=CANCELLED&tour=5").text) == ["KS-2024-001"]
    assert listed(client.get("/admin/bookings?tour=6").text) == ["KS-2024-002"]
    for status in (*STATUSES, "nonsense"):
        assert client.get(f"/admin/bookings?status={status}&before=zz").status_code == 200


def test_the_list_holds_no_whole_number(house: House, sold: Sold, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    for address in ("/admin/bookings", f"/admin/bookings/{sold.ours}"):
        page = client.get(address).text
        assert "•••• 5187" in page
        assert factories.PHONE not in page
        assert "Charyn" not in page
        assert "KS-2024-002" not in page


@pytest.mark.parametrize("path", ["", "/outside", "/cancel", "/correct"])
def test_a_strangers_booking_is_not_there(
    house: House, sold: Sold, sign_in: SignIn, path: str
) -> None:
    client = sign_in(house.own)
    assert client.get(f"/admin/bookings/{sold.theirs}{path}").status_code == 404
    assert client.get(f"/admin/bookings/{sold.ours}{path}").status_code == 200


@pytest.mark.parametrize("path", ["number", "outside", "cancel", "correct"])
def test_nothing_is_done_to_a_strangers_booking(
    house: House, sold: Sold, sign_in: SignIn, path: str
) -> None:
    form = {
        "why": "x",
        "amount": "10",
        "method": "cash",
        "evidence": "1",
        "name": "A",
        "total": "9",
    }
    answer = sign_in(house.own).post(f"/admin/bookings/{sold.theirs}/{path}", data=form)
    assert answer.status_code == 404
    with transaction() as db:
        assert db.scalars(select(AuditEntry)).all() == []
        theirs = db.get_one(Booking, sold.theirs)
        assert (theirs.cancelled_at, theirs.lead_name) == (None, "Tendai Moyo")


def test_a_number_is_shown_on_a_click_that_is_written_down(
    house: House, sold: Sold, sign_in: SignIn
) -> None:
    answer = sign_in(house.own).post(f"/admin/bookings/{sold.ours}/number")
    assert f"+{factories.PHONE}" in answer.text
    with transaction() as db:
        (entry,) = db.scalars(select(AuditEntry))
    assert (entry.act, entry.subject) == ("number_shown", f"booking:{sold.ours}")
    assert entry.staff_id == house.own


def outside_form(**other: str) -> dict[str, str]:
    form = {"amount": "150.00", "method": "cash", "evidence": "Book 7, no. 12"}
    return form | {"act_id": str(uuid4())} | other


def test_money_taken_at_the_desk_counts_once_and_is_receipted_once(
    house: House, sold: Sold, sign_in: SignIn
) -> None:
    wrote(sold)
    client, form = sign_in(house.own), outside_form()
    for _ in range(2):
        answer = client.post(f"/admin/bookings/{sold.ours}/outside", data=form)
        assert (answer.status_code, answer.location) == (303, f"/admin/bookings/{sold.ours}")
    assert booking_of(sold.ours).paid_minor == 25_000
    (words,) = said()
    assert "*USD 150.00* received in cash" in words
    assert "BK-T005-20300210" in words
    assert "Balance USD 250.00" in words
    number = f"OUT-{form['act_id'][:8].upper()}"
    assert number in words
    page = client.get(f"/admin/bookings/{sold.ours}").text
    assert "The receipt is sent in WhatsApp." in page
    assert "This form was sent before: USD 150.00 stands in the books once." in page
    other = client.post(f"/admin/bookings/{sold.ours}/outside", data=form | {"amount": "20.00"})
    assert "This form was sent before, with other details" in other.text
    assert booking_of(sold.ours).paid_minor == 25_000
    assert number in page
    assert "Taken outside, cash: Book 7, no. 12" in page
    assert_books_agree()


def test_a_receipt_that_cannot_be_sent_is_printed(
    house: House, sold: Sold, sign_in: SignIn
) -> None:
    client = sign_in(house.own)
    client.post(f"/admin/bookings/{sold.ours}/outside", data=outside_form())
    page = client.get(f"/admin/bookings/{sold.ours}").text
    assert "Print the receipt" in page
    assert said() == []
    link = re.search(r'href="(/admin/bookings/\d+/receipts/\d+)"', page)
    assert link is not None
    receipt = client.get(link[1]).text
    assert "USD 150.00" in receipt
    assert "Paid in cash: Book 7, no. 12" in receipt
    assert "outside" not in receipt
    assert "Still owed" in receipt
    assert sign_in(house.foreign).get(link[1]).status_code == 404
    with transaction() as db:
        opening = db.scalars(select(Transfer.id).where(Transfer.kind == "opening")).first()
    missing = client.get(f"/admin/bookings/{sold.ours}/receipts/{opening}")
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"amount": "400.01"}, "That is more than the booking owes: USD 400.00."),
        ({"amount": "1e2"}, "Enter an amount in USD"),
        ({"amount": "0"}, "Enter an amount above zero."),
        ({"method": "gold"}, "Not a valid choice"),
        ({"evidence": ""}, "Write down where it can be looked up"),
    ],
)
def test_what_is_wrong_with_an_amount_is_said_beside_it(
    house: House, sold: Sold, sign_in: SignIn, other: dict[str, str], words: str
) -> None:
    address = f"/admin/bookings/{sold.ours}/outside"
    answer = sign_in(house.own).post(address, data=outside_form(**other))
    assert answer.status_code == 200
    assert words in answer.text
    assert booking_of(sold.ours).paid_minor == 10_000


def test_a_booking_is_cancelled_once_and_its_customer_told_once(
    house: House, sold: Sold, sign_in: SignIn
) -> None:
    wrote(sold)
    client = sign_in(house.own)
    for _ in range(2):
        answer = client.post(f"/admin/bookings/{sold.ours}/cancel", data={"why": "Fell ill"})
        assert answer.status_code == 303
    (words,) = said()
    assert words.startswith("Kalai Safaris has cancelled your booking KS-2024-001")
    page = client.get(f"/admin/bookings/{sold.ours}").text
    assert "It still holds USD 100.00." in page
    assert "Fell ill" in page


def test_a_cancelled_booking_says_how_each_part_of_what_it_holds_is_given_back(
    house: House, sold: Sold, sign_in: SignIn, runtime: Runtime
) -> None:
    client, address = sign_in(house.own), f"/admin/bookings/{sold.ours}"
    client.post(f"{address}/outside", data=outside_form())
    client.post(f"{address}/cancel", data={"why": "Fell ill"})
    page = client.get(address).text
    assert "What was taken outside, USD 150.00, you give back yourselves" in page
    assert "USD 100.00 is of no payment and no receipt here" in page
    assert "What was paid in the chat" not in page
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        account = factories.account(db, owner, runtime.accounts.sealer)
        other = factories.booking(db, owner, reference="KS-2024-003")
    world = World(owner.id, other.id, sold.contact, account.id)
    settle(open_payment(world))
    address = f"/admin/bookings/{other.id}"
    client.post(f"{address}/cancel", data={"why": "Fell ill"})
    page = client.get(address).text
    assert "What was paid in the chat, USD 100.00, is refunded on the page" in page
    assert "taken outside" not in page
    assert "no receipt here" not in page


def correction(sold: Sold, client: object, **other: str) -> dict[str, str]:
    """The form as it is shown, but for what is said."""
    page = client.get(f"/admin/bookings/{sold.ours}/correct").text  # type: ignore[attr-defined]
    assert factories.PHONE not in page
    return fields(page) | other


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input[^>]*name="([a-z_]+)"[^>]*value="([^"]*)"', page))


def test_a_name_is_corrected_at_once(house: House, sold: Sold, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    form = correction(sold, client, name="Tendai de Moyo", deposit="50")
    for _ in range(2):
        answer = client.post(f"/admin/bookings/{sold.ours}/correct", data=form)
        assert answer.status_code == 303
    booking = booking_of(sold.ours)
    assert (booking.lead_name, booking.deposit_minor) == ("Tendai de Moyo", 5_000)
    assert (booking.lead_phone, booking.total_minor) == (factories.PHONE, 50_000)
    page = client.get(f"/admin/bookings/{sold.ours}").text
    assert "Name: Tendai Moyo → Tendai de Moyo" in page
    with transaction() as db:
        acts = db.scalars(select(AuditEntry.act)).all()
    assert acts == ["booking_corrected"]


def test_the_phone_of_a_paid_booking_waits_for_a_second_person(
    house: House, sold: Sold, sign_in: SignIn, runtime: Runtime
) -> None:
    client, address = sign_in(house.own), f"/admin/bookings/{sold.ours}/correct"
    form = correction(sold, client, phone="0771234567")
    assert "Write down what shows it" in client.post(address, data=form).text
    form["evidence"] = "He showed his passport"
    for _ in range(2):
        assert client.post(address, data=form).status_code == 303
    with transaction() as db:
        (asked,) = db.scalars(select(Proposal))
    assert "263771234567" not in str(asked.detail)
    page = client.get(f"/admin/bookings/{sold.ours}").text
    assert "waits for a second person" in page
    with transaction() as db:
        tools = Tools(runtime.policy, runtime.accounts.sealer)
        assert isinstance(proposals.approve(db, asked.id, house.second, tools), Proposal)
    assert booking_of(sold.ours).lead_phone == "263771234567"


def test_what_is_wrong_with_a_correction_is_said_beside_it(
    house: House, sold: Sold, sign_in: SignIn
) -> None:
    client, address = sign_in(house.own), f"/admin/bookings/{sold.ours}/correct"
    form = correction(sold, client)
    for other, words in (
        ({"total": "99.99"}, "The total cannot be less than what was paid: USD 100.00."),
        ({"total": "-5"}, "must be an amount like"),
        ({"phone": "12"}, "phone number"),
        ({"email": "nobody"}, "is not an e-mail address"),
        ({"deposit": "500.01"}, "The deposit cannot be more than the total."),
        ({"name": ""}, "Enter the name."),
    ):
        answer = client.post(address, data=form | other)
        assert answer.status_code == 200
        assert words in answer.text
    client.post(address, data=form | {"name": "First"})


def test_a_correction_of_what_was_changed_meanwhile_is_made_again(
    house: House, sold: Sold, sign_in: SignIn
) -> None:
    client, address = sign_in(house.own), f"/admin/bookings/{sold.ours}/correct"
    stale = correction(sold, client)
    client.post(address, data=stale | {"name": "First"})
    page = client.post(address, data=stale | {"email": "second@example.com"}).text
    assert "Somebody changed this booking meanwhile." in page
    assert "Reject" not in page
    assert booking_of(sold.ours).email is None
    form = fields(page)
    assert form["name"] == "First"
    assert form["email"] == ""
    again = client.post(address, data=form | {"email": "second@example.com"})
    assert again.status_code == 303
    booking = booking_of(sold.ours)
    assert (booking.lead_name, booking.email) == ("First", "second@example.com")


def test_a_correction_says_how_a_booking_comes_to_a_departure(
    house: House, sold: Sold, sign_in: SignIn
) -> None:
    client = sign_in(house.own)
    page = client.get(f"/admin/bookings/{sold.ours}/correct").text
    assert "Its tour and day are not changed here" in page
    assert "with this reference, the tour_id and the start_date" in page
    with transaction() as db:
        db.get_one(Booking, sold.ours).departure_id = None
    page = client.get(f"/admin/bookings/{sold.ours}/correct").text
    assert "It has no departure yet, and none is chosen here" in page


def new_booking(**other: str) -> dict[str, str]:
    form = {
        "act_id": str(uuid4()),
        "reference": "KS-2030-001",
        "tour": "5",
        "start_date": "2030-03-01",
        "name": "Rudo Banda",
        "phone": "+263771234567",
        "currency": "USD",
        "total": "1,250.00",
    }
    return form | other


def test_a_booking_is_added_once(house: House, sold: Sold, sign_in: SignIn) -> None:
    client, form = sign_in(house.own), new_booking()
    places = {client.post("/admin/bookings/add", data=form).location for _ in range(2)}
    with transaction() as db:
        (row,) = db.scalars(select(Booking).where(Booking.reference == "KS-2030-001"))
        day = db.scalars(select(Departure.start_date).where(Departure.id == row.departure_id)).one()
    assert places == {f"/admin/bookings/{row.id}"}
    assert (row.total_minor, row.operator_id, day) == (125_000, house.operator_id, date(2030, 3, 1))
    assert sold.ours != row.id
    page = client.get(f"/admin/bookings/{row.id}").text
    assert "<strong>Added</strong>" not in page
    assert "<strong>Added</strong>" in client.get(f"/admin/bookings/{sold.ours}").text


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"reference": "ks2024001"}, "There is a booking with this reference already."),
        ({"reference": "KS-2024-002"}, "There is a booking with this reference already."),
        ({"reference": "BK-T005-20300301"}, "shared reference"),
        ({"reference": "🦓 <b>"}, "Customers could not write this to pay"),
        ({"reference": "12345"}, "such as KS-2024-001."),
        ({"reference": "cancel"}, "such as KS-2024-001."),
        ({"phone": ""}, "Enter the phone number"),
        ({"tour": ""}, "Choose the tour that leaves on that day."),
        ({"tour": "6"}, "Not a valid choice"),
        ({"total": "0"}, "It must be more than zero."),
        ({"deposit": "2000"}, "more than the total"),
    ],
)
def test_what_is_wrong_with_a_new_booking_is_said_beside_it(
    house: House, sold: Sold, sign_in: SignIn, other: dict[str, str], words: str
) -> None:
    answer = sign_in(house.own).post("/admin/bookings/add", data=new_booking(**other))
    assert answer.status_code == 200
    assert words in answer.text
    with transaction() as db:
        ids = select(Booking.id).order_by(Booking.id)
        assert db.scalars(ids).all() == [sold.ours, sold.theirs]


def test_an_admin_says_whose_booking_it_is(house: House, sold: Sold, sign_in: SignIn) -> None:
    client, form = sign_in(house.admin), new_booking(tour="", start_date="")
    assert "Choose whose booking it is." in client.post("/admin/bookings/add", data=form).text
    client.post("/admin/bookings/add", data=form | {"operator": "Other Tours"})
    with transaction() as db:
        (row,) = db.scalars(select(Booking).where(Booking.reference == "KS-2030-001"))
    assert row.operator_id == house.stranger_id
    assert row.id > sold.theirs


def test_one_booking_shows_its_payments_and_its_history(
    house: House, sold: Sold, sign_in: SignIn, runtime: Runtime
) -> None:
    wrote(sold)
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        account = factories.account(db, owner, runtime.accounts.sealer)
        booking, contact = db.get_one(Booking, sold.ours), db.get_one(Contact, sold.contact)
        payment: Payment = factories.payment(db, booking, contact, account)
        db.add(AuditEntry(actor="cli", act="booking_changed", subject=f"booking:{sold.ours}"))
    page = sign_in(house.own).get(f"/admin/bookings/{sold.ours}").text
    assert f"/admin/transactions/{payment.id}" in page
    assert "Paid before the booking came here" in page
    assert "Changed the booking by an import" in page
    # The same number stands on somebody else's booking, so only admins may read what was said.
    assert f"/admin/conversations/{sold.contact}" not in page
    whole = sign_in(house.admin).get(f"/admin/bookings/{sold.ours}").text
    assert f"/admin/conversations/{sold.contact}" in whole


def test_acts_on_money_need_a_fresh_sign_in(house: House, sold: Sold, sign_in: SignIn) -> None:
    client = sign_in(house.own, fresh=False)
    for path in ("outside", "cancel", "correct"):
        answer = client.post(f"/admin/bookings/{sold.ours}/{path}", data=outside_form())
        assert answer.location.startswith("/admin/confirm")
    assert client.post("/admin/bookings/import").location.startswith("/admin/confirm")
    assert client.get("/admin/bookings/99999999999999999999").status_code == 404
