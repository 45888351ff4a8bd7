"""Signing in: the password, the second step, staying known, going out."""

import threading
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select
from structlog.testing import capture_logs

from bot.admin.signin import throttle
from bot.app import create_app
from bot.runtime import Runtime
from domain.database import transaction
from domain.models import AuditEntry, RecoveryCode, Staff, StaffSession
from domain.staff import authenticators, passwords
from domain.staff.trail import By
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

pytestmark = pytest.mark.usefixtures("admin_app")


def enter(
    client: FlaskClient, password: str = PASSWORD, email: str = ANNA, onto: str = ""
) -> tuple[int, str | None, str]:
    address = f"/admin/sign-in?next={onto}" if onto else "/admin/sign-in"
    answer = client.post(address, data={"email": email, "password": password})
    return answer.status_code, answer.location, answer.text


def second_step(client: FlaskClient, code: str) -> tuple[int, str | None, str]:
    answer = client.post("/admin/sign-in/code", data={"code": code})
    return answer.status_code, answer.location, answer.text


def sees_the_start(client: FlaskClient) -> bool:
    return client.get("/admin/").status_code == 200


def test_a_password_lets_in_and_leads_to_the_page_that_was_asked_for(
    app: Flask, house: House
) -> None:
    give_password(house.admin)
    client = browser(app)
    assert client.get("/admin/sign-in").status_code == 200
    status, location, _ = enter(client, email="  Anna@Example.com ", onto="/admin/profile?a=b")
    assert (status, location) == (303, "/admin/profile?a=b")
    page = client.get("/admin/profile").text
    assert "anna@example.com" in page
    assert "Firefox on Linux" in page
    assert acts_about(house.admin) == [(ANNA, "signed_in")]
    assert client.get("/admin/sign-in").location == "/admin/"


def test_the_cookie_is_kept_from_scripts_from_others_and_from_plain_http(
    app: Flask, house: House
) -> None:
    give_password(house.admin)
    answer = browser(app).post("/admin/sign-in", data={"email": ANNA, "password": PASSWORD})
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Secure-tourpay=")
    for flag in ("Secure", "HttpOnly", "Path=/admin", "SameSite=Lax", "Expires="):
        assert flag in cookie
    with transaction() as db:
        kept = db.execute(select(StaffSession.id)).scalar_one()
    assert kept not in cookie


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    app: Flask, house: House
) -> None:
    give_password(house.admin)
    run_sql("UPDATE staff SET disabled_at = now() WHERE email = 'ben@example.com'")
    give_password(house.second)
    answers = set()
    for email, password in (
        (ANNA, "not the one that is kept"),
        ("nobody@example.com", PASSWORD),
        ("own@example.com", PASSWORD),  # has none yet
        ("ben@example.com", PASSWORD),  # is disabled
    ):
        status, _, page = enter(browser(app), password, email)
        answers.add((status, page.replace(email, "the address")))
    [(status, page)] = answers
    assert status == 422
    assert "E-mail or password is wrong." in page
    with transaction() as db:
        assert db.execute(select(StaffSession.id)).all() == []


def test_an_unknown_address_costs_as_much_as_a_known_one() -> None:
    assert not passwords.is_outdated(passwords._NOBODYS)
    assert not passwords.fits(None, PASSWORD)


@pytest.mark.usefixtures("house")
def test_a_password_kept_in_an_older_way_is_kept_anew(app: Flask) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    run_sql("UPDATE staff SET password_hash = :old WHERE email = :email", old=old, email=ANNA)
    assert enter(browser(app))[0] == 303
    with transaction() as db:
        kept = db.execute(select(Staff.password_hash).where(Staff.email == ANNA)).scalar_one()
    assert kept is not None
    assert not passwords.is_outdated(kept)
    assert enter(browser(app))[0] == 303


def test_nothing_secret_is_logged_or_written_down(
    app: Flask, house: House, runtime: Runtime
) -> None:
    give_password(house.admin)
    secret = give_authenticator(runtime, house.admin)
    code = code_of(secret)
    client = browser(app)
    with capture_logs() as logs:
        enter(client, "a wrong password here")
        enter(client)
        second_step(client, "000000")
        second_step(client, code)
    with transaction() as db:
        entries = db.execute(select(AuditEntry.detail)).scalars().all()
    written = f"{logs} {entries}"
    assert "sign_in_refused" in written
    for hidden_thing in ("a wrong password here", PASSWORD, secret, code, ANNA):
        assert hidden_thing not in written


def test_tries_for_one_address_are_limited_and_the_form_is_kept(app: Flask, house: House) -> None:
    give_password(house.admin)
    for _ in range(10):
        assert enter(browser(app), "not the one that is kept")[0] == 422
    status, _, page = enter(browser(app), onto="/admin/profile")
    assert status == 429
    assert "Too many tries. Wait 15 minutes" in page
    assert 'value="anna@example.com"' in page
    assert PASSWORD not in page
    # Another person is not held up by it.
    assert enter(browser(app), email="ben@example.com")[0] == 422


def test_tries_from_one_place_are_limited(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "_FROM_ONE_ADDRESS", "3 per 5 minutes")
    give_password(house.admin)
    for number in range(3):
        assert enter(browser(app), "x", f"nobody{number}@example.com")[0] == 422
    assert enter(browser(app))[0] == 429
    elsewhere = browser(app)
    elsewhere.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert enter(elsewhere)[0] == 303


def test_tries_from_one_network_of_the_newer_kind_are_counted_together(
    app: Flask, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "_FROM_ONE_ADDRESS", "3 per 5 minutes")
    give_password(house.admin)
    for number in range(3):
        client = browser(app)
        client.environ_base["REMOTE_ADDR"] = f"2001:db8::{number:x}"
        enter(client, "x", f"nobody{number}@example.com")
    client = browser(app)
    client.environ_base["REMOTE_ADDR"] = "2001:db8::ffff"
    assert enter(client)[0] == 429
    client.environ_base["REMOTE_ADDR"] = "2001:db8:0:1::1"
    assert enter(client)[0] == 303


def test_people_come_in_while_redis_is_away_and_tries_are_counted_all_the_same(
    house: House, runtime: Runtime
) -> None:
    away = runtime.settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    lonely = create_app(replace(runtime, settings=away))
    lonely.extensions["admin"].app.config["WTF_CSRF_ENABLED"] = False
    give_password(house.admin)
    client = browser(lonely)
    assert enter(client)[0] == 303
    assert sees_the_start(client)
    stranger = browser(lonely)
    statuses = [enter(stranger, "x" * 201)[0] for _ in range(61)]
    assert (statuses[0], statuses[-1]) == (422, 429)


def test_an_authenticator_is_asked_for_its_code(app: Flask, house: House, runtime: Runtime) -> None:
    give_password(house.admin)
    secret = give_authenticator(runtime, house.admin)
    client = browser(app)
    assert enter(client, onto="/admin/profile")[1] == "/admin/sign-in/code?next=/admin/profile"
    assert not sees_the_start(client)
    assert "password" not in client.get("/admin/sign-in/code").text.lower()
    wrong = "000000" if code_of(secret) != "000000" else "000001"
    assert "This code is wrong" in second_step(client, wrong)[2]
    answer = client.post(
        "/admin/sign-in/code?next=/admin/profile",
        data={"code": f" {code_of(secret)[:3]} {code_of(secret)[3:]}"},
    )
    assert answer.location == "/admin/profile"
    assert sees_the_start(client)


def test_a_code_counts_once_and_an_earlier_one_no_more(
    app: Flask, house: House, runtime: Runtime
) -> None:
    give_password(house.admin)
    secret = give_authenticator(runtime, house.admin)
    first, second, third = browser(app), browser(app), browser(app)
    for client in (first, second, third):
        enter(client)
    assert second_step(first, code_of(secret))[0] == 303
    assert second_step(second, code_of(secret))[0] == 422
    assert second_step(second, code_of(secret, -1))[0] == 422
    assert second_step(second, code_of(secret, 2))[0] == 422
    assert second_step(second, code_of(secret, 1))[0] == 303
    assert second_step(third, code_of(secret, 1))[0] == 422


def test_of_two_who_send_the_same_code_at_once_one_is_let_in(
    app: Flask, house: House, runtime: Runtime
) -> None:
    give_password(house.admin)
    secret = give_authenticator(runtime, house.admin)
    clients = [browser(app) for _ in range(6)]
    for client in clients:
        enter(client)
    code, statuses, together = code_of(secret), [], threading.Barrier(len(clients))

    def send(client: FlaskClient) -> None:
        together.wait()
        statuses.append(second_step(client, code)[0])

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 422, 422, 422, 422, 422]


def test_tries_of_a_code_are_limited(app: Flask, house: House, runtime: Runtime) -> None:
    give_password(house.admin)
    secret = give_authenticator(runtime, house.admin)
    client = browser(app)
    enter(client)
    for _ in range(10):
        assert second_step(client, "not a code")[0] == 422
    assert second_step(client, code_of(secret))[0] == 429
    # Neither by another browser, nor by showing it once more.
    other = browser(app)
    enter(other)
    assert second_step(other, code_of(secret))[0] == 429


def test_a_recovery_code_lets_in_once_and_says_how_many_are_left(
    app: Flask, house: House, runtime: Runtime
) -> None:
    give_password(house.admin)
    offer = authenticators.offer()
    with transaction() as db:
        assert authenticators.set_up(
            db, By(house.admin, ANNA), offer, code_of(offer.secret), runtime.authenticators, "none"
        )
    client = browser(app)
    enter(client)
    spoken = offer.codes[3].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert second_step(client, spoken)[0] == 303
    assert "You used a recovery code. 9 codes are left." in client.get("/admin/").text
    again = browser(app)
    enter(again)
    assert second_step(again, offer.codes[3])[0] == 422
    with transaction() as db:
        hashes = db.execute(select(RecoveryCode.code_hash)).scalars().all()
    assert not {code.replace("-", "") for code in offer.codes} & set(hashes)
    assert (ANNA, "recovery_code_used") in acts_about(house.admin)


def test_the_way_between_the_steps_ends_and_is_bound_to_the_password(
    app: Flask, house: House, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_password(house.admin)
    secret = give_authenticator(runtime, house.admin)
    assert browser(app).get("/admin/sign-in/code").location == "/admin/sign-in"
    client = browser(app)
    enter(client)
    kept = passwords.hashed("another password now")
    run_sql("UPDATE staff SET password_hash = :kept", kept=kept)
    assert second_step(client, code_of(secret))[1] == "/admin/sign-in"
    assert not sees_the_start(client)

    enter(client, "another password now")
    monkeypatch.setattr("bot.admin.signin.pages._HALFWAY_SECONDS", -1)
    late = browser(app)
    enter(late, "another password now")
    assert second_step(late, code_of(secret, 1))[1] == "/admin/sign-in"


def test_signing_in_leaves_nothing_of_what_the_browser_carried(
    app: Flask, admin_app: Flask, house: House
) -> None:
    give_password(house.admin)
    cookie = admin_app.session_interface.get_signing_serializer(admin_app)
    assert cookie is not None
    client = browser(app)
    planted = cookie.dumps({"_user_id": "known to somebody else", "planted": True})
    client.set_cookie(admin_app.config["SESSION_COOKIE_NAME"], planted, path="/admin")
    enter(client)
    kept = client.get_cookie(admin_app.config["SESSION_COOKIE_NAME"], path="/admin")
    assert kept is not None
    carried = cookie.loads(kept.value)
    assert "planted" not in carried
    assert carried["_user_id"] != "known to somebody else"


def test_signing_out_ends_the_session_and_not_only_the_cookie(
    app: Flask, admin_app: Flask, house: House
) -> None:
    client = signed_in(app, house.admin, ANNA)
    name = admin_app.config["SESSION_COOKIE_NAME"]
    stolen = client.get_cookie(name, path="/admin")
    assert stolen is not None
    assert client.get("/admin/sign-out").status_code == 405
    assert client.post("/admin/sign-out").location == "/admin/sign-in"
    assert not sees_the_start(client)
    thief = browser(app)
    thief.set_cookie(name, stolen.value, path="/admin")
    assert not sees_the_start(thief)


def test_a_disabled_persons_open_session_dies_at_once(app: Flask, house: House) -> None:
    client = signed_in(app, house.admin, ANNA)
    assert sees_the_start(client)
    run_sql("UPDATE staff SET disabled_at = now() WHERE email = :email", email=ANNA)
    assert client.get("/admin/").location == "/admin/sign-in?next=/admin/"


@pytest.mark.parametrize(
    "aged",
    ["seen_at = now() - interval '13 hours'", "created_at = now() - interval '8 days'"],
)
def test_a_session_ends_by_itself(app: Flask, house: House, aged: str) -> None:
    client = signed_in(app, house.admin, ANNA)
    run_sql(f"UPDATE staff_session SET {aged}")  # noqa: S608 - ours
    assert not sees_the_start(client)


def test_who_was_here_long_ago_shows_who_they_are(app: Flask, house: House) -> None:
    client = signed_in(app, house.admin, ANNA)
    assert client.get("/admin/staff/invite").status_code == 200
    run_sql("UPDATE staff_session SET fresh_until = now() - interval '1 second'")
    asked = client.get("/admin/staff/invite")
    assert asked.location == "/admin/confirm?next=/admin/staff/invite"
    assert "Show that it is you" in client.get(asked.location).text
    wrong = client.post(asked.location, data={"password": "not the one that is kept"})
    assert (wrong.status_code, "This is not your password." in wrong.text) == (422, True)
    assert client.get("/admin/staff/invite").status_code == 303
    right = client.post(asked.location, data={"password": PASSWORD})
    assert right.location == "/admin/staff/invite"
    assert client.get("/admin/staff/invite").status_code == 200
    assert client.get("/admin/confirm?next=/admin/profile").location == "/admin/profile"


def test_who_has_an_authenticator_shows_its_code(
    house: House, runtime: Runtime, sign_in: SignIn
) -> None:
    give_password(house.admin)
    secret = give_authenticator(runtime, house.admin)
    client = sign_in(house.admin, fresh=False)
    assert client.post("/admin/confirm", data={"password": PASSWORD}).status_code == 422
    assert client.post("/admin/confirm", data={"code": code_of(secret)}).location == "/admin/"
    assert client.get("/admin/staff/invite").status_code == 200
    again = sign_in(house.admin, fresh=False)
    assert again.post("/admin/confirm", data={"code": code_of(secret)}).status_code == 422


def test_showing_who_you_are_is_limited(house: House, sign_in: SignIn) -> None:
    give_password(house.admin)
    client = sign_in(house.admin, fresh=False)
    for _ in range(10):
        assert client.post("/admin/confirm", data={"password": "wrong"}).status_code == 422
    assert client.post("/admin/confirm", data={"password": PASSWORD}).status_code == 429


def test_what_was_posted_too_late_leads_back_to_its_form(house: House, sign_in: SignIn) -> None:
    give_password(house.admin)
    client = sign_in(house.admin, fresh=False)
    answer = client.post(f"/admin/staff/{house.own}/disable")
    assert answer.location == f"/admin/confirm?next=/admin/staff/{house.own}/disable"
    assert "Nothing was done" in client.get(answer.location).text
    back = client.post(answer.location, data={"password": PASSWORD})
    assert back.location == f"/admin/staff/{house.own}/disable"
    with transaction() as db:
        assert db.get_one(Staff, house.own).disabled_at is None


def test_in_production_acts_on_money_and_people_need_an_authenticator(
    house: House, runtime: Runtime
) -> None:
    production = runtime.settings.model_copy(update={"environment": "production"})
    strict = create_app(replace(runtime, settings=production))
    strict.extensions["admin"].app.config["WTF_CSRF_ENABLED"] = False
    client = signed_in(strict, house.admin, ANNA)
    answer = client.get("/admin/staff/invite")
    assert answer.location == "/admin/profile/authenticator"
    page = client.get("/admin/profile/authenticator").text
    assert "Set up an authenticator first" in page
    assert client.get("/admin/staff").status_code == 200
    give_authenticator(runtime, house.admin)
    assert client.get("/admin/staff/invite").status_code == 200


def test_a_form_without_its_token_is_refused(app: Flask, admin_app: Flask, house: House) -> None:
    admin_app.config["WTF_CSRF_ENABLED"] = True
    give_password(house.admin)
    client = browser(app)
    assert enter(client)[0] == 400
    token = hidden(client.get("/admin/sign-in").text, "csrf_token")
    fields = {"email": ANNA, "password": PASSWORD, "csrf_token": token}
    assert client.post("/admin/sign-in", data=fields).status_code == 303
    # The token of before the sign-in is no longer good, and every act asks for one.
    for address in ("/admin/sign-out", "/admin/profile/sign-out-everywhere", "/admin/profile/seen"):
        assert client.post(address).status_code == 400
        assert client.post(address, data={"csrf_token": token}).status_code == 400
    assert client.post(f"/admin/staff/{house.own}/disable").status_code == 400
    assert sees_the_start(client)
    fresh = hidden(client.get("/admin/profile").text, "csrf_token")
    assert client.post("/admin/sign-out", data={"csrf_token": fresh}).status_code == 303
