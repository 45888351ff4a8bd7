"""The commands: what they print, what they change, how they exit."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text

from bot.runtime import Runtime
from domain.crashpoints import POINTS
from domain.database import transaction
from domain.models import Account, AuditEntry, Booking, Operator, Staff, Tour
from domain.references import reference_key
from tests import factories
from tests.domain.booking_files import file_of

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "bookings.csv"


def run(app: Flask, *words: str, typed: bytes | None = None) -> Result:
    result = app.test_cli_runner().invoke(args=list(words), input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def acts() -> list[tuple[str, str]]:
    with transaction() as db:
        entries = db.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        return [(entry.actor, entry.act) for entry in entries]


def test_release_makes_the_default_operator_and_says_so(app: Flask, runtime: Runtime) -> None:
    for _ in range(2):
        result = run(app, "release")
        assert result.exit_code == 0
        assert runtime.settings.default_operator in result.output
    with transaction() as db:
        assert db.execute(select(Operator.name)).scalars().all() == ["Kalai Safaris"]
        assert db.execute(select(Account.id)).all() == []


def test_the_sample_bookings_are_imported_once(app: Flask) -> None:
    rows = len(SAMPLES.read_text().splitlines()) - 1
    first = run(app, "bookings", "import", str(SAMPLES))
    assert (first.exit_code, first.output.splitlines()[0]) == (
        0,
        f"{rows} added, 0 changed, 0 unchanged.",
    )
    again = run(app, "bookings", "import", str(SAMPLES))
    assert again.output == f"0 added, 0 changed, {rows} unchanged.\n"
    assert run(app, "audit").exit_code == 0


def test_an_import_can_be_piped_in(app: Flask) -> None:
    result = run(app, "bookings", "import", "-", typed=file_of())
    assert result.exit_code == 0
    assert result.stdout.startswith("1 added, 0 changed, 0 unchanged.")
    with transaction() as db:
        booking = db.execute(select(Booking)).scalar_one()
        assert booking.reference_key == reference_key("KS-2024-001")


def test_a_refused_import_names_every_row_and_exits_with_one(app: Flask) -> None:
    data = file_of({"total": "-1"}, {"reference": "KS-2", "customer_phone": "0771 23 45 678"})
    result = run(app, "bookings", "import", "-", typed=data)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "line 2, total: " in result.stderr
    assert "line 3, customer_phone: " in result.stderr
    assert "2 faults. Nothing was imported." in result.stderr
    assert "45 678" not in result.output
    with transaction() as db:
        assert db.execute(select(Operator.id)).all() == []


def test_references_that_cannot_be_typed_in_a_chat_are_noted(app: Flask) -> None:
    data = file_of({}, {"reference": "Moyo"})
    result = run(app, "bookings", "import", "-", typed=data)
    assert result.exit_code == 1
    assert "line 3, reference: customers could not write this to pay" in result.stderr
    with transaction() as db:
        owner = factories.operator(db, "Kalai Safaris")
        factories.booking(db, owner, reference="Moyo")
    result = run(app, "bookings", "import", "-", typed=data)
    assert result.exit_code == 0
    assert "Note: 1 reference (Moyo) cannot be told from other words" in result.output
    assert "KS-2024-001" not in result.output


def test_the_help_of_the_import_says_which_columns_may_change(app: Flask) -> None:
    output = run(app, "bookings", "import", "--help").output
    assert "MAY CHANGE LATER" in output
    for column in file_of().decode().splitlines()[0].split(","):
        assert f"\n  {column} " in output, column


@pytest.mark.usefixtures("database")
def test_books_that_agree(app: Flask) -> None:
    with transaction() as db:
        factories.booking(db, factories.operator(db), paid_minor=10_000)
    result = run(app, "audit")
    assert (result.exit_code, result.output) == (
        0,
        "The books agree: 1 booking, 0 payments, 1 transfer.\n",
    )


def test_books_that_do_not_agree(app: Flask) -> None:
    with transaction() as db:
        factories.booking(db, factories.operator(db), paid_minor=10_000)
    with transaction() as db:
        db.execute(text("SET LOCAL session_replication_role = replica"))
        db.execute(text("UPDATE booking SET paid_minor = 10001"))
    result = run(app, "audit")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "a booking says another sum than its transfers: booking KS-2024-001,"
        " 10001 paid, transfers say 10000",
        "The books do not agree: 1 contradiction.",
    ]


def test_a_database_that_is_not_migrated_is_said_so(app: Flask, runtime: Runtime) -> None:
    with runtime.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE transfer CASCADE"))
    result = run(app, "audit")
    assert result.exit_code == 1
    assert "run `flask --app wsgi release` first" in result.output


def test_staff_are_added_enabled_and_changed(app: Flask) -> None:
    with transaction() as db:
        factories.operator(db, "Kalai Safaris")
    add = ("staff", "add", "Rudo@Example.com")
    added = run(app, *add, "--role", "admin").output
    assert added.startswith("Added rudo@example.com as admin.\n")
    assert run(app, *add, "--role", "admin").output == "rudo@example.com is admin already.\n"
    as_operator = run(app, *add, "--role", "operator", "--operator", "Kalai Safaris")
    assert as_operator.output == "Changed rudo@example.com to operator of Kalai Safaris.\n"
    with transaction() as db:
        db.execute(text("UPDATE staff SET disabled_at = now()"))
    again = run(app, *add, "--role", "admin")
    assert again.output == "Enabled rudo@example.com again, as admin.\n"
    with transaction() as db:
        person = db.execute(select(Staff)).scalar_one()
        assert (person.email, person.role, person.operator_id) == (
            "rudo@example.com",
            "admin",
            None,
        )
        assert person.disabled_at is None
    assert acts() == [
        ("cli", "staff_added"),
        ("cli", "staff_link_made"),
        ("cli", "staff_role_changed"),
        ("cli", "staff_enabled"),
    ]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("rudo", "--role", "admin"), 1, "not an e-mail address"),
        (("a@b", "--role", "admin"), 1, "not an e-mail address"),
        (("r@example.com", "--role", "operator"), 2, "--operator NAME goes with"),
        (("r@example.com", "--role", "admin", "--operator", "X"), 2, "--operator NAME goes with"),
        (("r@example.com", "--role", "operator", "--operator", "X"), 1, "There are: Kalai Safaris"),
        (("r@example.com", "--role", "owner"), 2, "'admin', 'operator'"),
    ],
)
def test_staff_that_cannot_be_added(
    app: Flask, words: tuple[str, ...], code: int, why: str
) -> None:
    with transaction() as db:
        factories.operator(db, "Kalai Safaris")
    result = run(app, "staff", "add", *words)
    assert result.exit_code == code
    assert why in result.output
    assert acts() == []


def test_a_tour_is_renamed(app: Flask) -> None:
    with transaction() as db:
        factories.tour(db, factories.operator(db), 5, "Falls")
    result = run(app, "tours", "rename", "5", "Victoria  Falls")
    assert result.output == "Tour 5 was called Falls and is now called Victoria Falls.\n"
    with transaction() as db:
        assert db.execute(select(Tour.name)).scalar_one() == "Victoria Falls"
    assert acts() == [("cli", "tour_renamed")]
    assert run(app, "tours", "rename", "6", "Kariba").exit_code == 1
    assert run(app, "tours", "rename", "5", " ").exit_code == 1


def test_conversations_are_listed_and_drawn(app: Flask) -> None:
    names = run(app, "flows", "draw").output.split()
    assert "pay" in names
    for name in names:
        drawn = run(app, "flows", "draw", name)
        assert drawn.exit_code == 0
        assert drawn.output.startswith("stateDiagram-v2\n    [*] --> ")
    unknown = run(app, "flows", "draw", "dance")
    assert unknown.exit_code == 1
    assert "There are: menu, pay." in unknown.output


def test_crash_points_are_listed(app: Flask) -> None:
    lines = run(app, "crashpoints").output.splitlines()
    assert [line.split()[0] for line in lines] == list(POINTS)
