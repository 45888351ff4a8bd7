"""Who may be the second person: another one, whom neither vouches for, an approver long enough."""

from datetime import timedelta

import pytest

from domain.database import transaction
from domain.models import Operator, Staff
from domain.staff.pairs import Unfit, approvers, second_of, who_may
from tests import factories
from tests.domain import people_world as p

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def office() -> p.Office:
    return p.build()


def second(office: p.Office, first: int, other: int) -> Unfit | None:
    """None: they are two people. It must be what `approvers` says."""
    with transaction() as db:
        found = second_of(db, first, other, office.world.operator_id)
        able = other in approvers(db, first, office.world.operator_id)
    assert able == isinstance(found, Staff)
    return found if isinstance(found, Unfit) else None


def hire(**changed: object) -> int:
    with transaction() as db:
        return factories.staff(db, "new@example.com", **changed).id  # type: ignore[arg-type]


def test_another_admin_or_the_operators_own_may(office: p.Office) -> None:
    assert second(office, office.anna, office.ben) is None
    assert second(office, office.anna, office.own) is None
    assert second(office, office.own, office.anna) is None


def test_one_person_is_not_two(office: p.Office) -> None:
    assert second(office, office.anna, office.anna) is Unfit.SAME_PERSON


def test_another_operators_staff_may_not(office: p.Office) -> None:
    assert second(office, office.anna, office.stranger) is Unfit.NOT_ALLOWED


def test_who_is_disabled_may_not(office: p.Office) -> None:
    with transaction() as db:
        ben = db.get_one(Staff, office.ben)
        ben.disabled_at = ben.created_at
    assert second(office, office.anna, office.ben) is Unfit.NOT_ALLOWED


def test_what_somebody_asked_for_who_is_gone_is_agreed_to_by_nobody(office: p.Office) -> None:
    with transaction() as db:
        anna = db.get_one(Staff, office.anna)
        anna.disabled_at = anna.created_at
    assert second(office, office.anna, office.ben) is Unfit.ASKER_GONE


def test_what_is_nobodys_is_an_admins(office: p.Office) -> None:
    with transaction() as db:
        assert isinstance(second_of(db, office.anna, office.ben, None), Staff)
        assert second_of(db, office.anna, office.own, None) is Unfit.NOT_ALLOWED
        assert who_may(db, office.own, None) is None
        assert list(approvers(db, office.anna, None)) == [office.ben]


def test_neither_may_have_let_the_other_in(office: p.Office) -> None:
    with transaction() as db:
        new = factories.staff(db, "new@example.com", vouched_by=db.get_one(Staff, office.anna)).id
    assert second(office, office.anna, new) is Unfit.VOUCHED_FOR
    assert second(office, new, office.anna) is Unfit.VOUCHED_FOR
    assert second(office, new, office.ben) is None
    assert second(office, office.ben, new) is None


@pytest.mark.parametrize(
    ("since", "unfit"),
    [
        (None, Unfit.NOT_APPROVER),
        (timedelta(minutes=1), Unfit.NOT_APPROVER),
        (timedelta(minutes=-1), None),
    ],
)
def test_an_approver_is_made_and_waits(
    office: p.Office, since: timedelta | None, unfit: Unfit | None
) -> None:
    new = hire(approver_after=since)
    assert second(office, office.anna, new) is unfit
    assert second(office, new, office.anna) is None, "anybody of staff may ask"


def test_who_may_is_read_afresh(office: p.Office) -> None:
    with transaction() as db:
        known = db.get_one(Staff, office.ben)
        with transaction() as other:
            person = other.get_one(Staff, office.ben)
            person.disabled_at = person.created_at
        assert known.disabled_at is None
        assert who_may(db, office.ben, office.world.operator_id) is None


def test_the_operator_is_whose_business_it_is(office: p.Office) -> None:
    with transaction() as db:
        elsewhere = factories.operator(db, "A third").id
        assert who_may(db, office.own, elsewhere) is None
        assert who_may(db, office.anna, elsewhere) is not None
        assert db.get_one(Operator, office.world.operator_id) is not None
