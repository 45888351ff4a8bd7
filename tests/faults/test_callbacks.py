"""Callbacks come early, twice, forged, twisted, or about nobody."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from sqlalchemy import select

from domain.database import transaction
from domain.models import Evidence, Payment, PaymentEvent
from tests.faults import notices
from tests.faults.conftest import Notes
from tests.faults.links import TELL_US, Payer, ask_for_links, at_once, open_links
from tests.faults.site import Site

pytestmark = [pytest.mark.timeout(180)]

_PART = 150_000


def callbacks_of(payment_id: UUID | None) -> int:
    """How many callbacks are filed about a payment; None: about nobody."""
    about = Evidence.payment_id == payment_id
    with transaction() as db:
        rows = db.execute(select(Evidence.id).where(Evidence.source == "callback", about))
        return len(rows.all())


def announce(
    payer: Payer, word: str, *, amount_minor: int = _PART, reference: str = "", forged: bool = False
) -> int:
    """A notice of the payer's provider, with one of its words: returns the HTTP status."""
    house, named = payer.site.house, reference or payer.id.hex
    if payer.provider == "phonepe":
        payload = {"merchantOrderId": named, "state": word, "amount": amount_minor}
        return notices.phonepe(house, payload, forged=forged)
    amount = str(Decimal(amount_minor) / 100)
    if word == "FAILED":
        data: dict[str, Any] = {
            "order": {"order_id": "theirs", "order_tags": {"link_id": named}},
            "payment": {
                "payment_status": word,
                "payment_amount": amount,
                "payment_currency": "INR",
            },
        }
        return notices.cashfree(house, "PAYMENT_FAILED_WEBHOOK", data, forged=forged)
    data = {"link_id": named, "link_status": word, "link_currency": "INR"}
    data |= {"order": {"order_amount": amount}}
    return notices.cashfree(house, "PAYMENT_LINK_EVENT", data, forged=forged)


_SUCCESS = {"phonepe": "COMPLETED", "cashfree": "PAID"}


@pytest.mark.fault(
    13,
    "A callback comes before we have written down that there is a link: asked again, credited once",
    "PhonePe and Cashfree take the money and call back before they answer the making of the link",
)
def test_a_callback_before_our_commit(site: Site) -> None:
    site.house.turn("phonepe", operation="pay", fault="early")
    site.house.turn("cashfree", operation="webhook", fault="early")
    payers = ask_for_links(site, *TELL_US)
    for payer in payers:
        payer.ends("succeeded")
        payer.customer.hears("Receipt")
    site.truth()
    for payer in payers:
        assert payer.money() == [("capture", _PART)]
        assert _came_before_the_link(payer), "the callback was there first"


def _came_before_the_link(payer: Payer) -> bool:
    with transaction() as db:
        first = db.execute(
            select(Evidence.at)
            .where(Evidence.source == "callback", Evidence.payment_id == payer.id)
            .order_by(Evidence.id)
        ).scalars()
        made = db.execute(
            select(PaymentEvent.at).where(
                PaymentEvent.payment_id == payer.id, PaymentEvent.kind == "link_made"
            )
        ).scalar_one()
        return next(iter(first)) < made


@pytest.mark.fault(
    13,
    "A callback comes twice, and once more after the receipt: filed once, credited once, told once",
    "PhonePe and Cashfree send each callback twice; then ten copies of one at once",
)
def test_a_callback_twice(site: Site) -> None:
    payers = open_links(site, *TELL_US)
    for payer in payers:
        site.house.turn(payer.provider, operation="webhook", fault="duplicate", times=None)
        payer.act("pay")
    for payer in payers:
        payer.ends("succeeded")
    phonepe = payers[0]
    before = callbacks_of(phonepe.id)
    answers = at_once(lambda _: announce(phonepe, "COMPLETED"), range(10))
    assert set(answers) <= {200, 503}
    assert 200 in answers
    site.truth()
    assert callbacks_of(phonepe.id) == before + 1, "ten copies are one"
    # Cashfree tells of the link and of the attempt, PhonePe of the order.
    assert [before, callbacks_of(payers[1].id)] == [1, 2]
    for payer in payers:
        assert payer.money() == [("capture", _PART)]
        assert payer.told() == ["link_made", "settled"]
        site.nudge(payer.id)
    site.wait("the nudges are done", lambda: not site.is_nudged())
    for payer in payers:
        due, ended = payer.payment.next_check_at, payer.payment.ended_at
        assert due is not None, "still watched: a link can be paid twice"
        assert ended is not None
        assert due - ended == timedelta(hours=1)


@pytest.mark.fault(
    13,
    "A forged callback: 401 and a line in the log; nobody is asked, nothing is credited",
    "PhonePe's with another password, Cashfree's with another key, each saying success; at Kaspi,"
    " which has no callbacks, 404",
)
def test_a_forged_callback(site: Site) -> None:
    payers = open_links(site, *TELL_US)
    before = site.house.log_of("web").count("callback_refused")
    for payer in payers:
        assert announce(payer, _SUCCESS[payer.provider], forged=True) == 401
        assert callbacks_of(payer.id) == 0
        assert payer.payment.noticed_at is None
    assert site.house.log_of("web").count("callback_refused") == before + len(payers)
    to_kaspi = requests.post(
        f"{site.house.web_url}/callbacks/kaspi", json={"status": "Processed"}, timeout=10
    )
    assert to_kaspi.status_code == 404
    for payer in payers:
        assert (payer.payment.status, payer.money()) == ("awaiting_customer", [])
        payer.act("pay")
    for payer in payers:
        payer.ends("succeeded")
    site.truth()


@pytest.mark.fault(
    13,
    "An authentic callback names another amount, or a payment of nobody: to a person, or filed;"
    " neither credits anything",
    "notices signed by the test with the merchant's own keys; the provider, asked, says that"
    " the link is open",
)
def test_a_callback_with_another_amount_or_about_nobody(site: Site) -> None:
    payers = open_links(site, *TELL_US)
    strangers = callbacks_of(None)
    for payer in payers:
        word = _SUCCESS[payer.provider]
        assert announce(payer, word, amount_minor=100) == 200
        assert announce(payer, word, reference=uuid4().hex) == 200
    assert callbacks_of(None) == strangers + len(payers)
    for payer in payers:
        assert payer.payment.review == "amount_mismatch"
        asked = payer.payment.version
        site.wait("it was asked about", lambda p=payer, v=asked: p.payment.version > v)  # type: ignore[misc]
        assert (payer.payment.status, payer.money()) == ("awaiting_customer", [])
        payer.act("pay")
    for payer in payers:
        payer.ends("succeeded")
    site.truth()
    for payer in payers:
        assert payer.money() == [("capture", _PART)]
        assert payer.payment.review == "amount_mismatch", "still for a person to see"


def was_asked(payment: Payment) -> bool:
    """Whether the question after its last notice was answered: the next one is far away."""
    noticed, due = payment.noticed_at, payment.next_check_at
    return noticed is not None and due is not None and due - noticed > timedelta(minutes=10)


@pytest.mark.fault(
    14,
    "SUCCESS and then FAILED: stays succeeded",
    "PhonePe and Cashfree take the money and say so; then signed callbacks say that it failed",
)
def test_success_and_then_failed(site: Site, seen: Notes) -> None:
    payers = open_links(site, *TELL_US)
    for payer in payers:
        payer.act("pay")
    for payer in payers:
        payer.ends("succeeded")
        assert announce(payer, "FAILED") == 200
        site.wait("it was asked about", lambda p=payer: was_asked(p.payment))  # type: ignore[misc]
    site.truth()
    for payer in payers:
        assert (payer.payment.status, payer.told()) == ("succeeded", ["link_made", "settled"])
        assert payer.money() == [("capture", _PART)]
    seen("filed, asked about, and nothing changed")
