"""What came of a payment, where that is not just what was asked for: too much, too little, twice,
given back.
"""

from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from bot.admin.conversations.words import marked_up
from domain.database import transaction
from domain.models import Message, Payment
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import refunds, sell, send, words_of
from tests.domain import refunds_world as r
from tests.domain import world as w

LIST = "/admin/transactions"


def change(payment: UUID, **values: object) -> None:
    with transaction() as db:
        db.execute(update(Payment).where(Payment.id == payment).values(**values))


def paid_twice(house: House, *, by_link: bool = True) -> UUID:
    payment = sell(house.operator_id, provider="cashfree").paid()
    if by_link:
        change(payment, link_url="https://pay.example.com/1")
    w.settle(payment, w.success(payment, "SECOND", 10_000))
    return payment


@pytest.mark.parametrize(("by_link", "said"), [(True, "The link"), (False, "It")])
def test_what_was_paid_twice_is_called_so(
    house: House, sign_in: SignIn, by_link: bool, said: str
) -> None:
    payment = paid_twice(house, by_link=by_link)
    own = sign_in(house.own)
    shown = words_of(own.get(f"{LIST}/{payment}"))
    assert f"{said} was paid twice" in shown
    assert "Money came once more for this payment" in shown
    assert "More came than the booking owed" not in shown
    assert f"{said} was paid twice" in words_of(own.get("/admin/review"))


def test_more_than_was_owed_is_still_called_so(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.mismatched()
    own, second = sign_in(house.own), sign_in(house.second)
    fields = {"amount": "600", "receipt": "OTHER", "evidence": "statement, line 7"}
    second.post(f"{send(own, f'{LIST}/{payment}/settle', **fields).location}/approve")
    for address in (f"{LIST}/{payment}", "/admin/review"):
        assert "More came than the booking owed" in words_of(own.get(address))


@pytest.mark.parametrize("act", ["refund", "refunded-outside"])
def test_a_surplus_is_named_and_offered(house: House, sign_in: SignIn, act: str) -> None:
    payment = paid_twice(house)
    own = sign_in(house.own)
    page = own.get(f"{LIST}/{payment}/{act}")
    shown = words_of(page)
    assert "At most USD 200.00. Nobody owed USD 100.00: that is the surplus." in shown
    assert "The surplus of USD 100.00 goes back first." in shown
    assert 'value="100.00"' in page.text


def test_a_promised_surplus_is_offered_to_nobody_else(house: House, sign_in: SignIn) -> None:
    payment = paid_twice(house)
    own = sign_in(house.own)
    send(own, f"{LIST}/{payment}/refund", amount="100.00", reason="paid twice")
    page = own.get(f"{LIST}/{payment}/refund")
    assert "surplus" not in words_of(page)
    assert 'value="100.00"' not in page.text


def test_a_list_and_a_page_say_what_came_of_what_was_asked(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).mismatched()
    other = sell(house.operator_id, "KS-2", tour=6)
    other.paid(receipt="TWO")
    own, second = sign_in(house.own), sign_in(house.second)
    fields = {"amount": "75", "receipt": "OTHER", "evidence": "statement, line 7"}
    second.post(f"{send(own, f'{LIST}/{payment}/settle', **fields).location}/approve")
    listed = words_of(own.get(LIST))
    assert "USD 100.00 USD 75.00 came Paid" in listed
    assert listed.count("came Paid") == 1, "the other one brought what was asked for"
    page = own.get(f"{LIST}/{payment}")
    assert "<h1>USD 100.00 for KS-2024-001: USD 75.00 came</h1>" in page.text
    assert "Asked for USD 100.00" in words_of(own.get(f"{LIST}/{payment}/live"))


def given_back(own: FlaskClient, second: FlaskClient, payment: UUID) -> UUID:
    location = send(own, f"{LIST}/{payment}/refund", amount="40", reason="a seat less").location
    second.post(f"{location}/approve")
    [refund] = refunds()
    r.send(refund.id)
    r.hear(refund.id, "succeeded")
    return refund.id


def test_what_went_back_stands_in_the_list(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    own, second = sign_in(house.own), sign_in(house.second)
    assert "back" not in words_of(own.get(f"{LIST}?status=succeeded"))
    refund = given_back(own, second, payment)
    assert "Paid USD 40.00 back" in words_of(own.get(f"{LIST}?status=succeeded"))
    shown = words_of(own.get(f"{LIST}/{payment}"))
    assert "Went back USD 40.00" in shown
    assert "USD 40.00 Paid back by Kaspi" in shown
    assert "Paid back" in words_of(own.get(f"/admin/approvals/refunds/{refund}"))


@pytest.mark.parametrize(
    ("provider", "where"),
    [
        ("kaspi", "the Kaspi account it came from"),
        ("cashfree", "the account or card it came from"),
        ("phonepe", "the account or card it came from"),
    ],
)
def test_where_it_goes_back_to_is_said_by_provider(
    house: House, sign_in: SignIn, provider: str, where: str
) -> None:
    payment = sell(house.operator_id, provider=provider).paid()
    own = sign_in(house.own)
    address = f"{LIST}/{payment}/refund"
    assert f"give the money back to {where}." in words_of(own.get(address))
    location = send(own, address, amount="1", reason="x").location
    assert f"to give USD 1.00 back to {where}." in words_of(own.get(location))


def test_what_is_to_be_cancelled_is_being_cancelled(house: House, sign_in: SignIn) -> None:
    paid = sell(house.operator_id, "KS-2", tour=6).paid(receipt="TWO")
    waiting = sell(house.operator_id).opened()
    w.walk(waiting, "start", "code")
    own = sign_in(house.own)
    assert "Being cancelled" not in words_of(own.get(LIST))
    for payment in (waiting, paid):
        change(payment, cancel_requested_at=w.payment_of(payment).created_at)
    listed = words_of(own.get(LIST))
    assert (listed.count("Being cancelled"), listed.count("Waits for code")) == (1, 1), "a filter"
    assert "Being cancelled" in words_of(own.get(f"{LIST}/{waiting}"))
    assert "Being cancelled" not in words_of(own.get(f"{LIST}/{paid}"))


def test_messages_are_shown_as_whatsapp_does(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.paid()
    with transaction() as db:
        db.add(
            Message(
                direction="out",
                contact_id=sold.world.contact_id,
                payment_id=payment,
                status="sent",
                body="Write *pay* <b>now</b>",
            )
        )
    page = sign_in(house.own).get(f"{LIST}/{payment}").text
    assert "Write <strong>pay</strong> &lt;b&gt;now&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("*new link*, or *cancel*", "<strong>new link</strong>, or <strong>cancel</strong>"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("a*b*c and ** and *", "a*b*c and ** and *"),
        ("*one\ntwo*", "*one<br>two*"),
        ("*<i>*", "<strong>&lt;i&gt;</strong>"),
    ],
)
def test_bold_is_what_stars_enclose(body: str, shown: str) -> None:
    assert str(marked_up(body)) == shown
