"""`refunds …`: what the commands print, what they change, how they exit."""

import json
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, update

from bot.cli.refunds import _WORDS as words_for
from bot.cli.refunds import refunds as command
from bot.runtime import Runtime
from domain import refunds
from domain.audit import prove
from domain.database import transaction
from domain.models import Account, Refund, Staff
from domain.refunds import Following
from tests import factories
from tests.domain import refunds_world as r
from tests.domain import world as w
from tests.workers.test_refunds import Follows, Till


@pytest.fixture
def desk(runtime: Runtime) -> r.Desk:
    """A payment of USD 100.00 through an account whose provider gives money back."""
    desk = r.build()
    register(runtime, desk, Follows(Till()))
    return desk


def register(runtime: Runtime, desk: r.Desk, adapter: Follows) -> None:
    with transaction() as db:
        account = db.get_one(Account, desk.world.account_id)
        runtime.accounts._built[(account.id, account.secrets_sealed)] = adapter


def run(app: Flask, *words: str) -> Result:
    result = app.test_cli_runner().invoke(command, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def only() -> Refund:
    with transaction() as db:
        return db.execute(select(Refund)).scalar_one()


def request(app: Flask, desk: r.Desk, amount: str = "40", by: str = "anna@example.com") -> Result:
    return run(app, "request", str(desk.payment), amount, "--reason", "rain", "--by", by)


def test_two_people_and_the_call_is_due(app: Flask, desk: r.Desk) -> None:
    asked = request(app, desk, "40.00")
    refund = only()
    assert (asked.exit_code, asked.output) == (0, f"Refund {refund.id} is requested.\n")
    alone = run(app, "approve", str(refund.id), "--by", "anna@example.com")
    assert (alone.exit_code, only().status) == (1, "requested")
    assert "It takes two people" in alone.output
    agreed = run(app, "approve", str(refund.id), "--by", "Ben@example.com ")
    assert (agreed.exit_code, only().status) == (0, "approved")
    listed = run(app, "list")
    assert listed.output == f"{refund.id}  KS-2024-001  USD 40.00  approved\n1 refund.\n"


def test_a_request_is_rejected(app: Flask, desk: r.Desk) -> None:
    request(app, desk)
    done = run(app, "reject", str(only().id), "--by", "ben@example.com", "--why", "they come")
    assert done.exit_code == 0
    assert (only().status, only().failure) == ("failed", "rejected")
    assert run(app, "list").output == "0 refunds.\n"


REFUSED = {
    "more than came": ("100.01", "anna@example.com", "left of this payment: USD 100.00"),
    "no amount": ("1e2", "anna@example.com", "The amount must be an amount like"),
    "too exact": ("1.001", "anna@example.com", "The amount"),
    "nothing": ("0", "anna@example.com", "more than nothing"),
    "nobody": ("40", "who@example.com", "Nobody of staff"),
    "not theirs": ("40", "stranger@example.com", "Only an admin"),
    "gone": ("40", "gone@example.com", "Only an admin"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_says_why_and_exits_with_one(app: Flask, desk: r.Desk, what: str) -> None:
    amount, by, words = REFUSED[what]
    result = request(app, desk, amount, by)
    assert result.exit_code == 1
    assert words in result.output
    with transaction() as db:
        assert db.execute(select(Refund.id)).all() == []


def test_a_provider_that_gives_nothing_back_is_said_so(app: Flask, runtime: Runtime) -> None:
    desk = r.build()
    with transaction() as db:
        secrets = runtime.accounts.sealer.seal(json.dumps({"merchant_key": "key"}))
        db.execute(update(Account).values(secrets_sealed=secrets))
    result = request(app, desk)
    assert result.exit_code == 1
    assert "refunds outside" in result.output
    words = ("--evidence", "transfer 4711", "--by", "anna@example.com")
    done = run(app, "outside", str(desk.payment), "40", *words, "--second", "ben@example.com")
    assert (done.exit_code, only().status, only().way) == (0, "succeeded", "outside")
    assert w.booking_of(desk.world).paid_minor == 6_000


@pytest.mark.parametrize(
    ("finding", "status", "paid_minor"),
    [("given-back", "succeeded", 6_000), ("not-given-back", "failed", 10_000)],
)
def test_two_people_conclude_what_is_in_doubt(
    app: Flask, desk: r.Desk, finding: str, status: str, paid_minor: int
) -> None:
    refund: UUID = r.sent(desk)
    with transaction() as db:
        locked = refunds.lock(db, refund)
        refunds.lose_answer(db, locked, Following.PERSON, r.POLICY, None)
    r.later(refund, 46)
    assert "look: uncertain_refund" in run(app, "list").output
    words = ("--evidence", "statement", "--by", "anna@example.com", "--second", "ben@example.com")
    assert run(app, "conclude", str(refund), finding, *words).exit_code == 0
    assert only().status == status
    assert w.booking_of(desk.world).paid_minor == paid_minor
    with transaction() as db:
        assert prove(db) == []


def test_the_machines_owner_names_two_people_who_count_as_two(app: Flask, desk: r.Desk) -> None:
    with transaction() as db:
        anna = db.get_one(Staff, desk.anna)
        factories.staff(db, "puppet@example.com", vouched_by=anna)
        factories.staff(db, "new@example.com", approver_after=None)
    words = ("reversed", str(desk.payment), "1", "--receipt", "CB-1", "--evidence", "letter 7")
    by = ("--by", "anna@example.com", "--second")
    puppet = run(app, *words, *by, "puppet@example.com")
    new = run(app, *words, *by, "new@example.com")
    assert (puppet.exit_code, "let the other in" in puppet.output) == (1, True)
    assert (new.exit_code, "not an approver" in new.output) == (1, True)
    assert w.booking_of(desk.world).paid_minor == 10_000


def test_every_refusal_has_words() -> None:
    assert set(words_for) == set(refunds.Why)


@pytest.mark.usefixtures("desk")
def test_what_there_is_not_is_said_so(app: Flask) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"
    asked = run(app, "request", nowhere, "1", "--reason", "x", "--by", "anna@example.com")
    assert "no such payment" in asked.output
    agreed = run(app, "approve", nowhere, "--by", "anna@example.com")
    assert "no such refund" in agreed.output
    assert (asked.exit_code, agreed.exit_code) == (1, 1)


def test_what_a_provider_took_back_by_itself_is_written_down_once(app: Flask, desk: r.Desk) -> None:
    words = ("reversed", str(desk.payment), "100", "--receipt", "CB-1", "--evidence", "letter 7")
    alone = run(app, *words, "--by", "anna@example.com", "--second", "anna@example.com")
    assert (alone.exit_code, "It takes two people" in alone.output) == (1, True)

    people = ("--by", "anna@example.com", "--second", "ben@example.com")
    done = run(app, *words, *people)
    assert done.exit_code == 0, done.output
    assert "is in review (reversed)" in done.output
    again = run(app, *words, *people)
    assert "written down before" in again.output
    assert w.booking_of(desk.world).paid_minor == 0
    w.assert_books_agree()
