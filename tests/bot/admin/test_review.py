"""The review list: what is on it, for whom, how it leaves it, and its number in the header."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, text, update

from bot.admin.review import counting, sources
from bot.admin.scope import Scope
from domain.database import transaction
from domain.models import Contact, Message, Payment, PaymentEvent, Refund
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import acts, sell, send, words_of
from tests.bot.admin.test_approvals import propose
from tests.domain import world as w

AGO = func.clock_timestamp() - timedelta(minutes=11)


def listed(browser: FlaskClient, kind: str | None = None) -> str:
    address = "/admin/review" + (f"?kind={kind}" if kind else "")
    return words_of(browser.get(address))


def number(browser: FlaskClient) -> str:
    """The number in the header of any page."""
    page = browser.get("/admin/approvals").text
    found = re.search(r'tp-count">([^<]*)<', page)
    return found[1] if found else ""


def message(contact_id: int, payment_id: UUID | None = None, **values: object) -> int:
    with transaction() as db:
        row = Message(
            direction="out",
            contact_id=contact_id,
            payment_id=payment_id,
            token=uuid4(),
            status=values.pop("status", "refused"),
            body="Your payment has arrived.",
            **values,
        )
        db.add(row)
        db.flush()
        return row.id


def mark(payment: UUID, review: str) -> None:
    with transaction() as db:
        db.execute(update(Payment).where(Payment.id == payment).values(review=review))


def test_nothing_waits_in_a_quiet_house(house: House, sign_in: SignIn) -> None:
    sell(house.operator_id).paid()
    browser = sign_in(house.own)
    assert "Nothing to review" in listed(browser)
    assert number(browser) == ""


@pytest.mark.parametrize(
    ("review", "kind", "said"),
    [
        ("uncertain", "uncertain", "Nobody knows whether it was paid"),
        ("amount_mismatch", "mismatch", "The provider speaks of another amount"),
        ("receipt_mismatch", "mismatch", "by another id than the statement did"),
        ("receipt_of_another", "mismatch", "receipt belongs to another payment"),
        ("surplus", "surplus", "More came than the booking owed"),
        ("reversed", "reversed", "The provider took money back by itself"),
    ],
)
def test_a_marked_payment_is_listed_under_its_kind(
    house: House, sign_in: SignIn, review: str, kind: str, said: str
) -> None:
    payment = sell(house.operator_id).paid()
    mark(payment, review)
    browser = sign_in(house.own)
    line = listed(browser, kind)
    assert said in line
    assert "KS-2024-001 · Tendai Moyo" in line
    assert "USD 100.00" in line
    assert f"/admin/transactions/{payment}" in browser.get("/admin/review").text
    other = "surplus" if kind == "mismatch" else "mismatch"
    assert "Nothing to review" in listed(browser, other)
    assert number(browser) == "1"


def test_an_uncertain_payment_is_listed_when_it_has_been_so_for_a_while(
    house: House, sign_in: SignIn
) -> None:
    payment = sell(house.operator_id).uncertain()
    browser = sign_in(house.own)
    assert "Nothing to review" in listed(browser, "uncertain")
    with transaction() as db:
        db.execute(text("ALTER TABLE payment DISABLE TRIGGER payment_guard"))
        db.execute(update(Payment).where(Payment.id == payment).values(created_at=AGO))
        db.execute(text("ALTER TABLE payment ENABLE TRIGGER payment_guard"))
    assert "Nobody knows whether it was paid" in listed(browser, "uncertain")


def test_what_nobody_attended_to_is_stuck(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.opened()
    browser = sign_in(house.own)
    assert "Nothing to review" in listed(browser, "stuck")
    with transaction() as db:
        db.execute(update(Payment).where(Payment.id == payment).values(next_check_at=AGO))
    assert "A payment waits for us" in listed(browser, "stuck")
    assert number(browser) == "1"


def test_a_payment_that_is_handed_over_again_and_again_is_stuck(
    house: House, sign_in: SignIn
) -> None:
    payment = sell(house.operator_id).opened()
    w.walk(payment, "start")
    with transaction() as db:
        later = func.clock_timestamp() + timedelta(seconds=10)
        moved = {"started_at": AGO, "next_check_at": later}
        db.execute(update(Payment).where(Payment.id == payment).values(moved))
    assert "A payment waits for us" in listed(sign_in(house.own), "stuck")


def test_words_that_did_not_move_are_stuck(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.paid()
    message(sold.world.contact_id, payment, status="due", due_at=AGO)
    with transaction() as db:
        db.add(
            Message(
                direction="in",
                contact_id=sold.world.contact_id,
                status="filed",
                created_at=AGO,
            )
        )
        db.execute(text("ALTER TABLE payment_event DISABLE TRIGGER USER"))
        told = update(PaymentEvent).where(PaymentEvent.told == "settled")
        db.execute(told.values(at=AGO))
        db.execute(text("ALTER TABLE payment_event ENABLE TRIGGER USER"))
    for who in (house.own, house.admin):
        said = listed(sign_in(who), "stuck")
        assert "A reply was not sent" in said
        assert "A message was not heard" in said
        assert "News of a payment was not told" in said
    assert "Nothing to review" in listed(sign_in(house.foreign), "stuck")


def test_refunds_that_nobody_answered_for_are_listed(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    browser = sign_in(house.own)
    send(browser, f"/admin/transactions/{payment}/refund", amount="40", reason="called off")
    waiting = listed(browser, "approvals")
    assert "A refund was asked for" in waiting
    assert "USD 40.00" in waiting
    with transaction() as db:
        db.execute(update(Refund).values(review="no_longer_fits"))
    assert "The refund no longer fits" in listed(browser, "refunds")
    assert number(browser) == "2"


def test_a_lost_reply_is_listed_until_it_was_seen(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    lost = message(sold.world.contact_id, sold.paid(), error_code="63016")
    own, foreign = sign_in(house.own), sign_in(house.foreign)
    said = listed(own, "messages")
    assert "A reply was not delivered" in said
    assert "they had not written for 24 hours" in said
    address = f"/admin/review/messages/{lost}/seen"
    assert foreign.post(address).status_code == 404
    assert "A reply was not delivered" in listed(own, "messages")
    for _ in range(2):
        assert own.post(address).status_code == 303
    assert "Nothing to review" in listed(own, "messages")
    assert acts() == [("own", "message_reviewed")]
    assert own.post(f"/admin/review/messages/{lost + 9}/seen").status_code == 404
    assert own.post(f"/admin/review/messages/{10**30}/seen").status_code == 404


def test_only_lost_replies_are_marked_as_seen(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    sent = message(sold.world.contact_id, sold.paid(), status="sent")
    assert sign_in(house.own).post(f"/admin/review/messages/{sent}/seen").status_code == 404
    with transaction() as db:
        assert db.get_one(Message, sent).reviewed_at is None


def test_who_wants_a_person_is_listed(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    sold.opened()
    with transaction() as db:
        wants = update(Contact).where(Contact.id == sold.world.contact_id)
        db.execute(wants.values(person_wanted_at=AGO, profile_name="Tendai"))
    own = sign_in(house.own)
    assert "Somebody wants a person" in listed(own, "people")
    assert "11 min" in listed(own, "people")
    page = own.get("/admin/review?kind=people").text
    assert f"/admin/conversations/{sold.world.contact_id}" in page
    assert "Nothing to review" in listed(sign_in(house.foreign), "people")


def test_the_list_is_of_ones_own_rows_oldest_first(house: House, sign_in: SignIn) -> None:
    ours = sell(house.operator_id).paid()
    theirs = sell(house.stranger_id, "OT-1", tour=6).paid(receipt="TWO")
    for payment in (ours, theirs):
        mark(payment, "surplus")
    detail = {"amount_minor": 1_000, "currency": "USD"}
    propose(ours, house.operator_id, house.own, "refunded_outside", **detail)
    own, foreign, admin = (sign_in(each) for each in (house.own, house.foreign, house.admin))
    assert [number(each) for each in (own, foreign, admin)] == ["2", "1", "3"]
    said = listed(own)
    assert "OT-1" not in said
    assert "Somebody proposed to write down money given back outside" in said
    assert "KS-2024-001" not in listed(foreign)
    everything = listed(admin)
    assert "Kalai Safaris" in everything
    assert "Other Tours" in everything
    moments = re.findall(r'<time datetime="([^"]+)">', admin.get("/admin/review").text)
    assert len(moments) == 3
    assert moments == sorted(moments)


def test_an_unknown_kind_shows_all(house: House, sign_in: SignIn) -> None:
    mark(sell(house.operator_id).paid(), "surplus")
    said = listed(sign_in(house.own), "nonsense")
    assert "There is no such kind, so all are shown." in said
    assert "More came than the booking owed" in said


def test_the_number_is_capped() -> None:
    assert [counting.shown(count) for count in (0, 1, 99, counting.MOST)] == ["", "1", "99", "99+"]


def test_a_part_of_a_page_is_not_counted_for(house: House, sign_in: SignIn) -> None:
    payment = sell(house.operator_id).paid()
    mark(payment, "surplus")
    part = sign_in(house.own).get(f"/admin/transactions/{payment}/live")
    assert "tp-count" not in part.text


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("operator_id", [None, 1])
def test_every_source_is_found_by_an_index(operator_id: int | None) -> None:
    scope = Scope(operator_id)
    with transaction() as db:
        db.execute(text("SET LOCAL enable_seqscan = off"))
        for kind, found in sources.of(scope).items():
            for source in found:
                query = text(f"EXPLAIN SELECT 1 {sources.found(source, scope)} LIMIT 100")  # noqa: S608
                plan = "\n".join(db.scalars(query, {"operator_id": operator_id}))
                for table in ("payment", "payment_event", "message", "refund", "contact"):
                    assert f"Seq Scan on {table}" not in plan, (kind, plan)
