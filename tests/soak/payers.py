"""What customers with a link do at its provider, and staff who give some of the money back."""

import contextlib
import random
import time
from collections.abc import Callable

import requests
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from domain import refunds
from domain.database import transaction
from domain.models import Payment, Refund, Transfer
from domain.policy import Policy
from domain.refunds import Finding
from domain.refunds.states import OPEN, PENDING, UNCERTAIN
from domain.states import AWAITING_CUSTOMER, SUCCEEDED
from tests.domain.world import later
from tests.faults import notices
from tests.faults.refunds import ANNA, BEN, Back, ask, staff_id
from tests.journey.customer import Customer
from tests.journey.house import House

LINK_PROVIDERS = ("kaspi", "phonepe", "cashfree")
_AT_THE_LINK = ("pay", "pay", "pay", "pay", "decline", "expire")
_OVER = {"kaspi": {"answer": "late"}, "phonepe": {"answer": "late"}}
_AGAIN = {"answer": "pay", "again": True}
_PAUSE_SECONDS = 0.7


def act_at_link(house: House, customer: Customer, choices: random.Random) -> None:
    """Open the newest payment's link, if it waits for its customer, and do something there; now and
    then pay twice, or what is over already.
    """
    payments = [each for each in customer.payments() if each.provider in LINK_PROVIDERS]
    if not payments or payments[-1].provider_reference is None:
        return
    newest, luck = payments[-1], choices.random()
    answer = choices.choice(_AT_THE_LINK)
    if newest.status == AWAITING_CUSTOMER:
        _act(house, newest, {"answer": answer})
        if answer == "pay" and luck < 0.15:
            _act(house, newest, _AGAIN)
    elif newest.status != SUCCEEDED and luck < 0.3:
        _act(house, newest, _OVER.get(newest.provider, _AGAIN))


def _act(house: House, payment: Payment, wish: dict[str, object]) -> None:
    url = f"{house.simulators_url}/{payment.provider}/_sim/pay/{payment.provider_reference}"
    # 409 where the provider does not allow it any more.
    with contextlib.suppress(requests.RequestException):
        requests.post(url, json=wish, timeout=10)


class Office:
    """Two of staff, who give back parts of what came, until it is over."""

    def __init__(self, choices: random.Random, over: Callable[[], bool]) -> None:
        self._choices = choices
        self._over = over

    def work(self) -> None:
        """Ask for a refund and approve it, again and again."""
        while not self._over():
            time.sleep(_PAUSE_SECONDS)
            paid = self._paid()
            if paid:
                # A stopped worker may hold the row: then another time.
                with contextlib.suppress(OperationalError):
                    self._give_back(self._choices.choice(paid))

    def _paid(self) -> list[Payment]:
        query = (
            select(Payment)
            .where(Payment.status == SUCCEEDED, Payment.provider.in_(LINK_PROVIDERS))
            .order_by(Payment.created_at)
        )
        with transaction() as db:
            return list(db.execute(query).scalars())

    def _give_back(self, payment: Payment) -> None:
        part = self._choices.choice((1, 2, 4))
        asked = ask(payment, max(1, payment.amount_minor // part))
        if isinstance(asked, Refund):
            ben = staff_id(BEN)
            with transaction() as db:
                refunds.approve(db, asked.id, ben)


def pass_hours(hours: float) -> None:
    """Let time pass for every payment by link that brought nothing, so that it is asked about."""
    query = select(Payment.id).where(
        Payment.status != SUCCEEDED,
        Payment.provider.in_(LINK_PROVIDERS),
        Payment.started_at.is_not(None),
    )
    with transaction() as db:
        found = list(db.execute(query).scalars())
    for payment in found:
        later(payment, hours * 3_600 + 100)


def is_all_found(house: House) -> bool:
    """Whether the link providers' books hold nothing that ours do not.

    A second success under a payment that has succeeded is only found by its callback, which may
    have been lost: then the provider repeats it, as real ones do for hours.
    """
    paid = select(Payment.id).where(Payment.status == SUCCEEDED)
    with transaction() as db:
        known = set(db.execute(select(Transfer.receipt)).scalars())
        succeeded = {each.hex for each in db.execute(paid).scalars()}
    missing = [
        (name, debit)
        for name in LINK_PROVIDERS
        for debit in house.book(name)["debits"]
        if debit["receipt"] not in known
    ]
    for name, debit in missing:
        if debit["reference"] in succeeded:
            _call_back(house, name, debit["reference"])
    return not missing


def _call_back(house: House, provider: str, reference: str) -> None:
    if provider == "phonepe":
        payload = {"merchantOrderId": reference, "state": "COMPLETED", "at": time.time()}
        notices.phonepe(house, payload)
    else:
        data = {"link_id": reference, "link_status": "PAID"}
        notices.cashfree(house, "PAYMENT_LINK_EVENT", data)


def end_refunds(house: House) -> bool:
    """Let a day pass for every refund that waits for an answer; two people read Kaspi's books for
    those that nobody can be asked about. Returns whether all are over.
    """
    query = (
        select(Refund, Payment)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.status.in_(OPEN))
    )
    with transaction() as db:
        found = [(refund, payment) for refund, payment in db.execute(query)]
    waiting = [each for each in found if each[0].status != "requested"]
    for refund, payment in waiting:
        if refund.status in (PENDING, UNCERTAIN):
            Back(house, payment.id, refund.id).later(86_400)
        if refund.status == UNCERTAIN and payment.provider == "kaspi":
            _conclude(house, refund, payment)
    return not waiting


def _conclude(house: House, refund: Refund, payment: Payment) -> None:
    """One refund of a payment is uncertain at a time: what Kaspi gave back beyond what we know is
    this one.
    """
    at_kaspi = sum(
        int(each["amount_minor"])
        for each in house.book("kaspi")["refunds"]
        if each["payment_id"] == payment.provider_reference
    )
    query = select(Transfer.amount_minor).where(
        Transfer.payment_id == payment.id, Transfer.kind == "refund"
    )
    people = staff_id(ANNA), staff_id(BEN)
    with transaction() as db:
        known = sum(db.execute(query).scalars())
        finding = Finding.NOT_GIVEN_BACK if at_kaspi == known else Finding.GIVEN_BACK
        refunds.conclude(db, refund.id, people, finding, "Kaspi's own books", Policy())
