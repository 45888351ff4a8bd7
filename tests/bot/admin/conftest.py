"""Browsers of staff who are signed in: an admin, an operator's own, a stranger of another
operator.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import func

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import Staff, StaffSession
from domain.staff import sessions
from tests import factories

SignIn = Callable[..., FlaskClient]


@dataclass(frozen=True, slots=True)
class House:
    """Two operators with staff of their own, and two admins, all of whom may approve."""

    operator_id: int
    stranger_id: int
    admin: int
    second: int
    own: int
    foreign: int


@pytest.fixture
def house(runtime: Runtime) -> House:  # noqa: ARG001 - it makes the database the current one
    """The people; nothing is sold yet."""
    with transaction() as db:
        operator = factories.operator(db, "Kalai Safaris")
        stranger = factories.operator(db, "Other Tours")
        people = [
            Staff(email="anna@example.com", role="admin"),
            Staff(email="ben@example.com", role="admin"),
            Staff(email="own@example.com", role="operator", operator_id=operator.id),
            Staff(email="foreign@example.com", role="operator", operator_id=stranger.id),
        ]
        for person in people:
            person.approver_from = func.clock_timestamp()
        db.add_all(people)
        db.flush()
        return House(operator.id, stranger.id, *(person.id for person in people))


class Compiled(BytecodeCache):
    """Templates as an earlier test's app compiled them: each test has an app of its own, and would
    take longer to compile its pages than to ask for them.
    """

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = Compiled()


@pytest.fixture
def admin_app(app: Flask) -> Flask:
    """The web view itself, below its door."""
    view: Flask = app.extensions["admin"].app
    view.jinja_env.bytecode_cache = _COMPILED
    # Each test's forms are posted as a browser would post what it was shown, without the token.
    view.config["WTF_CSRF_ENABLED"] = False
    return view


@pytest.fixture
def sign_in(app: Flask, admin_app: Flask, runtime: Runtime) -> SignIn:
    """`sign_in(staff_id)`: a browser at the front door (addresses begin with /admin), signed in and
    fresh. `fresh=False`: signed in long ago.
    """
    assert runtime.settings.public_base_url.startswith("https://")

    def enter(staff_id: int, fresh: bool = True) -> FlaskClient:
        token = secrets.token_urlsafe()
        with transaction() as db:
            sessions.open_session(db, staff_id, token, "test")
        if not fresh:
            with transaction() as db:
                key = hashlib.sha256(token.encode()).hexdigest()
                db.get_one(StaffSession, key).fresh_until = None
        cookie = admin_app.session_interface.get_signing_serializer(admin_app)
        assert cookie is not None
        client = app.test_client()
        client.environ_base["HTTP_X_FORWARDED_PROTO"] = "https"
        client.set_cookie(
            admin_app.config["SESSION_COOKIE_NAME"],
            cookie.dumps({"_user_id": token, "_fresh": True}),
            path="/admin",
        )
        return client

    return enter
