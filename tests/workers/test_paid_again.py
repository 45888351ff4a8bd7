"""A second success of one payment is told as what it is: the first one is not what goes back."""

import pytest

from bot.turns import drain
from domain import payments
from domain.database import transaction
from domain.models import Payment
from domain.payments import settle
from domain.payments.settling import settle_as_found
from tests.domain.world import success
from tests.workers.conversing import texts
from tests.workers.shop import Shop
from workers.payments import attend


@pytest.fixture
def paid(shop: Shop) -> Payment:
    """A payment that is paid, as its customer was told."""
    payment_id = shop.until("confirming")
    attend(str(payment_id))
    assert "Your payment of" in texts(shop)[-1] or "Paid" in texts(shop)[-1]
    return shop.payment(payment_id)


def come_again(shop: Shop, payment: Payment, receipt: str) -> None:
    with transaction() as db:
        settle(db, payment.id, success(payment.id, receipt))
    drain(shop.runtime, shop.contact_id)


def test_each_further_success_is_told_once(shop: Shop, paid: Payment) -> None:
    before = len(texts(shop))
    for receipt in ("SECOND", "SECOND", "THIRD"):
        come_again(shop, paid, receipt)
    told = texts(shop)[before:]
    words = "USD 100.00 came once more for your payment for booking KS-2024-001."
    assert [text.startswith(words) for text in told] == [True, True]
    assert all("Kalai Safaris will give it back" in text for text in told)
    assert all("did not need all of it" not in text for text in texts(shop))


def test_each_is_told_with_its_own_amount(shop: Shop, paid: Payment) -> None:
    before = len(texts(shop))
    for amount_minor, receipt in ((3_000, "SECOND"), (7_000, "THIRD")):
        with transaction() as db:
            locked = payments.lock(db, paid.id)
            settle_as_found(db, locked, success(paid.id, receipt, amount_minor))
    drain(shop.runtime, shop.contact_id)
    told = [text.partition(" came once more")[0] for text in texts(shop)[before:]]
    assert told == ["USD 30.00", "USD 70.00"]
