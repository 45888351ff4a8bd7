"""Staff at their browsers, before the running product.

anna = office.desk("anna@example.com")        a browser that is signed in
anna.open("/transactions")
anna.page.get_by_role("button", name="Refund").click()
"""

import secrets
from dataclasses import dataclass, field

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response
from sqlalchemy import func, select, update

from domain.database import transaction
from domain.models import Operator, Staff, StaffSession
from domain.sealing import derive_key
from domain.staff import sessions
from tests.journey.house import House

COOKIE = "tourpay"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass
class Desk:
    """One person's browser. `faults` is what the browser complained about: errors of scripts,
    refusals of the policy, answers of 500.
    """

    base_url: str
    page: Page
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the web view: `/transactions`."""
        self.page.goto(f"{self.base_url}/admin{path}", wait_until="load")
        return self.page


@dataclass
class Office:
    """The running product and who works with it."""

    house: House
    browser: Browser
    _contexts: list[BrowserContext] = field(default_factory=list)

    def hire(self, email: str, role: str = "admin", operator: str | None = None) -> int:
        """Somebody of staff who may approve. Returns their id."""
        with transaction() as db:
            owner_id = None
            if operator is not None:
                owner_id = db.scalars(select(Operator.id).where(Operator.name == operator)).one()
            known = db.scalars(select(Staff).where(Staff.email == email)).one_or_none()
            person = known or Staff(email=email, role=role, operator_id=owner_id)
            person.approver_from = func.clock_timestamp()
            db.add(person)
            db.flush()
            return person.id

    def desk(self, email: str, *, viewport: dict[str, int] | None = None) -> Desk:
        """A browser at which this person is signed in, just now."""
        token = secrets.token_urlsafe()
        with transaction() as db:
            staff_id = db.scalars(select(Staff.id).where(Staff.email == email)).one()
            sessions.open_session(db, staff_id, token, "Chromium")
        desk = self.stranger(viewport=viewport)
        desk.page.context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": self._signed({"_user_id": token, "_fresh": True}),
                    "url": f"{self.house.web_url}/admin",
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )
        return desk

    def let_go_stale(self, email: str) -> None:
        """It is too long ago that this person showed who they are, at whichever browser."""
        with transaction() as db:
            whose = select(Staff.id).where(Staff.email == email).scalar_subquery()
            stale = update(StaffSession).where(StaffSession.staff_id == whose)
            db.execute(stale.values(fresh_until=None))

    def stranger(self, *, viewport: dict[str, int] | None = None) -> Desk:
        """A browser at which nobody is signed in."""
        context = self.browser.new_context(
            viewport=viewport or DESKTOP,  # type: ignore[arg-type]
            accept_downloads=True,
            locale="en-GB",
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        desk = Desk(self.house.web_url, context.new_page())

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error" and "status of 4" not in message.text:
                desk.faults.append(message.text)

        def on_response(response: Response) -> None:
            if response.status >= 500:
                desk.faults.append(f"{response.status} {response.url}")

        desk.page.on("console", on_console)
        desk.page.on("pageerror", lambda error: desk.faults.append(str(error)))
        desk.page.on("response", on_response)
        return desk

    def leave(self) -> None:
        """Close every browser."""
        for context in self._contexts:
            context.close()

    def _signed(self, session: dict[str, object]) -> str:
        app = Flask("signer")
        app.secret_key = derive_key(self.house.setting("SECRET_KEY"), "admin cookies")
        serializer = SecureCookieSessionInterface().get_signing_serializer(app)
        if serializer is None:
            raise RuntimeError("a cookie is signed with a key")
        return str(serializer.dumps(session))
