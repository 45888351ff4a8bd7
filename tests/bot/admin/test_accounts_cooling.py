"""The pause before a change of where money goes may be approved."""

from datetime import timedelta

from bot.runtime import Runtime
from domain.proposals import NotDone, Why
from tests.bot.admin import offices
from tests.bot.admin.conftest import House, SignIn


def test_a_change_of_where_money_goes_waits_a_day(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    account_id = offices.add_account(runtime, house.operator_id, default=False)
    client = sign_in(house.own)
    address = f"/admin/accounts/{account_id}/default"
    page = client.get(address)
    assert "24 hours" in page.text
    form = {"act_id": offices.minted(page), "reason": "The first account."}
    assert client.post(address, data=form).status_code == 303
    proposal = offices.proposed()
    assert proposal.not_before is not None
    waits = proposal.not_before - proposal.created_at
    assert timedelta(hours=23, minutes=59) < waits <= timedelta(hours=24)

    answer = offices.approve(runtime, proposal.id, house.admin)

    assert isinstance(answer, NotDone)
    assert (answer.why, answer.until) == (Why.TOO_EARLY, proposal.not_before)
    assert not offices.account(account_id).is_default
    shown = client.get(f"/admin/accounts/{account_id}").text
    assert "A change waits for a second person" in shown
