"""What people find out about a payment: settled, closed as not paid, asked about again, seen."""

import pytest
from sqlalchemy import select

from domain import payments, refunds
from domain.database import transaction
from domain.models import Evidence, Payment, Transfer
from domain.money import Money
from domain.nudges import Nudge, take
from domain.payments import Word, by_people
from domain.payments.reviews import came_of, surplus_of
from domain.wishes import NotDone, Why
from tests.domain import people_world as p
from tests.domain import refunds_world as r
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def office() -> p.Office:
    return p.build()


def stands(payment: object) -> tuple[str, str | None, str | None]:
    found = w.payment_of(payment)  # type: ignore[arg-type]
    return found.status, found.failure, found.review


def posted() -> list[tuple[str, int]]:
    with transaction() as db:
        return w.transfers(db)


def due(payment: object) -> bool:
    return w.payment_of(payment).next_check_at is not None  # type: ignore[arg-type]


# Settle by statement


def test_two_people_settle_what_is_uncertain(office: p.Office) -> None:
    payment = p.uncertain(office)
    asked = p.statement(office, payment)
    p.agreed(office, asked)
    assert stands(payment) == ("succeeded", None, None)
    assert w.booking_of(office.world).paid_minor == 10_000
    assert w.told(payment)[-1] == "settled"
    with transaction() as db:
        evidence = db.scalars(select(Evidence)).one()
    assert (evidence.source, evidence.word, evidence.receipt) == ("statement", "succeeded", "H5PS")
    assert (evidence.amount_minor, evidence.body) == (10_000, asked.evidence)
    assert w.settle(payment).known, "the provider says the same later"
    w.assert_books_agree()


def test_less_than_was_asked_for_is_credited_as_it_came(office: p.Office) -> None:
    payment = p.uncertain(office)
    p.hear_mismatch(payment, "ODD", 9_999)
    assert stands(payment) == ("uncertain", None, "amount_mismatch")
    p.agreed(office, p.statement(office, payment, 9_999, receipt="ODD"))
    assert stands(payment) == ("succeeded", None, None)
    assert posted() == [("capture", 9_999)]
    with transaction() as db:
        assert came_of(db, db.get_one(Payment, payment)) == Money(9_999, "USD")
    w.assert_books_agree()


def test_more_than_is_owed_is_a_surplus(office: p.Office) -> None:
    payment = p.uncertain(office)
    p.agreed(office, p.statement(office, payment, 50_001))
    assert stands(payment) == ("succeeded", None, "surplus")
    assert posted() == [("capture", 50_000), ("surplus", 1)]
    with transaction() as db:
        assert came_of(db, db.get_one(Payment, payment)) == Money(50_001, "USD")
    w.assert_books_agree()


def test_late_money_is_settled_by_statement_too(office: p.Office) -> None:
    payment = p.uncertain(office)
    p.agreed(office, p.wish(office, "close_as_not_paid", f"payment:{payment}"))
    p.agreed(office, p.statement(office, payment))
    assert stands(payment) == ("succeeded", None, None)
    assert w.told(payment)[-1] == "late"
    w.assert_books_agree()


def test_what_the_word_said_of_another_receipt_is_answered_by_two_people(office: p.Office) -> None:
    """They looked at the statement: there is one receipt, and it is not what the answer said."""
    payment = p.uncertain(office)
    p.hear_mismatch(payment, "ODD")
    p.agreed(office, p.statement(office, payment, receipt="H5PS"))
    assert stands(payment) == ("succeeded", None, None)
    p.hear_mismatch(payment, "ODD")
    assert p.review(payment) is None, "the very same word asks nobody again"
    p.hear_mismatch(payment, "OTHER")
    assert p.review(payment) == "amount_mismatch", "a new one does"
    w.assert_books_agree()


def test_what_the_statement_called_otherwise_is_not_credited_twice(office: p.Office) -> None:
    """The bank's id was read, and then the provider speaks of the same money by its own."""
    payment = p.uncertain(office)
    p.agreed(office, p.statement(office, payment, receipt="BANK-17"))
    done = p.late_success(payment, "H5PS")
    assert done.mismatch == "receipt_mismatch"
    assert stands(payment) == ("succeeded", None, "receipt_mismatch")
    assert posted() == [("capture", 10_000)]
    assert w.told(payment)[-1] == "settled"
    w.assert_books_agree()
    p.agreed(office, p.wish(office, "close_review", f"payment:{payment}"))
    assert p.review(payment) is None
    assert posted() == [("capture", 10_000)]
    w.assert_books_agree()


def test_what_the_provider_told_meanwhile_is_not_credited_again(office: p.Office) -> None:
    payment = p.uncertain(office)
    asked = p.statement(office, payment, receipt="BANK-17")
    assert p.propose(asked) is None
    p.late_success(payment, "H5PS")
    assert p.approve(asked.proposal_id, office.ben) is Why.CHANGED_MEANWHILE
    assert posted() == [("capture", 10_000)]
    assert p.reject(asked.proposal_id, office.ben) is None
    p.agreed(office, p.statement(office, payment, receipt="BANK-18"))
    assert posted() == [("capture", 10_000), ("surplus", 10_000)], "who knows of it may still"
    w.assert_books_agree()


def test_what_came_twice_after_a_statement_is_settled_by_two(office: p.Office) -> None:
    payment = p.uncertain(office)
    p.agreed(office, p.statement(office, payment, receipt="BANK-17"))
    p.late_success(payment, "SECOND")
    p.agreed(office, p.statement(office, payment, receipt="SECOND"))
    assert stands(payment) == ("succeeded", None, "surplus")
    assert posted() == [("capture", 10_000), ("surplus", 10_000)]
    assert p.late_success(payment, "SECOND").known
    w.assert_books_agree()


NOT_SETTLED = {
    "nothing": ({"amount_minor": 0}, Why.NOT_POSITIVE),
    "another currency": ({"currency": "ZWG"}, Why.OTHER_CURRENCY),
    "no receipt": ({"receipt": "  "}, Why.NO_RECEIPT),
    "too long a receipt": ({"receipt": "x" * 121}, Why.NO_RECEIPT),
    "credited before": ({"receipt": "MINE"}, Why.KNOWN_RECEIPT),
    "credited before, typed by hand": ({"receipt": " mine"}, Why.KNOWN_RECEIPT),
    "its other name": ({"receipt": "etdc"}, Why.KNOWN_RECEIPT),
    "another's": ({"receipt": "THEIRS"}, Why.RECEIPT_OF_ANOTHER),
    "another's, typed by hand": ({"receipt": " theirs"}, Why.RECEIPT_OF_ANOTHER),
    "another operator": ({"operator_id": 3}, Why.OTHER_OPERATOR),
}


@pytest.mark.parametrize("what", NOT_SETTLED)
def test_what_is_not_settled(office: p.Office, what: str) -> None:
    changed, why = NOT_SETTLED[what]
    p.paid(office, "THEIRS")
    payment = p.paid(office, "MINE")
    before = posted()
    assert p.propose(p.statement(office, payment, **changed)) is why
    assert posted() == before


def test_nothing_is_found_out_while_the_provider_is_asked(office: p.Office) -> None:
    unsent = w.open_payment(office.world)
    assert p.propose(p.statement(office, unsent)) is Why.NOTHING_SENT
    w.walk(unsent, "start")
    assert p.propose(p.statement(office, unsent)) is Why.STILL_CALLING
    w.walk(unsent, "code", "given", "confirm", "lose")
    assert p.propose(p.statement(office, unsent)) is Why.STILL_CALLING, "the call may still arrive"
    w.later(unsent, 46)
    assert p.propose(p.statement(office, unsent)) is None


# Close as not paid


def test_two_people_close_what_was_not_paid(office: p.Office) -> None:
    payment = p.uncertain(office)
    asked = p.wish(office, "close_as_not_paid", f"payment:{payment}")
    p.agreed(office, asked)
    assert stands(payment) == ("failed", "closed_by_staff", None)
    assert w.told(payment)[-1] == "failed"
    assert due(payment), "it stays watched"
    assert w.booking_of(office.world).paid_minor == 0
    with transaction() as db:
        evidence = db.scalars(select(Evidence)).one()
    assert (evidence.word, evidence.body) == ("not_paid", asked.evidence)
    w.assert_books_agree()
    p.late_success(payment)
    assert stands(payment) == ("succeeded", None, None)
    assert w.told(payment)[-1] == "late"
    assert w.booking_of(office.world).paid_minor == 10_000
    w.assert_books_agree()


def test_what_did_not_agree_is_closed_and_the_same_word_asks_nobody_again(
    office: p.Office,
) -> None:
    payment = p.uncertain(office)
    p.hear_mismatch(payment)
    p.agreed(office, p.wish(office, "close_as_not_paid", f"payment:{payment}"))
    assert stands(payment) == ("failed", "closed_by_staff", None)
    p.hear_mismatch(payment)
    assert p.review(payment) is None
    w.assert_books_agree()
    p.hear_mismatch(payment, "ANOTHER")
    assert p.review(payment) == "amount_mismatch"
    w.assert_books_agree()


def test_what_was_paid_meanwhile_is_not_closed(office: p.Office) -> None:
    payment = p.uncertain(office)
    asked = p.wish(office, "close_as_not_paid", f"payment:{payment}")
    assert p.propose(asked) is None
    w.settle(payment)
    assert p.approve(asked.proposal_id, office.ben) is Why.NOT_IN_DOUBT
    assert stands(payment) == ("succeeded", None, None)
    assert p.proposal_of(asked.proposal_id).status == "proposed"
    w.assert_books_agree()


def test_what_waits_for_its_customer_is_not_closed(office: p.Office) -> None:
    payment = w.open_payment(office.world)
    w.walk(payment, "start", "code")
    w.later(payment, 60)
    asked = p.wish(office, "close_as_not_paid", f"payment:{payment}")
    assert p.propose(asked) is Why.NOT_IN_DOUBT


# Review marks


def test_a_surplus_is_before_a_person_until_suspense_holds_none_of_it(office: p.Office) -> None:
    payment = p.paid(office)
    w.settle(payment, w.success(payment, "SECOND"))
    assert p.review(payment) == "surplus"
    desk = r.Desk(office.world, payment, office.anna, office.ben, office.own, office.stranger, 0)
    r.hear(r.sent(desk, 6_000), "succeeded")
    with transaction() as db:
        locked = payments.lock(db, payment)
        assert surplus_of(db, locked.booking, locked.payment) == 4_000
    assert p.review(payment) == "surplus"
    r.hear(r.sent(desk, 4_000), "succeeded")
    assert p.review(payment) is None
    assert w.booking_of(office.world).paid_minor == 10_000
    w.assert_books_agree()


def test_a_surplus_that_went_gives_way_to_the_word_it_stood_before(office: p.Office) -> None:
    payment = p.paid(office)
    p.hear_mismatch(payment)
    w.settle(payment, w.success(payment, "SECOND"))
    assert p.review(payment) == "surplus"
    desk = r.Desk(office.world, payment, office.anna, office.ben, office.own, office.stranger, 0)
    r.hear(r.sent(desk, 10_000), "succeeded")
    assert p.review(payment) == "amount_mismatch"
    w.assert_books_agree()


def test_what_is_certain_again_is_before_nobody(office: p.Office) -> None:
    payment = p.uncertain(office)
    with transaction() as db:
        db.get_one(Payment, payment).review = "uncertain"
    w.settle(payment)
    assert p.review(payment) is None


def test_two_people_say_that_a_word_is_about_no_money_of_it(office: p.Office) -> None:
    payment = p.paid(office)
    asked = p.wish(office, "close_review", f"payment:{payment}")
    assert p.propose(asked) is Why.NOT_IN_DOUBT
    p.hear_mismatch(payment)
    with transaction() as db:
        alone = by_people.mark_reviewed(db, payment, office.anna, "nothing there")
    assert alone == NotDone(Why.NEEDS_TWO)
    assert p.review(payment) == "amount_mismatch"
    p.agreed(office, asked)
    assert stands(payment) == ("succeeded", None, None)
    assert posted() == [("capture", 10_000)]
    w.assert_books_agree()


def test_a_payment_in_doubt_is_not_only_looked_at(office: p.Office) -> None:
    payment = p.uncertain(office)
    p.hear_mismatch(payment)
    asked = p.wish(office, "close_review", f"payment:{payment}")
    assert p.propose(asked) is Why.STILL_IN_DOUBT


def seen(payment: object, staff_id: int, note: str = "the bank told us") -> object:
    with transaction() as db:
        done = by_people.mark_reviewed(db, payment, staff_id, note)  # type: ignore[arg-type]
        return done.why if isinstance(done, NotDone) else None


def test_one_person_has_seen_a_reversal(office: p.Office) -> None:
    payment = p.paid(office)
    assert seen(payment, office.own) is Why.NOT_IN_DOUBT
    with transaction() as db:
        word = Word("reversed", "statement", "CB1", "CB1", Money(2_000, "USD"))
        refunds.reverse(db, payment, word)
    assert seen(payment, office.stranger) is Why.NOT_ALLOWED
    assert seen(payment, office.own, " ") is Why.NO_REASON
    assert p.review(payment) == "reversed"
    assert seen(payment, office.own) is None
    assert p.review(payment) is None
    assert p.acts() == [("own", "payment_reviewed")]
    w.assert_books_agree()


def test_who_has_seen_a_reversal_leaves_the_surplus_to_be_seen(office: p.Office) -> None:
    payment = p.paid(office)
    w.settle(payment, w.success(payment, "SECOND"))
    with transaction() as db:
        word = Word("reversed", "statement", "CB1", "CB1", Money(2_000, "USD"))
        refunds.reverse(db, payment, word)
    assert p.review(payment) == "reversed"
    assert seen(payment, office.own) is None
    assert p.review(payment) == "surplus"
    assert seen(payment, office.own) is Why.STILL_IN_DOUBT
    w.assert_books_agree()


def test_a_payment_in_doubt_is_not_seen_away(office: p.Office) -> None:
    payment = p.uncertain(office)
    with transaction() as db:
        db.get_one(Payment, payment).review = "uncertain"
    assert seen(payment, office.anna) is Why.STILL_IN_DOUBT
    assert p.review(payment) == "uncertain"


# Ask again


def test_the_provider_is_asked_again_at_once(office: p.Office) -> None:
    payment = p.uncertain(office)
    with transaction() as db:
        assert isinstance(by_people.ask_again(db, payment, office.own), Payment)
        assert take(db) == (Nudge("workers.payments.attend", "payments", str(payment)),)
    assert r.seconds_until(w.payment_of(payment).next_check_at) < 1
    assert p.acts() == [("own", "payment_asked")]


def test_what_cannot_be_asked_about(office: p.Office) -> None:
    payment = w.open_payment(office.world)

    def asked(staff_id: int) -> object:
        with transaction() as db:
            done = by_people.ask_again(db, payment, staff_id)
            return done.why if isinstance(done, NotDone) else None

    assert asked(office.stranger) is Why.NOT_ALLOWED
    assert asked(office.anna) is Why.NOTHING_SENT
    w.walk(payment, "start")
    assert asked(office.anna) is Why.STILL_CALLING
    w.walk(payment, "code")
    assert asked(office.anna) is Why.NOTHING_TO_ASK
    assert p.acts() == []


# Refunds


def test_two_people_say_that_it_was_given_back_outside(office: p.Office) -> None:
    payment = p.paid(office)
    detail = {"amount_minor": 4_000, "currency": "USD"}
    long = "transfer 4711 " + "x" * 900
    asked = p.wish(office, "refunded_outside", f"payment:{payment}", detail=detail, evidence=long)
    p.agreed(office, asked)
    found = r.refund_of(asked.proposal_id)
    assert (found.status, found.way, found.amount_minor) == ("succeeded", "outside", 4_000)
    assert (found.requested_by, found.approved_by) == (office.anna, office.ben)
    assert len(found.reason) <= 300
    assert w.booking_of(office.world).paid_minor == 6_000
    with transaction() as db:
        bodies = list(db.scalars(select(Evidence.body).where(Evidence.word == "refunded")))
        kinds = list(db.scalars(select(Transfer.kind)))
    assert (bodies, kinds) == ([long], ["capture", "refund"])
    w.assert_books_agree()
    again = p.wish(office, "refunded_outside", f"payment:{payment}", detail=detail)
    too_much = {"amount_minor": 6_001, "currency": "USD"}
    assert p.propose(again) is None
    assert (
        p.propose(p.wish(office, "refunded_outside", f"payment:{payment}", detail=too_much))
        is Why.ABOVE_LEFT
    )


@pytest.mark.parametrize(
    ("finding", "status", "paid_minor"),
    [("given_back", "succeeded", 6_000), ("not_given_back", "failed", 10_000)],
)
def test_two_people_conclude_a_refund(
    office: p.Office, finding: str, status: str, paid_minor: int
) -> None:
    payment = p.paid(office)
    desk = r.Desk(office.world, payment, office.anna, office.ben, office.own, office.stranger, 0)
    refund = r.sent(desk)
    asked = p.wish(office, "conclude_refund", f"refund:{refund}", detail={"finding": finding})
    assert p.propose(asked) is Why.STILL_CALLING
    r.lose(refund, refunds.Following.PERSON)
    r.later(refund, 46)
    p.agreed(office, asked)
    assert r.refund_of(refund).status == status
    assert w.booking_of(office.world).paid_minor == paid_minor
    w.assert_books_agree()
