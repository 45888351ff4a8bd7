"""The audit trail: newest first, narrowed by what stands in the address, taken away as CSV."""

import csv
import io
import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from bot.admin.audit_trail.queries import Filters
from bot.admin.audit_trail.words import detail_lines
from domain.database import transaction
from domain.models import AuditEntry
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import sell, words_of

WORDS = {
    "tour_renamed": "Renamed the tour from Old to New",
    "payments_paused": "Paused new payments",
    "account_made_default": "Made the account the default",
}


def write(actor: str, act: str, subject: str, at: datetime | None = None, **detail: object) -> None:
    with transaction() as db:
        entry = AuditEntry(actor=actor, act=act, subject=subject, detail=detail)
        if at is not None:
            entry.at = at
        db.add(entry)


@pytest.fixture
def trail(house: House) -> House:
    """Three acts of two people on three days of November."""
    days = [datetime(2026, 11, number, 12, tzinfo=UTC) for number in (1, 2, 3)]
    write("anna@example.com", "account_made_default", "account:1", days[0], before=7)
    write("ben@example.com", "payments_paused", "switch:all", days[1], words="Back at noon")
    write("anna@example.com", "tour_renamed", "tour:5", days[2], **{"from": "Old", "to": "New"})
    return house


@pytest.mark.parametrize(
    ("asked", "acts"),
    [
        ("", ["tour_renamed", "payments_paused", "account_made_default"]),
        ("person=anna@example.com", ["tour_renamed", "account_made_default"]),
        ("act=payments_paused", ["payments_paused"]),
        ("act=Payments+paused", ["payments_paused"]),
        ("subject=account:1", ["account_made_default"]),
        ("from=2026-11-02&to=2026-11-02", ["payments_paused"]),
        ("to=2026-11-01&person=ben@example.com", []),
    ],
)
def test_filters_narrow_the_page_and_the_export_alike(
    trail: House, sign_in: SignIn, asked: str, acts: list[str]
) -> None:
    client = sign_in(trail.admin)
    said = words_of(client.get(f"/admin/audit?{asked}"))
    rows = said.partition("About Detail")[2]
    for act, words in WORDS.items():
        assert (words in rows) is (act in acts)
    if len(acts) == 3:
        places = [rows.index(WORDS[act]) for act in acts]
        assert places == sorted(places)
    taken = csv.DictReader(io.StringIO(client.get(f"/admin/audit.csv?{asked}").text))
    named = [row["act"] for row in taken]
    assert [act for act in named if act != "audit_trail_exported"] == acts


@pytest.mark.parametrize("day", ["yesterday", "0001-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_is_named_and_left_out(
    trail: House, sign_in: SignIn, day: str
) -> None:
    page = sign_in(trail.admin).get(f"/admin/audit?to={day}")
    assert "is no date of ours" in page.text
    assert WORDS["tour_renamed"] in page.text


def test_taking_the_trail_away_stands_in_it(trail: House, sign_in: SignIn) -> None:
    answer = sign_in(trail.admin).get("/admin/audit.csv?person=ben@example.com")
    assert answer.mimetype == "text/csv"
    with transaction() as db:
        entry = db.execute(
            select(AuditEntry).where(AuditEntry.act == "audit_trail_exported")
        ).scalar_one()
    assert (entry.actor, entry.staff_id) == ("anna@example.com", trail.admin)
    assert entry.detail == {"actor": "ben@example.com"}


def test_only_admins_see_the_trail(trail: House, sign_in: SignIn) -> None:
    client = sign_in(trail.own)
    assert client.get("/admin/audit").status_code == 403
    assert client.get("/admin/audit.csv").status_code == 403
    with transaction() as db:
        assert db.execute(select(AuditEntry).where(AuditEntry.act.like("audit%"))).first() is None


def test_pages_follow_each_other_without_a_gap(house: House, sign_in: SignIn) -> None:
    for number in range(120):
        write("cli", "tour_renamed", f"tour:{number}")
    client = sign_in(house.admin)
    seen: list[str] = []
    address = "/admin/audit?person=cli"
    while address:
        page = client.get(address).text
        seen += page.split("<tr>")[2:]
        _, _, rest = page.partition('rel="next" href="')
        address = rest.partition('"')[0].replace("&amp;", "&")
    assert len(seen) == 120
    assert len(set(seen)) == 120
    exported = client.get("/admin/audit.csv?person=cli").text
    assert exported.count("tour_renamed") == 120


def test_an_entry_leads_to_what_it_is_about(house: House, sign_in: SignIn) -> None:
    sold = sell(house.operator_id)
    payment = sold.paid()
    write("cli", "asked_again", f"payment:{payment}")
    write("cli", "account_activated", f"account:{sold.world.account_id}")
    write("cli", "booking_changed", f"booking:{sold.world.booking_id}")
    write("cli", "payments_paused", "switch:all")
    write("cli", "refund_approved", f"refund:{uuid4()}")
    write("cli", "odd", "payment:not-an-id")
    page = sign_in(house.admin).get("/admin/audit").text
    assert f'href="/admin/transactions/{payment}"' in page
    assert f'href="/admin/accounts/{sold.world.account_id}"' in page
    assert 'href="/admin/switches">All payments</a>' in page
    assert "Payment not-an-id" in page


def test_details_are_told_in_words_and_secrets_not_at_all() -> None:
    told = detail_lines(
        {
            "amount_minor": 12_345,
            "currency": "USD",
            "form": "a minted id",
            "names": ["merchant_key"],
            "changed": {"base_url": {"from": "", "to": "https://a"}, "secret_key": "sk_1"},
            "why": None,
        }
    )
    assert told == [
        ("Amount", "USD 123.45"),
        ("Names", "merchant_key"),
        ("Base url", "nothing → https://a"),
        ("Secret key", "not shown"),
        ("Why", "nothing"),
    ]
    assert "sk_1" not in json.dumps(told)
    assert Filters(actor="a").as_detail() == {"actor": "a"}
