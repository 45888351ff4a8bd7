"""Every page × everybody: who is let in, who is refused, who signs in first; and of two operators
with like data each sees nothing of the other, on any page, by any link, export or search.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote, unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from bot.admin.rights import Right, right_of
from bot.runtime import Runtime
from domain.database import transaction
from domain.models import Staff
from tests.bot.admin.conftest import SignIn
from tests.bot.admin.twins import Side, side

# Each page and who may call it. A page that is not here fails the walk.
PAGES: dict[str, Right] = {
    "account_changes.choose_for_tour": Right.MONEY,
    "account_changes.credentials": Right.MONEY,
    "account_changes.forget_for_tour": Right.MONEY,
    "account_changes.make_default": Right.MONEY,
    "account_changes.on": Right.MONEY,
    "accounts.index": Right.SEE,
    "accounts.new": Right.MONEY,
    "accounts.off": Right.MONEY,
    "accounts.show": Right.SEE,
    "approvals.approve_proposal": Right.MONEY,
    "approvals.approve_refund": Right.MONEY,
    "approvals.index": Right.SEE,
    "approvals.proposal": Right.SEE,
    "approvals.refund": Right.SEE,
    "approvals.reject_proposal": Right.MONEY,
    "approvals.reject_refund": Right.MONEY,
    "audit_trail.export": Right.MANAGE,
    "audit_trail.index": Right.MANAGE,
    "bookings.acts.add": Right.WORK,
    "bookings.acts.cancel": Right.MONEY,
    "bookings.acts.correct": Right.MONEY,
    "bookings.acts.take_outside": Right.MONEY,
    "bookings.index": Right.SEE,
    "bookings.number": Right.WORK,
    "bookings.receipt": Right.SEE,
    "bookings.show": Right.SEE,
    "bookings.taking_back.propose": Right.MONEY,
    "bookings.uploads.carry_out": Right.MONEY,
    "bookings.uploads.example": Right.SEE,
    "bookings.uploads.upload": Right.MONEY,
    "conversations.answer": Right.WORK,
    "conversations.hand_back": Right.WORK,
    "conversations.index": Right.SEE,
    "conversations.news": Right.SEE,
    "conversations.number": Right.WORK,
    "conversations.older": Right.SEE,
    "conversations.show": Right.SEE,
    "conversations.take_over": Right.WORK,
    "departures.acts.cancel": Right.MONEY,
    "departures.acts.move": Right.MONEY,
    "departures.as_csv": Right.SEE,
    "departures.index": Right.SEE,
    "departures.manifest": Right.SEE,
    "departures.numbers": Right.WORK,
    "departures.show": Right.SEE,
    "joining.form": Right.OPEN,
    "operations.index": Right.SEE,
    "operators.edit": Right.GOVERN,
    "operators.index": Right.MANAGE,
    "operators.new": Right.GOVERN,
    "operators.new_tour": Right.GOVERN,
    "operators.rename_tour": Right.GOVERN,
    "operators.show": Right.MANAGE,
    "payment.ask": Right.WORK,
    "payment.live": Right.SEE,
    "payment.number": Right.WORK,
    "payment.show": Right.SEE,
    "payment_acts.close": Right.MONEY,
    "payment_acts.close_review": Right.MONEY,
    "payment_acts.conclude": Right.MONEY,
    "payment_acts.move": Right.MONEY,
    "payment_acts.outside": Right.MONEY,
    "payment_acts.refund": Right.MONEY,
    "payment_acts.seen": Right.MONEY,
    "payment_acts.settle": Right.MONEY,
    "people.act": Right.GOVERN,
    "people.index": Right.MANAGE,
    "people.invite": Right.GOVERN,
    "people.link": Right.GOVERN,
    "people.role": Right.GOVERN,
    "people.show": Right.MANAGE,
    "profile.authenticator": Right.SEE,
    "profile.index": Right.SEE,
    "profile.password": Right.WORK,
    "profile.remove_authenticator": Right.SEE,
    "profile.saw": Right.WORK,
    "profile.sign_out_everywhere": Right.WORK,
    "profile.sign_out_one": Right.WORK,
    "review.index": Right.SEE,
    "review.seen": Right.WORK,
    "settings.index": Right.SEE,
    "signin.code": Right.OPEN,
    "signin.confirm": Right.SEE,
    "signin.form": Right.OPEN,
    "signin.sign_out": Right.OPEN,
    "statements.days": Right.SEE,
    "statements.index": Right.SEE,
    "statements.transfers": Right.SEE,
    "static": Right.OPEN,
    "switches.index": Right.SEE,
    "switches.pause": Right.GOVERN,
    "switches.resume": Right.GOVERN,
    "today.index": Right.SEE,
    "transactions.as_csv": Right.SEE,
    "transactions.index": Right.SEE,
}
_ADMINS_ONLY = (Right.MANAGE, Right.GOVERN)
_FRESH = (Right.MONEY, Right.GOVERN)
# What names a row in an address.
_ROWS = {
    "account_id",
    "booking_id",
    "contact_id",
    "departure_id",
    "message_id",
    "payment_id",
    "proposal_id",
    "refund_id",
    "tour_id",
    "transfer_id",
}
# What else stands in an address.
_WORDS = {"people.act": "disable", "switches.pause": "all", "switches.resume": "all"}
# 400: a part of a page, asked for without what the page says of itself.
_SHOWN = (200, 303, 400)
# Their addresses are words, not rows; `x` is none of them.
_NOTHING_AT_X = ("static", "joining.form")
_MOST_FOLLOWED = 150


@dataclass(frozen=True, slots=True)
class Twins:
    own: Side
    foreign: Side


@pytest.fixture
def twins(runtime: Runtime) -> Twins:
    return Twins(side(runtime, 1, "Kalai Safaris"), side(runtime, 2, "Baobab Trails"))


def rules(view: Flask) -> Iterator[tuple[Rule, str]]:
    """Each address of the web view with each of its methods."""
    for rule in view.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def path_of(view: Flask, rule: Rule, of: Side) -> str:
    """The address of a page about this side's rows."""
    values = {name: getattr(of, name, _WORDS.get(rule.endpoint, "x")) for name in rule.arguments}
    with view.test_request_context():
        adapter = view.url_map.bind("localhost")
        return f"/admin{adapter.build(rule.endpoint, values)}"


def test_every_page_says_who_may_call_it_and_the_table_agrees(admin_app: Flask) -> None:
    found = {rule.endpoint: right_of(admin_app, rule.endpoint) for rule, _ in rules(admin_app)}
    assert found == PAGES


def test_strangers_are_sent_to_sign_in(app: Flask, admin_app: Flask, twins: Twins) -> None:
    client = app.test_client()
    wrong = []
    for rule, method in rules(admin_app):
        if PAGES[rule.endpoint] is Right.OPEN:
            continue
        path = path_of(admin_app, rule, twins.own)
        answer = client.open(path, method=method)
        sent = (answer.location or "").startswith("/admin/sign-in?next=")
        if answer.status_code != 303 or not sent:
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


def test_an_operators_own_staff_are_let_in_to_their_rows_and_refused_what_admins_do(
    admin_app: Flask, twins: Twins, sign_in: SignIn
) -> None:
    client = sign_in(twins.own.staff_id)
    wrong = []
    for rule, method in rules(admin_app):
        right = PAGES[rule.endpoint]
        path = path_of(admin_app, rule, twins.own)
        if right in _ADMINS_ONLY:
            status = client.open(path, method=method).status_code
            if status != 403:
                wrong.append(f"{method} {path}: {status} for an operator's own")
        elif method == "GET" and right is not Right.OPEN:
            status = client.get(path).status_code
            if status not in _SHOWN:
                wrong.append(f"GET {path}: {status} for an operator's own")
    assert wrong == []


def test_admins_are_let_in_everywhere(admin_app: Flask, twins: Twins, sign_in: SignIn) -> None:
    with transaction() as db:
        admin = Staff(email="anna@example.com", role="admin")
        db.add(admin)
    client = sign_in(admin.id)
    wrong = []
    for rule, method in rules(admin_app):
        if method == "GET":
            path = path_of(admin_app, rule, twins.own)
            status = client.get(path).status_code
            if status not in _SHOWN and rule.endpoint not in _NOTHING_AT_X:
                wrong.append(f"GET {path}: {status} for an admin")
    assert wrong == []


def test_acts_on_money_and_people_ask_who_it_is(
    admin_app: Flask, twins: Twins, sign_in: SignIn
) -> None:
    with transaction() as db:
        admin = Staff(email="anna@example.com", role="admin")
        db.add(admin)
    client = sign_in(admin.id, fresh=False)
    wrong = []
    for rule, method in rules(admin_app):
        if PAGES[rule.endpoint] in _FRESH:
            answer = client.open(path_of(admin_app, rule, twins.own), method=method)
            if not (answer.location or "").startswith("/admin/confirm?next="):
                wrong.append(f"{method} {rule}: {answer.status_code}")
    assert wrong == []


def test_an_address_of_anothers_row_is_as_if_it_were_not_there(
    admin_app: Flask, twins: Twins, sign_in: SignIn
) -> None:
    client = sign_in(twins.own.staff_id)
    wrong = []
    for rule, method in rules(admin_app):
        if not rule.arguments & _ROWS or PAGES[rule.endpoint] in _ADMINS_ONLY:
            continue
        path = path_of(admin_app, rule, twins.foreign)
        answer = client.open(path, method=method)
        if answer.status_code != 404:
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


def test_of_two_operators_each_sees_its_own_alone(
    admin_app: Flask, twins: Twins, sign_in: SignIn
) -> None:
    for mine, theirs in ((twins.own, twins.foreign), (twins.foreign, twins.own)):
        client = sign_in(mine.staff_id)
        seen, wrong = set(), []
        for path, text in every_page(client, admin_app, mine, theirs):
            seen |= {mark for mark in mine.marks if mark in text}
            # What was asked for is repeated in the field that asked.
            shown = text.replace(unquote(path.partition("?q=")[2]) or "\0", "")
            wrong += [
                f"{path}: shows {mark}" for mark in (*theirs.marks, theirs.phone) if mark in shown
            ]
        assert wrong == []
        missing = set(mine.marks) - seen
        assert missing == set(), "a walk that sees nothing of one's own proves nothing"


def every_page(
    client: FlaskClient, view: Flask, mine: Side, theirs: Side
) -> Iterator[tuple[str, str]]:
    """Every page that can be got, and what it says: those about own rows, what they link to, and
    each page that has a filter or a search, asked for what is the other's.
    """
    paths = [
        path_of(view, rule, mine)
        for rule, method in rules(view)
        if method == "GET" and PAGES[rule.endpoint] in (Right.SEE, Right.WORK, Right.MONEY)
    ]
    done: set[str] = set()
    while paths:
        path = paths.pop()
        if path in done or path.startswith("/admin/static/"):
            continue
        done.add(path)
        text = unescape(client.get(path).text)
        yield path, text
        if "?" not in path:
            paths += [f"{path}?{name}={value}" for name, value in others(theirs, text)]
        if len(done) < _MOST_FOLLOWED:
            paths += re.findall(r'(?:href|hx-get)="(/admin/[^"#]*)"', text)


def others(theirs: Side, text: str) -> Iterator[tuple[str, str]]:
    """What a page's filters and its search can be asked for of the other's: those that it shows,
    and the one that is shown to admins only.
    """
    ids = {
        "operator": theirs.operator_id,
        "account": theirs.account_id,
        "tour": theirs.tour_id,
        "person": theirs.staff_id,
    }
    for name, value in ids.items():
        if name == "operator" or f'name="{name}"' in text:
            yield name, str(value)
    if 'name="q"' in text:
        for mark in theirs.marks:
            yield "q", quote(mark)
