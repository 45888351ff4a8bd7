"""Provider accounts: what stops money is done at once, what decides where it goes takes two people
and a pause, and secrets are shown nowhere.
"""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from bot.config import Settings
from bot.runtime import Runtime
from domain.account_changes import ChangeWhy
from domain.database import transaction
from domain.models import Account, AuditEntry, Proposal, StaffNotice, TourAccount
from domain.proposals import NotDone, Why
from tests.bot.admin import offices
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.offices import SECRET

NEW_SECRET = "another-key-that-nobody-sees"
ADDRESS = "https://omari.example.com"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without the pause, for what comes after it."""
    return settings.model_copy(update={"account_cooling_hours": 0})


def traces() -> str:
    """Everything that a secret could have been written into, in the clear."""
    with transaction() as db:
        entries = db.scalars(select(AuditEntry)).all()
        proposals = db.scalars(select(Proposal)).all()
        notices = db.scalars(select(StaffNotice)).all()
        accounts = db.scalars(select(Account)).all()
        return repr(
            [
                *((each.act, each.subject, each.detail) for each in (*entries, *proposals)),
                *((each.detail, each.subject) for each in notices),
                *((each.settings, each.secrets_sealed, each.name) for each in accounts),
                *((each.sealed, each.evidence) for each in proposals),
            ]
        )


def change_key(client: FlaskClient, account_id: int, **changed: str) -> str:
    """Propose another key; what the answer says, redirects followed."""
    address = f"/admin/accounts/{account_id}/credentials"
    form = {
        "act_id": offices.minted(client.get(address)),
        "reason": "The old key leaked.",
        "setting_base_url": ADDRESS,
        "setting_channel": "WEB",
        "secret_merchant_key": NEW_SECRET,
    }
    answer = client.post(address, data=form | changed, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def test_a_changed_secret_takes_two_people_and_is_shown_nowhere(
    runtime: Runtime, house: House, sign_in: SignIn, capfd: pytest.CaptureFixture[str]
) -> None:
    account_id = offices.add_account(runtime, house.operator_id)
    with transaction() as db:
        before = runtime.accounts.adapter(db, account_id)
    client = sign_in(house.admin)
    answers = [change_key(client, account_id)]
    proposal = offices.proposed()
    assert (proposal.act, proposal.subject) == ("change_account", f"account:{account_id}")
    assert proposal.detail["secrets"] == ["merchant_key"]
    assert proposal.detail["settings"]["base_url"]["to"] == ADDRESS
    assert proposal.sealed is not None
    assert offices.account(account_id).settings["base_url"] != ADDRESS
    answers += [
        client.get(f"/admin/{page}").text
        for page in (f"accounts/{account_id}", f"accounts/{account_id}/credentials", "audit")
    ]

    second = sign_in(house.second)
    answers.append(second.get(f"/admin/approvals/{proposal.id}").text)
    assert ADDRESS in answers[-1]
    assert second.post(f"/admin/approvals/{proposal.id}/approve").status_code == 303
    assert offices.proposed().status == "approved"
    assert offices.proposed().sealed is None
    assert offices.account(account_id).settings["base_url"] == ADDRESS
    with transaction() as db:
        after = runtime.accounts.adapter(db, account_id)
    assert after is not before  # the next payment is made with the new key
    answers += [client.get(f"/admin/accounts/{account_id}").text, client.get("/admin/audit").text]
    written = "".join([*answers, traces(), *capfd.readouterr()])
    assert SECRET not in written
    assert NEW_SECRET not in written
    assert "Merchant key" in answers[-2]
    assert "Changed the account&#39;s secrets" in answers[-2]


def test_a_change_of_settings_alone_is_seen_by_every_process(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    account_id = offices.add_account(runtime, house.operator_id)
    with transaction() as db:
        before = runtime.accounts.adapter(db, account_id)
    change_key(sign_in(house.admin), account_id, secret_merchant_key="")
    proposal = offices.proposed()
    assert proposal.detail["secrets"] == []
    assert isinstance(offices.approve(runtime, proposal.id, house.second), Proposal)
    with transaction() as db:
        assert runtime.accounts.adapter(db, account_id) is not before


def test_who_proposes_cannot_approve_and_a_form_sent_twice_is_one_proposal(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    offices.add_account(runtime, house.operator_id, "old")
    account_id = offices.add_account(runtime, house.operator_id, "new", default=False)
    client = sign_in(house.own)
    address = f"/admin/accounts/{account_id}/default"
    form = {"act_id": offices.minted(client.get(address)), "reason": "The bank changed."}
    for _ in range(2):
        assert client.post(address, data=form).status_code == 303
    proposal = offices.proposed()
    answer = offices.approve(runtime, proposal.id, house.own)
    assert isinstance(answer, NotDone)
    assert answer.why is Why.SAME_PERSON
    assert not offices.account(account_id).is_default
    with transaction() as db:
        told = db.scalars(
            select(StaffNotice.staff_id).where(StaffNotice.kind == "proposal_waiting")
        ).all()
    assert set(told) == {house.admin, house.second}

    assert isinstance(offices.approve(runtime, proposal.id, house.admin), Proposal)
    assert offices.account(account_id).is_default


def test_what_was_agreed_to_is_what_is_done(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    account_id = offices.add_account(runtime, house.operator_id, default=False)
    client = sign_in(house.admin)
    address = f"/admin/accounts/{account_id}/default"
    form = {"act_id": offices.minted(client.get(address)), "reason": "It is the first one."}
    assert client.post(address, data=form).status_code == 303
    # Meanwhile another account takes this money.
    offices.add_account(runtime, house.operator_id, "in between")
    answer = offices.approve(runtime, offices.proposed().id, house.second)
    assert isinstance(answer, NotDone)
    assert answer.why is ChangeWhy.CHANGED_MEANWHILE
    assert not offices.account(account_id).is_default


def test_a_new_account_takes_no_money_by_itself(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    address = "/admin/accounts/new?provider=omari"
    form = {
        "act_id": offices.minted(client.get(address)),
        "name": "Omari Bulawayo",
        "currency": "USD",
        "setting_base_url": ADDRESS,
        "secret_merchant_key": NEW_SECRET,
    }
    for _ in range(2):
        assert client.post(address, data=form).status_code == 303
    with transaction() as db:
        added = db.execute(select(Account)).scalar_one()
    assert (added.operator_id, added.is_default, added.active) == (house.operator_id, False, True)
    again = client.post(address, data=form | {"act_id": "another"})
    assert "there is an account of this name already" in again.text
    assert NEW_SECRET not in again.text + traces()


def test_an_incomplete_account_stays_off(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    address = "/admin/accounts/new?provider=omari"
    form = {
        "act_id": offices.minted(client.get(address)),
        "name": "Without a key",
        "currency": "USD",
        "setting_base_url": ADDRESS,
    }
    assert client.post(address, data=form).status_code == 303
    with transaction() as db:
        added = db.execute(select(Account)).scalar_one()
    assert not added.active
    page = client.get(f"/admin/accounts/{added.id}/on")
    refused = client.post(
        f"/admin/accounts/{added.id}/on", data={"act_id": offices.minted(page), "reason": "Go."}
    )
    assert "merchant key is missing" in refused.text
    with transaction() as db:
        assert db.execute(select(Proposal)).first() is None


def test_switching_off_needs_one_person_and_on_needs_two(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    account_id = offices.add_account(runtime, house.operator_id)
    client = sign_in(house.own)
    page = client.get(f"/admin/accounts/{account_id}/off")
    off = client.post(f"/admin/accounts/{account_id}/off", data={"act_id": offices.minted(page)})
    assert off.status_code == 303
    assert not offices.account(account_id).active
    with transaction() as db:
        entry = db.execute(
            select(AuditEntry).where(AuditEntry.act == "account_deactivated")
        ).scalar_one()
    assert (entry.staff_id, entry.actor) == (house.own, "own@example.com")

    address = f"/admin/accounts/{account_id}/on"
    form = {"act_id": offices.minted(client.get(address)), "reason": "It works again."}
    assert client.post(address, data=form).status_code == 303
    assert not offices.account(account_id).active
    assert isinstance(offices.approve(runtime, offices.proposed().id, house.second), Proposal)
    assert offices.account(account_id).active


def test_a_tour_is_given_an_account_and_forgets_it(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    offices.add_account(runtime, house.operator_id)
    account_id = offices.add_account(runtime, house.operator_id, "for the falls", default=False)
    tour = offices.add_tour(house)
    client = sign_in(house.admin)
    for address, form in (
        (f"/admin/accounts/{account_id}/tours", {"tour": str(tour)}),
        (f"/admin/accounts/{account_id}/tours/{tour}/forget", {}),
    ):
        form |= {"act_id": offices.minted(client.get(address)), "reason": "The owner asks for it."}
        assert client.post(address, data=form).status_code == 303
        with transaction() as db:
            proposal = db.execute(
                select(Proposal).where(Proposal.status == "proposed")
            ).scalar_one()
        assert isinstance(offices.approve(runtime, proposal.id, house.second), Proposal)
        with transaction() as db:
            named = db.scalars(select(TourAccount.account_id)).all()
        assert named == ([account_id] if "tour" in form else [])


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("default", "Payments under way stay with the account that they began with."),
        ("on", "Payments under way with other accounts stay there."),
        ("tours", "Payments under way stay with the account that they began with."),
        ("credentials", "those about payments under way as well."),
    ],
)
def test_who_decides_reads_what_who_proposed_had_read(
    runtime: Runtime, house: House, sign_in: SignIn, act: str, said: str
) -> None:
    account_id = offices.add_account(runtime, house.operator_id, default=False)
    if act == "on":
        with transaction() as db:
            db.execute(update(Account).values(active=False))
    offices.add_tour(house)
    client = sign_in(house.own)
    address = f"/admin/accounts/{account_id}/{act}"
    page = client.get(address)
    form = {"act_id": offices.minted(page), "reason": "x", "tour": "5"}
    form |= {"setting_base_url": ADDRESS, "setting_channel": "POS"}
    assert client.post(address, data=form).status_code == 303
    decided = sign_in(house.second).get(f"/admin/approvals/{offices.proposed().id}")
    for shown in (page, decided):
        assert said in shown.text
        assert shown.text.count("under way") == 1


def test_a_strangers_account_is_not_there(runtime: Runtime, house: House, sign_in: SignIn) -> None:
    account_id = offices.add_account(runtime, house.operator_id)
    theirs = offices.add_account(runtime, house.stranger_id, "of the others")
    offices.add_tour(house)
    client = sign_in(house.own)
    listed = client.get("/admin/accounts").text
    assert "Omari Harare" in listed
    assert "of the others" not in listed
    for act in ("", "/off", "/on", "/default", "/credentials", "/tours", "/tours/5/forget"):
        assert client.get(f"/admin/accounts/{theirs}{act}").status_code == 404, act
        if act:
            assert client.post(f"/admin/accounts/{theirs}{act}").status_code == 404, act
    other = f"/admin/accounts/new?operator={house.stranger_id}&provider=omari"
    assert client.get(other).status_code == 404
    assert client.post(other, data={"name": "x"}).status_code == 404
    # A tour of theirs is none to choose.
    with transaction() as db:
        assert db.execute(select(Proposal)).first() is None
    page = client.get(f"/admin/accounts/{account_id}/tours")
    form = {"act_id": offices.minted(page), "reason": "x", "tour": "99"}
    assert client.post(f"/admin/accounts/{account_id}/tours", data=form).status_code == 200


def test_an_account_that_takes_money_stays_complete(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    account_id = offices.add_account(runtime, house.operator_id)
    client = sign_in(house.admin)
    gone = change_key(client, account_id, secret_merchant_key="", forget_merchant_key="y")
    assert "must stay complete" in gone
    empty = change_key(client, account_id, secret_merchant_key="", setting_base_url="")
    assert "must stay complete" in empty
    with transaction() as db:
        assert db.execute(select(Proposal)).first() is None


def test_acts_on_accounts_ask_who_it_is_once_more(
    runtime: Runtime, house: House, sign_in: SignIn
) -> None:
    account_id = offices.add_account(runtime, house.operator_id)
    stale = sign_in(house.admin, fresh=False)
    for act in ("off", "on", "default", "credentials", "tours", "tours/5/forget"):
        address = f"/admin/accounts/{account_id}/{act}"
        for answer in (stale.get(address), stale.post(address)):
            assert answer.status_code == 303, act
            assert "/admin/confirm" in answer.location
    assert offices.account(account_id).active
