"""People of staff at the front door, as a browser is: with a password, an authenticator, a form."""

import re
import time
from functools import cache
from html import unescape

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import AuditEntry, Staff, StaffNotice
from domain.staff import passwords

PASSWORD = "quiet river stone lamp"


@cache
def _kept() -> str:
    return passwords.hashed(PASSWORD)


def browser(app: Flask) -> FlaskClient:
    """A browser that nobody signed in with."""
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    return client


def give_password(staff_id: int) -> None:
    with transaction() as db:
        db.execute(update(Staff).where(Staff.id == staff_id).values(password_hash=_kept()))


def give_authenticator(runtime: Runtime, staff_id: int) -> str:
    """An authenticator that was set up, and has taken no code yet. Its secret."""
    secret = pyotp.random_base32()
    sealed = runtime.authenticators.seal(secret)
    with transaction() as db:
        db.execute(update(Staff).where(Staff.id == staff_id).values(totp_sealed=sealed))
    return secret


def code_of(secret: str, steps_from_now: int = 0) -> str:
    """What an authenticator shows; at the end of a step, only once the next one has begun."""
    while time.time() % 30 > 27:
        time.sleep(0.2)
    return pyotp.TOTP(secret).generate_otp(int(time.time()) // 30 + steps_from_now)


def signed_in(app: Flask, staff_id: int, email: str) -> FlaskClient:
    """A browser that went through the door with a password."""
    give_password(staff_id)
    client = browser(app)
    answer = client.post("/admin/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


def run_sql(statement: str, **values: object) -> None:
    with transaction() as db:
        db.execute(text(statement), values)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, page
    return unescape(found[1])


def acts_about(staff_id: int) -> list[tuple[str, str]]:
    """Who did what about a person."""
    with transaction() as db:
        entries = db.query(AuditEntry).filter_by(subject=f"staff:{staff_id}")
        return [(entry.actor, entry.act) for entry in entries.order_by(AuditEntry.id)]


def told(kind: str) -> set[int]:
    """Who was told so."""
    with transaction() as db:
        return {row.staff_id for row in db.query(StaffNotice).filter_by(kind=kind)}
