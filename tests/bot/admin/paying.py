"""Payments of the house's operator, brought to where a page of theirs is looked at."""

import re
from dataclasses import dataclass, replace
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from domain.database import transaction
from domain.models import AuditEntry, Operator, Proposal, Refund
from domain.payments import ProviderCall
from tests import factories
from tests.domain import world as w

CALL = ProviderCall("check", 200, 321, "000")


@dataclass(frozen=True, slots=True)
class Sold:
    """A booking of the house's operator and who pays for it."""

    world: w.World
    provider: str

    def opened(self, amount_minor: int = 10_000) -> UUID:
        """A payment that was just opened."""
        request = replace(self.world.request(amount_minor), provider=self.provider)
        return w.open_payment(self.world, request)

    def paid(self, amount_minor: int = 10_000, receipt: str = "H5PS") -> UUID:
        """A payment that brought its money."""
        payment = self.opened(amount_minor)
        w.walk(payment, "start", "code", "given", "confirm")
        w.settle(payment, replace(w.success(payment, receipt, amount_minor), call=CALL))
        return payment

    def uncertain(self) -> UUID:
        """A payment of which nobody knows what became of it; nobody calls any more."""
        payment = self.opened()
        w.walk(payment, "start", "code", "given", "confirm", "lose")
        w.later(payment, 3_600)
        return payment

    def mismatched(self) -> UUID:
        """An uncertain payment of which the provider says that USD 75.00 came."""
        payment = self.uncertain()
        w.settle(payment, w.success(payment, "OTHER", 7_500))
        return payment


def sell(
    operator_id: int, reference: str = "KS-2024-001", provider: str = "kaspi", tour: int = 5
) -> Sold:
    """A booking of USD 500.00 on a departure, its customer, and an account of a provider."""
    with transaction() as db:
        owner = db.get_one(Operator, operator_id)
        on = factories.departure(db, factories.tour(db, owner, tour))
        booking = factories.booking(db, owner, on, reference=reference)
        contact = factories.contact(db, f"+26377497{5_000 + tour}")
        account = factories.account(db, owner, w.SEALER)
        account.provider, account.is_default = provider, tour == 5
        db.flush()
        world = w.World(owner.id, booking.id, contact.id, account.id)
    return Sold(world, provider)


def act_id(page: TestResponse) -> str:
    """The id that a form was shown with."""
    found = re.search(r'name="act_id"[^>]* value="([0-9a-f-]{36})"', page.text)
    assert found is not None, page.text
    return found[1]


def send(browser: FlaskClient, address: str, **fields: str) -> TestResponse:
    """Open the page of an act, fill in its form, send it."""
    return browser.post(address, data={**opened(browser, address), **fields})


def opened(browser: FlaskClient, address: str) -> dict[str, str]:
    """What the form of an act was shown with, to be sent with it."""
    page = browser.get(address)
    assert page.status_code == 200, page.text
    source = re.search(r'name="from" type="hidden" value="(\d+)"', page.text)
    return {"act_id": act_id(page), **({"from": source[1]} if source else {})}


def proposed() -> list[Proposal]:
    with transaction() as db:
        return list(db.scalars(select(Proposal).order_by(Proposal.created_at)))


def refunds() -> list[Refund]:
    with transaction() as db:
        return list(db.scalars(select(Refund).order_by(Refund.created_at)))


def acts() -> list[tuple[str, str]]:
    """Who did what, as the audit trail has it."""
    with transaction() as db:
        entries = db.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(entry.actor.partition("@")[0], entry.act) for entry in entries]


def words_of(answer: TestResponse) -> str:
    """What a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
