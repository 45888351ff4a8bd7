"""Departures: the list, everybody on one, paper and CSV, cancelled and moved."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import (
    AuditEntry,
    Booking,
    Departure,
    Message,
    Operator,
)
from tests import factories
from tests.bot.admin.conftest import House, SignIn

DAY = date(2030, 2, 10)


@dataclass(frozen=True)
class Groups:
    """A departure of each operator, with travellers of like names."""

    ours: int
    theirs: int
    contact: int


@pytest.fixture
def groups(house: House) -> Groups:
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        stranger = db.get_one(Operator, house.stranger_id)
        ours = factories.departure(db, factories.tour(db, owner, 5, "Victoria Falls"), DAY)
        theirs = factories.departure(db, factories.tour(db, stranger, 6, "Charyn Canyon"), DAY)
        for number in (1, 2, 3):
            factories.booking(
                db,
                owner,
                ours,
                reference=f"KS-{number}",
                name=f"Tendai {'ABC'[number - 1]} Moyo",
                phone=f"26377497518{number}",
                paid_minor=(50_000, 10_000, 0)[number - 1],
            )
        factories.booking(db, stranger, theirs, reference="OT-1", name="Aigul Secret")
        contact = factories.contact(db, "+263774975181")
        contact.last_inbound_at = func.clock_timestamp()
        return Groups(ours.id, theirs.id, contact.id)


@pytest.fixture
def statements(runtime: Runtime) -> Iterator[list[str]]:
    """What the database is asked, one line each."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(runtime.database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(runtime.database.engine, "before_cursor_execute", note)


def entries(act: str) -> list[AuditEntry]:
    with transaction() as db:
        return list(db.scalars(select(AuditEntry).where(AuditEntry.act == act)))


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def said() -> list[tuple[int, str]]:
    with transaction() as db:
        query = select(Message.contact_id, Message.body).where(Message.direction == "out")
        return [(contact_id, body) for contact_id, body in db.execute(query.order_by(Message.id))]


@pytest.mark.usefixtures("groups")
def test_the_list_shows_groups_with_their_sums(house: House, sign_in: SignIn) -> None:
    page = sign_in(house.admin).get("/admin/departures")
    assert page.status_code == 200
    assert "BK-T005-20300210" in page.text
    assert "1 of 3 · 33 %" in page.text
    assert "USD 600.00" in page.text
    assert "USD 900.00" in page.text
    assert "Charyn Canyon" in page.text


@pytest.mark.usefixtures("groups")
def test_an_operators_own_staff_see_their_own_groups_only(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    for address in ("/admin/departures", f"/admin/departures?operator={house.stranger_id}&tour=6"):
        page = client.get(address).text
        assert "Charyn" not in page
        assert "Other Tours" not in page
    assert "Victoria Falls" in client.get("/admin/departures").text


@pytest.mark.parametrize("path", ["", "/manifest", "/manifest.csv", "/cancel", "/move"])
def test_a_strangers_departure_is_not_there(
    house: House, groups: Groups, sign_in: SignIn, path: str
) -> None:
    client = sign_in(house.own)
    assert client.get(f"/admin/departures/{groups.theirs}{path}").status_code == 404
    assert client.get(f"/admin/departures/{groups.ours}{path}").status_code == 200


@pytest.mark.parametrize("path", ["numbers", "cancel", "move"])
def test_nothing_is_done_to_a_strangers_departure(
    house: House, groups: Groups, sign_in: SignIn, path: str
) -> None:
    form = {"why": "No boat", "to": "2030-03-01", "was": DAY.isoformat(), "view": "csv"}
    answer = sign_in(house.own).post(f"/admin/departures/{groups.theirs}/{path}", data=form)
    assert answer.status_code == 404
    with transaction() as db:
        theirs = db.get_one(Departure, groups.theirs)
        assert (theirs.cancelled_at, theirs.start_date) == (None, DAY)
        assert db.scalars(select(AuditEntry)).all() == []


def test_everybody_on_a_departure_who_owes_first(
    house: House, groups: Groups, sign_in: SignIn
) -> None:
    client, address = sign_in(house.own), f"/admin/departures/{groups.ours}"
    page = client.get(address).text
    assert re.findall(r"Tendai ([ABC]) Moyo", page) == ["B", "C", "A"]
    assert "2 of 3 still owe and stand first." in text(page)
    on_paper = client.get(f"{address}/manifest").text
    assert re.findall(r"Tendai ([ABC]) Moyo", on_paper) == ["A", "B", "C"]
    assert "•••• 5181" in page
    assert "263774975181" not in page
    assert 'data-find="tendai a moyo ks-1 paid"' in page
    assert 'data-find="tendai b moyo ks-2 owes not paid"' in page
    assert "Aigul" not in page


def test_numbers_are_shown_on_a_click_that_is_written_down(
    house: House, groups: Groups, sign_in: SignIn
) -> None:
    client = sign_in(house.own)
    address = f"/admin/departures/{groups.ours}/numbers"
    for view in ("page", "manifest", "csv"):
        answer = client.post(address, data={"view": view})
        assert answer.status_code == 200
        assert "263774975181" in answer.text
    assert client.post(address, data={"view": "other"}).status_code == 400
    shown = entries("numbers_shown")
    assert [entry.detail["view"] for entry in shown] == ["page", "manifest", "csv"]
    assert {entry.staff_id for entry in shown} == {house.own}
    assert {entry.subject for entry in shown} == {f"departure:{groups.ours}"}


def test_the_manifest_is_a_table_too(house: House, groups: Groups, sign_in: SignIn) -> None:
    answer = sign_in(house.own).get(f"/admin/departures/{groups.ours}/manifest.csv")
    assert answer.mimetype == "text/csv"
    header, first, *_ = answer.text.splitlines()
    assert header.startswith("tour_reference,tour,start_date,booking_reference,name,phone")
    assert first == (
        "BK-T005-20300210,Victoria Falls,2030-02-10,KS-1,Tendai A Moyo,•••• 5181,USD,500.00,500.00"
        ",0.00,Paid"
    )
    assert len(entries("manifest_exported")) == 1


def test_a_departure_is_cancelled_once_and_its_group_told_once(
    house: House, groups: Groups, sign_in: SignIn
) -> None:
    client = sign_in(house.own)
    address = f"/admin/departures/{groups.ours}"
    assert client.post(f"{address}/cancel", data={"why": ""}).status_code == 200
    for _ in range(2):
        answer = client.post(f"{address}/cancel", data={"why": "No boat"})
        assert (answer.status_code, answer.location) == (303, address)
    ((contact, words),) = said()
    assert contact == groups.contact
    assert "Kalai Safaris has cancelled Victoria Falls, 10 Feb 2030" in words
    assert "KS-1" in words
    assert "give back what you have paid" in words
    page = client.get(address).text
    assert "please call 2 bookings" in page
    assert "nobody with this number has written to us" in page
    shown = text(page)
    assert "Cancelled bookings 3 To give back USD 600.00" in shown
    assert "To give back: USD 600.00" in shown
    assert "Still owed" not in shown
    assert "3 cancelled bookings · To give back USD 600.00" in text(
        client.get(f"{address}/manifest").text
    )
    listed = text(client.get("/admin/departures").text)
    assert "Cancelled – to give back USD 600.00" in listed
    with transaction() as db:
        gone = db.scalars(select(Booking.reference).where(Booking.cancelled_at.is_not(None)))
        assert sorted(gone) == ["KS-1", "KS-2", "KS-3"]


def test_who_paid_nothing_is_promised_nothing_back(
    house: House, groups: Groups, sign_in: SignIn
) -> None:
    with transaction() as db:
        contact = factories.contact(db, "+263774975183")
        contact.last_inbound_at = func.clock_timestamp()
    sign_in(house.own).post(f"/admin/departures/{groups.ours}/cancel", data={"why": "No boat"})
    words = dict(said())[contact.id]
    assert "KS-3" in words
    assert "give back" not in words
    assert "If that is a surprise, write *person*" in words


def test_a_departure_leaves_on_another_day(house: House, groups: Groups, sign_in: SignIn) -> None:
    client, address = sign_in(house.own), f"/admin/departures/{groups.ours}"
    form = {"why": "High water", "to": "2030-02-17", "was": "2030-02-10"}
    for _ in range(2):
        assert client.post(f"{address}/move", data=form).status_code == 303
    ((_, words),) = said()
    assert "from 10 Feb 2030 to *17 Feb 2030*" in words
    assert "BK-T005-20300217" in words
    assert "BK-T005-20300217" in client.get(address).text


def test_a_page_says_before_its_button_how_many_are_told(
    house: House, groups: Groups, sign_in: SignIn
) -> None:
    client, address = sign_in(house.own), f"/admin/departures/{groups.ours}"
    for path in ("move", "cancel"):
        before, _, _ = client.get(f"{address}/{path}").text.partition('<form method="post">')
        assert "1 person is told in WhatsApp" in text(before)
        assert "2 bookings have nobody we can write to now" in text(before)


def test_a_departure_is_not_moved_into_the_past(
    house: House, groups: Groups, sign_in: SignIn
) -> None:
    client, address = sign_in(house.own), f"/admin/departures/{groups.ours}"
    form = {"why": "A slip", "to": "2020-01-01", "was": "2030-02-10"}
    page = client.post(f"{address}/move", data=form).text
    beside = re.search(r'id="to-error">([^<]+)<', page)
    assert beside is not None
    assert beside[1] == "That day is over. Choose today or a later day."
    assert said() == []
    today = datetime.now(UTC).date().isoformat()
    assert client.post(f"{address}/move", data=form | {"to": today}).status_code == 303


def test_what_stands_against_a_new_day_is_said_beside_it(
    house: House, groups: Groups, sign_in: SignIn
) -> None:
    with transaction() as db:
        db.add(Departure(tour_id=5, start_date=date(2030, 2, 17)))
    client, address = sign_in(house.own), f"/admin/departures/{groups.ours}/move"
    form = {"why": "High water", "to": "2030-02-17", "was": "2030-02-10"}
    page = client.post(address, data=form).text
    assert "This tour has a departure on that day already." in page
    page = client.post(address, data=form | {"to": "2030-03-01", "was": "2029-01-01"}).text
    assert "Somebody moved this departure meanwhile." in page
    assert re.search(r'name="was"[^>]*value="2030-02-10"', page)
    page = client.post(address, data=form | {"to": "1999-01-01"}).text
    assert "Choose a day between 2000 and 2099." in page
    assert said() == []


def test_cancelling_needs_a_fresh_sign_in(house: House, groups: Groups, sign_in: SignIn) -> None:
    client = sign_in(house.own, fresh=False)
    answer = client.post(f"/admin/departures/{groups.ours}/cancel", data={"why": "No boat"})
    assert answer.location.startswith("/admin/confirm")
    with transaction() as db:
        assert db.get_one(Departure, groups.ours).cancelled_at is None


def test_upcoming_first_and_back_into_the_past(house: House, sign_in: SignIn) -> None:
    today = datetime.now(UTC).date()
    with transaction() as db:
        tour = factories.tour(db, db.get_one(Operator, house.operator_id), 7)
        for days in range(-60, 120):
            factories.departure(db, tour, today + timedelta(days=days))
    client = sign_in(house.own)

    def days_of(address: str) -> tuple[list[str], str | None]:
        page = client.get(address).text
        found = re.search(r'rel="next" href="([^"]+)"', page)
        return re.findall(r"BK-T007-(\d{8})", page), found and found[1].replace("&amp;", "&")

    first, later = days_of("/admin/departures")
    assert later is not None
    assert first[0] >= f"{today - timedelta(days=1):%Y%m%d}"
    assert first == sorted(first)
    second, _ = days_of(later)
    assert second[0] > first[-1]
    past, _ = days_of("/admin/departures?when=past")
    assert past[0] < first[0]
    assert past == sorted(past, reverse=True)


@pytest.mark.usefixtures("groups")
def test_a_cursor_that_is_not_ours_begins_anew(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    for before in ("x", "WzFd", "WyIyMDMwLTAxLTAxIiw5OTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ"):
        answer = client.get(f"/admin/departures?before={before}&from=2030-13-40&tour=x&operator=-1")
        assert answer.status_code == 200
    assert client.get("/admin/departures/99999999999999999999999").status_code == 404


def test_five_hundred_on_one_departure_are_read_in_a_few_questions(
    house: House, groups: Groups, sign_in: SignIn, statements: list[str]
) -> None:
    with transaction() as db:
        owner, on = db.get_one(Operator, house.operator_id), db.get_one(Departure, groups.ours)
        for number in range(10, 510):
            factories.booking(db, owner, on, reference=f"KS-{number}", phone=None)
    client = sign_in(house.own)
    statements.clear()
    page = client.get(f"/admin/departures/{groups.ours}").text
    assert page.count("data-find=") == 503
    assert len(statements) < 15
