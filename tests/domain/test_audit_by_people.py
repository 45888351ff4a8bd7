"""Proofs of what people post and agree to: each contradiction planted past all guards is found."""

import pytest
from sqlalchemy import text

from domain import audit
from domain.audit import prove
from domain.database import transaction
from tests.domain import people_world as p
from tests.domain import refunds_world as r
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def office() -> p.Office:
    """Books that agree, with every act of two people in them, and one that waits."""
    office = p.build(paid_minor=10_000)
    came = p.cash(office, 1_000)
    p.agreed(office, p.taking_back(office, came, 400))
    p.agreed(office, p.taking_back(office, came, 500, cause="given_back"))
    p.agreed(office, p.moving(office, 2_000))
    settled = p.uncertain(office)
    p.agreed(office, p.statement(office, settled, 9_000))
    named = p.transit(office.other_booking, 250) | {"payment_id": str(settled)}
    p.agreed(office, p.moving(office, detail=named))
    p.hear_mismatch(settled)
    p.agreed(office, p.wish(office, "close_review", f"payment:{settled}"))
    p.agreed(office, p.wish(office, "close_as_not_paid", f"payment:{p.uncertain(office)}"))
    detail = {"amount_minor": 500, "currency": "USD"}
    p.agreed(office, p.wish(office, "refunded_outside", f"payment:{settled}", detail=detail))
    desk = r.Desk(office.world, settled, office.anna, office.ben, office.own, office.stranger, 0)
    refund = r.sent(desk, 300)
    r.lose(refund, r.Following.PERSON)
    r.later(refund, 46)
    found = {"finding": "given_back"}
    p.agreed(office, p.wish(office, "conclude_refund", f"refund:{refund}", detail=found))
    waits = p.moving(office, 100)
    p.propose(waits)
    p.reject(waits.proposal_id, office.own)
    withdrawn = p.moving(office, 100)
    p.propose(withdrawn)
    p.reject(withdrawn.proposal_id, office.anna)
    p.propose(p.moving(office, 100))
    return office


GONE = (
    "DELETE FROM evidence WHERE delivery_key IN"
    " (SELECT 'proposal:' || id FROM proposal WHERE act = '{}' AND status = 'approved')"
)
PLANTS = {
    "money from outside is not what somebody of staff wrote down": (
        "UPDATE transfer SET amount_minor = 999 WHERE kind = 'outside'",
        "UPDATE transfer SET debit = 'opening:1' WHERE kind = 'outside'",
        "UPDATE transfer SET credit = credit || '0' WHERE kind = 'outside'",
        "UPDATE evidence SET currency = 'ZWG' WHERE word = 'outside'",
        "UPDATE evidence SET word = 'move' WHERE word = 'outside'",
        "DELETE FROM evidence WHERE word = 'outside'",
        "DELETE FROM audit_entry WHERE act = 'outside_recorded'",
        "UPDATE audit_entry SET detail = detail || '{\"amount_minor\": 999}'"
        " WHERE act = 'outside_recorded'",
    ),
    "money was moved in another way than two people agreed": (
        "UPDATE transfer SET amount_minor = 1999 WHERE kind = 'move'",
        "UPDATE transfer SET amount_minor = 1999 WHERE kind = 'move' AND debit LIKE 'booking:%'",
        "UPDATE transfer SET debit = 'suspense:9' WHERE kind = 'move' AND debit LIKE 'susp%'",
        "UPDATE transfer SET debit = 'booking:3' WHERE kind = 'move' AND debit LIKE 'booking:%'",
        "UPDATE transfer SET credit = 'booking:3' WHERE kind = 'move' AND credit LIKE 'booking:%'",
        "DELETE FROM transfer WHERE kind = 'move' AND debit LIKE 'susp%'",
        "UPDATE proposal SET detail = detail || '{\"amount_minor\": 1}' WHERE status = 'approved'",
        "UPDATE proposal SET operator_id = 2 WHERE status = 'approved'",
        "UPDATE evidence SET word = 'outside' WHERE word = 'move'",
        "UPDATE transfer SET payment_id = NULL WHERE amount_minor = 250",
        "UPDATE transfer SET payment_id = NULL WHERE amount_minor = 250 AND debit LIKE 'booking:%'",
        "UPDATE transfer SET payment_id = (SELECT id FROM payment LIMIT 1) WHERE kind = 'move'",
        GONE.format("move_money"),
    ),
    "an account gave back more of a payment than it got": (
        "UPDATE transfer SET amount_minor = 9001 WHERE amount_minor = 250",
    ),
    "money from outside was taken back in another way than two people agreed": (
        "UPDATE transfer SET amount_minor = 399 WHERE amount_minor = 400",
        "UPDATE transfer SET debit = 'booking:3' WHERE kind = 'taken_back'",
        "UPDATE transfer SET credit = 'opening:1' WHERE kind = 'taken_back'",
        "UPDATE transfer SET currency = 'ZWG' WHERE kind = 'taken_back'",
        "UPDATE transfer SET takes_back_id = 1 WHERE kind = 'taken_back'",
        "UPDATE transfer SET takes_back_id = 999 WHERE kind = 'taken_back'",
        "DELETE FROM transfer WHERE kind = 'outside'",
        "UPDATE evidence SET amount_minor = 399 WHERE amount_minor = 400",
        "UPDATE evidence SET word = 'outside' WHERE word = 'taken_back'",
        "UPDATE proposal SET detail = detail || '{\"amount_minor\": 1}' WHERE status = 'approved'",
        "UPDATE proposal SET detail = detail || '{\"transfer_id\": 1}' WHERE status = 'approved'",
        "UPDATE proposal SET detail = detail - 'transfer_id' WHERE status = 'approved'",
        "UPDATE proposal SET status = 'rejected' WHERE act = 'take_back_outside'",
        GONE.format("take_back_outside"),
    ),
    "more of money from outside was taken back than had come": (
        "UPDATE transfer SET amount_minor = 899 WHERE kind = 'outside'",
        "UPDATE transfer SET amount_minor = 601 WHERE amount_minor = 500 AND kind = 'taken_back'",
    ),
    "what people wrote down of money was not posted once": (
        "DELETE FROM transfer WHERE kind = 'taken_back'",
        "DELETE FROM transfer WHERE kind = 'outside'",
        "DELETE FROM transfer WHERE kind = 'move'",
        "INSERT INTO transfer (kind, debit, credit, amount_minor, currency, booking_id,"
        " evidence_id) SELECT kind, debit, credit, amount_minor, currency, booking_id, evidence_id"
        " FROM transfer WHERE kind = 'outside'",
    ),
    "a proposal was not decided by two people who said so": (
        "UPDATE proposal SET decided_by = 3 WHERE status = 'approved'",
        "UPDATE proposal SET proposed_by = 3 WHERE status = 'proposed'",
        "UPDATE proposal SET not_before = decided_at + interval '1s' WHERE status = 'approved'",
        "DELETE FROM audit_entry WHERE act = 'move_money_approved'",
        "DELETE FROM audit_entry WHERE act = 'close_as_not_paid_proposed'",
        "DELETE FROM audit_entry WHERE act = 'move_money_rejected'",
        "DELETE FROM audit_entry WHERE act = 'move_money_withdrawn'",
    ),
    "what two people agreed to is not in the books": (
        GONE.format("settle_by_statement"),
        GONE.format("close_as_not_paid"),
        GONE.format("close_review"),
        GONE.format("move_money"),
        GONE.format("take_back_outside"),
        "DELETE FROM refund WHERE way = 'outside'",
        "UPDATE refund SET amount_minor = 499 WHERE way = 'outside'",
        "UPDATE refund SET approved_by = 3 WHERE way = 'outside'",
        'UPDATE proposal SET detail = \'{"finding": "not_given_back"}\''
        " WHERE act = 'conclude_refund'",
        "UPDATE evidence SET amount_minor = 8999 WHERE source = 'statement'",
    ),
    "a finding of two people has no agreement behind it": (
        "UPDATE proposal SET status = 'rejected' WHERE act = 'close_review'",
        "DELETE FROM proposal WHERE act = 'settle_by_statement'",
        "UPDATE evidence SET word = 'not_ours' WHERE word = 'not_paid'",
    ),
    "a surplus waits, and the payment is before nobody": (
        "UPDATE transfer SET credit = 'suspense:1' WHERE kind = 'capture'",
    ),
    "a provider's word of success was neither credited nor put into review": (
        "UPDATE evidence SET delivery_key = 'x' || delivery_key WHERE word = 'not_ours'",
    ),
}


def test_books_with_acts_of_people_prove_themselves(office: p.Office) -> None:
    assert office.other_booking != office.world.booking_id
    w.assert_books_agree()


@pytest.mark.parametrize("what", PLANTS)
def test_planted_contradictions_are_found(office: p.Office, what: str) -> None:
    assert p.booking_at(office.other_booking).paid_minor == 2_250
    missed = []
    for sql in PLANTS[what]:
        with transaction() as db:
            # As somebody at the database's own console would: no trigger, no reference is checked.
            db.execute(text("SET LOCAL session_replication_role = replica"))
            planted = db.begin_nested()
            rows = db.connection().exec_driver_sql(sql.replace("%", "%%")).rowcount
            named = {each.what for each in prove(db) if each.where and each.detail}
            planted.rollback()
        if not rows or what not in named:
            missed.append((sql, rows, named))
    assert missed == []


def test_every_proof_has_a_contradiction_that_it_finds() -> None:
    assert set(audit._BY_PEOPLE_PROOFS) < set(PLANTS)
