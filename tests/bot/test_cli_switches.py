"""`switches`: what it pauses and resumes, what it says, how it refuses."""

import pytest
from flask import Flask
from sqlalchemy import select

from domain import switches
from domain.database import transaction
from domain.models import AuditEntry
from domain.policy import Policy
from tests import factories
from tests.bot.test_cli_commands import run


def acts() -> list[tuple[str, str, str]]:
    with transaction() as db:
        entries = db.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        return [(entry.actor, entry.act, entry.subject) for entry in entries]


def make_operator() -> int:
    with transaction() as db:
        return factories.operator(db, "Kalai Safaris").id


def test_nothing_is_paused(app: Flask) -> None:
    assert run(app, "switches", "list").output == "Nothing is paused.\n"


def test_everything_an_operator_and_a_provider_are_paused_listed_and_resumed(app: Flask) -> None:
    operator_id = make_operator()
    pause = ("switches", "pause")
    everything = run(app, *pause, "all", "--words", "We are counting.")
    assert everything.output == "Paused new payments: everything.\n"
    assert run(app, *pause, "operator", "Kalai Safaris").exit_code == 0
    assert run(app, *pause, "provider", "omari").exit_code == 0
    again = run(app, *pause, "provider", "omari")
    assert (again.exit_code, again.output) == (0, "Paused already, so: provider omari.\n")

    lines = run(app, "switches", "list").output.splitlines()
    assert [line.split(" since ")[0] for line in lines] == [
        "everything: paused",
        "operator Kalai Safaris: paused",
        "provider omari: paused",
    ]
    assert lines[0].endswith(" UTC by cli: We are counting.")
    assert lines[1].endswith(" UTC by cli")

    for scope in (["all"], ["operator", "Kalai Safaris"], ["provider", "omari"]):
        assert run(app, "switches", "resume", *scope).output.startswith("Resumed new payments: ")
    assert run(app, "switches", "resume", "all").output == "Not paused: everything.\n"
    assert run(app, "switches", "list").output == "Nothing is paused.\n"
    scopes = ["switch:all", f"switch:operator:{operator_id}", "switch:provider:omari"]
    assert acts() == [
        ("cli", act, scope) for act in ("payments_paused", "payments_resumed") for scope in scopes
    ]


def test_a_provider_that_paused_itself_is_listed_with_its_next_probe(app: Flask) -> None:
    policy = Policy(pause_after_failures=2)
    with transaction() as db:
        switches.count_failure(db, "omari", policy)
    waiting = run(app, "switches", "list").output
    assert waiting == "provider omari: open, 1 call in a row not answered\n"
    with transaction() as db:
        switches.count_failure(db, "omari", policy)
    line = run(app, "switches", "list").output
    assert " by itself, probed next at " in line
    assert run(app, "switches", "resume", "provider", "omari").exit_code == 0


@pytest.mark.parametrize("command", ["pause", "resume"])
@pytest.mark.parametrize(
    ("scope", "code", "why"),
    [
        ((), 2, "Missing argument 'SCOPE'"),
        (("everything",), 2, "'all', 'operator', 'provider'"),
        (("all", "omari"), 2, "SCOPE is `all`, `operator NAME` or `provider NAME`."),
        (("operator",), 2, "SCOPE is `all`, `operator NAME` or `provider NAME`."),
        (("operator", "Nobody"), 1, "There are: Kalai Safaris."),
        (("provider", "Omari"), 1, "No provider is called so. There are: "),
    ],
)
def test_a_scope_that_is_not_there(
    app: Flask, command: str, scope: tuple[str, ...], code: int, why: str
) -> None:
    make_operator()
    result = run(app, "switches", command, *scope)
    assert result.exit_code == code
    assert why in result.output
    assert acts() == []


def test_words_that_are_too_long_are_refused(app: Flask) -> None:
    result = run(app, "switches", "pause", "all", "--words", "x" * 301)
    assert result.exit_code == 1
    assert "at most 300 characters" in result.output
    assert acts() == []
