"""What waits for a second person, and who may decide it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func

from domain import proposals
from domain.database import transaction
from domain.models import Operator, Proposal, Staff
from tests import factories
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import acts, proposed, refunds, sell, send, words_of
from tests.domain import world as w


def propose(
    payment: UUID, operator_id: int, by: int, act: str = "close_as_not_paid", **detail: Any
) -> UUID:
    """A proposal that is expected to be allowed."""
    with transaction() as db:
        wish = proposals.Wish(
            uuid4(), act, f"payment:{payment}", operator_id, detail, "statement of May", by
        )
        made = proposals.propose(db, wish)
        assert isinstance(made, Proposal), made
        return made.id


def test_all_that_waits_is_listed_oldest_first(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).uncertain()
    paid = sell(house.operator_id, "KS-2", tour=6).paid(receipt="TWO")
    browser = sign_in(house.own)
    assert "Nothing waits for a second person" in words_of(browser.get("/admin/approvals"))
    propose(payment, house.operator_id, house.admin)
    send(browser, f"/admin/transactions/{paid}/refund", amount="1", reason="a gift")
    listed = words_of(browser.get("/admin/approvals"))
    assert "Refund USD 1.00 for KS-2" in listed
    assert "You asked on" in listed
    assert "Proposed to close a payment as not paid" in listed
    assert "statement of May anna@example.com proposed it on" in listed
    assert "Nothing waits" in words_of(sign_in(house.foreign).get("/admin/approvals"))


def test_a_proposal_is_approved_once(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).uncertain()
    proposal = propose(payment, house.operator_id, house.own)
    second, third = sign_in(house.second), sign_in(house.admin)
    address = f"/admin/approvals/{proposal}"
    assert f'action="{address}/approve"' in second.get(address).text
    for _ in range(2):
        done = second.post(f"/admin/approvals/{proposal}/approve", follow_redirects=True)
        assert "Approved, and done." in words_of(done)
    late = third.post(f"/admin/approvals/{proposal}/approve", follow_redirects=True)
    assert "Somebody else has decided this already." in words_of(late)
    assert "Decided by ben@example.com" in words_of(late)
    assert [act for act in acts() if act[1].startswith("close_as")] == [
        ("own", "close_as_not_paid_proposed"),
        ("ben", "close_as_not_paid_approved"),
    ]


def test_a_proposal_is_rejected_with_a_reason(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).uncertain()
    proposal = propose(payment, house.operator_id, house.own)
    second = sign_in(house.second)
    address = f"/admin/approvals/{proposal}/reject"
    refused = second.post(address, data={"why": " "})
    assert refused.status_code == 422
    assert "Say why, in 1 to 300 characters." in words_of(refused)
    done = second.post(address, data={"why": "it is on the statement"}, follow_redirects=True)
    assert "Why it is on the statement" in words_of(done)
    assert proposed()[0].status == "rejected"
    assert w.payment_of(payment).status == "uncertain"


def test_who_proposed_takes_it_back(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).uncertain()
    proposal = propose(payment, house.operator_id, house.own)
    own = sign_in(house.own)
    shown = words_of(own.get(f"/admin/approvals/{proposal}"))
    assert "You cannot approve this. You asked for this yourself" in shown
    assert "Take it back" in shown
    own.post(f"/admin/approvals/{proposal}/reject", data={"why": "my mistake"})
    assert ("own", "close_as_not_paid_withdrawn") in acts()


@pytest.mark.parametrize(
    ("after", "vouched", "said"),
    [
        (None, False, "You may not approve yet."),
        (timedelta(hours=24), False, "You may approve from"),
        (timedelta(days=-1), True, "One of you let the other one in here"),
    ],
)
def test_who_may_not_approve_sees_why(
    house: House, sign_in: SignIn, after: timedelta | None, vouched: bool, said: str
) -> None:
    payment = sell(house.operator_id).uncertain()
    proposal = propose(payment, house.operator_id, house.own)
    with transaction() as db:
        person = factories.staff(
            db,
            "new@example.com",
            db.get_one(Operator, house.operator_id),
            vouched_by=db.get_one(Staff, house.own) if vouched else None,
            approver_after=after,
        ).id
    browser = sign_in(person)
    shown = words_of(browser.get(f"/admin/approvals/{proposal}"))
    assert said in shown
    assert "Approve and do it" not in shown
    browser.post(f"/admin/approvals/{proposal}/approve")
    assert proposed()[0].status == "proposed"


def test_what_can_no_longer_be_done_is_said_and_stays_open(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).uncertain()
    proposal = propose(payment, house.operator_id, house.own)
    w.settle(payment)
    second = sign_in(house.second)
    late = second.post(f"/admin/approvals/{proposal}/approve", follow_redirects=True)
    assert "There is nothing in doubt about this payment now." in words_of(late)
    assert proposed()[0].status == "proposed"


def test_it_is_not_approved_before_its_time(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).uncertain()
    proposal_id = uuid4()
    with transaction() as db:
        db.add(
            Proposal(
                id=proposal_id,
                act="close_as_not_paid",
                subject=f"payment:{payment}",
                operator_id=house.operator_id,
                detail={},
                evidence="x",
                proposed_by=house.own,
                not_before=func.clock_timestamp() + timedelta(hours=24),
            )
        )
    second = sign_in(house.second)
    address = f"/admin/approvals/{proposal_id}"
    shown = second.get(address)
    assert "It may be approved from" in words_of(shown)
    assert f'action="{address}/approve"' not in shown.text
    assert f'action="{address}/reject"' in shown.text
    early = second.post(f"/admin/approvals/{proposal_id}/approve", follow_redirects=True)
    assert "This may be approved from" in words_of(early)
    assert "Not before" in words_of(early)
    assert proposed()[0].status == "proposed"


def test_a_refund_is_rejected(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    own, second = sign_in(house.own), sign_in(house.second)
    fields = {"amount": "1", "reason": "a gift"}
    location = send(own, f"/admin/transactions/{payment}/refund", **fields).location
    refused = second.post(f"{location}/reject", data={})
    assert refused.status_code == 422
    assert "Say why" in words_of(refused)
    done = second.post(f"{location}/reject", data={"why": "too late"}, follow_redirects=True)
    assert "Rejected. No money goes back." in words_of(done)
    assert refunds()[0].status == "failed"
    late = second.post(f"{location}/approve", follow_redirects=True)
    assert "This refund does not wait for that any more." in words_of(late)


def test_a_strangers_approvals_are_not_there(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).uncertain()
    proposal = propose(payment, house.operator_id, house.own)
    paid = sell(house.operator_id, "KS-2", tour=6).paid(receipt="TWO")
    fields = {"amount": "1", "reason": "a gift"}
    refund = send(sign_in(house.own), f"/admin/transactions/{paid}/refund", **fields).location
    browser = sign_in(house.foreign)
    for address in (f"/admin/approvals/{proposal}", refund):
        assert browser.get(address).status_code == 404
        for act in ("approve", "reject"):
            assert browser.get(f"{address}/{act}").status_code == 404
            assert browser.post(f"{address}/{act}", data={"why": "x"}).status_code == 404
    assert proposed()[0].status == "proposed"
    assert refunds()[0].status == "requested"


def test_what_is_nobodys_business_is_the_admins(house: House, sign_in: SignIn) -> None:
    with transaction() as db:
        row = Proposal(
            id=uuid4(),
            act="unheard_of",
            subject="operator:1",
            operator_id=None,
            detail={"phone": "+263 77 497 5187", "name": "Kalai"},
            evidence="x",
            proposed_by=house.admin,
        )
        db.add(row)
    address = f"/admin/approvals/{row.id}"
    assert sign_in(house.own).get(address).status_code == 404
    shown = words_of(sign_in(house.second).get(address))
    assert "Name Kalai" in shown
    assert "Phone ••••" in shown
    assert "497" not in shown


def test_a_correction_is_shown_before_and_after(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    sold.paid()
    browser = sign_in(house.own)
    with transaction() as db:
        changes = {"total_minor": [50_000, 45_000], "phone": ["•••• 5187", None]}
        row = Proposal(
            id=uuid4(),
            act="correct_booking",
            subject=f"booking:{sold.world.booking_id}",
            operator_id=house.operator_id,
            detail={"changes": changes, "currency": "USD"},
            evidence="a discount",
            proposed_by=house.admin,
        )
        db.add(row)
    shown = words_of(browser.get(f"/admin/approvals/{row.id}"))
    assert "Total USD 500.00 → USD 450.00" in shown
    assert "Phone •••• 5187 → nothing" in shown
    assert "Booking KS-2024-001, Tendai Moyo" in shown
    assert "Proposed to correct a booking" in words_of(browser.get("/admin/approvals"))
