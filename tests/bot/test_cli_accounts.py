"""Operators' accounts: which of them takes a booking's money, and the commands that say so."""

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import Account, AuditEntry, Booking
from tests import factories

MERCHANT_KEY = "merchant-key-0001"


@pytest.fixture
def booking(runtime: Runtime) -> int:  # noqa: ARG001 - the database must be there
    """A booking on tour 5 of Kalai Safaris, who has no account yet."""
    with transaction() as db:
        owner = factories.operator(db, "Kalai Safaris")
        on = factories.departure(db, factories.tour(db, owner))
        return factories.booking(db, owner, on).id


def run(app: Flask, *words: str, typed: str | None = None) -> Result:
    result = app.test_cli_runner().invoke(args=["accounts", *words], input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def add(app: Flask, name: str) -> int:
    words = ("Kalai Safaris", "omari", "--currency", "USD", "--name", name)
    added = run(app, "add", *words, "--set", "base_url=https://o.test", typed=f"{MERCHANT_KEY}\n")
    assert added.exit_code == 0, added.output
    with transaction() as db:
        return db.execute(select(Account.id).where(Account.name == name)).scalar_one()


def takes(runtime: Runtime, booking_id: int) -> dict[str, int]:
    with transaction() as db:
        return runtime.accounts.of_booking(db, db.get_one(Booking, booking_id))


def test_the_first_account_is_the_default_and_its_secret_is_shown_nowhere(
    app: Flask, runtime: Runtime, booking: int
) -> None:
    first, second = add(app, "first"), add(app, "second")

    assert takes(runtime, booking) == {"omari": first}
    listed = run(app, "list").output
    assert f"{first}: Kalai Safaris, omari USD, first (default)" in listed
    assert f"{second}: Kalai Safaris, omari USD, second\n" in listed
    with transaction() as db:
        row = db.get_one(Account, first)
        details = db.execute(select(AuditEntry.detail)).scalars().all()
        assert MERCHANT_KEY not in f"{row.settings} {row.secrets_sealed!r} {details}"
        assert runtime.accounts.adapter(db, first).name == "omari"


def test_an_account_that_is_off_is_not_replaced_by_another(
    app: Flask, runtime: Runtime, booking: int
) -> None:
    first, second = add(app, "first"), add(app, "second")
    assert run(app, "deactivate", str(first)).exit_code == 0
    assert takes(runtime, booking) == {}
    assert run(app, "default", str(second)).exit_code == 0
    assert takes(runtime, booking) == {"omari": second}
    assert run(app, "activate", str(first)).exit_code == 0
    assert takes(runtime, booking) == {"omari": second}


def test_a_tour_may_name_an_account_and_then_only_that_one_counts(
    app: Flask, runtime: Runtime, booking: int
) -> None:
    first, second = add(app, "first"), add(app, "second")
    assert run(app, "for-tour", str(second), "5").exit_code == 0
    assert takes(runtime, booking) == {"omari": second}
    assert "second (tours 5)" in run(app, "list").output
    run(app, "deactivate", str(second))
    assert takes(runtime, booking) == {}
    assert run(app, "for-tour", str(second), "5", "--forget").exit_code == 0
    assert takes(runtime, booking) == {"omari": first}


def test_a_tour_cannot_name_a_strangers_account(app: Flask, booking: int) -> None:  # noqa: ARG001
    account = add(app, "first")
    with transaction() as db:
        factories.tour(db, factories.operator(db, "Zambezi"), 9)
    refused = run(app, "for-tour", str(account), "9")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "Error: Not done: the tour is another operator's.\n",
    )
    assert "there is no tour 77" in run(app, "for-tour", str(account), "77").stderr
    forgotten = run(app, "for-tour", str(account), "5", "--forget")
    assert "tour 5 does not name this account" in forgotten.stderr


def test_what_is_missing_is_named_and_the_account_stays_off(
    app: Flask, runtime: Runtime, booking: int
) -> None:
    words = ("Kalai Safaris", "omari", "--currency", "USD", "--name", "half")
    added = run(app, "add", *words, typed="\n")
    assert "base_url, merchant_key is missing" in added.output
    assert takes(runtime, booking) == {}
    with transaction() as db:
        account = db.execute(select(Account.id)).scalar_one()
    assert "base_url, merchant_key is missing" in run(app, "activate", str(account)).stderr
    assert takes(runtime, booking) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Kalai Safaris", "omari", "--name", "x"), "--currency is one of USD, ZWG"),
        (("Kalai Safaris", "omari", "--currency", "EUR", "--name", "x"), "does not take EUR"),
        (("Nobody", "omari", "--currency", "USD", "--name", "x"), "No operator is called so"),
        (
            ("Kalai Safaris", "omari", "--currency", "USD", "--name", "x", "--set", "shoe=1"),
            "--set takes KEY=VALUE with one of base_url, channel",
        ),
        (
            (
                "Kalai Safaris",
                "omari",
                "--currency",
                "USD",
                "--name",
                "x",
                "--set",
                "merchant_key=1",
            ),
            "--set takes KEY=VALUE with one of base_url, channel",
        ),
    ],
)
def test_bad_words_are_answered_in_words(
    app: Flask,
    booking: int,  # noqa: ARG001
    words: tuple[str, ...],
    said: str,
) -> None:
    refused = run(app, "add", *words, typed="key\n")
    assert refused.exit_code != 0
    assert said in refused.stderr


def test_every_act_is_written_down_once(app: Flask, booking: int) -> None:  # noqa: ARG001
    first, second = add(app, "first"), add(app, "second")
    for _ in range(2):
        run(app, "deactivate", str(first))
        run(app, "default", str(second))
    with transaction() as db:
        acts = db.execute(select(AuditEntry.act).order_by(AuditEntry.id)).scalars().all()
    assert acts == [
        "account_added",
        "account_added",
        "account_deactivated",
        "account_made_default",
    ]
