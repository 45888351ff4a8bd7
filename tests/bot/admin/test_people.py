"""Staff: who works here, and what an admin does about it."""

import re
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from structlog.testing import capture_logs

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import AuditEntry, Staff, StaffInvitation
from tests import factories
from tests.bot.admin.browsing import (
    PASSWORD,
    acts_about,
    browser,
    give_authenticator,
    give_password,
    run_sql,
    signed_in,
    told,
)
from tests.bot.admin.conftest import House, SignIn

ANNA = "anna@example.com"
CARL = "carl@example.com"
_LINK = re.compile(r"https://bot\.example\.com(/admin/join/[\w-]{43})<")

pytestmark = pytest.mark.usefixtures("admin_app")


def invite(client: FlaskClient, email: str = CARL, place: str = "admin") -> tuple[int, str]:
    answer = client.post("/admin/staff/invite", data={"email": email, "place": place})
    return answer.status_code, answer.text


def link_in(page: str) -> str:
    found = _LINK.search(page)
    assert found is not None, page
    return found[1]


def person(email: str) -> Staff:
    with transaction() as db:
        return db.execute(select(Staff).where(Staff.email == email)).scalar_one()


def waits_a_day(staff_id: int) -> bool:
    with transaction() as db:
        found = db.execute(
            text(
                "SELECT approver_from BETWEEN now() + interval '23 hours 59 minutes'"
                " AND now() + interval '24 hours' FROM staff WHERE id = :id"
            ),
            {"id": staff_id},
        ).scalar_one()
    return bool(found)


def join(app: Flask, link: str, password: str = PASSWORD) -> int:
    answer = browser(app).post(link, data={"password": password, "again": password})
    return answer.status_code


def test_everybody_is_listed(house: House, sign_in: SignIn, runtime: Runtime) -> None:
    give_authenticator(runtime, house.second)
    run_sql("UPDATE staff SET disabled_at = now() WHERE email = 'foreign@example.com'")
    page = sign_in(house.admin).get("/admin/staff").text
    for words in (ANNA, "ben@example.com", "Staff of Kalai Safaris", "Disabled", "No link"):
        assert words in page
    assert page.index("own@example.com") < page.index("foreign@example.com")


def test_an_operators_own_staff_see_and_do_nothing_here(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    for address in (
        "/admin/staff",
        "/admin/staff/invite",
        f"/admin/staff/{house.own}",
        f"/admin/staff/{house.foreign}/link",
        f"/admin/staff/{house.foreign}/role",
        f"/admin/staff/{house.foreign}/disable",
    ):
        assert client.get(address).status_code == 403
    assert client.post(f"/admin/staff/{house.own}/approver").status_code == 403


def test_who_is_invited_chooses_a_password_and_comes_in(
    app: Flask, house: House, sign_in: SignIn
) -> None:
    client = sign_in(house.admin)
    status, page = invite(client, "  Carl@Example.com ", str(house.operator_id))
    assert status == 200
    link = link_in(page)
    carl = person(CARL)
    assert (carl.role, carl.operator_id, carl.created_by) == (
        "operator",
        house.operator_id,
        house.admin,
    )
    assert (carl.approver_from, carl.password_hash) == (None, None)
    assert "Invited" in client.get("/admin/staff").text
    # It is shown in that one answer, and stands nowhere else.
    assert _LINK.search(client.get(f"/admin/staff/{carl.id}").text) is None
    cookie = client.get_cookie("__Secure-tourpay", path="/admin")
    assert cookie is not None
    assert link.rpartition("/")[2] not in cookie.value

    shown = browser(app).get(link)
    assert CARL in shown.text
    assert shown.headers["Referrer-Policy"] == "same-origin"
    assert shown.headers["Cache-Control"] == "no-store"
    assert re.search(r'(?:src|href)="(?!/admin/)', shown.text.replace('href="#', "")) is None
    assert join(app, link) == 303
    assert join(app, link) == 404
    come = browser(app).post("/admin/sign-in", data={"email": CARL, "password": PASSWORD})
    assert come.location == "/admin/"
    assert acts_about(carl.id) == [
        (ANNA, "staff_added"),
        (ANNA, "staff_link_made"),
        (CARL, "staff_joined"),
        (CARL, "signed_in"),
    ]


@pytest.mark.parametrize(
    ("email", "place", "why"),
    [
        ("carl", "admin", "Enter a whole address"),
        ("", "admin", "Enter their e-mail address."),
        (CARL, "", "Choose what they work as."),
        (CARL, "999999", "Not a valid choice"),
        ("ben@example.com", "admin", "Somebody has this address already."),
    ],
)
def test_who_cannot_be_invited(
    house: House, sign_in: SignIn, email: str, place: str, why: str
) -> None:
    status, page = invite(sign_in(house.admin), email, place)
    assert status == 422
    assert why in page
    with transaction() as db:
        assert db.execute(select(StaffInvitation.id)).all() == []


def test_closed_links_are_answered_alike(app: Flask, house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    replaced = link_in(invite(client)[1])
    carl = person(CARL).id
    withdrawn = link_in(client.post(f"/admin/staff/{carl}/link").text)
    client.post(f"/admin/staff/{carl}/withdraw")
    late = link_in(invite(client, "dora@example.com")[1])
    run_sql(
        "UPDATE staff_invitation SET expires_at = now() - interval '1 second' WHERE staff_id = :id",
        id=person("dora@example.com").id,
    )
    disabled = link_in(invite(client, "emil@example.com")[1])
    client.post(f"/admin/staff/{person('emil@example.com').id}/disable")
    unknown = "/admin/join/" + "x" * 43
    answers = {
        (answer.status_code, answer.text)
        for link in (replaced, withdrawn, late, disabled, unknown)
        for answer in (browser(app).get(link),)
    }
    [(status, page)] = answers
    assert status == 404
    assert "This link is closed" in page
    assert join(app, late) == 404
    assert (ANNA, "staff_link_withdrawn") in acts_about(carl)


def test_a_link_lives_72_hours(house: House, sign_in: SignIn) -> None:
    invite(sign_in(house.admin))
    with transaction() as db:
        lives = db.execute(
            text("SELECT extract(epoch FROM expires_at - created_at) FROM staff_invitation")
        ).scalar_one()
    assert round(lives) == 72 * 3_600


@pytest.mark.parametrize("gone", ["disabled_at = now()", "role = 'operator', operator_id = :of"])
def test_a_link_ends_with_the_admin_who_made_it(
    app: Flask, house: House, sign_in: SignIn, gone: str
) -> None:
    link = link_in(sign_in(house.admin).post(f"/admin/staff/{house.second}/link").text)
    change = f"UPDATE staff SET {gone} WHERE id = {house.admin}"  # noqa: S608
    run_sql(change, **({"of": house.operator_id} if ":of" in gone else {}))
    assert join(app, link) == 404
    assert person("ben@example.com").created_by is None


def test_a_weak_password_is_not_taken_and_the_link_stays(
    app: Flask, house: House, sign_in: SignIn
) -> None:
    link = link_in(invite(sign_in(house.admin))[1])
    assert join(app, link, "password1234") == 422
    assert join(app, link, CARL) == 422
    assert join(app, link) == 303


def test_of_two_who_use_a_link_at_once_one_chooses_the_password(
    app: Flask, house: House, sign_in: SignIn
) -> None:
    link = link_in(invite(sign_in(house.admin))[1])
    together, answers = threading.Barrier(2), []

    def use(password: str) -> None:
        together.wait()
        answers.append((join(app, link, password), password))

    threads = [threading.Thread(target=use, args=(f"{PASSWORD} {n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers) == [303, 404]
    [chosen] = [password for status, password in answers if status == 303]
    come = browser(app).post("/admin/sign-in", data={"email": CARL, "password": chosen})
    assert come.status_code == 303


def test_a_link_for_somebody_who_lost_theirs_drops_what_they_had_and_is_told(
    app: Flask, house: House, sign_in: SignIn, runtime: Runtime
) -> None:
    before = signed_in(app, house.second, "ben@example.com")
    give_authenticator(runtime, house.second)
    client = sign_in(house.admin)
    asks = client.get(f"/admin/staff/{house.second}/link").text
    assert "all approvers are told" in asks
    shown = client.post(f"/admin/staff/{house.second}/link").text
    assert re.search(r'<p hidden><button type="button"[^>]* data-copy="link">', shown)
    link = link_in(shown)
    # Nothing changes before it is used.
    assert before.get("/admin/").status_code == 200
    assert join(app, link, "another password now") == 303
    assert before.get("/admin/").status_code == 303
    ben = person("ben@example.com")
    assert (ben.totp_sealed, ben.created_by) == (None, house.admin)
    assert waits_a_day(house.second)
    assert told("staff_access_renewed") == {house.admin, house.second, house.own, house.foreign}
    assert "chose a new password by a link that anna@example.com made" in client.get("/admin/").text
    assert acts_about(house.second)[-1] == ("ben@example.com", "staff_access_renewed")


def test_who_never_was_an_approver_is_none_after_a_new_link(
    app: Flask, house: House, sign_in: SignIn
) -> None:
    client = sign_in(house.admin)
    assert join(app, link_in(invite(client)[1])) == 303
    carl = person(CARL).id
    link = link_in(sign_in(house.second).post(f"/admin/staff/{carl}/link").text)
    assert join(app, link, "another password now") == 303
    assert (person(CARL).approver_from, person(CARL).created_by) == (None, house.second)


def test_who_is_disabled_is_out_at_once_and_comes_in_again_when_enabled(
    app: Flask, house: House, sign_in: SignIn
) -> None:
    ben = signed_in(app, house.second, "ben@example.com")
    client = sign_in(house.admin)
    assert "signed out everywhere" in client.get(f"/admin/staff/{house.second}/disable").text
    assert ben.get("/admin/").status_code == 200
    for _ in range(2):
        assert client.post(f"/admin/staff/{house.second}/disable").status_code == 303
    assert ben.get("/admin/").status_code == 303
    fields = {"email": "ben@example.com", "password": PASSWORD}
    assert browser(app).post("/admin/sign-in", data=fields).status_code == 422
    refused = client.post(f"/admin/staff/{house.second}/link")
    assert "This person is disabled" in refused.text
    assert client.post(f"/admin/staff/{house.second}/enable").status_code == 303
    assert ben.get("/admin/").status_code == 303
    assert browser(app).post("/admin/sign-in", data=fields).status_code == 303
    assert waits_a_day(house.second)
    assert house.own in told("approver_enabled")
    assert [act for _, act in acts_about(house.second)].count("staff_disabled") == 1


@pytest.mark.parametrize(
    "act", ["disable", "enable", "approver", "no-approver", "withdraw", "link"]
)
def test_nobody_does_anything_to_himself(house: House, sign_in: SignIn, act: str) -> None:
    before = person(ANNA)
    answer = sign_in(house.admin).post(f"/admin/staff/{house.admin}/{act}")
    assert answer.status_code == 422
    assert "Nobody does this to himself" in answer.text
    after = person(ANNA)
    assert (after.disabled_at, after.approver_from) == (before.disabled_at, before.approver_from)
    assert acts_about(house.admin) == []


def test_nobody_changes_his_own_role(house: House, sign_in: SignIn) -> None:
    answer = sign_in(house.admin).post(
        f"/admin/staff/{house.admin}/role", data={"place": str(house.operator_id)}
    )
    assert "Nobody does this to himself" in answer.text
    assert person(ANNA).role == "admin"


def test_of_two_admins_who_disable_each_other_one_stays(house: House, sign_in: SignIn) -> None:
    clients = {house.admin: sign_in(house.second), house.second: sign_in(house.admin)}
    together = threading.Barrier(2)

    def disable(staff_id: int, client: FlaskClient) -> None:
        together.wait()
        client.post(f"/admin/staff/{staff_id}/disable")

    threads = [threading.Thread(target=disable, args=each) for each in clients.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction() as db:
        left = select(Staff.id).where(Staff.role == "admin", Staff.disabled_at.is_(None))
        assert len(db.execute(left).all()) == 1


def test_a_role_is_changed_and_an_approver_waits_anew(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    address = f"/admin/staff/{house.own}/role"
    assert f'selected value="{house.operator_id}"' in client.get(address).text
    assert client.post(address, data={"place": ""}).status_code == 422
    assert client.post(address, data={"place": str(house.operator_id)}).status_code == 303
    assert acts_about(house.own) == []
    assert client.post(address, data={"place": "admin"}).status_code == 303
    own = person("own@example.com")
    assert (own.role, own.operator_id) == ("admin", None)
    assert waits_a_day(house.own)
    assert told("approver_role_changed") == {
        house.admin,
        house.second,
        house.own,
        house.foreign,
    }
    assert acts_about(house.own) == [(ANNA, "staff_role_changed")]


def test_an_approver_makes_an_approver_who_waits_a_day(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    invite(client)
    carl = person(CARL).id
    assert "may be the second person" in client.get(f"/admin/staff/{carl}/approver").text
    for _ in range(2):
        assert client.post(f"/admin/staff/{carl}/approver").status_code == 303
    assert waits_a_day(carl)
    assert told("approver_made") == {house.admin, house.second, house.own, house.foreign, carl}
    assert acts_about(carl)[2:] == [(ANNA, "approver_made")]
    assert (
        "anna@example.com made carl@example.com an approver"
        in sign_in(house.second).get("/admin/").text
    )
    assert client.post(f"/admin/staff/{carl}/no-approver").status_code == 303
    assert person(CARL).approver_from is None
    assert carl in told("approver_taken")


def test_another_operators_approvers_are_told_nothing_of_an_operators_own(
    house: House, sign_in: SignIn
) -> None:
    client = sign_in(house.admin)
    for act in ("no-approver", "approver"):
        assert client.post(f"/admin/staff/{house.own}/{act}").status_code == 303
    assert told("approver_made") == {house.admin, house.second, house.own}
    assert told("approver_taken") == {house.admin, house.second, house.own}
    own = sign_in(house.own).get("/admin/").text
    assert "anna@example.com made own@example.com an approver" in own
    assert f"/admin/staff/{house.own}" not in own
    assert f"/admin/staff/{house.own}" in sign_in(house.second).get("/admin/").text


@pytest.mark.parametrize("wait", ["NULL", "now() + interval '1 hour'"])
def test_who_is_no_approver_yet_makes_none(house: House, sign_in: SignIn, wait: str) -> None:
    with transaction() as db:
        carl = factories.staff(db, CARL, approver_after=None).id
    run_sql(f"UPDATE staff SET approver_from = {wait} WHERE id = {house.admin}")  # noqa: S608
    answer = sign_in(house.admin).post(f"/admin/staff/{carl}/approver")
    assert answer.status_code == 422
    assert "Only somebody who may approve" in answer.text
    assert person(CARL).approver_from is None


@pytest.mark.parametrize("how", ["link", "enable", "role"])
def test_who_is_no_approver_keeps_none(app: Flask, house: House, sign_in: SignIn, how: str) -> None:
    """A new link, enabling and another role make an approver anew: an approver's to do."""
    run_sql(f"UPDATE staff SET approver_from = NULL WHERE id = {house.admin}")  # noqa: S608
    give_password(house.second)
    client, address = sign_in(house.admin), f"/admin/staff/{house.second}"
    if how == "link":
        assert join(app, link_in(client.post(f"{address}/link").text), "another password") == 303
    elif how == "enable":
        client.post(f"{address}/disable")
        client.post(f"{address}/enable")
    else:
        client.post(f"{address}/role", data={"place": str(house.operator_id)})
    ben = person("ben@example.com")
    assert (ben.approver_from, ben.disabled_at) == (None, None)
    kind = "staff_access_renewed" if how == "link" else "approver_taken"
    assert house.own in told(kind)


def test_who_was_an_admin_a_moment_ago_does_nothing(house: House, sign_in: SignIn) -> None:
    give_password(house.admin)
    client = sign_in(house.admin)
    run_sql(
        "UPDATE staff SET role = 'operator', operator_id = :of WHERE id = :id",
        of=house.operator_id,
        id=house.admin,
    )
    assert client.post(f"/admin/staff/{house.own}/disable").status_code == 403
    assert person("own@example.com").disabled_at is None


def test_nobody_is_found_where_nobody_is(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    for address in ("/admin/staff/0", "/admin/staff/999/link", "/admin/staff/999/disable"):
        assert client.get(address).status_code == 404
    assert client.get(f"/admin/staff/{house.own}/dance").status_code == 404


def test_a_link_is_in_no_log_and_no_trail(house: House, sign_in: SignIn, app: Flask) -> None:
    with capture_logs() as logs:
        link = link_in(invite(sign_in(house.admin))[1])
        join(app, link)
    token = link.rpartition("/")[2]
    with transaction() as db:
        written = f"{logs} {db.execute(select(AuditEntry.detail)).scalars().all()}"
        hashes = db.execute(select(StaffInvitation.token_hash)).scalars().all()
    assert token not in written
    assert PASSWORD not in written
    assert token not in hashes
