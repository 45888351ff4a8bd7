"""A change of where money goes: proposed by one, agreed to by another after the pause, and not done
where the world moved on.
"""

import json
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain import accounts, proposals
from domain.account_changes import Change, ChangeWhy, Kind, wish_of
from domain.accounts import NewAccount
from domain.database import Database, transaction
from domain.models import Account, AuditEntry, Proposal, Staff, TourAccount
from domain.policy import Policy
from domain.proposals import NotDone, Why
from domain.sealing import Sealer
from domain.wishes import Tools
from tests import factories

SEALER = Sealer.of("account secrets", "a secret for tests, of a fair length")
TOOLS = Tools(Policy(), SEALER)


@dataclass(frozen=True, slots=True)
class Office:
    """Ids: an operator with a tour and two accounts, another operator with one, and people."""

    default: int
    spare: int
    foreign: int
    tour: int
    anna: int
    ben: int
    own: int
    stranger: int


@pytest.fixture
def office(database: Database) -> Office:  # noqa: ARG001 - it makes the database the current one
    """All people may approve."""
    with transaction() as db:
        owner, other = factories.operator(db), factories.operator(db)
        tour = factories.tour(db, owner).id
        ids = [
            accounts.add(
                db,
                NewAccount(operator.id, "omari", "USD", name, {"base_url": "a"}, {"key": "old"}),
                SEALER,
                "cli",
            ).id
            for operator, name in ((owner, "first"), (owner, "spare"), (other, "theirs"))
        ]
        people = [
            Staff(email="anna@example.com", role="admin"),
            Staff(email="ben@example.com", role="admin"),
            Staff(email="own@example.com", role="operator", operator_id=owner.id),
            Staff(email="stranger@example.com", role="operator", operator_id=other.id),
        ]
        db.add_all(people)
        db.flush()
        for person in people:
            person.approver_from = person.created_at
        return Office(*ids, tour, *(person.id for person in people))


def propose(
    account_id: int, kind: Kind, by: int, hours: float = 0, **changed: object
) -> Proposal | NotDone:
    change = Change(uuid4(), account_id, kind, "the bank changed", by, **changed)  # type: ignore[arg-type]
    with transaction() as db:
        return proposals.propose(db, wish_of(db, change, hours, SEALER))


def asked(account_id: int, kind: Kind, by: int, **changed: object) -> UUID:
    answer = propose(account_id, kind, by, **changed)
    assert isinstance(answer, Proposal), answer
    return answer.id


def approve(proposal_id: UUID, by: int) -> object:
    with transaction() as db:
        answer = proposals.approve(db, proposal_id, by, TOOLS)
        return answer.why if isinstance(answer, NotDone) else None


def default_id(account_id: int) -> int:
    with transaction() as db:
        account = db.get_one(Account, account_id)
        query = accounts.default_of(account.operator_id, account.provider, account.currency)
        return db.execute(query).scalar_one().id


def test_nothing_happens_before_the_pause_is_over(office: Office) -> None:
    answer = propose(office.spare, Kind.DEFAULT, office.anna, hours=1)
    assert isinstance(answer, Proposal)
    assert approve(answer.id, office.ben) is Why.TOO_EARLY
    assert default_id(office.spare) == office.default


def test_two_people_make_another_account_the_default(office: Office) -> None:
    proposal = asked(office.spare, Kind.DEFAULT, office.anna)
    assert approve(proposal, office.anna) is Why.SAME_PERSON
    assert approve(proposal, office.stranger) is Why.NOT_ALLOWED
    assert default_id(office.spare) == office.default
    assert approve(proposal, office.own) is None
    assert default_id(office.spare) == office.spare
    with transaction() as db:
        acts = db.execute(
            select(AuditEntry.act, AuditEntry.actor)
            .where(AuditEntry.subject == f"account:{office.spare}")
            .order_by(AuditEntry.id)
        ).all()
    assert [tuple(act) for act in acts[1:]] == [
        ("change_account_proposed", "anna@example.com"),
        ("account_made_default", "own@example.com"),
        ("change_account_approved", "own@example.com"),
    ]


def test_secrets_are_sealed_until_decided_and_dropped_then(office: Office) -> None:
    changed = {"secrets": {"key": "new-secret"}, "settings": {"base_url": "b"}}
    proposal = asked(office.default, Kind.CREDENTIALS, office.anna, **changed)
    with transaction() as db:
        row = db.get_one(Proposal, proposal)
        assert row.detail["secrets"] == ["key"]
        assert row.detail["settings"] == {"base_url": {"from": "a", "to": "b"}}
        assert "new-secret" not in f"{row.detail} {row.sealed!r} {row.evidence}"
        before = db.get_one(Account, office.default)
        assert json.loads(SEALER.open(before.secrets_sealed)) == {"key": "old"}
    assert approve(proposal, office.ben) is None
    with transaction() as db:
        after = db.get_one(Account, office.default)
        assert json.loads(SEALER.open(after.secrets_sealed)) == {"key": "new-secret"}
        assert after.settings == {"base_url": "b"}
        assert db.get_one(Proposal, proposal).sealed is None
        details = repr(db.scalars(select(AuditEntry.detail)).all())
    assert "new-secret" not in details
    assert "old" not in details


def test_a_rejected_change_drops_its_secrets_as_well(office: Office) -> None:
    proposal = asked(office.default, Kind.CREDENTIALS, office.anna, secrets={"key": "new-secret"})
    with transaction() as db:
        assert isinstance(proposals.reject(db, proposal, office.ben, "no letter"), Proposal)
        assert db.get_one(Proposal, proposal).sealed is None


def test_an_account_that_was_changed_meanwhile_is_left_alone(office: Office) -> None:
    proposal = asked(office.spare, Kind.DEFAULT, office.anna)
    with transaction() as db:
        accounts.keep_secret(db, office.spare, {"key": "x"}, SEALER, "cli")
    assert approve(proposal, office.ben) is ChangeWhy.CHANGED_MEANWHILE
    assert default_id(office.spare) == office.default
    with transaction() as db:
        assert db.get_one(Proposal, proposal).status == "proposed"


def test_an_account_that_was_switched_off_meanwhile_is_not_made_the_default(
    office: Office,
) -> None:
    proposal = asked(office.spare, Kind.DEFAULT, office.anna)
    with transaction() as db:
        accounts.deactivate(db, office.spare, "cli")
    assert approve(proposal, office.ben) is ChangeWhy.ACCOUNT_OFF


def test_a_tour_names_accounts_of_its_operator_alone(office: Office) -> None:
    answer = propose(office.foreign, Kind.CHOOSE_FOR_TOUR, office.anna, tour=office.tour)
    assert isinstance(answer, NotDone)
    assert answer.why is ChangeWhy.OTHER_TOUR
    chosen = asked(office.spare, Kind.CHOOSE_FOR_TOUR, office.anna, tour=office.tour)
    with transaction() as db:
        assert db.get_one(Proposal, chosen).detail["other"] == office.default
    assert approve(chosen, office.ben) is None
    with transaction() as db:
        assert db.scalars(select(TourAccount.account_id)).all() == [office.spare]
    again = propose(office.spare, Kind.CHOOSE_FOR_TOUR, office.anna, tour=office.tour)
    assert isinstance(again, NotDone)
    assert again.why is ChangeWhy.NOTHING_TO_CHANGE
    forgotten = asked(office.spare, Kind.FORGET_FOR_TOUR, office.anna, tour=office.tour)
    assert approve(forgotten, office.ben) is None
    with transaction() as db:
        assert db.scalars(select(TourAccount.account_id)).all() == []


def test_a_stranger_proposes_nothing(office: Office) -> None:
    answer = propose(office.spare, Kind.DEFAULT, office.stranger)
    assert isinstance(answer, NotDone)
    assert answer.why is Why.NOT_ALLOWED


def test_one_change_of_an_account_waits_at_a_time(office: Office) -> None:
    asked(office.default, Kind.CREDENTIALS, office.anna, settings={"base_url": "b"})
    answer = propose(office.default, Kind.CREDENTIALS, office.ben, settings={"base_url": "c"})
    assert isinstance(answer, NotDone)
    assert answer.why is Why.PROPOSED_ALREADY
