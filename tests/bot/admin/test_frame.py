"""The frame of the web view: who is let in, what every answer carries, what is vendored."""

import hashlib
import re
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from bot.admin import rights
from bot.admin.rights import Right
from domain.database import current
from tests.bot.admin.conftest import House, SignIn

VENDOR = Path(__file__).resolve().parents[3] / "bot" / "admin" / "static" / "vendor"


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(app: Flask) -> None:
    answer = app.test_client().get("/admin/transactions?status=failed")
    assert answer.status_code == 303
    assert answer.location == "/admin/sign-in?next=/admin/transactions?status%3Dfailed"


def test_who_is_signed_in_sees_the_page(house: House, sign_in: SignIn) -> None:
    answer = sign_in(house.admin).get("/admin/")
    assert answer.status_code == 200
    assert "anna@example.com" in answer.text


def test_an_operators_own_staff_do_not_see_pages_of_admins(house: House, sign_in: SignIn) -> None:
    assert sign_in(house.own).get("/admin/audit").status_code == 403


def test_every_answer_is_guarded(house: House, sign_in: SignIn) -> None:
    answer = sign_in(house.admin).get("/admin/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert re.search(r"\son\w+=|javascript:|\sstyle=|<style", answer.text) is None


def test_who_is_signed_in_is_told_that_the_database_is_away(house: House, sign_in: SignIn) -> None:
    client, engine = sign_in(house.admin), current().engine

    def refuse(*_args: object) -> None:
        raise OperationalError("SELECT", {}, Exception("it is away"))

    event.listen(engine, "before_cursor_execute", refuse)
    try:
        answer = client.get("/admin/bookings")
    finally:
        event.remove(engine, "before_cursor_execute", refuse)
    assert answer.status_code == 503
    assert "The database is busy" in answer.text


@pytest.mark.parametrize("page", ["audit", "departures", "bookings", "operators", "transactions"])
def test_what_an_address_names_leads_to_no_other_place(
    house: House, sign_in: SignIn, page: str
) -> None:
    """An address that somebody sends may hold any parameter; the page's links keep to our paths."""
    client = sign_in(house.admin)
    for asked in (
        "_external=1&_scheme=https://evil.example/?",
        "_external=1&_scheme=javascript",
        "_method=POST",
        "endpoint=signin.form",
    ):
        answer = client.get(f"/admin/{page}?before=x&{asked}")
        assert answer.status_code == 200, asked
        links = re.findall(r'href="([^"]*)"', answer.text)
        assert [link for link in links if not link.startswith(("/admin", "#", "?"))] == []


@pytest.mark.parametrize(
    "cursor", ["[Infinity]", '["2026-01-01", 1e999]', "[" * 3_000, '["2026-01-01T00:00:00", 1e999]']
)
def test_a_cursor_that_is_none_of_ours_begins_anew(
    house: House, sign_in: SignIn, cursor: str
) -> None:
    text = urlsafe_b64encode(cursor.encode()).decode()
    for page in ("audit", "bookings", "departures", "transactions", "conversations"):
        assert sign_in(house.admin).get(f"/admin/{page}?before={text}").status_code == 200


def test_a_page_that_does_not_say_who_may_call_it_is_refused(admin_app: Flask) -> None:
    for rule in admin_app.url_map.iter_rules():
        assert isinstance(rights.right_of(admin_app, rule.endpoint), Right)
    silent = Flask("silent")
    silent.add_url_rule("/", "silent", lambda: "")
    with pytest.raises(LookupError, match="silent does not say"):
        rights.right_of(silent, "silent")


def test_vendored_files_are_what_their_list_says() -> None:
    listed = dict(
        re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (VENDOR / "README.md").read_text(), re.M)
    )
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.suffix in (".js", ".css")
    }
    assert there == listed
    assert len(there) == 3
