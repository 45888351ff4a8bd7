"""One's own account: password, authenticator, browsers, what one is told."""

import re
from dataclasses import replace
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import RecoveryCode, Staff, StaffNotice
from domain.staff.notices import tell
from tests.bot.admin.browsing import (
    PASSWORD,
    acts_about,
    browser,
    code_of,
    give_authenticator,
    give_password,
    hidden,
    run_sql,
    signed_in,
)
from tests.bot.admin.conftest import House, SignIn

ANNA = "anna@example.com"
ANOTHER = "seven green umbrellas"

pytestmark = pytest.mark.usefixtures("admin_app")


def is_in(client: FlaskClient) -> bool:
    return client.get("/admin/profile").status_code == 200


def change(client: FlaskClient, **fields: str) -> tuple[int, str]:
    chosen = {"present": PASSWORD, "password": ANOTHER, "again": ANOTHER, **fields}
    answer = client.post("/admin/profile/password", data=chosen)
    return answer.status_code, unescape(answer.text)


def secret_shown(page: str) -> str:
    found = re.search(r"\b[A-Z2-7]{32}\b", page)
    assert found is not None, page
    return found[0]


def kept_secret(runtime: Runtime, staff_id: int) -> str | None:
    with transaction() as db:
        sealed = db.get_one(Staff, staff_id).totp_sealed
    return None if sealed is None else runtime.authenticators.open(sealed)


def test_another_password_signs_out_all_other_browsers(app: Flask, house: House) -> None:
    here, elsewhere = signed_in(app, house.admin, ANNA), signed_in(app, house.admin, ANNA)
    assert change(here)[0] == 303
    assert is_in(here)
    assert not is_in(elsewhere)
    fields = {"email": ANNA, "password": ANOTHER}
    assert browser(app).post("/admin/sign-in", data=fields).status_code == 303
    fields = {"email": ANNA, "password": PASSWORD}
    assert browser(app).post("/admin/sign-in", data=fields).status_code == 422
    assert (ANNA, "password_changed") in acts_about(house.admin)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"present": "not the present one"}, "This is not your password."),
        ({"present": ""}, "Enter your present password."),
        ({"password": "short words", "again": "short words"}, "at least 12 characters"),
        ({"password": "a" * 201, "again": "a" * 201}, "at most 200 characters"),
        ({"password": "Password1234", "again": "Password1234"}, "Many people use this"),
        ({"password": "ababababababab", "again": "ababababababab"}, "Many people use this"),
        ({"password": "Anna@Example.com", "again": "Anna@Example.com"}, "your e-mail address"),
        ({"again": "seven green umbrella"}, "This is not the same as above."),
    ],
)
def test_a_password_that_is_not_taken(
    app: Flask, house: House, fields: dict[str, str], why: str
) -> None:
    client = signed_in(app, house.admin, ANNA)
    status, page = change(client, **fields)
    assert status == 422
    assert why in page
    assert ANOTHER not in page
    assert (ANNA, "password_changed") not in acts_about(house.admin)


def test_guessing_the_present_password_is_limited(app: Flask, house: House) -> None:
    client = signed_in(app, house.admin, ANNA)
    for _ in range(10):
        assert change(client, present="a guess")[0] == 422
    assert change(client)[0] == 429


def test_an_authenticator_is_set_up_by_one_of_its_codes(
    app: Flask, house: House, runtime: Runtime
) -> None:
    client, elsewhere = signed_in(app, house.admin, ANNA), signed_in(app, house.admin, ANNA)
    page = client.get("/admin/profile/authenticator").text
    assert 'src="data:image/png;base64,' in page
    secret, offer = secret_shown(page), hidden(page, "offer")
    wrong = client.post(
        "/admin/profile/authenticator", data={"offer": offer, "code": code_of(secret, 4)}
    )
    assert (wrong.status_code, secret_shown(wrong.text)) == (422, secret)
    assert kept_secret(runtime, house.admin) is None

    fields = {"offer": offer, "code": code_of(secret)}
    done = client.post("/admin/profile/authenticator", data=fields)
    codes = re.findall(r"<li>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</li>", done.text)
    assert (done.status_code, len(set(codes))) == (200, 10)
    assert f"data:text/plain;charset=utf-8,{codes[0]}%0A" in done.text
    assert kept_secret(runtime, house.admin) == secret
    assert secret not in done.text
    assert not is_in(elsewhere)
    assert "10 recovery codes are left" in client.get("/admin/profile").text
    # A form whose answer was lost shows the same codes, and nothing is done twice.
    again = client.post("/admin/profile/authenticator", data=fields)
    assert codes[0] in again.text
    assert [act for _, act in acts_about(house.admin)].count("authenticator_set") == 1
    # The code that confirmed it does not sign in as well.
    other = browser(app)
    other.post("/admin/sign-in", data={"email": ANNA, "password": PASSWORD})
    reused = other.post("/admin/sign-in/code", data={"code": fields["code"]})
    assert reused.status_code == 422
    assert other.post("/admin/sign-in/code", data={"code": codes[0]}).status_code == 303


def test_an_authenticator_is_set_up_by_whoever_was_just_here(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin, fresh=False)
    for address in ("/admin/profile/authenticator", "/admin/profile/authenticator/remove"):
        assert client.get(address).location == f"/admin/confirm?next={address}"
        assert client.post(address).location == f"/admin/confirm?next={address}"


def test_what_is_offered_to_one_person_is_not_set_up_by_another(
    house: House, sign_in: SignIn, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = sign_in(house.second).get("/admin/profile/authenticator").text
    secret, offer = secret_shown(page), hidden(page, "offer")
    client = sign_in(house.admin)

    def tried(offer: str) -> tuple[int, bool, str | None]:
        fields = {"offer": offer, "code": code_of(secret)}
        answer = client.post("/admin/profile/authenticator", data=fields)
        too_old = "This page was open too long" in answer.text
        return answer.status_code, too_old, kept_secret(runtime, house.admin)

    assert tried(offer) == (422, True, None)
    assert tried("forged") == (422, True, None)
    monkeypatch.setattr("bot.admin.profile.offers._SECONDS", -1)
    late = client.get("/admin/profile/authenticator").text
    secret = secret_shown(late)
    assert tried(hidden(late, "offer")) == (422, True, None)


def test_another_authenticator_needs_a_code_of_the_present_one(
    house: House, sign_in: SignIn, runtime: Runtime
) -> None:
    old = give_authenticator(runtime, house.admin)
    client = sign_in(house.admin)
    page = client.get("/admin/profile/authenticator").text
    new, offer = secret_shown(page), hidden(page, "offer")
    for present in ("", "000000" if code_of(old) != "000000" else "000001"):
        fields = {"offer": offer, "code": code_of(new), "present": present}
        assert client.post("/admin/profile/authenticator", data=fields).status_code == 422
        assert kept_secret(runtime, house.admin) == old
    fields = {"offer": offer, "code": code_of(new), "present": code_of(old)}
    assert client.post("/admin/profile/authenticator", data=fields).status_code == 200
    assert kept_secret(runtime, house.admin) == new
    assert ("anna@example.com", "authenticator_replaced") in acts_about(house.admin)
    with transaction() as db:
        assert len(db.execute(select(RecoveryCode.code_hash)).all()) == 10


def test_an_authenticator_is_removed_with_a_code(
    house: House, sign_in: SignIn, runtime: Runtime
) -> None:
    secret = give_authenticator(runtime, house.admin)
    client, elsewhere = sign_in(house.admin), sign_in(house.admin)
    address = "/admin/profile/authenticator/remove"
    assert client.get(address).status_code == 200
    assert client.post(address, data={"code": "not a code"}).status_code == 422
    assert kept_secret(runtime, house.admin) == secret
    assert client.post(address, data={"code": code_of(secret)}).location == "/admin/profile"
    assert kept_secret(runtime, house.admin) is None
    assert not is_in(elsewhere)
    assert client.get(address).location == "/admin/profile"
    assert ("anna@example.com", "authenticator_removed") in acts_about(house.admin)


def test_a_browser_elsewhere_is_signed_out(app: Flask, house: House) -> None:
    here, elsewhere = signed_in(app, house.admin, ANNA), signed_in(app, house.admin, ANNA)
    page = here.get("/admin/profile").text
    assert page.count("Firefox on Linux") == 2
    assert page.count("This one") == 1
    assert (
        here.post("/admin/profile/sign-out", data={"key": hidden(page, "key")}).status_code == 303
    )
    assert is_in(here)
    assert not is_in(elsewhere)
    assert "Firefox on Linux" in here.get("/admin/profile").text


def test_nobody_signs_out_anothers_browser(app: Flask, house: House) -> None:
    mine, other = signed_in(app, house.admin, ANNA), signed_in(app, house.own, "own@example.com")
    third = signed_in(app, house.own, "own@example.com")
    key = hidden(other.get("/admin/profile").text, "key")
    mine.post("/admin/profile/sign-out", data={"key": key})
    assert is_in(other)
    assert is_in(third)


def test_somebody_signs_out_everywhere(app: Flask, house: House) -> None:
    here, elsewhere = signed_in(app, house.admin, ANNA), signed_in(app, house.admin, ANNA)
    other = signed_in(app, house.own, "own@example.com")
    assert here.post("/admin/profile/sign-out-everywhere").location == "/admin/sign-in"
    assert not is_in(here)
    assert not is_in(elsewhere)
    assert is_in(other)
    assert (ANNA, "signed_out_everywhere") in acts_about(house.admin)


def test_what_somebody_is_told_stands_on_every_page_until_it_was_seen(
    house: House, sign_in: SignIn
) -> None:
    detail = {"act": "settle_by_statement", "subject": "payment:x", "by": "ben@example.com"}
    with transaction() as db:
        tell(db, [house.admin, house.own], "proposal_waiting", "proposal:1", detail)
        tell(db, [house.admin], "something_new", "booking:2", {"<b>": "<b>"})
    client, own = sign_in(house.admin), sign_in(house.own)
    words = "ben@example.com asks for a second person to settle a payment by the statement."
    page = client.get("/admin/audit").text
    assert words in page
    assert "There is something new about booking:2: something new." in page
    newest = hidden(page, "up_to")
    with transaction() as db:
        tell(db, [house.admin], "proposal_rejected", "proposal:1", detail)
    seen = client.post("/admin/profile/seen?next=/admin/audit", data={"up_to": newest})
    assert seen.location == "/admin/audit"
    page = client.get("/admin/").text
    assert words not in page
    assert "ben@example.com rejected the proposal to settle a payment by the statement." in page
    assert words in own.get("/admin/").text
    assert client.post("/admin/profile/seen", data={"up_to": "x"}).status_code == 303
    # Where something went wrong, nothing more is asked of the database.
    assert "rejected the proposal" not in client.get("/admin/no-such-page").text
    with transaction() as db:
        left = db.execute(select(StaffNotice.kind).where(StaffNotice.seen_at.is_(None)))
        assert sorted(left.scalars()) == ["proposal_rejected", "proposal_waiting"]


def test_what_needs_an_authenticator_is_said_as_it_is(
    admin_app: Flask, house: House, sign_in: SignIn
) -> None:
    client = sign_in(house.admin)
    here = "In production, acts on money and on people need one; here they do not."
    assert here in client.get("/admin/profile").text
    runtime = admin_app.extensions["tourpay"]
    settings = runtime.settings.model_copy(update={"environment": "production"})
    admin_app.extensions["tourpay"] = replace(runtime, settings=settings)
    page = client.get("/admin/profile").text
    assert "Acts on money and on people need one." in page
    assert here not in page


def test_notices_are_a_line_that_opens_but_where_a_day_begins(
    house: House, sign_in: SignIn
) -> None:
    detail = {"who": "eve@example.com", "by": ANNA}
    with transaction() as db:
        tell(db, [house.admin, house.second], "approver_made", "staff:9", detail)
        tell(db, [house.admin], "proposal_rejected", "proposal:1", {"by": "ben@example.com"})
    client, ben = sign_in(house.admin), sign_in(house.second)
    for address in ("/admin/", "/admin/profile"):
        page = client.get(address).text
        assert "New for you" in page
        assert "notices for you</summary>" not in page
    page = client.get("/admin/bookings").text
    assert "2 notices for you</summary>" in page
    assert "New for you" not in page
    # What was done in somebody's name is told to them, as theirs.
    assert "You made eve@example.com an approver." in page
    page = ben.get("/admin/bookings").text
    assert "1 notice for you</summary>" in page
    assert "anna@example.com made eve@example.com an approver." in page


def test_an_expired_session_is_not_listed(app: Flask, house: House) -> None:
    client = signed_in(app, house.admin, ANNA)
    signed_in(app, house.admin, ANNA)
    run_sql(
        "UPDATE staff_session SET seen_at = now() - interval '1 day'"
        " WHERE created_at = (SELECT max(created_at) FROM staff_session)"
    )
    assert client.get("/admin/profile").text.count("Firefox on Linux") == 1


def test_nobody_without_a_password_changes_it(house: House, sign_in: SignIn) -> None:
    assert change(sign_in(house.admin))[0] == 422
    give_password(house.admin)
    assert change(sign_in(house.admin))[0] == 303
