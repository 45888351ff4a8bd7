"""Payments behind a link or in an app: opened, asked about, voided, over, and late."""

import dataclasses
from datetime import timedelta
from uuid import UUID

import pytest

from domain import payments
from domain.database import transaction
from domain.models import Payment
from domain.payments import Act, Opened, OpenRequest, ProviderCall, Word
from domain.payments.schedule import look_again
from domain.policy import Policy
from tests import factories
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")

CALL = ProviderCall("create", 200, 12)
LIFE_SECONDS = 180
GRACE_SECONDS = 65
POLICY = Policy(check_delays_seconds=(5,), expiry_grace_seconds=GRACE_SECONDS)


def by_link(world: w.World, amount_minor: int = 10_000, **changes: object) -> OpenRequest:
    request = world.request(amount_minor, payer=None)
    return dataclasses.replace(request, otp_tries=0, hold_seconds=LIFE_SECONDS, **changes)


def started(world: w.World, request: OpenRequest | None = None) -> UUID:
    payment = w.open_payment(world, request or by_link(world))
    w.walk(payment, "start")
    return payment


def give_link(payment: UUID, life_seconds: float = LIFE_SECONDS) -> Payment:
    with transaction() as db:
        locked = payments.lock(db, payment)
        opened = Opened(
            provider_reference=f"QR-{payment.hex[:8]}",
            expires_at=locked.now + timedelta(seconds=life_seconds),
            url="https://pay.test/l/1",
            qr="https://pay.test/l/1",
        )
        payments.record_opened(db, locked, opened, POLICY, CALL)
    return w.payment_of(payment)


def ask(payment: UUID, status: str, policy: Policy = POLICY) -> Payment:
    word = Word(status=status, source="poll", delivery_key=f"{payment}:{status}", call=CALL)
    with transaction() as db:
        payments.record_word(db, payments.lock(db, payment), word, policy)
    return w.payment_of(payment)


def act_of(payment: UUID) -> Act:
    with transaction() as db:
        return payments.due_act(payments.lock(db, payment), POLICY)


def cancel(payment: UUID) -> bool:
    with transaction() as db:
        return payments.cancel(db, payments.lock(db, payment))


def test_a_link_waits_for_its_customer_and_holds_the_balance_while_it_lives() -> None:
    world = w.build(total_minor=15_000)
    payment = give_link(started(world))

    assert payment.status == "awaiting_customer"
    assert payment.provider_reference is not None
    assert payment.link_url == "https://pay.test/l/1"
    assert w.told(payment.id) == ["link_made"]
    assert act_of(payment.id) is Act.ASK
    with transaction() as db:
        other = factories.contact(db, "+263771000001")
        refused = payments.open_payment(db, by_link(world, contact_id=other.id), POLICY)
    assert isinstance(refused, payments.NotOpened)
    assert (refused.why, refused.until) == ("above_free", payment.hold_until)


def test_an_invoice_that_waits_for_a_day_holds_the_balance_for_half_an_hour() -> None:
    world = w.build()
    request = dataclasses.replace(world.request(), otp_tries=0)
    payment = give_link(started(world, request), life_seconds=86_400)

    assert w.told(payment.id) == ["invoice_sent"]
    assert payment.deadline_at is not None
    assert payment.deadline_at - payment.hold_until > timedelta(hours=23)


def test_it_is_asked_about_by_the_providers_schedule_and_when_it_ends() -> None:
    payment = give_link(started(w.build()))
    with transaction() as db:
        now = payments.lock(db, payment.id).now
    assert payment.next_check_at is not None
    assert 3 < (payment.next_check_at - now).total_seconds() <= 6

    slow = dataclasses.replace(POLICY, check_delays_seconds=(3_600,))
    with transaction() as db:
        locked = payments.lock(db, payment.id)
        look_again(locked.payment, locked.now, slow)
        end = locked.payment.deadline_at
        assert end is not None
        assert locked.payment.next_check_at == end + timedelta(seconds=GRACE_SECONDS)


def test_who_asks_out_of_turn_uses_up_no_step_of_the_schedule() -> None:
    steps = dataclasses.replace(POLICY, check_delays_seconds=(300, 3_600, 86_000), check_spread=0.0)
    payment = started(w.build())
    with transaction() as db:
        locked = payments.lock(db, payment)
        opened = Opened("QR-1", locked.now + timedelta(days=1), url="https://pay.test/l/1")
        payments.record_opened(db, locked, opened, steps, CALL)

    for _ in range(3):
        with transaction() as db:
            locked = payments.lock(db, payment)
            payments.ask_now(db, locked.payment, locked.now)
            payments.ask_now(db, locked.payment, locked.now)  # "paid", written twice
        ask(payment, "open", steps)
    assert 290 < _seconds_to_the_next_question(payment) <= 300

    w.later(payment, 301)
    ask(payment, "open", steps)
    assert 3_590 < _seconds_to_the_next_question(payment) <= 3_600


def test_whoever_asks_about_an_uncertain_payment_keeps_no_person_from_looking_at_it() -> None:
    twice = dataclasses.replace(POLICY, check_delays_seconds=(300, 300))
    payment = started(w.build())
    with transaction() as db:
        payments.lose_answer(db, payments.lock(db, payment), twice, CALL)
    assert w.payment_of(payment).review is None
    with transaction() as db:
        locked = payments.lock(db, payment)
        payments.ask_now(db, locked.payment, locked.now)
        payments.record_failed_check(db, locked, CALL, twice)
    assert w.payment_of(payment).review == "uncertain"


def _seconds_to_the_next_question(payment: UUID) -> float:
    with transaction() as db:
        locked = payments.lock(db, payment)
    assert locked.payment.next_check_at is not None
    return (locked.payment.next_check_at - locked.now).total_seconds()


def test_a_nudge_that_comes_twice_is_no_reason_to_ask_before_the_time() -> None:
    payment = started(w.build())
    seldom = dataclasses.replace(POLICY, check_delays_seconds=(3_600,), check_spread=0.0)
    with transaction() as db:
        locked = payments.lock(db, payment)
        opened = Opened("QR-1", locked.now + timedelta(days=1), url="https://pay.test/l/1")
        payments.record_opened(db, locked, opened, seldom, CALL)
    assert act_of(payment) is Act.LEAVE

    with transaction() as db:
        locked = payments.lock(db, payment)
        payments.ask_now(db, locked.payment, locked.now)
    assert act_of(payment) is Act.ASK

    with transaction() as db:
        locked = payments.lock(db, payment)
        look_again(locked.payment, locked.now, seldom)
    w.later(payment, 3_601)
    with transaction() as db:
        assert payments.claim_due(db, 10, POLICY) == [payment]
    assert act_of(payment) is Act.ASK


def test_what_stands_open_well_after_its_end_is_expired_and_not_before() -> None:
    payment = give_link(started(w.build())).id
    w.later(payment, LIFE_SECONDS + GRACE_SECONDS - 5)
    assert ask(payment, "open").status == "awaiting_customer"
    w.later(payment, 6)
    assert ask(payment, "open").status == "expired"
    assert w.told(payment) == ["link_made", "expired"]


@pytest.mark.parametrize("word", ["failed", "expired", "cancelled"])
def test_the_providers_definite_word_counts_at_once(word: str) -> None:
    payment = give_link(started(w.build())).id
    assert ask(payment, word).status == word
    assert w.told(payment) == ["link_made", word]


def test_not_found_is_no_ending_while_the_link_lives() -> None:
    payment = give_link(started(w.build())).id
    assert ask(payment, "not_found").status == "awaiting_customer"


def test_who_cancels_is_believed_at_once_and_the_provider_is_asked_to_void_it_once() -> None:
    payment = give_link(started(w.build())).id
    assert cancel(payment)
    assert act_of(payment) is Act.VOID
    with transaction() as db:
        payments.begin_void(db, payments.lock(db, payment), 30, POLICY)
    assert act_of(payment) is Act.LEAVE
    with transaction() as db:
        payments.record_not_voided(db, payments.lock(db, payment), POLICY, CALL)
    assert act_of(payment) is Act.ASK
    assert ask(payment, "cancelled").status == "cancelled"
    assert w.told(payment) == ["link_made"]


def test_a_void_whose_answer_never_came_is_asked_about() -> None:
    payment = give_link(started(w.build())).id
    cancel(payment)
    with transaction() as db:
        payments.begin_void(db, payments.lock(db, payment), 30, POLICY)
    w.later(payment, 46)
    assert act_of(payment) is Act.ASK


def test_money_that_came_by_a_link_that_was_cancelled_arrived_late_and_counts() -> None:
    world = w.build()
    payment = give_link(started(world)).id
    cancel(payment)
    w.settle(payment)
    assert w.told(payment) == ["link_made", "late"]
    assert w.booking_of(world).paid_minor == 10_000
    w.assert_books_agree()


def test_money_that_came_after_the_end_counts_and_is_told_as_late() -> None:
    world = w.build()
    payment = give_link(started(world)).id
    ask(payment, "expired")
    w.settle(payment)
    assert w.told(payment) == ["link_made", "expired", "late"]
    assert w.booking_of(world).paid_minor == 10_000
    w.assert_books_agree()


def test_who_cancelled_while_the_link_was_being_made_is_not_given_it() -> None:
    payment = started(w.build())
    cancel(payment)
    given = give_link(payment)
    assert w.told(payment) == []
    assert given.status == "awaiting_customer"
    assert act_of(payment) is Act.VOID


def test_a_link_that_nobody_was_given_ends_at_once_when_the_provider_shows_it() -> None:
    payment = started(w.build())
    w.walk(payment, "lose")
    assert ask(payment, "open").status == "failed"
    assert w.payment_of(payment).failure == "unavailable"
    assert w.told(payment) == ["uncertain", "failed"]


def test_an_invoice_whose_answer_was_lost_may_be_paid_and_stays_uncertain() -> None:
    world = w.build()
    payment = started(world, dataclasses.replace(world.request(), otp_tries=0))
    w.walk(payment, "lose")
    assert ask(payment, "open").status == "uncertain"
    assert not cancel(payment)


def test_a_new_link_cancels_the_old_one_and_takes_over_its_hold() -> None:
    world = w.build(total_minor=10_000)
    first = give_link(started(world)).id
    with transaction() as db:
        second = payments.replace(db, payments.lock(db, first), by_link(world), POLICY)
        assert isinstance(second, Payment)
        assert second.replaces == first
    assert act_of(first) is Act.VOID
    assert act_of(second.id) is Act.START


def test_there_is_no_new_link_for_what_is_paid_already_and_the_old_one_stays() -> None:
    world = w.build(total_minor=10_000)
    first = give_link(started(world)).id
    w.settle(first)
    with transaction() as db:
        refused = payments.replace(db, payments.lock(db, first), by_link(world), POLICY)
    assert refused == payments.NotOpened("already_paid")


def test_new_links_are_counted_per_contact() -> None:
    world = w.build()
    policy = dataclasses.replace(POLICY, contact_starts_per_hour=1)
    first = give_link(started(world)).id
    with transaction() as db:
        refused = payments.replace(db, payments.lock(db, first), by_link(world), policy)
    assert isinstance(refused, payments.NotOpened)
    assert refused.why == "contact_limit"
    assert w.payment_of(first).cancel_requested_at is None


def test_a_link_that_the_booking_no_longer_needs_is_withdrawn_with_one_word() -> None:
    world = w.build(total_minor=20_000)
    first = give_link(started(world, by_link(world, 12_000))).id
    w.later(first, 3_600)  # its hold is over, the link is not
    with transaction() as db:
        other = factories.contact(db, "+263771000002")
        request = by_link(world, 15_000, contact_id=other.id)
    second = w.open_payment(world, request)
    w.walk(second, "start")
    give_link(second)
    w.settle(second, w.success(second, "SECOND", 15_000))

    assert w.told(first) == ["link_made", "withdrawn"]
    assert act_of(first) is Act.VOID
    assert ask(first, "cancelled").status == "cancelled"
    assert w.told(first) == ["link_made", "withdrawn"]


def test_a_second_success_under_one_order_is_a_surplus_in_either_order() -> None:
    world = w.build()
    payment = give_link(started(world)).id
    for receipt in ("FIRST", "SECOND", "FIRST", "SECOND"):
        with transaction() as db:
            word = w.success(payment, receipt)
            payments.record_word(db, payments.lock(db, payment), word, POLICY)
    with transaction() as db:
        assert w.transfers(db) == [("capture", 10_000), ("surplus", 10_000)]
    assert w.payment_of(payment).receipt == "FIRST"
    assert w.payment_of(payment).review == "surplus"
    assert w.told(payment) == ["link_made", "settled", "paid_again"]
    w.assert_books_agree()


def test_a_paid_payment_is_asked_about_only_when_somebody_said_that_there_is_more() -> None:
    payment = give_link(started(w.build())).id
    w.settle(payment)
    assert act_of(payment) is Act.LEAVE
    with transaction() as db:
        locked = payments.lock(db, payment)
        payments.ask_now(db, locked.payment, locked.now)
    assert act_of(payment) is Act.ASK
    with transaction() as db:
        payments.record_word(db, payments.lock(db, payment), w.success(payment), POLICY)
    assert act_of(payment) is Act.LEAVE


def test_a_question_waits_for_as_long_as_the_provider_asked_for() -> None:
    payment = give_link(started(w.build())).id
    with transaction() as db:
        locked = payments.lock(db, payment)
        payments.record_failed_check(db, locked, CALL, POLICY, pause_seconds=59)
        assert locked.payment.next_check_at == locked.now + timedelta(seconds=59)


def test_what_can_be_paid_twice_is_watched_for_a_week_after_it_was_paid() -> None:
    payment = give_link(started(w.build())).id
    watching = dataclasses.replace(POLICY, watches_paid=True)
    moments = []
    for _ in range(20):
        with transaction() as db:
            locked = payments.lock(db, payment)
            payments.record_word(db, locked, w.success(payment), watching)
            due, now = locked.payment.next_check_at, locked.now
        if due is None:
            break
        moments.append(round((due - now).total_seconds() / 3_600))
        assert act_of(payment) is Act.LEAVE
        with transaction() as db:
            locked = payments.lock(db, payment)
            payments.leave(locked.payment, locked.now, POLICY)  # a nudge that came twice
        w.later(payment, (due - now).total_seconds() + 1)
        assert act_of(payment) is Act.ASK
    assert moments == [1, 5, 18, 24, 24, 24, 24, 24, 24]
    w.assert_books_agree()


def test_strangers_who_pay_by_link_do_not_give_way_to_each_other() -> None:
    world = w.build()
    first = started(world)
    with transaction() as db:
        stranger = factories.contact(db, "+263771000003")
        request = by_link(world, contact_id=stranger.id)
    started(world, request)
    assert give_link(first).cancel_requested_at is None
    assert w.told(first) == ["link_made"]


def test_a_link_that_was_no_longer_needed_before_it_was_made_is_withdrawn_with_one_word() -> None:
    world = w.build(total_minor=20_000)
    first = started(world, by_link(world, 12_000))
    w.later(first, 3_600)  # its hold is over, its making is not
    with transaction() as db:
        other = factories.contact(db, "+263771000002")
        request = by_link(world, 15_000, contact_id=other.id)
    second = w.open_payment(world, request)
    w.walk(second, "start")
    give_link(second)
    w.settle(second, w.success(second, "SECOND", 15_000))

    give_link(first)
    assert act_of(first) is Act.VOID
    assert ask(first, "cancelled").status == "cancelled"
    assert w.told(first) == ["withdrawn"]


def test_a_new_link_takes_nothing_that_others_hold_since_the_hold_of_the_old_one_ended() -> None:
    world = w.build(total_minor=15_000)
    first = give_link(started(world), life_seconds=7_200).id
    w.later(first, 3_600)
    with transaction() as db:
        other = factories.contact(db, "+263771000002")
        request = by_link(world, 8_000, contact_id=other.id)
    second = give_link(started(world, request))
    with transaction() as db:
        refused = payments.replace(db, payments.lock(db, first), by_link(world), POLICY)
    assert refused == payments.NotOpened("held", second.hold_until)
    assert w.payment_of(first).cancel_requested_at is None


def test_what_nobody_can_say_for_long_is_left_to_a_person_until_it_is_known() -> None:
    world = w.build()
    payment = started(world, dataclasses.replace(world.request(), otp_tries=0))
    w.walk(payment, "lose")
    policy = dataclasses.replace(POLICY, check_delays_seconds=(5, 5, 5))
    reviews = []
    for _ in range(3):
        with transaction() as db:
            payments.record_failed_check(db, payments.lock(db, payment), CALL, policy)
        reviews.append(w.payment_of(payment).review)
    assert reviews == [None, "uncertain", "uncertain"]
    assert w.payment_of(payment).next_check_at is not None, "it is asked about all the same"
    w.settle(payment)
    assert w.payment_of(payment).review is None
