"""Today and the statements say the same of the same money."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from bot.admin.scope import Scope
from bot.admin.today import days, queries
from domain.database import Database, transaction
from domain.models import Account, Refund
from domain.statements import Period, Sums, book_of, outside_of, statement
from tests.domain import people_world as people
from tests.domain import world as w

UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture
def office(database: Database) -> people.Office:  # noqa: ARG001 - the current database
    return people.build()


def today() -> list[queries.Taken]:
    span, _ = days.read("", "", datetime.now(UTC), UTC_ZONE)
    with transaction() as db:
        return queries.ledger(db, Scope(None), span).money


def stated(office: people.Office) -> tuple[Sums, Sums]:
    """The present day by the statements: of the account, and of money outside."""
    on = datetime.now(UTC).date()
    period = Period(on, on, UTC_ZONE)
    with transaction() as db:
        account = db.get_one(Account, office.world.account_id)
        books = book_of(account), outside_of(office.world.operator_id, "USD")
        of_account, outside = (statement(db, book, period).total for book in books)
    return of_account, outside


def given_back_outside(office: people.Office, payment: UUID, amount_minor: int) -> None:
    detail = {"amount_minor": amount_minor, "currency": "USD"}
    wish = people.wish(office, "refunded_outside", f"payment:{payment}", detail=detail)
    people.agreed(office, wish)
    with transaction() as db:
        assert db.query(Refund).count() == 1


def test_a_second_debit_is_no_second_payment(office: people.Office) -> None:
    payment = people.paid(office)
    w.settle(payment, w.success(payment, "SECOND"))
    people.paid(office, "OTHER")
    [taken] = today()
    of_account, _ = stated(office)
    assert (taken.payments, taken.came_minor) == (of_account.payments, of_account.taken)
    assert (taken.payments, taken.surplus_minor) == (2, 10_000)


def test_what_was_given_back_past_the_provider_did_not_go_back_there(office: people.Office) -> None:
    given_back_outside(office, people.paid(office), 4_000)
    provider, outside = today()
    of_account, past_it = stated(office)
    assert (provider.back_minor, outside.back_minor) == (of_account.refunded, past_it.refunded)
    assert (outside.provider, outside.back_minor, outside.payments) == (None, 4_000, 0)
