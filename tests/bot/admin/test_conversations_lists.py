"""Lists of conversations: their order, who wants a person, who has which, what a search finds, and
that an operator's staff see those of their own customers alone.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from bot.admin.conversations import queries, search
from bot.admin.scope import Scope
from domain.database import transaction
from domain.models import AuditEntry, BookingContact, Contact, Message, Operator
from domain.sealing import Sealer
from tests import factories
from tests.bot.admin.conftest import House, SignIn
from tests.domain import world as w

PATH = "/admin/conversations"


@dataclass
class People:
    """Contacts by name, each with one message; none has a booking before `books`."""

    house: House
    secret: str

    def writes(self, name: str, phone: str) -> int:
        with transaction() as db:
            contact = factories.contact(db, f"+{phone}")
            contact.profile_name = name
            contact.last_inbound_at = func.clock_timestamp()
            contact_id = contact.id
        self.again(contact_id, f"{name} writes")
        return contact_id

    def again(self, contact_id: int, body: str) -> None:
        with transaction() as db:
            db.add(Message(direction="in", contact_id=contact_id, status="heard", body=body))

    def books(self, operator_id: int, reference: str, phone: str | None, name: str = "X") -> int:
        with transaction() as db:
            owner = db.get_one(Operator, operator_id)
            return factories.booking(db, owner, reference=reference, phone=phone, name=name).id

    def pays(self, contact_id: int, booking_id: int, operator_id: int) -> None:
        with transaction() as db:
            owner = db.get_one(Operator, operator_id)
            account = factories.account(db, owner, Sealer.of("account secrets", self.secret))
            world = w.World(operator_id, booking_id, contact_id, account.id)
        w.open_payment(world, world.request(10_000, payer="263771234567"))

    def proves(self, contact_id: int, booking_id: int) -> None:
        with transaction() as db:
            db.add(BookingContact(booking_id=booking_id, contact_id=contact_id))

    def change(self, contact_id: int, **values: object) -> None:
        with transaction() as db:
            contact = db.get_one(Contact, contact_id)
            for name, value in values.items():
                setattr(contact, name, value)


@pytest.fixture
def people(house: House, app: object) -> People:  # noqa: ARG001 - its database is the current one
    return People(house, "a secret for tests, of a fair length")


def names(client: FlaskClient, query: str = "") -> list[str]:
    """Whom a list shows, in its order."""
    answer = client.get(f"{PATH}{query}")
    assert answer.status_code == 200
    return re.findall(r'<span class="fw-bold">(\w+)', answer.text)


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


# Whose


def test_an_operators_staff_see_whoever_is_tied_to_their_bookings_alone(
    people: People, sign_in: SignIn
) -> None:
    own, foreign = people.house.operator_id, people.house.stranger_id
    by_phone = people.writes("Phone", "263771000001")
    by_proof = people.writes("Proof", "263771000002")
    by_payment = people.writes("Payment", "263771000003")
    both = people.writes("Both", "263771000004")
    strange = people.writes("Strange", "263771000005")
    nobody = people.writes("Nobody", "263771000006")
    people.books(own, "KS-1", "263771000001")
    people.proves(by_proof, people.books(own, "KS-2", None))
    people.pays(by_payment, people.books(own, "KS-3", None), own)
    people.books(own, "KS-4", "263771000004")
    people.proves(both, people.books(foreign, "OT-1", None))
    people.books(foreign, "OT-2", "263771000005")
    client = sign_in(people.house.own)
    assert names(client) == ["Payment", "Proof", "Phone"]
    for contact_id in (by_phone, by_proof, by_payment):
        assert client.get(f"{PATH}/{contact_id}").status_code == 200
    for contact_id in (both, strange, nobody, 999, 2**63, 2**80):
        refused = [client.get(f"{PATH}/{contact_id}{page}") for page in ("", "/older", "/news")]
        refused += [
            client.post(f"{PATH}/{contact_id}/{act}", data={"holder": "0", "text": "hello"})
            for act in ("take-over", "answer", "hand-back", "number")
        ]
        codes = {answer.status_code for answer in refused}
        assert codes <= {404, 400}, contact_id
        assert [answer.status_code for answer in refused if answer.request.method == "POST"] == [
            404
        ] * 4
    with transaction() as db:
        assert db.scalars(select(AuditEntry)).all() == []
        assert db.scalars(select(Contact).where(Contact.taken_by.is_not(None))).all() == []
    assert names(sign_in(people.house.foreign)) == ["Strange"]
    assert len(names(sign_in(people.house.admin))) == 6


def test_no_list_and_no_search_shows_an_operators_staff_strangers(
    people: People, sign_in: SignIn
) -> None:
    foreign = people.house.stranger_id
    strange = people.writes("Strange", "263771000005")
    people.books(foreign, "OT-2", "263771000005", name="Stranger Danger")
    people.change(
        strange,
        person_wanted_at=func.clock_timestamp(),
        taken_by=people.house.foreign,
        taken_at=func.clock_timestamp(),
    )
    client = sign_in(people.house.own)
    for query in (
        "",
        "?show=wanted",
        "?show=others",
        "?q=263771000005",
        "?q=OT-2",
        "?q=Danger",
        "?q=Strange",
    ):
        assert names(client, query) == [], query
        assert "tp-count" not in client.get(f"{PATH}{query}").text


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
