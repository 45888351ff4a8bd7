"""Statements at the front door: whose they are, what their CSV says, and that the sums are the
ledger's.
"""

import csv
import io
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from domain.database import transaction
from domain.models import AuditEntry, Operator, Transfer
from domain.money import Money
from domain.outside import Method, OutsideMoney, Posted, record
from tests import factories
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import Sold, sell, words_of

WHEN = "2026-11-20T23:30:00+00:00"


@pytest.fixture
def sold(house: House) -> Sold:
    """A booking that brought USD 100.00 and USD 50.00, all on one evening."""
    found = sell(house.operator_id)
    found.paid()
    found.paid(5_000, "TWO")
    with transaction() as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        db.execute(text(f"UPDATE transfer SET at = '{WHEN}'"))  # noqa: S608 - a constant
    return found


def rows(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


def address(sold: Sold, page: str = "") -> str:
    return f"/admin/statements{page}?book={sold.world.account_id}&from=2026-11-01&to=2026-11-30"


def test_the_days_and_their_sums_are_the_ledgers(house: House, sign_in: SignIn, sold: Sold) -> None:
    client = sign_in(house.own)
    said = words_of(client.get(address(sold)))
    assert "Days begin and end at midnight in UTC" in said
    assert "20 Nov 2026 USD 150.00 USD 0.00" in said
    days = rows(client.get(address(sold, "/days.csv")))
    assert [(day["day"], day["taken"], day["payments"]) for day in days] == [
        ("2026-11-20", "150.00", "2"),
        ("total", "150.00", "2"),
    ]
    transfers = rows(client.get(address(sold, "/transfers.csv")))
    with transaction() as db:
        ledger = {row.receipt: row.amount_minor for row in db.query(Transfer)}
    assert {row["receipt"]: Decimal(row["amount"]) * 100 for row in transfers} == ledger
    assert {row["booking"] for row in transfers} == {"KS-2024-001"}
    assert {(row["day"], row["time"], row["kind"]) for row in transfers} == {
        ("2026-11-20", "23:30:00", "capture")
    }


def test_an_operators_own_see_their_own_statements_alone(
    house: House, sign_in: SignIn, sold: Sold
) -> None:
    stranger = sign_in(house.foreign)
    for page in ("", "/days.csv", "/transfers.csv"):
        assert stranger.get(address(sold, page)).status_code == 404
        by_operator = f"/admin/statements{page}?operator={house.operator_id}"
        assert stranger.get(by_operator).status_code == 404
    assert "Kalai" not in stranger.get("/admin/statements").text
    # Money outside is of the operator that whoever looks belongs to, whatever is typed.
    theirs = sell(house.stranger_id, "OT-1", tour=6)
    answer = stranger.get("/admin/statements/days.csv?book=outside-USD&from=2026-01-01")
    assert [row["net"] for row in rows(answer)] == ["0.00"]
    assert stranger.get(address(theirs)).status_code == 200
    assert sign_in(house.own).get(address(theirs)).status_code == 404


def test_admins_choose_whose_statement_it_is(house: House, sign_in: SignIn, sold: Sold) -> None:
    client = sign_in(house.admin)
    page = client.get(f"/admin/statements?operator={house.operator_id}")
    assert f'value="{sold.world.account_id}"' in page.text
    assert "Other Tours" in page.text
    assert client.get(address(sold)).status_code == 200
    assert client.get("/admin/statements?operator=999").status_code == 404
    assert client.get("/admin/statements?book=999").status_code == 404


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("from=2026-13-01", "A day is written like"),
        ("from=2026-11-21&to=2026-11-20", "The last day is before the first one"),
        ("from=2020-01-01&to=2026-11-20", "At most a year is shown at once"),
        ("from=0001-01-01", "A day is written like"),
        ("to=9999-12-31", "A day is written like"),
        ("month=soon", "A month is written like"),
        ("month=9999-12", "A month is written like"),
    ],
)
def test_days_that_cannot_be_are_named(
    house: House, sign_in: SignIn, sold: Sold, asked: str, said: str
) -> None:
    page = sign_in(house.own).get(f"/admin/statements?book={sold.world.account_id}&{asked}")
    assert said in page.text


def test_a_month_is_its_days(house: House, sign_in: SignIn, sold: Sold) -> None:
    client = sign_in(house.own)
    base = f"/admin/statements/days.csv?book={sold.world.account_id}"
    assert [row["taken"] for row in rows(client.get(f"{base}&month=2026-11"))] == ["150.00"] * 2
    december = rows(client.get(f"{base}&month=2026-12"))
    assert [(row["day"], row["closing"]) for row in december] == [("total", "150.00")]


def test_who_has_nothing_to_make_a_statement_of_is_told_so(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    page = client.get("/admin/statements").text
    assert "Nothing to make a statement of yet" in page
    assert 'name="book"' not in page
    assert client.get("/admin/statements/days.csv").status_code == 404


def test_cash_has_a_statement_without_any_account(house: House, sign_in: SignIn) -> None:
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        booking = factories.booking(db, owner, total_minor=100_000)
        db.flush()
        cash = Money(78_000, "USD")
        wish = OutsideMoney(uuid4(), booking.id, cash, Method.CASH, "Book 7, no. 12", house.own)
        assert isinstance(record(db, wish), Posted)
    for person in (house.own, house.admin):
        client = sign_in(person)
        page = client.get(f"/admin/statements?operator={house.operator_id}")
        assert "Outside of providers, USD" in page.text
        taken = client.get(f"/admin/statements/days.csv?operator={house.operator_id}")
        assert [row["outside"] for row in rows(taken)] == ["780.00", "780.00"]
    assert "USD" not in words_of(sign_in(house.foreign).get("/admin/statements"))


def test_taking_a_statement_away_is_written_down(house: House, sign_in: SignIn, sold: Sold) -> None:
    client = sign_in(house.own)
    client.get(address(sold, "/days.csv"))
    client.get(address(sold, "/transfers.csv") + "&book=outside-USD")
    client.get(f"/admin/statements/days.csv?operator={house.operator_id}&book=outside-USD")
    with transaction() as db:
        found = db.query(AuditEntry).filter_by(act="statement_exported").order_by(AuditEntry.id)
        entries = [(each.actor, each.subject, each.detail["table"]) for each in found]
        detail = found[0].detail
    account = f"account:{sold.world.account_id}"
    assert entries == [
        ("own@example.com", account, "days"),
        ("own@example.com", account, "transfers"),
        ("own@example.com", f"operator:{house.operator_id}", "days"),
    ]
    assert (detail["first_day"], detail["last_day"]) == ("2026-11-01", "2026-11-30")
