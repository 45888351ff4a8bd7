"""Money taken outside that is taken back: proposed on its page, decided by another, told once."""

import re
from dataclasses import dataclass
from html import unescape
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from bot.admin.bookings import whole
from domain import outside
from domain.database import transaction
from domain.models import Booking, Contact, Message, Operator, Proposal, Transfer
from domain.money import Money
from domain.outside import Method, OutsideMoney
from domain.wishes import NotDone
from tests import factories
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.offices import minted
from tests.bot.admin.paying import sell
from tests.domain.world import assert_books_agree

RECORD = UUID("12ab34cd-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Desk:
    """USD 150.00 taken in cash for a booking, whose traveller wrote just now."""

    booking: int
    contact: int
    transfer: int

    @property
    def page(self) -> str:
        return f"/admin/bookings/{self.booking}"

    @property
    def address(self) -> str:
        return f"{self.page}/outside/{self.transfer}/take-back"


@pytest.fixture
def desk(house: House) -> Desk:
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        booking = factories.booking(db, owner, reference="KS-2024-001").id
        contact = factories.contact(db)
        contact.last_inbound_at = func.clock_timestamp()
        contact_id = contact.id
    return Desk(booking, contact_id, take(booking, house.own))


def take(booking_id: int, staff_id: int, record: UUID = RECORD) -> int:
    """Record it, and tell nobody."""
    money = OutsideMoney(record, booking_id, Money(15_000, "USD"), Method.CASH, "Book 7", staff_id)
    with transaction() as db:
        assert not isinstance(outside.record(db, money), NotDone)
    with transaction() as db:
        return db.scalars(select(func.max(Transfer.id))).one()


def ask(client: FlaskClient, desk: Desk, **typed: str) -> Proposal:
    """Fill the form in as it is shown, twice as a double click does. The one proposal of it."""
    shown = client.get(desk.address)
    form = {
        "act_id": minted(shown),
        "cause": "by_mistake",
        "amount": "150.00",
        "evidence": "Counted on 3 February: it is not there",
    }
    for _ in range(2):
        assert client.post(desk.address, data=form | typed).status_code == 303
    with transaction() as db:
        return db.scalars(select(Proposal)).one()


def approve(client: FlaskClient, asked: Proposal) -> str:
    address = f"/admin/approvals/{asked.id}"
    assert client.post(f"{address}/approve").status_code == 303
    return unescape(client.get(address).text)


def said() -> list[str]:
    with transaction() as db:
        query = select(Message.body).where(Message.direction == "out").order_by(Message.id)
        return list(db.scalars(query))


def paid(desk: Desk) -> int:
    with transaction() as db:
        return db.get_one(Booking, desk.booking).paid_minor


def test_a_mistake_is_taken_off_by_two_and_told_once(
    house: House, desk: Desk, sign_in: SignIn
) -> None:
    own, second = sign_in(house.own), sign_in(house.second)
    page = own.get(desk.page).text
    assert f'href="{desk.address}"' in page
    asked = ask(own, desk)
    assert (paid(desk), said()) == (15_000, [])
    assert "You asked for this yourself" in approve(own, asked)
    assert (paid(desk), said()) == (15_000, [])
    facts = unescape(second.get(f"/admin/approvals/{asked.id}").text)
    assert "It was recorded by mistake: the money never came" in facts
    assert "USD 150.00 on " in facts
    assert "cash: Book 7" in facts
    assert "The customer is told in WhatsApp." in approve(second, asked)
    approve(second, asked)
    assert paid(desk) == 0
    (words,) = said()
    assert re.match(
        r"The payment of \*USD 150\.00\* recorded on \d+ \w+ \d{4} \(receipt OUT-12AB34CD\) was a"
        r" mistake and has been taken off\.\n",
        words,
    )
    assert "Balance USD 500.00" in words
    assert_books_agree()


def test_the_booking_says_what_became_of_it(house: House, desk: Desk, sign_in: SignIn) -> None:
    own, second = sign_in(house.own), sign_in(house.second)
    approve(second, ask(own, desk, cause="given_back", amount="50.00"))
    (words,) = said()
    assert words.startswith("*USD 50.00* was given back to you, from the payment recorded on")
    page = unescape(own.get(desk.page).text)
    assert "Given back outside: Counted on 3 February: it is not there" in page
    assert "USD 100.00 left" in page
    assert "Took back USD 50.00 that was recorded as taken outside" in page
    assert "Cause: The money was given back to the traveller" in page
    assert desk.address in page
    assert "USD 50.00" in own.get(f"{desk.page}/receipts/{desk.transfer}").text
    shown = own.get(desk.address).text
    assert 'value="100.00"' in shown
    form = {"act_id": minted(own.get(desk.address)), "cause": "by_mistake", "evidence": "x"}
    answer = own.post(desk.address, data=form | {"amount": "100.01"})
    assert answer.status_code == 422
    assert "That is more than is left of this payment: USD 100.00." in answer.text


def test_nothing_is_left_to_take_back(house: House, desk: Desk, sign_in: SignIn) -> None:
    own = sign_in(house.own)
    approve(sign_in(house.second), ask(own, desk))
    page = unescape(own.get(desk.page).text)
    assert "taken back" in page
    assert desk.address not in page
    shown = own.get(desk.address).text
    assert "All of it was taken back already." in shown
    assert '<form method="post" novalidate' not in shown


def test_who_cannot_be_written_to_is_to_be_called(
    house: House, desk: Desk, sign_in: SignIn
) -> None:
    with transaction() as db:
        db.get_one(Contact, desk.contact).last_inbound_at = None
    told = approve(sign_in(house.second), ask(sign_in(house.own), desk))
    assert "please call them" in told
    assert said() == []
    assert paid(desk) == 0


def test_a_cancelled_booking_gives_cash_back(house: House, desk: Desk, sign_in: SignIn) -> None:
    with transaction() as db:
        db.get_one(Booking, desk.booking).cancelled_at = func.clock_timestamp()
    own = sign_in(house.own)
    assert "then “take back” beside its line" in own.get(desk.page).text
    approve(sign_in(house.second), ask(own, desk, cause="given_back"))
    assert paid(desk) == 0
    (words,) = said()
    assert "Nothing more can be paid for it." in words
    assert "Balance" not in words


def test_how_to_give_it_back_counts_also_what_the_list_leaves_out(
    house: House, desk: Desk, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(desk.booking, house.own, uuid4())
    sold = sell(house.operator_id, "KS-2024-009", tour=9)
    for receipt in ("ONE", "TWO"):
        sold.paid(2_500, receipt)
    with transaction() as db:
        for booking_id in (desk.booking, sold.world.booking_id):
            db.get_one(Booking, booking_id).cancelled_at = func.clock_timestamp()
    monkeypatch.setattr(whole, "_MOST", 1)
    own = sign_in(house.own)
    page = own.get(desk.page).text
    assert page.count("Taken outside") == 1
    assert "What was taken outside, USD 300.00, you give back" in page
    assert "no receipt here" not in page
    page = own.get(f"/admin/bookings/{sold.world.booking_id}").text
    assert "What was paid in the chat, USD 50.00, is refunded" in page
    assert "no receipt here" not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"cause": ""}, "Choose why it is taken back."),
        ({"cause": "stolen"}, "Not a valid choice"),
        ({"amount": "1e2"}, "Enter an amount in USD"),
        ({"amount": "0"}, "Enter an amount above zero."),
        ({"amount": "150.01"}, "That is more than is left of this payment: USD 150.00."),
        ({"evidence": " "}, "Write down what shows it"),
        ({"evidence": "x" * 1_001}, "Write at most 1,000 characters."),
    ],
)
def test_what_is_wrong_is_said_beside_it(
    house: House, desk: Desk, sign_in: SignIn, typed: dict[str, str], words: str
) -> None:
    form = {"cause": "by_mistake", "amount": "150.00", "evidence": "Book 7"}
    answer = sign_in(house.own).post(desk.address, data=form | typed)
    assert answer.status_code == 422
    assert words in answer.text
    with transaction() as db:
        assert db.scalars(select(Proposal)).all() == []


def test_other_money_and_others_money_is_not_there(
    house: House, desk: Desk, sign_in: SignIn
) -> None:
    assert sign_in(house.foreign).get(desk.address).status_code == 404
    with transaction() as db:
        stranger = db.get_one(Operator, house.stranger_id)
        theirs = factories.booking(db, stranger, reference="OT-1", paid_minor=1_000).id
        opening = db.scalars(select(Transfer.id).where(Transfer.kind == "opening")).one()
    admin = sign_in(house.admin)
    for booking, transfer in ((theirs, desk.transfer), (theirs, opening), (desk.booking, opening)):
        address = f"/admin/bookings/{booking}/outside/{transfer}/take-back"
        assert admin.get(address).status_code == 404
        assert admin.post(address, data={"amount": "1"}).status_code == 404


def test_a_fresh_sign_in_is_asked_for(house: House, desk: Desk, sign_in: SignIn) -> None:
    answer = sign_in(house.own, fresh=False).post(desk.address)
    assert answer.location.startswith("/admin/confirm")
