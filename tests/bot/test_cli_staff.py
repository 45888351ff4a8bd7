"""The commands about staff: who is let in from the machine, and who no more."""

import re

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from domain.database import transaction
from domain.models import AuditEntry, Staff
from tests import factories

PASSWORD = "quiet river stone lamp"
_LINK = re.compile(r"^https://bot\.example\.com(/admin/join/\S{43})$", re.M)


def run(app: Flask, *words: str) -> Result:
    result = app.test_cli_runner().invoke(args=["staff", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def link_in(output: str) -> str:
    found = _LINK.search(output)
    assert found is not None, output
    return found[1]


def person(email: str) -> Staff:
    with transaction() as db:
        return db.execute(select(Staff).where(Staff.email == email)).scalar_one()


def acts() -> list[tuple[str, str]]:
    with transaction() as db:
        entries = db.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        return [(entry.actor, entry.act) for entry in entries]


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    app.extensions["admin"].app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def join(browser: FlaskClient, link: str) -> int:
    return browser.post(link, data={"password": PASSWORD, "again": PASSWORD}).status_code


def test_the_first_admin_comes_in_by_a_link(app: Flask, browser: FlaskClient) -> None:
    added = run(app, "add", "anna@example.com", "--role", "admin")
    assert "within 72 hours" in added.output
    anna = person("anna@example.com")
    assert anna.created_by is None
    # Whoever has the machine has the books anyway: who comes from there may approve at once.
    assert anna.approver_from is not None
    assert join(browser, link_in(added.output)) == 303
    fields = {"email": "anna@example.com", "password": PASSWORD}
    assert browser.post("/admin/sign-in", data=fields).location == "/admin/"
    assert browser.get("/admin/staff").status_code == 200
    with transaction() as db:
        assert db.execute(text("SELECT approver_from <= now() FROM staff")).scalar_one()


def test_a_new_link_takes_the_place_of_the_one_before(app: Flask, browser: FlaskClient) -> None:
    first = link_in(run(app, "add", "anna@example.com", "--role", "admin").output)
    second = link_in(run(app, "link", "Anna@Example.com").output)
    assert join(browser, first) == 404
    assert join(browser, second) == 303
    assert acts() == [
        ("cli", "staff_added"),
        ("cli", "staff_link_made"),
        ("cli", "staff_link_made"),
        ("anna@example.com", "staff_joined"),
    ]


def test_staff_are_listed(app: Flask, browser: FlaskClient) -> None:
    with transaction() as db:
        factories.operator(db, "Kalai Safaris")
    link = link_in(run(app, "add", "anna@example.com", "--role", "admin").output)
    join(browser, link)
    run(app, "add", "own@example.com", "--role", "operator", "--operator", "Kalai Safaris")
    run(app, "disable", "own@example.com")
    assert run(app, "list").output == (
        "anna@example.com\tadmin\tapprover\n"
        "own@example.com\toperator of Kalai Safaris\tdisabled, never signed in, approver\n"
    )


def test_somebody_is_disabled_and_signed_out(app: Flask, browser: FlaskClient) -> None:
    run(app, "add", "anna@example.com", "--role", "admin")
    join(browser, link_in(run(app, "add", "ben@example.com", "--role", "admin").output))
    browser.post("/admin/sign-in", data={"email": "ben@example.com", "password": PASSWORD})
    assert browser.get("/admin/").status_code == 200
    disabled = run(app, "disable", "ben@example.com")
    assert disabled.output == "ben@example.com can no longer sign in.\n"
    assert browser.get("/admin/").status_code == 303
    assert acts()[-1] == ("cli", "staff_disabled")
    refused = run(app, "link", "ben@example.com")
    assert (refused.exit_code, "is disabled" in refused.output) == (1, True)


def test_the_last_admin_stays(app: Flask) -> None:
    run(app, "add", "anna@example.com", "--role", "admin")
    refused = run(app, "disable", "anna@example.com")
    assert (refused.exit_code, "the last admin" in refused.output) == (1, True)
    assert person("anna@example.com").disabled_at is None


@pytest.mark.parametrize("command", ["link", "disable"])
def test_nobody_is_let_in_or_out_where_nobody_is(app: Flask, command: str) -> None:
    refused = run(app, command, "nobody@example.com")
    assert refused.exit_code == 1
    assert "Nobody of staff is nobody@example.com." in refused.output
