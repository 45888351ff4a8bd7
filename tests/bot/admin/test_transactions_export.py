"""The list as CSV: the same rows, masked, written down, and in bounded pieces."""

import csv
import io
from zoneinfo import ZoneInfo

from sqlalchemy import event, select

from bot.admin.scope import Scope
from bot.admin.transactions import export
from bot.admin.transactions.accounts import accounts
from bot.admin.transactions.forms import Filters
from bot.admin.transactions.queries import Listing
from domain.database import current, transaction
from domain.models import AuditEntry
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.payments_listed import Shelf, paid_for, shelf

__all__ = ["shelf"]

CSV = "/admin/transactions/payments.csv"


def test_the_table_holds_what_the_list_holds(house: House, sign_in: SignIn, shelf: Shelf) -> None:
    old = paid_for(
        shelf, "KS-1", minutes=5, payer_number="263771234567", receipt="=cmd()", failure="declined"
    )
    wide = "\N{FULLWIDTH EQUALS SIGN}cmd()"
    new = paid_for(shelf, "KZ-1", amount_minor=123_456, receipt=wide)
    paid_for(shelf, "OT-1")
    answer = sign_in(house.own).get(CSV)
    assert answer.mimetype == "text/csv"
    assert 'filename="payments.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["payment_id"] for row in rows] == [str(new), str(old)]
    assert rows[0]["amount"] == "1234.56"
    assert rows[0]["currency"] == "KZT"
    assert rows[1]["opened_at"] == "2026-03-10T11:55:00+00:00"
    assert rows[1]["tour_reference"] == "BK-T005-20260401"
    assert rows[1]["receipt"] == "'=cmd()"
    assert rows[0]["receipt"] == "'\N{FULLWIDTH EQUALS SIGN}cmd()", "some read it as the other one"
    assert rows[1]["contact"] == "•••• 5180"
    assert rows[1]["paid_from"] == "•••• 4567"
    assert "26377" not in answer.text


def test_it_keeps_to_the_filters_and_is_written_down(
    house: House, sign_in: SignIn, shelf: Shelf
) -> None:
    paid_for(shelf, "KS-1")
    expired = paid_for(shelf, "KS-2", status="expired")
    client = sign_in(house.admin)
    answer = client.get(f"{CSV}?status=expired&from=2026-03-01")
    assert [row["payment_id"] for row in csv.DictReader(io.StringIO(answer.text))] == [str(expired)]
    client.get(CSV, query_string={"q": "+263 77 497 5180"})
    with transaction() as db:
        entries = list(db.scalars(select(AuditEntry).order_by(AuditEntry.id)))
    assert [(each.act, each.actor, each.staff_id) for each in entries] == [
        ("payments_exported", "anna@example.com", house.admin)
    ] * 2
    assert entries[0].detail == {"statuses": ["expired"], "since": "2026-03-01"}
    assert entries[1].detail == {"query": "…5180"}


def test_a_long_table_is_read_page_by_page_and_nothing_is_held_meanwhile(
    house: House, shelf: Shelf
) -> None:
    made = [paid_for(shelf, "KS-1", minutes=number // 3) for number in range(25)]
    with transaction() as db:
        scope = Scope(house.operator_id)
        listing = Listing(scope, accounts(db, scope), Filters(), ZoneInfo("UTC"))
    asked: list[str] = []
    event.listen(current().engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    rows = export.rows(listing, rows_at_once=10)
    first = next(iter(rows))
    assert len(asked) == 1
    assert current().engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    found = [first, *rows]
    assert len(asked) == 3
    assert sorted(row[0] for row in found) == sorted(map(str, made))
