"""What tests of accounts share: accounts of two operators, and a change brought to a decision."""

import json
import re
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import TestResponse

from bot.runtime import Runtime
from domain import proposals
from domain.database import transaction
from domain.models import Account, Operator, Proposal
from domain.proposals import NotDone
from domain.wishes import Tools
from tests import factories
from tests.bot.admin.conftest import House

SECRET = "merchant-key-that-nobody-sees"


def add_account(
    runtime: Runtime, operator_id: int, name: str = "Omari Harare", *, default: bool = True
) -> int:
    with transaction() as db:
        row = Account(
            operator_id=operator_id,
            provider="omari",
            currency="USD",
            name=name,
            settings={"base_url": "http://127.0.0.1:9/omari", "channel": "WEB"},
            secrets_sealed=runtime.accounts.sealer.seal(json.dumps({"merchant_key": SECRET})),
            is_default=default,
        )
        db.add(row)
        db.flush()
        return row.id


def account(account_id: int) -> Account:
    with transaction() as db:
        return db.get_one(Account, account_id)


def add_tour(house: House, number: int = 5) -> int:
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        return factories.tour(db, owner, number).id


def minted(page: TestResponse, name: str = "act_id") -> str:
    """The hidden value that a page was shown with."""
    found = re.search(rf'name="{name}" type="hidden" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found[1]


def proposed() -> Proposal:
    """The one proposal there is."""
    with transaction() as db:
        return db.execute(select(Proposal)).scalar_one()


def approve(runtime: Runtime, proposal_id: UUID, staff_id: int) -> Proposal | NotDone:
    tools = Tools(runtime.policy, runtime.accounts.sealer)
    with transaction() as db:
        return proposals.approve(db, proposal_id, staff_id, tools)
