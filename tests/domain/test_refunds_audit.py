"""Proofs of money on its way back: each contradiction that is planted past all guards is found."""

import pytest
from sqlalchemy import text

from domain import audit, refunds
from domain.audit import prove
from domain.database import transaction
from domain.money import Money
from domain.payments import Word
from tests.domain import refunds_world as r
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def desk() -> r.Desk:
    """Books that agree: a refund that took place, one under way, a reversal."""
    desk = r.build()
    r.surplus(desk)
    r.hear(r.sent(desk, 4_000), "succeeded")
    r.sent(desk, 1_000)
    with transaction() as db:
        word = Word("reversed", "statement", "CB1", "CB1", Money(2_000, "USD"))
        refunds.reverse(db, desk.payment, word)
    return desk


ANOTHER_TRANSFER = (
    "INSERT INTO transfer (kind, debit, credit, amount_minor, currency, booking_id, payment_id,"
    " refund_id, evidence_id) SELECT 'refund', debit || '0', credit, 1, currency, booking_id,"
    " payment_id, {refund}, evidence_id FROM transfer WHERE kind = 'refund'"
)
UNDER_WAY = "(SELECT id FROM refund WHERE status = 'sending')"
PLANTS = {
    "a refund's transfers are not what it says": (
        "UPDATE refund SET amount_minor = amount_minor - 1 WHERE status = 'succeeded'",
        "UPDATE refund SET status = 'failed' WHERE status = 'succeeded'",
        "UPDATE refund SET status = 'succeeded', approved_at = now() WHERE status = 'sending'",
        ANOTHER_TRANSFER.format(refund=UNDER_WAY),
    ),
    "money went back without evidence, or not as it says": (
        "DELETE FROM evidence WHERE word = 'refunded'",
        "DELETE FROM evidence WHERE word = 'reversed'",
        "UPDATE evidence SET word = 'mismatch' WHERE word = 'refunded'",
        "UPDATE evidence SET amount_minor = 3999 WHERE word = 'refunded'",
        "UPDATE evidence SET amount_minor = 1999 WHERE word = 'reversed'",
        "UPDATE evidence SET payment_id = NULL WHERE word = 'refunded'",
        "UPDATE evidence SET currency = 'ZWG' WHERE word = 'reversed'",
    ),
    "an account gave back more of a payment than it got": (
        "UPDATE transfer SET amount_minor = 10001 WHERE kind = 'refund'",
        "UPDATE transfer SET debit = 'suspense:999' WHERE kind = 'refund'",
        "UPDATE transfer SET amount_minor = 10001 WHERE kind = 'reversal'",
    ),
    "a refund under way has neither a time nor a person who looks at it": (
        "UPDATE refund SET next_check_at = NULL WHERE status = 'sending'",
    ),
    "a refund was approved by nobody, or by who asked for it": (
        "UPDATE refund SET approved_at = NULL, approved_by = NULL WHERE status = 'sending'",
    ),
    "a refund gives back more than came in": (
        "UPDATE refund SET amount_minor = 17001 WHERE status = 'succeeded'",
        "UPDATE refund SET amount_minor = 14001 WHERE status = 'sending'",
        "UPDATE transfer SET amount_minor = 15001 WHERE kind = 'reversal'",
    ),
}


def found() -> set[str]:
    with transaction() as db:
        return {each.what for each in prove(db) if each.where and each.detail}


def test_books_with_money_on_its_way_back_prove_themselves(desk: r.Desk) -> None:
    assert w.booking_of(desk.world).paid_minor == 8_000
    assert found() == set()


@pytest.mark.parametrize(("what", "sql"), [(what, sql) for what in PLANTS for sql in PLANTS[what]])
def test_a_planted_contradiction_is_found(desk: r.Desk, what: str, sql: str) -> None:
    assert w.payment_of(desk.payment).status == "succeeded"
    with transaction() as db:
        # As somebody at the database's own console would: no trigger, no reference is checked.
        db.execute(text("SET LOCAL session_replication_role = replica"))
        db.execute(text(sql))
    assert what in found()


def test_every_proof_has_a_contradiction_that_it_finds() -> None:
    assert set(audit._MONEY_BACK_PROOFS) < set(PLANTS)
