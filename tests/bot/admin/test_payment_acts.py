"""The acts on a payment: said before, done once, and by two people where it takes two."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.admin.refusals import words_of as words_of_refusal
from domain import refunds as books
from domain.database import transaction
from domain.models import Booking
from domain.refunds import Following
from domain.refunds.refusals import Why as RefundWhy
from domain.wishes import NotDone, Why
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import act_id, acts, proposed, refunds, sell, send, words_of
from tests.domain import refunds_world as r
from tests.domain import world as w

FIELDS = {"amount": "40.00", "reason": "called off"}


def page_of(payment: UUID, name: str = "") -> str:
    return f"/admin/transactions/{payment}" + (f"/{name}" if name else "")


def test_two_people_refund(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    own, second = sign_in(house.own), sign_in(house.second)
    shown = words_of(own.get(page_of(payment, "refund")))
    assert "Kaspi is told once to give the money back" in shown
    assert "At most USD 100.00." in shown
    assert "Nothing happens before another person approves it." in shown

    sent = send(own, page_of(payment, "refund"), **FIELDS)
    assert sent.status_code == 303
    [refund] = refunds()
    assert sent.location == f"/admin/approvals/refunds/{refund.id}"
    assert (refund.status, refund.amount_minor) == ("requested", 4_000)
    assert "You asked for this yourself" in words_of(own.get(sent.location))

    seen = words_of(second.get(sent.location))
    assert "Refund USD 40.00 for KS-2024-001" in seen
    assert "called off" in seen
    approved = second.post(f"{sent.location}/approve", follow_redirects=True)
    assert "Approved. The provider is told in a moment." in words_of(approved)
    assert refunds()[0].status == "approved"
    assert acts() == [("own", "refund_requested"), ("ben", "refund_approved")]


def test_the_same_person_cannot_approve(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    own = sign_in(house.own)
    location = send(own, page_of(payment, "refund"), **FIELDS).location
    refused = own.post(f"{location}/approve", follow_redirects=True)
    assert "You asked for this yourself, so another person has to decide." in words_of(refused)
    assert refunds()[0].status == "requested"


def test_a_form_sent_twice_is_one_refund(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    own = sign_in(house.own)
    fields = {"act_id": act_id(own.get(page_of(payment, "refund"))), **FIELDS}
    answers = [own.post(page_of(payment, "refund"), data=fields) for _ in range(2)]
    assert {answer.location for answer in answers} == {
        f"/admin/approvals/refunds/{fields['act_id']}"
    }
    assert len(refunds()) == 1


def test_a_small_refund_needs_nobody_else(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    own = sign_in(house.own)
    runtime = own.application.extensions["admin"].app.extensions["tourpay"]
    object.__setattr__(runtime.policy, "refund_alone_minor", 4_000)
    assert "Up to USD 40.00 you can do alone." in words_of(own.get(page_of(payment, "refund")))
    sent = send(own, page_of(payment, "refund"), **FIELDS)
    assert sent.location == page_of(payment)
    assert refunds()[0].status == "approved"
    send(own, page_of(payment, "refund"), amount="40.01", reason="more")
    assert refunds()[1].status == "requested"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "100.01", "reason": "x"}, "That is more than is left of this payment: USD 100"),
        ({"amount": "0", "reason": "x"}, "Enter an amount above zero."),
        ({"amount": "1e9", "reason": "x"}, "Enter an amount in USD, such as 1,250.00"),
        ({"amount": "", "reason": "x"}, "Enter an amount, such as 50.00."),
        ({"amount": "1", "reason": " "}, "Say why, in 1 to 300 characters."),
        ({"amount": "1", "reason": "x" * 301}, "Write at most 300 characters."),
    ],
)
def test_what_a_refund_cannot_be_stands_beside_its_field(
    house: House, sign_in: SignIn, fields: dict[str, str], said: str
) -> None:
    payment = sell(house.operator_id).paid()
    answer = send(sign_in(house.own), page_of(payment, "refund"), **fields)
    assert answer.status_code == 422
    assert said in words_of(answer)
    assert "invalid-feedback" in answer.text
    assert refunds() == []


def test_a_provider_that_gives_nothing_back_is_said_so(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id, provider="omari").paid()
    own = sign_in(house.own)
    assert "Omari gives nothing back when asked." in words_of(own.get(page_of(payment)))
    shown = own.get(page_of(payment, "refund"))
    assert "This cannot be done now." in words_of(shown)
    assert 'name="act_id"' not in shown.text
    forced = own.post(page_of(payment, "refund"), data={"act_id": str(uuid4()), **FIELDS})
    assert "write it down as refunded outside" in words_of(forced)
    assert refunds() == []


def test_what_went_back_outside_is_written_down_by_two(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id, provider="omari")
    payment = sold.paid()
    own, second = sign_in(house.own), sign_in(house.second)
    fields = {"amount": "30", "evidence": "EcoCash 4711"}
    sent = send(own, page_of(payment, "refunded-outside"), **fields)
    [proposal] = proposed()
    assert sent.location == f"/admin/approvals/{proposal.id}"
    shown = words_of(second.get(sent.location))
    for line in ("Amount USD 30.00", "EcoCash 4711", "own@example.com", "Nothing is sent to the"):
        assert line in shown, line
    assert w.booking_of(sold.world).paid_minor == 10_000
    done = second.post(f"{sent.location}/approve", follow_redirects=True)
    assert "Approved, and done." in words_of(done)
    assert w.booking_of(sold.world).paid_minor == 7_000
    assert "USD 30.00 from booking KS-2024-001 to given outside" in words_of(
        own.get(page_of(payment))
    )


def test_the_statement_settles_what_the_provider_did_not_say(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.mismatched()
    own, second = sign_in(house.own), sign_in(house.second)
    assert "The provider speaks of another amount" in words_of(own.get(page_of(payment)))
    fields = {"amount": "75", "receipt": " OTHER ", "evidence": "statement of 3 May, line 7"}
    location = send(own, page_of(payment, "settle"), **fields).location
    waiting = words_of(own.get(page_of(payment)))
    assert "Settle by statement: The same was asked for and waits for a second person." in waiting
    assert "OTHER" in words_of(second.get(location))
    second.post(f"{location}/approve")
    assert w.payment_of(payment).status == "succeeded"
    assert w.booking_of(sold.world).paid_minor == 7_500
    assert "two people" in words_of(own.get(page_of(payment)))


def test_it_is_closed_as_not_paid_by_two(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).uncertain()
    own, second = sign_in(house.own), sign_in(house.second)
    shown = words_of(own.get(page_of(payment, "close")))
    assert "that the payment did not go through and nothing was taken" in shown
    location = send(own, page_of(payment, "close"), evidence="not on the statement").location
    assert w.payment_of(payment).status == "uncertain"
    second.post(f"{location}/approve")
    assert (w.payment_of(payment).status, w.payment_of(payment).failure) == (
        "failed",
        "closed_by_staff",
    )
    assert "Two people closed it as not paid" in words_of(own.get(page_of(payment)))


def test_money_is_moved_to_a_booking_that_is_shown_first(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.paid()
    other = sell(house.operator_id, "KS-2", tour=6)
    own, second = sign_in(house.own), sign_in(house.second)
    assert 'name="act_id"' not in own.get(page_of(payment, "move")).text
    address = page_of(payment, "move?to=ks 2")
    shown = words_of(own.get(address))
    assert "To booking KS-2 Traveller Tendai Moyo" in shown
    assert "Balance USD 500.00" in shown
    location = send(own, address, amount="60", evidence="typed the wrong reference").location
    decided = words_of(second.get(location))
    assert "From KS-2024-001, Tendai Moyo, paid USD 100.00 of USD 500.00" in decided
    assert "To KS-2, Tendai Moyo, paid USD 0.00 of USD 500.00" in decided
    second.post(f"{location}/approve")
    assert w.booking_of(sold.world).paid_minor == 4_000
    assert w.booking_of(other.world).paid_minor == 6_000


def test_money_is_moved_to_no_booking_that_cannot_take_it(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    sell(house.stranger_id, "OT-1", tour=7)
    gone = sell(house.operator_id, "KS-3", tour=8)
    with transaction() as db:
        row = db.get_one(Booking, gone.world.booking_id)
        row.cancelled_at = row.created_at
    for browser in (sign_in(house.own), sign_in(house.admin)):
        for typed, said in (
            ("OT-1", "This operator has no booking with that reference."),
            ("nothing", "This operator has no booking with that reference."),
            ("KS-2024-001", "That is the booking the money is on already."),
            ("KS-3", "That booking is cancelled, so it takes no money."),
        ):
            shown = browser.get(page_of(payment, f"move?to={typed}"))
            assert said in words_of(shown)
            assert 'name="act_id"' not in shown.text


def test_too_much_money_is_not_moved(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    sell(house.operator_id, "KS-2", tour=6)
    address = page_of(payment, "move?to=KS-2")
    refused = send(sign_in(house.own), address, amount="100.01", evidence="x")
    assert "That is more than is left of this payment: USD 100.00." in words_of(refused)
    assert proposed() == []


def doubtful_refund(browser: FlaskClient, second: FlaskClient, payment: UUID) -> UUID:
    """A refund whose one call nobody answered."""
    location = send(browser, page_of(payment, "refund"), **FIELDS).location
    second.post(f"{location}/approve")
    [refund] = refunds()
    r.send(refund.id)
    r.lose(refund.id, Following.PERSON)
    r.later(refund.id, 3_600)
    return refund.id


def test_two_people_say_what_became_of_a_refund(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.paid()
    own, second = sign_in(house.own), sign_in(house.second)
    refund = doubtful_refund(own, second, payment)
    page = own.get(page_of(payment))
    assert "Nobody knows whether the refund went back" in words_of(page)
    address = page_of(payment, f"refunds/{refund}/conclude")
    assert address in page.text
    refused = send(own, address, finding="", evidence="x")
    assert "Choose what became of it." in words_of(refused)
    location = send(own, address, finding="given_back", evidence="statement, line 9").location
    decides = words_of(second.get(location))
    assert "The money went back to the customer" in decides
    assert "Refund USD 40.00" in " ".join(decides.split()), "of which amount it is"
    second.post(f"{location}/approve")
    assert r.stands(refund)[0] == "succeeded"
    assert w.booking_of(sold.world).paid_minor == 6_000
    shown = own.get(address)
    assert "This refund is not in doubt now." in words_of(shown)


def test_one_person_marks_as_seen_what_only_informs(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    with transaction() as db:
        word = w.success(payment, "BACK", 2_000)
        books.reverse(db, payment, replace(word, status="reversed"))
    own = sign_in(house.own)
    assert "The provider took money back by itself" in words_of(own.get(page_of(payment)))
    done = send(own, page_of(payment, "seen"), note="the customer knows")
    assert done.location == page_of(payment)
    assert w.payment_of(payment).review is None
    again = own.post(page_of(payment, "seen"), data={"note": "once more"})
    assert "There is nothing in doubt about this payment now." in words_of(again)
    story = words_of(own.get(page_of(payment)))
    assert "Marked it as seen" in story
    assert "the customer knows" in story


@pytest.mark.parametrize("name", ["refund", "settle", "close", "refunded-outside", "move", "seen"])
def test_acts_on_money_ask_who_it_is(house: House, sign_in: SignIn, name: str) -> None:
    payment = sell(house.operator_id).paid()
    stale = sign_in(house.own, fresh=False)
    for answer in (stale.get(page_of(payment, name)), stale.post(page_of(payment, name))):
        assert answer.status_code == 303
        assert f"next={page_of(payment, name)}" in answer.location


def test_every_reason_has_words(admin_app: Flask, house: House) -> None:  # noqa: ARG001
    with admin_app.app_context():
        for why in (*Why, *RefundWhy):
            assert not words_of_refusal(NotDone(why)).startswith("This cannot be done now"), why
