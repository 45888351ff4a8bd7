"""The page of one payment: everything about it, fresh while it is open, numbers only when asked."""

import re
from pathlib import Path
from uuid import uuid4

from sqlalchemy import func, select, update

from bot.admin.payment import words
from domain import payments, proposals, refunds
from domain.database import transaction
from domain.models import Booking, Message
from domain.money import Money
from domain.outbox import Reply, add_replies
from domain.policy import Policy
from domain.refunds import RefundWish
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import CALL, acts, sell, words_of
from tests.domain import world as w

DOMAIN = Path(payments.__file__).resolve().parents[1]
NUMBER = "+263774975005"
PAYER = "263774975187"


def test_it_shows_where_the_money_came_from_and_went(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    page = sign_in(house.own).get(f"/admin/transactions/{payment}")
    assert page.status_code == 200
    said = words_of(page)
    for line in (
        "USD 100.00 for KS-2024-001",
        "USD 100.00 from Kaspi to booking KS-2024-001",
        "BK-T005-20270210",
        "Tendai Moyo",
        "Balance USD 400.00",
        "receipt H5PS",
        str(payment),
        "account omari USD",
    ):
        assert line in said, line


def test_the_timeline_shows_every_call_to_the_provider(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).uncertain()
    with transaction() as db:
        locked = payments.lock(db, payment)
        payments.record_failed_check(db, locked, CALL, Policy())
    said = words_of(sign_in(house.admin).get(f"/admin/transactions/{payment}"))
    assert "test · HTTP 200 · 1 ms" in said  # the code was sent
    assert "check · HTTP 200 · 321 ms · code 000" in said
    assert "The provider did not answer: nobody knows whether money moved" in said
    assert "Asked the provider what became of it" in said
    assert "no answer" in said
    assert re.search(r"\+0\.\d s", said)
    assert said.index("The customer began to pay") < said.index("Handing the code")


def test_every_kind_of_event_that_there_is_has_words() -> None:
    written = re.compile(
        r'\b(?:write_event|move|end|write)\(\s*db,\s*[\w.]+,\s*(?:[A-Z_]+,\s*)?"(\w+)"'
    )
    sources = [path.read_text() for path in DOMAIN.rglob("*.py")]
    kinds = {kind for source in sources for kind in written.findall(source)}
    assert len(kinds) > 25
    assert {kind for kind in kinds if words.of_event(kind) == kind} == set()
    assert words.of_event("brand_new") == "brand_new"


def test_messages_and_refunds_and_proposals_stand_on_it(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.paid()
    refund_id = uuid4()
    with transaction() as db:
        told = Reply("pay.paid", "Your payment has arrived.", payment_id=payment, told="settled")
        add_replies(db, sold.world.contact_id, [told])
        wish = RefundWish(
            refund_id, payment, Money(4_000, "USD"), "called off", house.admin, "provider"
        )
        refunds.request(db, wish)
        proposals.propose(
            db,
            proposals.Wish(
                uuid4(),
                "refunded_outside",
                f"payment:{payment}",
                house.operator_id,
                {"amount_minor": 1_000, "currency": "USD"},
                "cash",
                house.admin,
            ),
        )
        db.add(
            Message(
                direction="out",
                contact_id=sold.world.contact_id,
                payment_id=payment,
                status="refused",
                error_code="63016",
            )
        )
    said = words_of(sign_in(house.own).get(f"/admin/transactions/{payment}"))
    assert "Your payment has arrived." in said
    assert "On its way" in said
    assert "Did not arrive" in said
    assert "they had not written for 24 hours" in said
    assert "USD 40.00 Waits for approval" in said
    assert "called off" in said
    assert "Asked for by anna@example.com" in said
    assert "anna@example.com proposed to write down money given back outside" in said
    assert "May still go back USD 60.00" in said


def test_no_number_stands_on_it_until_it_is_asked_for(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    browser = sign_in(house.own)
    page = browser.get(f"/admin/transactions/{payment}")
    for number in (NUMBER, PAYER):
        assert number.removeprefix("+")[:-4] not in page.text
    assert "•••• 5005" in page.text
    assert acts() == []

    part = browser.post(
        f"/admin/transactions/{payment}/number",
        data={"whose": "contact"},
        headers={"HX-Request": "true"},
    )
    assert NUMBER in part.text
    assert "<html" not in part.text
    whole = browser.post(f"/admin/transactions/{payment}/number", data={"whose": "payer"})
    assert f"+{PAYER}" in whole.text
    assert "<html" in whole.text
    assert acts() == [("own", "number_shown")] * 2
    assert browser.post(f"/admin/transactions/{payment}/number", data={}).status_code == 404
    assert acts() == [("own", "number_shown")] * 2


def test_it_is_asked_for_again_only_while_it_may_change(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.opened()
    browser = sign_in(house.own)
    page = browser.get(f"/admin/transactions/{payment}")
    part = re.search(r'hx-get="/admin(/transactions/[^"]+/live\?mark=\w+)"', page.text)
    assert part is not None
    assert 'hx-trigger="every 5s"' in page.text
    assert browser.get(f"/admin{part[1]}").status_code == 204
    w.walk(payment, "start", "code", "given", "confirm")
    fresh = browser.get(f"/admin{part[1]}")
    assert fresh.status_code == 200
    assert "Handing the code to the provider" in fresh.text
    assert "<html" not in fresh.text
    w.settle(payment)
    ended = browser.get(f"/admin{part[1]}")
    assert "Now: Paid" in words_of(ended)
    assert "hx-trigger" not in ended.text


def test_the_provider_is_asked_again_at_most_every_ten_seconds(
    house: House, sign_in: SignIn
) -> None:
    payment = sell(house.operator_id).uncertain()
    browser = sign_in(house.own, fresh=False)
    for _ in range(2):
        answer = browser.post(f"/admin/transactions/{payment}/ask", follow_redirects=True)
        assert "Kaspi is being asked." in words_of(answer)
    assert "Asked for the provider to be asked again" in words_of(answer)
    assert "hx-trigger" in answer.text
    assert acts() == [("own", "payment_asked")]
    due = w.payment_of(payment).next_check_at
    with transaction() as db:
        assert due is not None
        assert due <= db.execute(select(func.clock_timestamp())).scalar_one()


def test_who_cannot_be_asked_says_why(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).opened()
    browser = sign_in(house.own)
    said = words_of(browser.get(f"/admin/transactions/{payment}"))
    assert "Nothing was sent to the provider yet." in said
    refused = browser.post(f"/admin/transactions/{payment}/ask", follow_redirects=True)
    assert "Nothing was sent to the provider yet." in words_of(refused)
    assert acts() == []


def test_a_strangers_payment_is_not_there(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    browser = sign_in(house.foreign)
    address = f"/admin/transactions/{payment}"
    for part in ("", "/live", "/ask", "/number", "/refund", "/refunded-outside", "/settle"):
        assert browser.get(f"{address}{part}").status_code == 404, part
    for part in ("/close", "/close-review", "/seen", "/move", f"/refunds/{uuid4()}/conclude"):
        assert browser.get(f"{address}{part}").status_code == 404, part
    for part in ("/ask", "/number", "/refund", "/refunded-outside", "/settle", "/close", "/move"):
        answer = browser.post(f"{address}{part}", data={"whose": "contact", "evidence": "x"})
        assert answer.status_code == 404, part
    for part in ("/close-review", "/seen", f"/refunds/{uuid4()}/conclude"):
        assert browser.post(f"{address}{part}", data={"note": "x"}).status_code == 404, part
    assert acts() == []
    assert browser.get(f"/admin/transactions/{uuid4()}").status_code == 404


def test_a_talk_that_is_another_operators_as_well_is_not_linked(
    house: House, sign_in: SignIn
) -> None:
    ours, theirs = sell(house.operator_id), sell(house.stranger_id, "OT-1", tour=6)
    payment = ours.paid()
    link = f"/admin/conversations/{ours.world.contact_id}"
    with transaction() as db:
        # What both bookings have in common is the number of their lead traveller.
        db.execute(update(Booking).values(lead_phone=None))
    browser = sign_in(house.own)
    assert link in browser.get(f"/admin/transactions/{payment}").text
    with transaction() as db:
        both = update(Booking).where(Booking.id == theirs.world.booking_id)
        db.execute(both.values(lead_phone=NUMBER.removeprefix("+")))
    assert link not in browser.get(f"/admin/transactions/{payment}").text
    assert link in sign_in(house.admin).get(f"/admin/transactions/{payment}").text
