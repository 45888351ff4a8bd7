"""Statements say what the ledger says: day by day, account by account."""

from dataclasses import replace
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from domain import refunds
from domain.database import Database, transaction
from domain.models import Account, Transfer
from domain.money import Money
from domain.payments import Word
from domain.statements import (
    Book,
    Period,
    Statement,
    Sums,
    book_of,
    movements,
    outside_of,
    statement,
)
from tests.domain import people_world as people
from tests.domain import refunds_world as r
from tests.domain import world as w

HARARE = ZoneInfo("Africa/Harare")
EVER = Period(date(2020, 1, 1), date(2040, 1, 1), HARARE)


@pytest.fixture
def office(database: Database) -> people.Office:  # noqa: ARG001 - the current database
    return people.build()


def book(world: w.World) -> Book:
    with transaction() as db:
        return book_of(db.get_one(Account, world.account_id))


def of(book: Book, period: Period = EVER) -> Statement:
    with transaction() as db:
        return statement(db, book, period)


def date_transfers(moment: str, kind: str = "%") -> None:
    """Let every transfer of a kind have happened then."""
    with transaction() as db:
        # Transfers never change: their guard is away for this moment alone.
        db.execute(text("SET LOCAL session_replication_role = replica"))
        db.execute(
            text("UPDATE transfer SET at = CAST(:moment AS timestamptz) WHERE kind LIKE :kind"),
            {"moment": moment, "kind": kind},
        )


def in_the_ledger(account: str, currency: str = "USD") -> int:
    """Debits less credits, summed without the statement's own words."""
    with transaction() as db:
        rows = db.query(Transfer).filter_by(currency=currency).all()
    came = sum(row.amount_minor for row in rows if row.debit == account)
    return came - sum(row.amount_minor for row in rows if row.credit == account)


def refund_outside(payment: UUID, office: people.Office, amount_minor: int) -> None:
    wish = people.wish(
        office,
        "refunded_outside",
        f"payment:{payment}",
        detail={"amount_minor": amount_minor, "currency": "USD"},
    )
    people.agreed(office, wish)


def test_money_of_every_kind_stands_on_its_side(office: people.Office) -> None:
    payment = people.paid(office)
    w.settle(payment, w.success(payment, "SECOND"))
    with transaction() as db:
        word = Word("reversed", "callback", "R1", receipt="R1", amount=Money(2_000, "USD"))
        refunds.reverse(db, payment, replace(word, reference=str(payment)))
    refund_outside(payment, office, 1_500)
    came = people.cash(office, 4_000)
    people.agreed(office, people.taking_back(office, came, 700))
    people.agreed(office, people.moving(office, 2_500))

    own, outside = of(book(office.world)), of(outside_of(office.world.operator_id, "USD"))

    assert own.total == Sums(taken=20_000, surplus=10_000, reversed=2_000, payments=1)
    assert outside.total == Sums(
        outside=4_000, refunded=1_500, taken_back=700, moved=2_500, payments=1
    )
    assert (outside.total.out, outside.closing) == (2_200, 1_800)
    assert own.closing == own.total.net == in_the_ledger(book(office.world).name)
    assert outside.closing == in_the_ledger(f"outside:{office.world.operator_id}")


def test_what_is_taken_back_stands_on_the_day_on_which_it_was(office: people.Office) -> None:
    came = people.cash(office, 4_000)
    date_transfers("2026-10-31T12:00:00+00:00")
    people.agreed(office, people.taking_back(office, came))
    date_transfers("2026-11-02T12:00:00+00:00", "taken_back")
    mine = outside_of(office.world.operator_id, "USD")
    november = Period(date(2026, 11, 1), date(2026, 11, 30), HARARE)
    found = of(mine, november)
    assert (found.opening, found.total, found.closing) == (4_000, Sums(taken_back=4_000), 0)
    with transaction() as db:
        (gone,) = movements(db, mine, november)
    assert (gone.kind, gone.amount_minor, gone.booking) == ("taken_back", -4_000, "KS-2024-001")
    december = Period(date(2026, 12, 1), date(2026, 12, 31), HARARE)
    assert of(mine, december).opening == 0


def test_a_refund_by_the_provider_leaves_its_account(database: Database) -> None:  # noqa: ARG001
    desk = r.build()
    refund_id = r.sent(desk, 4_000)
    r.hear(refund_id, "succeeded")
    found = of(book(desk.world))
    assert found.total == Sums(taken=10_000, refunded=4_000, payments=1)
    assert (found.opening, found.closing) == (0, 6_000)
    assert found.closing == in_the_ledger(book(desk.world).name)
    with transaction() as db:
        moved = movements(db, book(desk.world), EVER)
    assert [(each.kind, each.amount_minor) for each in moved] == [
        ("capture", 10_000),
        ("refund", -4_000),
    ]
    assert moved[0].receipt == "H5PS"
    assert moved[0].booking == "KS-2024-001"


def test_a_day_ends_at_midnight_where_the_view_is(office: people.Office) -> None:
    people.paid(office)
    date_transfers("2026-11-20T22:30:00+00:00")  # 00:30 of the next day in Harare
    mine = book(office.world)
    assert [line.day for line in of(mine).days] == [date(2026, 11, 21)]
    in_london = replace(EVER, zone=ZoneInfo("Europe/London"))
    assert [line.day for line in of(mine, in_london).days] == [date(2026, 11, 20)]
    day = EVER.of(date(2026, 11, 21))
    assert of(mine, day).total.taken == 10_000
    assert of(mine, EVER.of(date(2026, 11, 20))).total == Sums()
    with transaction() as db:
        assert len(movements(db, mine, day)) == 1
        assert movements(db, mine, EVER.of(date(2026, 11, 22))) == []


def test_what_was_there_before_opens_the_period(office: people.Office) -> None:
    payment = people.paid(office)
    date_transfers("2026-10-31T12:00:00+00:00")
    w.settle(payment, w.success(payment, "SECOND"))
    date_transfers("2026-11-02T12:00:00+00:00", "surplus")
    november = Period(date(2026, 11, 1), date(2026, 11, 30), HARARE)
    found = of(book(office.world), november)
    assert (found.opening, found.total.net, found.closing) == (10_000, 10_000, 20_000)
    december = Period(date(2026, 12, 1), date(2026, 12, 31), HARARE)
    after = of(book(office.world), december)
    assert (after.opening, list(after.days), after.closing) == (20_000, [], 20_000)


def test_moved_money_is_neither_in_nor_out(office: people.Office) -> None:
    people.paid(office)
    people.agreed(office, people.moving(office, 2_500))
    mine = outside_of(office.world.operator_id, "USD")
    found = of(mine)
    assert (found.total.moved, found.total.net, found.closing) == (2_500, 0, 0)
    with transaction() as db:
        moved = movements(db, mine, EVER)
    assert [(each.amount_minor, each.booking) for each in moved] == [
        (-2_500, "KS-2024-001"),
        (2_500, "KS-2024-002"),
    ]
    assert of(book(office.world)).total.moved == 0


def test_statements_of_two_accounts_do_not_mix(office: people.Office) -> None:
    people.paid(office)
    with transaction() as db:
        first = db.get_one(Account, office.world.account_id)
        twin = Account(
            operator_id=first.operator_id,
            provider=first.provider,
            currency=first.currency,
            name="twin",
            secrets_sealed=first.secrets_sealed,
            is_default=False,
        )
        db.add(twin)
        db.flush()
        empty = statement(db, book_of(twin), EVER)
    assert (empty.total, empty.closing) == (Sums(), 0)
    others = replace(book(office.world), currency="ZWG")
    assert of(others).total == Sums()
