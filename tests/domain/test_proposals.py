"""What one proposes and another decides: once, by two people, with everything looked at again."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, NoResultFound

from domain import payments, proposals
from domain.database import repeat, transaction
from domain.models import AuditEntry, Proposal, Staff, StaffNotice, Transfer
from domain.refunds.refusals import Why as RefundWhy
from domain.staff.pairs import Unfit
from domain.wishes import NotDone, Why
from tests import factories
from tests.domain import people_world as p
from tests.domain import world as w

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def office() -> p.Office:
    return p.build(paid_minor=10_000)


def test_nothing_happens_before_another_person_agrees(office: p.Office) -> None:
    asked = p.moving(office)
    assert p.propose(asked) is None
    assert w.booking_of(office.world).paid_minor == 10_000
    found = p.proposal_of(asked.proposal_id)
    assert (found.status, found.proposed_by, found.decided_by) == ("proposed", office.anna, None)
    assert (found.evidence, found.operator_id) == (asked.evidence, office.world.operator_id)

    assert p.approve(asked.proposal_id, office.ben) is None
    assert w.booking_of(office.world).paid_minor == 6_000
    found = p.proposal_of(asked.proposal_id)
    assert (found.status, found.decided_by) == ("approved", office.ben)
    assert p.acts() == [
        ("anna", "move_money_proposed"),
        ("ben", "money_moved"),
        ("ben", "money_moved"),
        ("ben", "move_money_approved"),
    ]
    with transaction() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.act == "move_money_approved")).one()
    assert (entry.subject, entry.staff_id) == (asked.subject, office.ben)
    assert entry.detail == {"proposal": str(asked.proposal_id), "proposed_by": "anna@example.com"}
    w.assert_books_agree()


def test_the_same_proposal_twice_is_one(office: p.Office) -> None:
    asked = p.moving(office)
    assert [p.propose(asked), p.propose(asked)] == [None, None]
    assert p.acts() == [("anna", "move_money_proposed")]
    assert p.propose(p.moving(office, proposal_id=asked.proposal_id, staff_id=office.own)) is (
        Why.NOT_ALLOWED
    ), "somebody else's id"
    changed = p.moving(office, 1_000, proposal_id=asked.proposal_id)
    assert p.propose(changed) is Why.SENT_BEFORE, "the form was come back to, and changed"


def test_the_same_act_on_the_same_thing_waits_once(office: p.Office) -> None:
    asked = p.moving(office)
    assert p.propose(asked) is None
    assert p.propose(p.moving(office, 1_000)) is Why.PROPOSED_ALREADY
    assert p.reject(asked.proposal_id, office.ben) is None
    assert p.propose(p.moving(office, 1_000)) is None


NOT_PROPOSED = {
    "no evidence": ({"evidence": " "}, Why.NO_EVIDENCE),
    "too much": ({"evidence": "x" * 1_001}, Why.NO_EVIDENCE),
    "another operator's": ({"operator_id": None}, Why.OTHER_OPERATOR),
}


@pytest.mark.parametrize("what", NOT_PROPOSED)
def test_what_is_not_proposed_leaves_nothing(office: p.Office, what: str) -> None:
    changed, why = NOT_PROPOSED[what]
    assert p.propose(p.moving(office, **changed)) is why
    with transaction() as db:
        assert db.execute(select(func.count(Proposal.id))).scalar_one() == 0
    assert p.acts() == []


def test_a_stranger_proposes_approves_and_rejects_nothing(office: p.Office) -> None:
    assert p.propose(p.moving(office, staff_id=office.stranger)) is Why.NOT_ALLOWED
    own = p.booking_at(office.strange_booking).operator_id
    lie = p.moving(office, staff_id=office.stranger, operator_id=own)
    assert p.propose(lie) is Why.OTHER_OPERATOR, "the booking says whose it is, not the wish"
    asked = p.moving(office)
    assert p.propose(asked) is None
    assert p.approve(asked.proposal_id, office.stranger) is Why.NOT_ALLOWED
    assert p.reject(asked.proposal_id, office.stranger) is Why.NOT_ALLOWED
    assert p.proposal_of(asked.proposal_id).status == "proposed"


def test_only_a_second_person_approves(office: p.Office) -> None:
    with transaction() as db:
        anna = db.get_one(Staff, office.anna)
        puppet = factories.staff(db, "puppet@example.com", vouched_by=anna).id
        new = factories.staff(db, "new@example.com", approver_after=timedelta(hours=23)).id
        never = factories.staff(db, "never@example.com", approver_after=None).id
    asked = p.moving(office)
    assert p.propose(asked) is None
    answers = [p.approve(asked.proposal_id, each) for each in (office.anna, puppet, new, never)]
    assert answers == [Why.SAME_PERSON, Why.VOUCHED_FOR, Why.NOT_APPROVER, Why.NOT_APPROVER]
    assert p.proposal_of(asked.proposal_id).status == "proposed"
    assert w.booking_of(office.world).paid_minor == 10_000


def test_not_before_its_time(office: p.Office) -> None:
    with transaction() as db:
        later = db.execute(select(func.clock_timestamp() + timedelta(hours=1))).scalar_one()
    asked = p.moving(office, not_before=later)
    assert p.propose(asked) is None
    with transaction() as db:
        early = proposals.approve(db, asked.proposal_id, office.ben, p.TOOLS)
    assert early == NotDone(Why.TOO_EARLY, until=later)
    assert p.reject(asked.proposal_id, office.ben) is None, "to say no it is never too early"


def test_what_cannot_be_done_any_more_is_refused_and_stays_open(office: p.Office) -> None:
    asked = p.moving(office, 10_000)
    assert p.propose(asked) is None
    p.take(p.money(office, 15_000, booking_id=office.other_booking))
    assert p.approve(asked.proposal_id, office.ben) is Why.ABOVE_OWED
    found = p.proposal_of(asked.proposal_id)
    assert (found.status, found.decided_by) == ("proposed", None)
    assert w.booking_of(office.world).paid_minor == 10_000
    w.assert_books_agree()


def test_who_approved_approves_again_without_more_and_others_are_late(office: p.Office) -> None:
    asked = p.moving(office)
    p.agreed(office, asked)
    assert p.approve(asked.proposal_id, office.ben) is None
    assert p.approve(asked.proposal_id, office.own) is Why.DECIDED
    assert p.reject(asked.proposal_id, office.ben) is Why.DECIDED
    assert w.booking_of(office.world).paid_minor == 6_000


@pytest.mark.parametrize(
    ("who", "word"), [("ben", "rejected"), ("own", "rejected"), ("anna", "withdrawn")]
)
def test_it_is_rejected_or_withdrawn(office: p.Office, who: str, word: str) -> None:
    asked = p.moving(office, sealed=b"what is secret of it")
    person = getattr(office, who)
    assert p.propose(asked) is None
    assert p.proposal_of(asked.proposal_id).sealed == b"what is secret of it"
    assert p.reject(asked.proposal_id, person, " ") is Why.NO_REASON
    assert p.reject(asked.proposal_id, person, "x" * 301) is Why.NO_REASON
    assert p.reject(asked.proposal_id, person, "no such booking") is None
    assert p.reject(asked.proposal_id, person, "no such booking") is None
    found = p.proposal_of(asked.proposal_id)
    assert (found.status, found.decision, found.sealed) == ("rejected", "no such booking", None)
    assert p.acts() == [("anna", "move_money_proposed"), (who, f"move_money_{word}")]
    # Of their own act nobody is told.
    told = [] if who == "anna" else ["anna@example.com"]
    assert p.notices(f"proposal_{word}") == told
    assert p.approve(asked.proposal_id, office.ben) is Why.DECIDED
    w.assert_books_agree()


def test_who_could_decide_is_told_and_then_who_proposed(office: p.Office) -> None:
    with transaction() as db:
        factories.staff(db, "new@example.com", approver_after=None)
    asked = p.moving(office)
    p.propose(asked)
    assert p.notices("proposal_waiting") == ["ben@example.com", "own@example.com"]
    with transaction() as db:
        told = db.scalars(select(StaffNotice)).first()
        assert told is not None
        assert told.subject == f"proposal:{asked.proposal_id}"
        about = {"act": "move_money", "subject": asked.subject, "by": "anna@example.com"}
        assert told.detail == about
    p.approve(asked.proposal_id, office.ben)
    assert p.notices("proposal_waiting") == [], "it waits no longer"
    assert p.notices("proposal_approved") == ["anna@example.com"]


def test_what_waits_is_listed_oldest_first(office: p.Office) -> None:
    first = p.moving(office)
    back = p.transit(office.world.booking_id, 1)
    p.take(p.money(office, 100, booking_id=office.other_booking))
    second = p.moving(office, subject=f"booking:{office.other_booking}", detail=back)
    p.propose(first)
    p.propose(second)
    elsewhere = p.booking_at(office.strange_booking).operator_id
    with transaction() as db:
        assert [each.id for each in proposals.waiting(db, None)] == [
            first.proposal_id,
            second.proposal_id,
        ]
        assert len(proposals.waiting(db, office.world.operator_id)) == 2
        assert proposals.waiting(db, elsewhere) == []
    p.reject(first.proposal_id, office.ben)
    with transaction() as db:
        assert [each.id for each in proposals.waiting(db, None)] == [second.proposal_id]


def test_what_there_is_not(office: p.Office) -> None:
    with pytest.raises(NoResultFound):
        p.approve(uuid4(), office.ben)
    with pytest.raises(NoResultFound):
        p.propose(p.moving(office, subject="booking:999999"))
    with pytest.raises(KeyError):
        p.propose(p.wish(office, "make_rich", "booking:1"))
    with pytest.raises(ValueError, match="is about a booking"):
        p.propose(p.moving(office, subject="payment:1"))


def test_the_database_lets_nobody_change_or_undo_a_decision(office: p.Office) -> None:
    p.agreed(office, p.moving(office))
    for statement in (
        "UPDATE proposal SET status = 'proposed', decided_by = NULL, decided_at = NULL",
        "UPDATE proposal SET detail = '{}'",
        "DELETE FROM proposal",
    ):
        with pytest.raises(DBAPIError), transaction() as db:
            db.execute(text(statement))


def at_once(asked: proposals.Wish, *people: int) -> list[object]:
    """All of them approve at the same moment."""
    start, answers = threading.Barrier(len(people)), []

    def go(person: int) -> None:
        start.wait()
        done = repeat(lambda db: proposals.approve(db, asked.proposal_id, person, p.TOOLS))
        answers.append(done.why if isinstance(done, NotDone) else None)

    threads = [threading.Thread(target=go, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_two_approve_at_once_and_it_is_done_once(office: p.Office) -> None:
    asked = p.moving(office)
    p.propose(asked)
    answers = at_once(asked, office.ben, office.own)
    assert sorted(answers, key=str) == [None, Why.DECIDED]
    assert w.booking_of(office.world).paid_minor == 6_000
    w.assert_books_agree()


def test_one_approves_twice_at_once(office: p.Office) -> None:
    asked = p.moving(office)
    p.propose(asked)
    assert at_once(asked, office.ben, office.ben) == [None, None]
    with transaction() as db:
        assert db.execute(select(func.count(Transfer.id))).scalar_one() == 3
    w.assert_books_agree()


def test_an_approval_while_the_provider_says_the_same(office: p.Office) -> None:
    """Two people and a worker hear of the same money at the same moment: credited once."""
    payment = p.uncertain(office)
    asked = p.statement(office, payment)
    p.propose(asked)
    start = threading.Barrier(2)

    def hear() -> None:
        start.wait()
        repeat(lambda db: payments.settle(db, payment, w.success(payment)))

    thread = threading.Thread(target=hear)
    thread.start()
    start.wait()
    done = repeat(lambda db: proposals.approve(db, asked.proposal_id, office.ben, p.TOOLS))
    thread.join()
    refused = isinstance(done, NotDone)
    assert not refused or done.why is Why.KNOWN_RECEIPT
    assert w.booking_of(office.world).paid_minor == 20_000
    assert w.told(payment).count("settled") == 1
    w.assert_books_agree()


def test_every_refusal_elsewhere_has_its_name_here() -> None:
    here = {why.value for why in Why}
    assert {why.value for why in RefundWhy} <= here
    assert {unfit.value for unfit in Unfit} <= {why.value for why in RefundWhy}
