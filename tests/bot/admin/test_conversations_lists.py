"""Lists of conversations: their order, who wants a person, who has which, what a search finds."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, text

from bot.admin.conversations import queries, search
from bot.admin.scope import Scope
from domain.database import transaction
from domain.models import Operator
from tests import factories
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.writers import PATH, People, names


@pytest.fixture
def people(house: House, app: object) -> People:  # noqa: ARG001 - its database is the current one
    return People(house, "a secret for tests, of a fair length")


def test_whoever_wrote_last_stands_first(people: People, sign_in: SignIn) -> None:
    first = people.writes("First", "263771000001")
    people.writes("Second", "263771000002")
    anna = sign_in(people.house.admin)
    assert names(anna) == ["Second", "First"]
    people.again(first, "once more")
    assert names(anna) == ["First", "Second"]
    assert "once more" in anna.get(PATH).text


def test_a_long_list_goes_on_page_by_page(people: People, sign_in: SignIn) -> None:
    for number in range(35):
        people.writes(f"N{number}", f"2637710001{number:02d}")
    anna = sign_in(people.house.admin)
    page = anna.get(PATH).text
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older is not None
    shown = names(anna) + names(anna, older[1].removeprefix(PATH))
    assert shown == [f"N{number}" for number in reversed(range(35))]


def test_a_page_looks_back_so_far_and_then_offers_to_go_on(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.writes("Quiet", "263771000001")
    loud = people.writes("Loud", "263771000002")
    for _ in range(6):
        people.again(loud, "again")
    monkeypatch.setattr(queries, "_SCANNED_AT_MOST", 4)
    with transaction() as db:
        page = queries.newest(db, Scope(None), None)
        assert [line.profile_name for line in page.rows] == ["Loud"]
        assert page.older is not None


def test_those_who_want_a_person_the_longest_waiting_first(people: People, sign_in: SignIn) -> None:
    anna = sign_in(people.house.admin)
    assert "Nobody wants a person" in anna.get(f"{PATH}?show=wanted").text
    late, early = (
        people.writes(name, f"26377100000{i}") for i, name in enumerate(("Late", "Early"))
    )
    people.writes("Content", "263771000003")
    people.change(late, person_wanted_at=func.clock_timestamp())
    people.change(early, person_wanted_at=func.clock_timestamp() - timedelta(hours=1))
    assert names(anna, "?show=wanted") == ["Early", "Late"]
    page = anna.get(PATH).text
    assert re.search(r"Want a person<span[^>]*>2<", page)
    assert "Wants a person, 1 h" in page


def test_mine_and_those_of_others(people: People, sign_in: SignIn) -> None:
    for number, (name, holder) in enumerate(
        (("Annas", people.house.admin), ("Bens", people.house.second), ("Bots", None))
    ):
        contact = people.writes(name, f"26377100000{number}")
        if holder is not None:
            people.change(contact, taken_by=holder, taken_at=func.clock_timestamp())
    anna = sign_in(people.house.admin)
    assert names(anna, "?show=mine") == ["Annas"]
    assert names(anna, "?show=others") == ["Bens"]
    page = anna.get(PATH).text
    assert "You answer" in page
    assert "ben@example.com answers" in page


# Search


@pytest.mark.parametrize(
    "typed",
    [
        "263 771 000 001",
        "+263771000001",
        "0771 000 001",
        "ks 2024 001",
        "KS-2024-001",
        "BK-T005-20270210",
        "moy",
        "tend moyo",
        "Sunny",
        "sun",
    ],
)
def test_a_search_finds_by_phone_reference_and_name(
    typed: str, people: People, sign_in: SignIn
) -> None:
    with transaction() as db:
        owner = db.get_one(Operator, people.house.operator_id)
        on = factories.departure(db, factories.tour(db, owner), date(2027, 2, 10))
        factories.booking(db, owner, on, phone="263771000001", name="Tendai Moyo")
    people.writes("Sunny", "263771000001")
    people.writes("Other", "263771000002")
    anna = sign_in(people.house.admin)
    assert names(anna, f"?q={typed}") == ["Sunny"]


@pytest.mark.parametrize("typed", ["nobody", "'", "\\", "a:*|b", "!!", "%", "&|", "__"])
def test_what_names_nobody_finds_nobody(typed: str, people: People, sign_in: SignIn) -> None:
    people.writes("Sunny", "263771000001")
    answer = sign_in(people.house.admin).get(PATH, query_string={"q": typed})
    assert answer.status_code == 200
    assert "Nobody was found" in answer.text


# Cost


def test_lists_go_by_indexes(people: People) -> None:
    """With everything but indexes forbidden, no plan reads a whole table."""
    people.writes("Sunny", "263771000001")
    scope = Scope(people.house.operator_id)
    asked: list[tuple[str, object]] = []
    with transaction() as db:
        db.execute(text("SET LOCAL enable_seqscan = off"))
        execute = db.execute

        def noted(statement: object, values: object = None) -> object:
            asked.append((str(statement), values))
            return execute(statement, values)  # type: ignore[call-overload]

        db.execute = noted  # type: ignore[method-assign, assignment]
        for seen in (Scope(None), scope):
            queries.newest(db, seen, None)
            for which in ("wanted", "mine", "others"):
                queries.among(db, seen, which, 1)
            queries.count_wanted(db, seen)
            for typed in ("Sunny days", "KS-1", "263771000001", "BK-T005-20270210"):
                wish = search.read(typed, seen)
                assert wish is not None
                queries.found(db, seen, wish.contacts, wish.values)
        plans = [
            (query, execute(text(f"EXPLAIN {query}"), values).scalars().all())  # type: ignore[call-overload]
            for query, values in asked
        ]
    assert len(plans) > 8
    for query, plan in plans:
        whole = [line for line in plan if "Seq Scan" in line and "staff" not in line]
        assert whole == [], query
