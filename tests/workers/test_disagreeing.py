"""A customer says that they have paid, and the provider tells of other money than was asked for."""

from dataclasses import replace
from datetime import timedelta

from bot.turns import drain
from domain import payments
from domain.database import transaction
from domain.payments import Opened, ProviderCall
from tests.domain.world import success
from tests.workers.conversing import texts
from tests.workers.shop import Shop

CALL = ProviderCall("check", 200, 12)


def test_they_hear_that_a_person_looks_at_it(shop: Shop) -> None:
    payment_id = shop.until("starting")
    with transaction() as db:
        locked = payments.lock(db, payment_id)
        opened = Opened("QR-1", locked.now + timedelta(days=1), url="https://pay.test/l/1")
        payments.record_opened(db, locked, opened, shop.runtime.policy, CALL)
        payments.says_paid(db, locked.payment)
    for amount_minor in (None, 9_999):
        with transaction() as db:
            locked = payments.lock(db, payment_id)
            if amount_minor is not None:
                payments.says_paid(db, locked.payment)
                word = replace(success(payment_id, "H5PS", amount_minor), call=CALL)
                payments.record_word(db, locked, word, shop.runtime.policy)
            payments.answer_customer(db, locked, locked.now + timedelta(seconds=1))
        drain(shop.runtime, shop.contact_id)
    not_yet, disagrees = texts(shop)[-2:]
    assert "has not told us yet" in not_yet
    assert "tells of a payment that does not agree with what was asked" in disagrees
    assert "A person is looking at it, and nothing is lost." in disagrees
    shop.say("status")
    assert "tells of a payment that does not agree with this, and a person" in texts(shop)[-1]
