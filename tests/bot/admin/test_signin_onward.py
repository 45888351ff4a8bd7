"""Where a sign-in leads on: to pages of ours, and nowhere else."""

import pytest
from flask import Flask

from domain.database import transaction
from domain.staff import sessions
from tests.bot.admin.browsing import PASSWORD, browser, give_password
from tests.bot.admin.conftest import House, SignIn

pytestmark = pytest.mark.usefixtures("admin_app")


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "https:evil.example",
        "https://evil.example/admin/",
        "https:///evil.example",
        "javascript:alert(1)",
        "%2f%2fevil.example",
        "/%2f%2fevil.example",
        "/admin/%2f%2fevil.example",
        "/admin/..//evil.example",
        "/admin/%2e%2e/demo",
        "/admin/\r\nLocation: https://evil.example",
        "/administrator",
        "/demo",
        "admin/profile",
        "@evil.example",
        ".evil.example",
        "/admin@evil.example",
        "/admin/no-such-page",
        "/admin/sign-in",
        "/admin/sign-in?next=/admin/sign-in",
        "/admin/join/something",
        "/admin/sign-out",
        "",
    ],
)
def test_what_is_no_page_of_ours_leads_to_the_start(
    house: House, sign_in: SignIn, asked: str
) -> None:
    answer = sign_in(house.admin).get("/admin/sign-in", query_string={"next": asked})
    assert (answer.status_code, answer.location) == (303, "/admin/")


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/admin", "/admin/"),
        ("/admin/", "/admin/"),
        ("/admin/profile", "/admin/profile"),
        (
            "/admin/transactions?status=failed&from=2026-11-01",
            "/admin/transactions?status=failed&from=2026-11-01",
        ),
        ("/admin/profile?to=//evil.example", "/admin/profile?to=//evil.example"),
        # Acts that cannot be opened lead to the page above them.
        ("/admin/profile/sign-out-everywhere", "/admin/profile"),
        ("/admin/profile/seen?up_to=3", "/admin/profile"),
    ],
)
def test_a_page_of_ours_is_led_to(house: House, sign_in: SignIn, asked: str, leads: str) -> None:
    answer = sign_in(house.admin).get("/admin/sign-in", query_string={"next": asked})
    assert (answer.status_code, answer.location) == (303, leads)


def test_the_sign_in_itself_leads_nowhere_else(app: Flask, house: House) -> None:
    give_password(house.admin)
    answer = browser(app).post(
        "/admin/sign-in?next=//evil.example",
        data={"email": "anna@example.com", "password": PASSWORD},
    )
    assert answer.location == "/admin/"


def test_whose_session_ended_is_told_what_became_of_what_they_sent(
    house: House, sign_in: SignIn
) -> None:
    give_password(house.admin)
    client = sign_in(house.admin)
    page = "/admin/operators/new"
    with transaction() as db:
        sessions.end_all(db, house.admin)
    away = client.post(page, data={"name": "Zambezi Trails"})
    assert away.location == f"/admin/sign-in?next={page}"
    said = client.get(away.location).text
    assert "You were signed out. Nothing was done: sign in and do it again." in said
    entered = client.post(away.location, data={"email": "anna@example.com", "password": PASSWORD})
    assert entered.location == page
    assert client.get(page).status_code == 200


@pytest.mark.usefixtures("house")
def test_who_is_not_signed_in_is_asked_to_once(app: Flask) -> None:
    client = browser(app)
    words = "Please sign in to go on."
    assert words in client.get("/admin/bookings", follow_redirects=True).text
    assert words not in client.get("/admin/", follow_redirects=True).text
    # A part of a page that looks for news by itself: the page is loaded again, and says it.
    client.get("/admin/bookings", headers={"HX-Request": "true"})
    assert words not in client.get("/admin/sign-in").text
