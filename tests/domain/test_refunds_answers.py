"""What comes of a refund's one call: each answer, silence, late words, what does not agree; and
what two people know.
"""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain import refunds
from domain.database import transaction
from domain.money import Money
from domain.refunds import Finding, Following, NotRefunded, Why
from tests.domain import refunds_world as r
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def desk() -> r.Desk:
    return r.build()


def paid(desk: r.Desk) -> tuple[int, str]:
    booking = w.booking_of(desk.world)
    return booking.paid_minor, booking.payment_status


def told(desk: r.Desk) -> list[str]:
    return [name for name in w.told(desk.payment) if name.startswith("refund")]


def test_success_lowers_what_was_paid_and_the_booking_owes_it_again(desk: r.Desk) -> None:
    joined = w.booking_of(desk.world).joined_at
    refund = r.sent(desk)
    r.hear(refund, "succeeded", provider_reference="RF1", amount=Money(4_000, "USD"))
    found = r.refund_of(refund)
    assert (found.status, found.provider_reference, found.next_check_at) == (
        "succeeded",
        "RF1",
        None,
    )
    assert paid(desk) == (6_000, "DEPOSIT_PAID")
    assert w.booking_of(desk.world).joined_at == joined
    assert r.transfers("refund") == [("booking", 4_000)]
    assert told(desk) == ["refunded"]
    w.assert_books_agree()


def test_a_payment_refunded_in_full_still_succeeded_and_can_be_paid_again(desk: r.Desk) -> None:
    r.hear(r.sent(desk, 10_000), "succeeded")
    assert paid(desk) == (0, "PENDING")
    assert w.payment_of(desk.payment).status == "succeeded"
    again = w.open_payment(desk.world, desk.world.request(50_000))
    w.settle(again, w.success(again, "AGAIN", 50_000))
    assert paid(desk) == (50_000, "PAID")
    w.assert_books_agree()


def test_the_same_word_twice_is_one_refund(desk: r.Desk) -> None:
    refund = r.sent(desk)
    for _ in range(2):
        r.hear(refund, "succeeded", digest="same")
    assert paid(desk) == (6_000, "DEPOSIT_PAID")
    assert told(desk) == ["refunded"]


def test_surplus_goes_back_first(desk: r.Desk) -> None:
    r.surplus(desk)
    r.hear(r.sent(desk, 14_000), "succeeded")
    assert r.transfers("refund") == [("suspense", 10_000), ("booking", 4_000)]
    assert paid(desk) == (6_000, "DEPOSIT_PAID")
    w.assert_books_agree()


def test_pending_is_followed_on_a_schedule_until_it_is_final(desk: r.Desk) -> None:
    refund = r.sent(desk)
    waits = []
    for _ in range(7):
        r.hear(refund, "pending")
        waits.append(round(r.seconds_until(r.refund_of(refund).next_check_at) / 60))
    assert waits == [1, 5, 15, 60, 360, 1_440, 1_440]
    assert told(desk) == ["refund_sent"]
    assert paid(desk) == (10_000, "DEPOSIT_PAID"), "nothing is posted before it is final"
    r.hear(refund, "succeeded")
    assert told(desk) == ["refund_sent", "refunded"]
    assert paid(desk) == (6_000, "DEPOSIT_PAID")


def test_pending_then_failed_is_failed_at_once_and_a_person_looks(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.hear(refund, "pending")
    r.hear(refund, "not_found")
    assert r.stands(refund) == ("pending", None, None), "it was accepted: that is no answer"
    r.hear(refund, "failed", reason="declined")
    assert r.stands(refund) == ("failed", "declined", "refund_failed")
    r.ask(desk, 10_000)


def test_a_refusal_is_final_and_frees_the_amount(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.refuse(refund)
    assert r.stands(refund) == ("failed", "declined", None)
    assert r.refund_of(refund).next_check_at is None
    assert r.due(refund) == "leave"
    r.ask(desk, 10_000)
    w.assert_books_agree()


def test_a_refusal_after_the_end_changes_nothing(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.hear(refund, "succeeded")
    r.refuse(refund)
    assert r.stands(refund) == ("succeeded", None, None)


# After silence


def test_after_silence_a_negative_word_counts_when_it_is_old_and_given_twice(
    desk: r.Desk,
) -> None:
    refund = r.sent(desk)
    r.lose(refund)
    assert r.stands(refund) == ("uncertain", None, None)
    r.hear(refund, "not_found")
    r.later(refund, 45 + 50)
    r.hear(refund, "not_found")
    assert r.refund_of(refund).negative_since is None, "too young to count"
    r.later(refund, 11)
    r.hear(refund, "not_found")
    r.later(refund, 50)
    r.hear(refund, "not_found")
    assert r.stands(refund)[0] == "uncertain"
    assert r.refused(desk, 7_000).why is Why.ABOVE_LEFT, "it may have gone back"
    r.later(refund, 11)
    r.hear(refund, "not_found")
    assert r.stands(refund) == ("failed", "not_found", None)
    r.ask(desk, 7_000)
    assert told(desk) == []


def test_after_silence_the_second_question_comes_soon(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.lose(refund)
    r.later(refund, 106)
    for _ in range(3):
        r.hear(refund, "failed")
    assert r.seconds_until(r.refund_of(refund).next_check_at) <= 60


@pytest.mark.parametrize(("word", "ends"), [("succeeded", "succeeded"), ("pending", "pending")])
def test_after_silence_a_positive_word_counts_at_once(desk: r.Desk, word: str, ends: str) -> None:
    refund = r.sent(desk)
    r.lose(refund)
    r.hear(refund, word)
    assert r.stands(refund) == (ends, None, None)


def test_a_failed_question_changes_only_the_time_of_the_next(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.lose(refund)
    r.later(refund, 200)
    with transaction() as db:
        refunds.record_failed_check(db, refunds.lock(db, refund), r.CALL, r.POLICY)
    assert r.stands(refund)[0] == "uncertain"
    assert r.seconds_until(r.refund_of(refund).next_check_at) > 0


def test_not_found_in_answer_to_the_call_itself_is_no_answer(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.hear(refund, "not_found")
    assert r.stands(refund)[0] == "uncertain"


def test_an_answer_lost_twice_is_lost_once(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.lose(refund)
    r.lose(refund)
    r.hear(refund, "succeeded")
    r.lose(refund)
    assert r.stands(refund) == ("succeeded", None, None)
    assert r.story(desk.payment).count("refund_uncertain") == 1


def given_up(desk: r.Desk, amount_minor: int = 6_000) -> UUID:
    """A refund that the provider said twice it did not know."""
    refund = r.sent(desk, amount_minor)
    r.lose(refund)
    r.later(refund, 106)
    r.hear(refund, "not_found")
    r.later(refund, 61)
    r.hear(refund, "not_found")
    assert r.stands(refund)[0] == "failed"
    return refund


@pytest.mark.parametrize("word", ["succeeded", "pending"])
def test_a_late_word_counts_while_there_is_money_for_it(desk: r.Desk, word: str) -> None:
    refund = given_up(desk)
    assert r.due(refund) == "ask", "it is watched for a week"
    r.hear(refund, word)
    assert r.stands(refund) == (word, None, None)
    w.assert_books_agree()


def test_a_late_word_for_what_was_promised_again_is_a_persons(desk: r.Desk) -> None:
    refund = given_up(desk)
    r.ask(desk, 6_000)
    r.hear(refund, "succeeded")
    assert r.stands(refund) == ("failed", "not_found", "late_refund")
    assert paid(desk) == (10_000, "DEPOSIT_PAID")
    w.assert_books_agree()


def test_after_a_week_nobody_asks_any_more(desk: r.Desk) -> None:
    refund = given_up(desk)
    r.later(refund, 7 * 86_400)
    r.hear(refund, "not_found")
    assert r.refund_of(refund).next_check_at is None
    assert r.due(refund) == "leave"


# What does not agree

MISMATCHES = {
    "amount": ({"amount": Money(3_999, "USD")}, "amount_mismatch"),
    "currency": ({"amount": Money(4_000, "ZWG")}, "amount_mismatch"),
    "reference": ({"reference": "another"}, "reference_mismatch"),
}


@pytest.mark.parametrize("word", ["succeeded", "pending", "failed"])
@pytest.mark.parametrize("what", MISMATCHES)
def test_what_does_not_agree_posts_nothing_and_is_a_persons(
    desk: r.Desk, what: str, word: str
) -> None:
    changed, review = MISMATCHES[what]
    refund = r.sent(desk)
    for _ in range(2):
        r.hear(refund, word, **changed)
    assert r.stands(refund) == ("uncertain", None, review)
    assert r.refund_of(refund).next_check_at is None
    assert paid(desk) == (10_000, "DEPOSIT_PAID")
    assert r.story(desk.payment).count("refund_review") == 1
    w.assert_books_agree()


def test_another_refund_of_the_providers_is_not_this_one(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.hear(refund, "pending", provider_reference="RF1")
    r.hear(refund, "succeeded", provider_reference="RF2")
    assert r.stands(refund) == ("pending", None, "reference_mismatch")


# People


def conclude(
    refund: UUID, people: tuple[int, int], finding: Finding, evidence: str = "statement of May"
) -> Why | None:
    with transaction() as db:
        done = refunds.conclude(db, refund, people, finding, evidence, r.POLICY)
        return done.why if isinstance(done, NotRefunded) else None


def unanswered(desk: r.Desk) -> UUID:
    """A refund at a provider that cannot be asked, after its lease."""
    refund = r.sent(desk)
    r.lose(refund, Following.PERSON)
    r.later(refund, 46)
    return refund


def test_who_cannot_be_asked_leaves_it_to_a_person(desk: r.Desk) -> None:
    refund = unanswered(desk)
    assert r.stands(refund) == ("uncertain", None, "uncertain_refund")
    assert r.refund_of(refund).next_check_at is None
    assert r.due(refund) == "leave"
    w.assert_books_agree()


def test_two_people_say_that_it_went_back(desk: r.Desk) -> None:
    refund = unanswered(desk)
    assert conclude(refund, (desk.anna, desk.ben), Finding.GIVEN_BACK) is None
    assert r.stands(refund) == ("succeeded", None, None)
    assert paid(desk) == (6_000, "DEPOSIT_PAID")
    assert told(desk) == ["refunded"]
    assert r.acts()[-2:] == [("anna", "refund_concluded"), ("ben", "refund_concluded")]
    w.assert_books_agree()


def test_two_people_say_that_it_did_not(desk: r.Desk) -> None:
    refund = unanswered(desk)
    assert conclude(refund, (desk.anna, desk.ben), Finding.NOT_GIVEN_BACK) is None
    assert r.stands(refund) == ("failed", "not_given_back", None)
    r.ask(desk, 10_000)
    w.assert_books_agree()


def test_what_people_may_not_conclude(desk: r.Desk) -> None:
    running = r.sent(desk)
    two = (desk.anna, desk.ben)
    assert conclude(running, two, Finding.GIVEN_BACK) is Why.STILL_CALLING
    r.lose(running, Following.PERSON)
    assert conclude(running, two, Finding.GIVEN_BACK) is Why.STILL_CALLING, "its lease runs"
    r.later(running, 46)
    assert conclude(running, (desk.anna, desk.anna), Finding.GIVEN_BACK) is Why.SAME_PERSON
    assert conclude(running, (desk.anna, desk.stranger), Finding.GIVEN_BACK) is Why.NOT_ALLOWED
    assert conclude(running, two, Finding.GIVEN_BACK, " ") is Why.NO_REASON
    assert conclude(running, two, Finding.GIVEN_BACK) is None
    assert conclude(running, two, Finding.NOT_GIVEN_BACK) is Why.NOT_WAITING
    assert paid(desk) == (6_000, "DEPOSIT_PAID")


def outside(desk: r.Desk, amount_minor: int, **changed: object) -> str:
    values: dict[str, object] = {
        "refund_id": uuid4(),
        "payment_id": desk.payment,
        "amount": Money(amount_minor, "USD"),
        "evidence": "bank transfer 4711",
        "staff_id": desk.anna,
        "approver_id": desk.ben,
    }
    with transaction() as db:
        wish = refunds.OutsideWish(**(values | changed))  # type: ignore[arg-type]
        done = refunds.record_outside(db, wish)
        return done.why.value if isinstance(done, NotRefunded) else done.status


def test_what_staff_gave_back_is_posted_at_once_past_the_provider(desk: r.Desk) -> None:
    assert outside(desk, 4_000) == "succeeded"
    assert paid(desk) == (6_000, "DEPOSIT_PAID")
    with transaction() as db:
        row = db.execute(
            text(
                "SELECT t.credit, e.source, e.body FROM transfer t"
                " JOIN evidence e ON e.id = t.evidence_id WHERE t.kind = 'refund'"
            )
        ).one()
    assert row == (f"outside:{desk.world.operator_id}", "person", "bank transfer 4711")
    assert r.acts() == [("anna", "refund_outside"), ("ben", "refund_approved")]
    assert told(desk) == ["refunded_outside"]
    w.assert_books_agree()


def test_outside_has_the_same_limits(desk: r.Desk) -> None:
    assert outside(desk, 4_000, approver_id=desk.anna) == "same_person"
    assert outside(desk, 4_000, approver_id=desk.stranger) == "not_allowed"
    assert outside(desk, 4_000, evidence="") == "no_reason"
    assert outside(desk, 10_001) == "above_left"
    r.ask(desk, 7_000)
    assert outside(desk, 4_000) == "above_left"
    again = uuid4()
    assert [outside(desk, 3_000, refund_id=again) for _ in range(2)] == ["succeeded"] * 2
    assert paid(desk) == (7_000, "DEPOSIT_PAID")


def test_two_people_settle_a_late_word_once_there_is_money_for_it(desk: r.Desk) -> None:
    refund = given_up(desk)
    promised = r.ask(desk, 6_000)
    r.hear(refund, "succeeded")
    two = (desk.anna, desk.ben)
    assert conclude(refund, two, Finding.GIVEN_BACK) is Why.NOT_HELD
    with transaction() as db:
        refunds.reject(db, promised, desk.ben, "it went back before")
    assert conclude(refund, two, Finding.GIVEN_BACK) is None
    assert r.stands(refund) == ("succeeded", None, None)
    assert paid(desk) == (4_000, "DEPOSIT_PAID")
    w.assert_books_agree()


def test_two_people_close_what_failed_after_it_was_accepted(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.hear(refund, "pending")
    r.hear(refund, "failed")
    assert conclude(refund, (desk.anna, desk.ben), Finding.NOT_GIVEN_BACK) is None
    assert r.stands(refund) == ("failed", "not_given_back", None)
    w.assert_books_agree()


def test_what_was_refused_is_not_in_doubt(desk: r.Desk) -> None:
    refund = r.sent(desk)
    r.refuse(refund)
    assert conclude(refund, (desk.anna, desk.ben), Finding.GIVEN_BACK) is Why.NOT_WAITING
