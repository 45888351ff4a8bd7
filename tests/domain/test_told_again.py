"""What the provider tells once more after two people said what became of it: nobody is asked again,
but about what is new.
"""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from domain.database import transaction
from domain.models import Payment
from domain.money import Money
from domain.payments.reviews import unexplained
from tests.domain import people_world as p
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def office() -> p.Office:
    return p.build()


def in_other_bytes(payment: UUID, receipt: str = "ODD", **changed: object) -> None:
    """The provider answers once more, and the answer carries another time."""
    word = w.success(payment, receipt, 9_999)
    values: dict[str, object] = {"delivery_key": f"{payment}:{receipt}:{uuid4()}"}
    w.settle(payment, replace(word, **(values | changed)))  # type: ignore[arg-type]


@pytest.mark.parametrize("act", ["close_review", "close_as_not_paid", "settle_by_statement"])
def test_what_two_people_answered_asks_nobody_again_in_other_bytes(
    office: p.Office, act: str
) -> None:
    payment = p.paid(office) if act == "close_review" else p.uncertain(office)
    p.hear_mismatch(payment)
    asked = p.wish(office, act, f"payment:{payment}")
    p.agreed(office, p.statement(office, payment) if act == "settle_by_statement" else asked)
    assert p.review(payment) is None
    in_other_bytes(payment)
    in_other_bytes(payment)
    assert p.review(payment) is None
    w.assert_books_agree()
    with transaction() as db:
        assert unexplained(db, db.get_one(Payment, payment)) is None


@pytest.mark.parametrize(
    ("new", "mark"),
    [
        ({"receipt": "OTHER"}, "amount_mismatch"),
        ({"amount": Money(9_998, "USD")}, "amount_mismatch"),
        ({"amount": Money(9_999, "ZWG")}, "currency_mismatch"),
        ({"reference": "of somebody else"}, "reference_mismatch"),
    ],
)
def test_what_two_people_did_not_know_of_is_before_them_again(
    office: p.Office, new: dict[str, object], mark: str
) -> None:
    payment = p.paid(office)
    p.hear_mismatch(payment)
    p.agreed(office, p.wish(office, "close_review", f"payment:{payment}"))
    in_other_bytes(payment, **new)  # type: ignore[arg-type]
    assert p.review(payment) == mark
    with transaction() as db:
        word = unexplained(db, db.get_one(Payment, payment))
    assert (word is None) == ("reference" in new), "the same money asks for no two people again"
    w.assert_books_agree()


def test_another_time_for_the_same_bytes_asks_nobody_though_a_notice_marked_it(
    office: p.Office,
) -> None:
    payment = p.paid(office)
    with transaction() as db:
        db.get_one(Payment, payment).review = "amount_mismatch"
    p.hear_mismatch(payment)
    p.agreed(office, p.wish(office, "close_review", f"payment:{payment}"))
    p.hear_mismatch(payment)
    assert p.review(payment) is None
