"""Switches at the front door: admins pause and resume, everybody sees what is paused for them."""

import pytest
from sqlalchemy import select

from bot.runtime import Runtime
from domain import switches
from domain.database import transaction
from domain.models import AuditEntry, Switch
from tests.bot.admin import offices
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.paying import words_of

WORDS = "Omari rests until noon."


def paused(scope: str) -> Switch | None:
    with transaction() as db:
        return db.execute(
            select(Switch).where(Switch.scope == scope, Switch.paused_at.is_not(None))
        ).scalar_one_or_none()


def acts() -> list[tuple[str, str, str]]:
    with transaction() as db:
        rows = db.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.actor, row.act, row.subject) for row in rows]


@pytest.mark.parametrize("kind", ["all", "operator", "provider"])
def test_an_admin_pauses_with_words_and_resumes(house: House, sign_in: SignIn, kind: str) -> None:
    scope = {
        "all": "all",
        "operator": switches.operator_scope(house.operator_id),
        "provider": switches.provider_scope("omari"),
    }[kind]
    client = sign_in(house.admin)
    seen = offices.minted(client.get(f"/admin/switches/{scope}/pause"), "seen")
    form = {"seen": seen, "words": f"  {WORDS} "}
    for _ in range(2):  # pressed twice
        assert client.post(f"/admin/switches/{scope}/pause", data=form).status_code == 303
    switch = paused(scope)
    assert switch is not None
    assert (switch.paused_by, switch.words) == ("anna@example.com", WORDS)
    said = words_of(client.get("/admin/switches"))
    assert "Paused" in said
    assert WORDS in said

    seen = offices.minted(client.get(f"/admin/switches/{scope}/resume"), "seen")
    for _ in range(2):
        answer = client.post(f"/admin/switches/{scope}/resume", data={"seen": seen})
        assert answer.status_code == 303
    assert paused(scope) is None
    assert acts() == [
        ("anna@example.com", "payments_paused", f"switch:{scope}"),
        ("anna@example.com", "payments_resumed", f"switch:{scope}"),
    ]


def test_a_form_of_yesterday_does_not_pause_what_was_resumed(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    seen = offices.minted(client.get("/admin/switches/all/pause"), "seen")
    with transaction() as db:
        switches.pause(db, "all", "ben@example.com", None)
        switches.resume(db, "all", "ben@example.com")
    answer = client.post("/admin/switches/all/pause", data={"seen": seen, "words": ""})
    assert "switched meanwhile" in answer.text
    assert paused("all") is None


def test_too_many_words_are_refused(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    answer = client.post("/admin/switches/all/pause", data={"seen": "", "words": "x" * 301})
    assert "at most 300 characters" in answer.text
    assert paused("all") is None


def test_an_operators_own_see_what_is_paused_for_them(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    offices.add_account(runtime, house.operator_id)
    with transaction() as db:
        for scope, words in (
            (switches.operator_scope(house.operator_id), "ours rest"),
            (switches.operator_scope(house.stranger_id), "theirs rest"),
            (switches.provider_scope("omari"), "omari rests"),
            (switches.provider_scope("kaspi"), "kaspi rests"),
        ):
            switches.pause(db, scope, "anna@example.com", words)
    client = sign_in(house.own)
    said = words_of(client.get("/admin/switches"))
    assert "ours rest" in said
    assert "omari rests" in said
    assert "theirs rest" not in said
    assert "kaspi rests" not in said  # they have no account there
    assert "Other Tours" not in said
    assert "Resume" not in said
    for act in ("pause", "resume"):
        address = f"/admin/switches/{switches.operator_scope(house.operator_id)}/{act}"
        assert client.get(address).status_code == 403
        assert client.post(address, data={"seen": ""}).status_code == 403


def test_a_provider_that_paused_itself_says_when_it_is_asked_again(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    for _ in range(runtime.policy.pause_after_failures):
        with transaction() as db:
            switches.count_failure(db, "omari", runtime.policy)
    said = words_of(sign_in(house.admin).get("/admin/switches"))
    assert "5 calls in a row not answered" in said
    assert "Asked next at" in said
    assert "Itself" in said


def test_what_is_no_switch_is_not_there(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    for scope in ("provider:nobody", "operator:999", "x"):
        assert client.get(f"/admin/switches/{scope}/pause").status_code == 404
