"""Leases before calls and answers after them: uncertain is never failed, and a negative word must
be old enough.
"""

import pytest
from sqlalchemy import select

from domain import payments
from domain.database import transaction
from domain.models import Payment
from domain.payments import Act, ProviderCall, Word
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")

CALL = ProviderCall("request", 200, 12, "055")


def act_of(payment: object) -> Act:
    with transaction() as db:
        return payments.due_act(payments.lock(db, payment), w.POLICY)  # type: ignore[arg-type]


def word(payment: object, status: str) -> Word:
    return Word(status=status, source="poll", delivery_key=f"{payment}:{status}")


def ask(payment: object, status: str) -> Payment:
    with transaction() as db:
        payments.record_word(db, payments.lock(db, payment), word(payment, status), w.POLICY)  # type: ignore[arg-type]
    return w.payment_of(payment)  # type: ignore[arg-type]


def test_whoever_finds_a_lease_leaves_and_whoever_finds_it_run_out_only_asks() -> None:
    payment = w.open_payment(w.build())
    assert act_of(payment) is Act.START
    w.walk(payment, "start")
    assert act_of(payment) is Act.LEAVE
    w.later(payment, 46)
    assert act_of(payment) is Act.LOSE
    w.walk(payment, "lose")
    assert act_of(payment) is Act.ASK


def test_a_code_is_handed_over_once_and_then_only_asked_about() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "code", "given")
    assert act_of(payment) is Act.CONFIRM
    w.walk(payment, "confirm")
    assert act_of(payment) is Act.LEAVE
    w.later(payment, 46)
    assert act_of(payment) is Act.LOSE


@pytest.mark.parametrize("negative", ["failed", "not_found", "expired", "cancelled"])
def test_a_negative_word_counts_when_given_twice_and_late_enough(negative: str) -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "code", "given", "confirm", "lose")

    assert ask(payment, negative).status == "uncertain"  # the lease still runs: too early to count
    w.later(payment, 60)
    assert ask(payment, negative).status == "uncertain"  # lease's end + 15 s
    w.later(payment, 46)
    first = ask(payment, negative)
    assert first.status == "uncertain"
    assert first.negative_since is not None
    w.later(payment, 30)
    assert ask(payment, negative).status == "uncertain"
    w.later(payment, 31)
    ended = ask(payment, negative)

    assert ended.status == {"expired": "expired", "cancelled": "cancelled"}.get(negative, "failed")
    assert w.told(payment)[-2:] == ["uncertain", ended.status]
    assert ended.next_check_at is not None, "late money is watched for"
    w.assert_books_agree()


def test_a_positive_word_counts_at_once_and_clears_the_doubt() -> None:
    world = w.build()
    payment = w.open_payment(world)
    w.walk(payment, "start", "code", "given", "confirm", "lose")
    with transaction() as db:
        payments.record_word(db, payments.lock(db, payment), w.success(payment), w.POLICY)
    assert w.payment_of(payment).status == "succeeded"
    assert w.booking_of(world).paid_minor == 10_000
    w.assert_books_agree()


def test_an_open_word_between_two_negative_ones_starts_the_count_again() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "code", "given", "confirm", "lose")
    w.later(payment, 106)
    ask(payment, "not_found")
    ask(payment, "open")
    w.later(payment, 61)
    assert ask(payment, "not_found").status == "uncertain"


def test_a_lost_answer_to_the_start_opens_for_the_code_when_the_provider_says_it_stands_open() -> (
    None
):
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "lose")
    assert ask(payment, "open").status == "awaiting_otp"
    assert w.told(payment) == ["uncertain", "otp_sent"]


def test_a_code_under_way_never_goes_back_to_waiting_for_one() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "code", "given", "confirm", "lose")
    assert ask(payment, "open").status == "uncertain"


def test_wrong_codes_are_counted_and_then_it_fails() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "code")
    for _ in range(3):
        w.walk(payment, "given", "confirm")
        with transaction() as db:
            payments.record_wrong_otp(db, payments.lock(db, payment), "wrong_otp", CALL)
    ended = w.payment_of(payment)
    assert (ended.status, ended.failure) == ("failed", "tries_exceeded")
    assert w.told(payment) == ["otp_sent", "otp_wrong", "otp_wrong", "failed"]
    w.assert_books_agree()


def test_a_lost_code_costs_no_try() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "code", "given")
    before = w.payment_of(payment)
    with transaction() as db:
        payments.code_lost(db, payments.lock(db, payment))
    after = w.payment_of(payment)
    assert after.status == "awaiting_otp"
    assert after.otp_tries - after.otp_try == before.otp_tries - before.otp_try
    assert after.otp_try != before.otp_try, "the next code lies under another key of the vault"


def test_an_answer_that_would_lead_backwards_changes_nothing() -> None:
    payment = w.open_payment(w.build())
    w.settle(payment)
    assert ask(payment, "failed").status == "succeeded"
    with transaction() as db:
        payments.record_refusal(db, payments.lock(db, payment), "declined", CALL)
        payments.record_started(db, payments.lock(db, payment), "ETDC", 300, CALL)
        payments.lose_answer(db, payments.lock(db, payment), w.POLICY, CALL)
    assert w.payment_of(payment).status == "succeeded"
    assert w.told(payment) == ["settled"]
    w.assert_books_agree()


def test_cancelling_while_the_provider_is_asked_ends_it_when_the_answer_comes() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "cancel")
    assert w.payment_of(payment).status == "starting"
    w.walk(payment, "code")
    assert w.payment_of(payment).status == "cancelled"
    assert w.told(payment) == [], "the customer was told when they asked"


def test_cancelling_is_too_late_once_the_provider_has_the_code() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "code", "given")
    with transaction() as db:
        assert not payments.cancel(db, payments.lock(db, payment))
    w.walk(payment, "confirm", "lose")
    with transaction() as db:
        assert not payments.cancel(db, payments.lock(db, payment))


def test_who_wished_to_cancel_what_was_paid_meanwhile_is_not_told_that_it_is_cancelled() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "cancel")
    w.settle(payment)
    with transaction() as db:
        assert not payments.cancel(db, payments.lock(db, payment))
    assert w.told(payment) == ["settled"]


def test_what_is_due_is_claimed_by_one_and_comes_back() -> None:
    payment = w.open_payment(w.build())
    w.later(payment, 10)
    with transaction() as db:
        assert payments.claim_due(db, 10, w.POLICY) == [payment]
    with transaction() as db:
        assert payments.claim_due(db, 10, w.POLICY) == []
    w.later(payment, 11)
    with transaction() as db:
        assert payments.claim_due(db, 10, w.POLICY) == [payment]


def test_late_money_is_watched_for_a_week_and_no_longer() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start", "code", "expire")
    moments = []
    for _ in range(20):
        due = w.payment_of(payment).next_check_at
        if due is None:
            break
        with transaction() as db:
            now = payments.lock(db, payment).now
        moments.append(round((due - now).total_seconds() / 3_600))
        w.later(payment, (due - now).total_seconds() + 1)
        ask(payment, "not_found")
    assert moments == [1, 5, 18, 24, 24, 24, 24, 24, 24]
    assert w.payment_of(payment).next_check_at is None


def test_a_payment_that_was_never_sent_is_not_watched() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "cancel")
    with transaction() as db:
        status, due = db.execute(select(Payment.status, Payment.next_check_at)).one()
    assert (status, due) == ("cancelled", None)


def test_a_word_that_does_not_agree_asks_nobody_while_the_call_is_under_way() -> None:
    payment = w.open_payment(w.build())
    w.walk(payment, "start")
    with transaction() as db:
        other = w.success(payment, amount_minor=1)
        payments.record_word(db, payments.lock(db, payment), other, w.POLICY)
    assert w.payment_of(payment).review == "amount_mismatch"
    assert act_of(payment) is Act.LEAVE
    w.later(payment, 46)
    assert act_of(payment) is Act.ASK
