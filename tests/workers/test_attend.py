"""What a worker does with a payment: whatever is due, whatever the provider answers, and nobody
twice.
"""

import threading
from uuid import UUID

import pytest

from domain.database import transaction
from domain.models import Payment
from domain.money import Money
from providers.contract import Charge, ConfirmsByOtp
from tests.workers.shop import Shop
from workers.payments import attend

NOT_FOUND_IN_BETWEEN = 61


def test_a_new_payment_is_started_and_its_customer_asked_for_the_code(shop: Shop) -> None:
    payment = shop.until("created")
    attend(str(payment))
    assert shop.status(payment) == "awaiting_otp"
    assert shop.told() == ["otp_sent"]
    assert shop.outside.asked(payment, "auth") == 1


def test_a_code_is_handed_over_and_the_receipt_told(shop: Shop) -> None:
    payment = shop.until("confirming")
    attend(str(payment))
    assert shop.status(payment) == "succeeded"
    assert shop.outside.debits() == [10_000]
    assert shop.booking().paid_minor == 10_000
    assert shop.told() == ["otp_sent", "settled"]
    assert shop.runtime.vault.read(payment, 1) is None, "the code is deleted after use"
    assert not shop.is_due(payment)


# The end of the number paid from decides what the simulated Omari does.
AT_THE_START = {
    "263770000048": ("failed", "no_wallet"),
    "263770000061": ("failed", "limit"),
    "263770000062": ("failed", "blocked"),
    "263770000500": ("uncertain", None),
}


@pytest.mark.parametrize("number", AT_THE_START)
def test_what_omari_says_to_the_start(shop: Shop, number: str) -> None:
    payment = shop.open(payer_number=number)
    attend(str(payment))
    found = shop.payment(payment)
    assert (found.status, found.failure) == AT_THE_START[number]
    assert shop.told() == [found.status]
    assert shop.is_due(payment), "money that came after all is watched for"


WITH_THE_CODE = {
    "263770000005": ("failed", "declined", 0),
    "263770000051": ("failed", "insufficient_funds", 0),
    "263770000096": ("uncertain", None, 0),
    "263770000091": ("uncertain", None, 1),
    "263770000504": ("uncertain", None, 1),
}


@pytest.mark.parametrize("number", WITH_THE_CODE)
def test_what_omari_says_to_the_code(shop: Shop, number: str) -> None:
    payment = shop.until("confirming", payer_number=number)
    attend(str(payment))
    found = shop.payment(payment)
    status, failure, debits = WITH_THE_CODE[number]
    assert (found.status, found.failure) == (status, failure)
    assert len(shop.outside.debits()) == debits
    assert shop.told() == ["otp_sent", status]

    shop.later(payment, 3_600)
    attend(str(payment))
    assert shop.outside.asked(payment, "request") == 1, "a code is never handed over twice"
    assert (shop.status(payment) == "succeeded") == bool(debits)


@pytest.mark.parametrize(
    "fault", ["silent", "drop", "status", "silent_after", "drop_after", "html", "huge", "word"]
)
def test_no_answer_to_the_code_is_uncertain_and_then_what_omari_says(
    shop: Shop, fault: str
) -> None:
    payment = shop.until("confirming")
    shop.outside.omari("request", fault)
    attend(str(payment))
    assert shop.status(payment) == "uncertain"
    taken = shop.outside.debits()

    attend(str(payment))
    assert (shop.status(payment) == "succeeded") == bool(taken)
    assert shop.outside.asked(payment, "request") == 1
    if not taken:
        shop.outside.end_session(shop.phone)
        for _ in range(3):
            shop.later(payment, NOT_FOUND_IN_BETWEEN)
            attend(str(payment))
        assert shop.status(payment) == "expired"
    told = ["otp_sent", "uncertain", "settled" if taken else "expired"]
    assert shop.told() == told


def test_a_wrong_code_may_be_tried_again_until_there_are_no_tries(shop: Shop) -> None:
    payment = shop.until("awaiting_otp")
    right = shop.outside.code(shop.phone)
    for _ in range(3):
        shop.give_code(payment, f"{(int(right) + 1) % 10**6:06d}")
        attend(str(payment))
    assert shop.status(payment) == "failed"
    told = [told.partition(":")[0] for told in shop.told()]
    assert told == ["otp_sent", "otp_wrong", "otp_wrong", "failed"]
    assert shop.outside.debits() == []


def test_a_question_without_an_answer_changes_nothing_but_when_to_ask_again(shop: Shop) -> None:
    payment = shop.until("confirming", payer_number="263770000504")
    attend(str(payment))
    shop.outside.omari("query", "silent")
    before = shop.payment(payment)
    attend(str(payment))
    after = shop.payment(payment)
    assert (after.status, after.version) == ("uncertain", before.version + 1)
    assert shop.told() == ["otp_sent", "uncertain"]


def test_who_finds_a_lease_leaves_and_who_finds_it_run_out_only_asks(shop: Shop) -> None:
    payment = shop.until("leased")
    attend(str(payment))
    assert shop.status(payment) == "confirming"
    assert shop.outside.asked(payment, "query") == 0, "nobody asks while a call may run"
    shop.later(payment, 46)
    attend(str(payment))
    assert shop.status(payment) == "uncertain"
    assert shop.outside.asked(payment, "request") == 0
    assert shop.told() == ["otp_sent", "uncertain"]


def test_a_start_whose_worker_died_is_asked_about_and_not_repeated(shop: Shop) -> None:
    payment = shop.until("starting")
    shop.later(payment, 46)
    for _ in range(2):
        attend(str(payment))
    for _ in range(2):
        shop.later(payment, NOT_FOUND_IN_BETWEEN)
        attend(str(payment))
    assert shop.outside.asked(payment, "auth") == 0
    assert shop.status(payment) == "failed"
    assert shop.told() == ["uncertain", "failed"]


@pytest.mark.concurrency
@pytest.mark.parametrize(("status", "operation"), [("created", "auth"), ("confirming", "request")])
def test_the_same_job_many_times_at_once_calls_once(
    shop: Shop, status: str, operation: str
) -> None:
    payment = shop.until(status)
    shop.outside.omari(operation, "slow", seconds=0.2)
    threads = [threading.Thread(target=attend, args=(str(payment),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.outside.asked(payment, operation) == 1
    assert shop.told()[-1] == ("otp_sent" if status == "created" else "settled")


def test_a_payment_that_waited_too_long_for_a_worker_expires_unsent(shop: Shop) -> None:
    payment = shop.until("created")
    shop.later(payment, 301)
    attend(str(payment))
    assert shop.status(payment) == "expired"
    assert shop.outside.asked(payment, "auth") == 0
    assert not shop.is_due(payment), "what was never sent cannot bring money"
    attend(str(payment))
    assert shop.outside.asked(payment, "query") == 0, "and is asked about by nobody"


def test_a_code_that_nobody_gave_expires_by_the_databases_clock(shop: Shop) -> None:
    payment = shop.until("awaiting_otp")
    attend(str(payment))
    assert shop.status(payment) == "awaiting_otp"
    shop.later(payment, 301)
    attend(str(payment))
    assert shop.status(payment) == "expired"
    assert shop.told() == ["otp_sent", "expired"]


def test_money_that_comes_after_the_end_is_credited_and_told_as_late(shop: Shop) -> None:
    payment = shop.until("leased")
    shop.later(payment, 46)
    attend(str(payment))
    shop.outside.omari("query", "not_found", seconds=30)
    for _ in range(3):
        shop.later(payment, NOT_FOUND_IN_BETWEEN)
        attend(str(payment))
    assert shop.status(payment) == "failed"
    shop.outside.omari_behaves()
    with_code = shop.outside.code(shop.phone)
    provider_takes_it_after_all(shop, payment, with_code)

    shop.later(payment, 3_601)
    attend(str(payment))
    assert shop.status(payment) == "succeeded"
    assert shop.told() == ["otp_sent", "uncertain", "failed", "late"]
    assert shop.booking().paid_minor == 10_000


def provider_takes_it_after_all(shop: Shop, payment_id: UUID, code: str) -> None:
    """The request that hung somewhere arrives at Omari."""
    with transaction() as db:
        payment = db.get_one(Payment, payment_id)
        adapter = shop.runtime.accounts.adapter(db, payment.account_id)
    assert isinstance(adapter, ConfirmsByOtp)
    amount = Money(payment.amount_minor, payment.currency)
    adapter.confirm(Charge(payment.reference, amount, payment.payer_number, "late"), code)
