"""Where a sign-in leads on: to pages of ours, and nowhere else."""

import pytest
from flask import Flask

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
