"""Statements at the front door: whose they are, what their CSV says, and that the sums are the
ledger's.
"""

import csv
import io
from decimal import Decimal

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from domain.database import transaction
from domain.models import Transfer
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


def test_who_has_no_account_is_told_so(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    assert "no account to make a statement of" in client.get("/admin/statements").text
    assert client.get("/admin/statements/days.csv").status_code == 404
