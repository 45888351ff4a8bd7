"""Proofs of the books: each contradiction that is planted past all guards is found and named."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from domain import audit
from domain.audit import Contradiction, prove
from domain.database import transaction
from domain.models import Refund, Transfer
from tests import factories
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@dataclass(frozen=True, slots=True)
class Books:
    """Books that agree: one payment that was settled with receipt H5PS, another that just began."""

    world: w.World
    settled: UUID
    begun: UUID


@pytest.fixture
def books() -> Books:
    world = w.build(paid_minor=5_000)
    settled = w.open_payment(world)
    w.walk(settled, "start", "code", "given", "confirm")
    w.settle(settled)
    with transaction() as db:
        other = factories.contact(db, "+263772000002").id
    begun = w.open_payment(world, w.World.request(world, contact_id=other, payer="263772000002"))
    return Books(world, settled, begun)


def found() -> list[Contradiction]:
    with transaction() as db:
        return prove(db)


def transfer(books: Books, payment: UUID, kind: str, **values: object) -> Transfer:
    """A transfer like the one that settling wrote, but for what is said."""
    columns: dict[str, object] = {
        "kind": kind,
        "debit": f"provider:omari:{books.world.account_id}",
        "credit": f"suspense:{books.world.operator_id}",
        "amount_minor": 1_000,
        "currency": "USD",
        "booking_id": books.world.booking_id,
        "payment_id": payment,
        "evidence_id": 1,
        "provider": "omari",
        "receipt": "OTHER",
    }
    return Transfer(**(columns | values))


def paid_but_not_posted(db: Session, _books: Books) -> None:
    db.execute(text("UPDATE booking SET paid_minor = paid_minor + 1"))


def paid_above_the_total(db: Session, _books: Books) -> None:
    db.execute(
        text(
            "UPDATE booking SET total_minor = paid_minor - 1, deposit_minor = NULL,"
            " payment_status = 'PAID'"
        )
    )


def credited_on_another_word(db: Session, _books: Books) -> None:
    db.execute(text("UPDATE evidence SET word = 'open'"))


def credited_another_amount(db: Session, _books: Books) -> None:
    db.execute(text("UPDATE evidence SET amount_minor = amount_minor + 1"))


def credited_without_evidence(db: Session, _books: Books) -> None:
    db.execute(text("DELETE FROM evidence"))


def word_of_success_ignored(db: Session, books: Books) -> None:
    db.execute(
        text(
            "INSERT INTO evidence (payment_id, provider, source, delivery_key, word, receipt, body)"
            " VALUES (:payment, 'omari', 'callback', 'one', 'succeeded', 'LOST', '')"
        ),
        {"payment": books.begun},
    )


def one_receipt_twice(db: Session, books: Books) -> None:
    db.add(transfer(books, books.begun, "surplus", receipt="H5PS"))


def success_without_money(db: Session, books: Books) -> None:
    db.execute(
        text("UPDATE payment SET status = 'succeeded' WHERE id = :payment"),
        {"payment": books.begun},
    )


def money_without_success(db: Session, books: Books) -> None:
    db.add(transfer(books, books.begun, "surplus"))


def another_currency(db: Session, books: Books) -> None:
    db.add(transfer(books, books.settled, "outside", currency="ZWG"))


def a_line_is_missing(db: Session, books: Books) -> None:
    db.execute(
        text("DELETE FROM payment_event WHERE payment_id = :payment AND version = 1"),
        {"payment": books.settled},
    )


def stands_elsewhere(db: Session, books: Books) -> None:
    db.execute(
        text("UPDATE payment SET status = 'awaiting_otp' WHERE id = :payment"),
        {"payment": books.begun},
    )


def the_story_jumps(db: Session, books: Books) -> None:
    db.execute(
        text(
            "UPDATE payment_event SET from_status = 'uncertain', to_status = 'awaiting_otp'"
            " WHERE payment_id = :payment AND to_status = 'awaiting_otp'"
        ),
        {"payment": books.settled},
    )


def nobody_looks(db: Session, books: Books) -> None:
    db.execute(
        text("UPDATE payment SET next_check_at = NULL WHERE id = :payment"),
        {"payment": books.begun},
    )


def refunded_above_what_came(db: Session, books: Books) -> None:
    db.add(
        Refund(
            id=uuid4(),
            payment_id=books.settled,
            amount_minor=10_001,
            reason="planted",
            requested_by=1,
        )
    )


def told_a_lie(db: Session, books: Books) -> None:
    db.execute(
        text(
            "INSERT INTO message (direction, contact_id, status, payment_id, told)"
            " VALUES ('out', :contact, 'sent', :payment, 'failed')"
        ),
        {"contact": books.world.contact_id, "payment": books.settled},
    )


Plant = Callable[[Session, Books], None]

PLANTS: tuple[tuple[Plant, str], ...] = (
    (paid_but_not_posted, "a booking says another sum than its transfers"),
    (paid_above_the_total, "a booking was paid more than it costs"),
    (credited_on_another_word, "money was credited without a provider's word, or not as it says"),
    (credited_another_amount, "money was credited without a provider's word, or not as it says"),
    (credited_without_evidence, "money was credited without a provider's word, or not as it says"),
    (
        word_of_success_ignored,
        "a provider's word of success was neither credited nor put into review",
    ),
    (one_receipt_twice, "one receipt was credited to two payments"),
    (success_without_money, "a payment succeeded without money, or money came without success"),
    (money_without_success, "a payment succeeded without money, or money came without success"),
    (another_currency, "a transfer is in another currency than its booking"),
    (a_line_is_missing, "a payment's story has a gap"),
    (stands_elsewhere, "a payment does not stand where its story ends"),
    (the_story_jumps, "a payment's story jumps"),
    (nobody_looks, "an open payment has no time at which somebody looks at it"),
    (refunded_above_what_came, "a refund gives back more than came in"),
    (told_a_lie, "a customer was told that nothing moved when money had"),
)


def test_books_that_agree_prove_themselves(books: Books) -> None:
    assert books.settled != books.begun
    assert found() == []


@pytest.mark.parametrize(("plant", "what"), PLANTS, ids=[plant.__name__ for plant, _ in PLANTS])
def test_a_planted_contradiction_is_found(books: Books, plant: Plant, what: str) -> None:
    with transaction() as db:
        # As somebody at the database's own console would: no trigger, no reference is checked.
        db.execute(text("SET LOCAL session_replication_role = replica"))
        plant(db, books)
        db.flush()
    named = [each for each in found() if each.what == what]
    assert len(named) == 1, found()
    assert named[0].where
    assert named[0].detail


def test_every_proof_has_a_contradiction_that_it_finds() -> None:
    assert {what for _, what in PLANTS} == set(audit._PROOFS)
