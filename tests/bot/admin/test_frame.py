"""The frame of the web view: who is let in, what every answer carries, what is vendored."""

import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask

from bot.admin import rights
from bot.admin.rights import Right
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
