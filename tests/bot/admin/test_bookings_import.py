"""A file of bookings in the browser: shown first, imported as it was shown, own rows only."""

import io
import re
from datetime import date

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import AuditEntry, Booking, Operator
from tests import factories
from tests.bot.admin.conftest import House, SignIn
from tests.domain.booking_files import file_of

WITHOUT_OPERATOR = frozenset({"operator"})


def upload(client: FlaskClient, data: bytes) -> TestResponse:
    answer: TestResponse = client.post(
        "/admin/bookings/import",
        data={"file": (io.BytesIO(data), "bookings.csv")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 200
    return answer


def confirming(page: str) -> tuple[str, dict[str, str]]:
    """Where the preview's form goes, and what it carries."""
    action = re.search(r'action="(/admin/bookings/import/[^"]+)"', page)
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert action is not None
    assert digest is not None
    return action[1], {"digest": digest[1]}


def confirm(client: FlaskClient, page: str) -> None:
    address, form = confirming(page)
    assert client.post(address, data=form).location == "/admin/bookings"


def bookings() -> dict[str, Booking]:
    with transaction() as db:
        return {row.reference: row for row in db.scalars(select(Booking))}


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_file_is_shown_first_and_imported_once(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    page = upload(
        client, file_of({"operator": ""}, {"reference": "KS-2024-002", "operator": ""})
    ).text
    assert "New 2" in text(page)
    assert bookings() == {}
    address, form = confirming(page)
    assert client.post(address, data=form).location == "/admin/bookings"
    assert sorted(bookings()) == ["KS-2024-001", "KS-2024-002"]
    again = client.post(address, data=form)
    assert again.location == "/admin/bookings/import"
    with transaction() as db:
        (entry,) = db.scalars(select(AuditEntry))
    assert (entry.act, entry.staff_id) == ("bookings_imported", house.own)


def test_changes_are_shown_before_and_after(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    confirm(client, upload(client, file_of()).text)
    other = {
        "customer_name": "Tendai de Moyo",
        "customer_phone": "+263779999999",
        "total": "600",
        "start_date": "2030-02-11",
    }
    page = upload(client, file_of(other)).text
    shown = text(page)
    assert "Tendai Moyo Tendai de Moyo" in shown
    assert "•••• 4567 •••• 9999" in shown
    assert "USD 500.00 USD 600.00" in shown
    assert "tour 5, 2030-02-10 tour 5, 2030-02-11" in shown
    assert "263779999999" not in page
    confirm(client, page)
    row = bookings()["KS-2024-001"]
    assert (row.lead_name, row.total_minor) == ("Tendai de Moyo", 60_000)
    page = upload(client, file_of(other)).text
    assert "There is nothing to import." in page
    assert "digest" not in page


def test_each_bad_row_is_named_and_nothing_can_be_imported(house: House, sign_in: SignIn) -> None:
    data = file_of(
        {},
        {"reference": "KS-2024-002", "total": "-1", "email": "nobody"},
        {"reference": "KS-2024-003", "currency": "X"},
    )
    page = upload(sign_in(house.own), data).text
    shown = text(page)
    assert "New 1 Changed 0 Left as they are 0 Wrong 2" in shown
    assert "tour 5, 10 Feb 2030" in shown
    assert "3 total must be an amount" in shown
    assert "4 currency must be one of" in shown
    assert 'name="digest"' not in page
    assert bookings() == {}


def test_a_reference_that_the_chat_cannot_take_is_a_bad_row_where_it_is_new(
    house: House, sign_in: SignIn
) -> None:
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        factories.booking(db, owner, reference="Moyo")
    client = sign_in(house.own)
    bad = ("🦓 <b>", "12345", "cancel")
    page = upload(client, file_of({}, *({"reference": each} for each in bad))).text
    shown = text(page)
    assert "New 1 Changed 0 Left as they are 0 Wrong 3" in shown
    assert shown.count("reference customers could not write this to pay") == 3
    assert "such as KS-2024-001" in shown
    confirm(client, upload(client, file_of({"reference": "Moyo"})).text)
    assert bookings()["Moyo"].lead_phone == "263771234567"


def test_what_takes_two_people_is_a_bad_row_that_says_what_to_do(
    house: House, sign_in: SignIn
) -> None:
    client = sign_in(house.own)
    confirm(client, upload(client, file_of({"paid": "50"})).text)
    page = upload(client, file_of({"paid": "50", "customer_phone": "+263779999999"})).text
    shown = text(page)
    assert "Wrong 1" in shown
    assert "2 customer_phone something is paid: leave it as it is here, and correct" in shown
    assert "the booking in the web view, with a second person" in shown
    assert 'name="digest"' not in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "the column reference is missing"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_what_is_no_table_of_bookings_is_said(
    house: House, sign_in: SignIn, data: bytes, words: str
) -> None:
    page = upload(sign_in(house.own), data).text
    assert words in page
    assert "Nothing was imported." in page


def test_an_operators_own_staff_import_their_own_rows_only(house: House, sign_in: SignIn) -> None:
    with transaction() as db:
        stranger = db.get_one(Operator, house.stranger_id)
        tour = factories.tour(db, stranger, 6, "Charyn")
        factories.departure(db, tour, date(2030, 2, 10)).cancelled_at = func.clock_timestamp()
        factories.booking(db, stranger, reference="OT-2024-1", name="Aigul Secret")
    client = sign_in(house.own)
    data = file_of(
        {"reference": "KS-2024-009", "operator": "kalai  SAFARIS"},
        {"reference": "KS-2024-002", "operator": "Other Tours"},
        {"reference": "OT-2024-1", "operator": ""},
        {"reference": "KS-2024-003", "operator": "", "tour_id": "6", "tour_name": ""},
    )
    page = upload(client, data).text
    shown = text(page)
    assert "3 operator this row is of another operator" in shown
    assert "4 operator this reference is a booking of another operator" in shown
    assert "5 tour_id tour 6 belongs to another operator" in shown
    assert "Aigul" not in page
    assert "cancelled" not in shown
    assert sorted(bookings()) == ["OT-2024-1"]
    confirm(client, upload(client, file_of(without=WITHOUT_OPERATOR)).text)
    assert bookings()["KS-2024-001"].operator_id == house.operator_id


def test_an_admin_imports_for_everybody(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    data = file_of(
        {},
        {"reference": "OT-2024-1", "operator": "Other Tours", "tour_id": "6"},
        {"reference": "NW-2024-1", "operator": "New Ways", "tour_id": "7"},
    )
    page = upload(client, data).text
    assert "New operators: New Ways." in text(page)
    confirm(client, page)
    assert bookings()["OT-2024-1"].operator_id == house.stranger_id


def test_a_preview_is_its_uploaders_alone(house: House, sign_in: SignIn) -> None:
    address, form = confirming(upload(sign_in(house.own), file_of()).text)
    for other in (house.foreign, house.admin):
        answer = sign_in(other).post(address, data=form)
        assert answer.location == "/admin/bookings/import"
    assert bookings() == {}


def test_what_changed_since_the_preview_is_shown_again(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    address, form = confirming(upload(client, file_of()).text)
    with transaction() as db:
        owner = db.get_one(Operator, house.operator_id)
        factories.booking(db, owner, reference="KS-2024-001", name="Somebody Else")
    answer = client.post(address, data=form)
    assert answer.status_code == 200
    assert "Something changed meanwhile" in answer.text
    assert bookings()["KS-2024-001"].lead_name == "Somebody Else"
    address, form = confirming(answer.text)
    assert client.post(address, data=form).status_code == 303
    assert bookings()["KS-2024-001"].lead_name == "Tendai Moyo"


def test_the_file_lies_sealed_for_half_an_hour(
    house: House, sign_in: SignIn, runtime: Runtime
) -> None:
    upload(sign_in(house.own), file_of())
    redis: Redis = runtime.redis
    (key,) = redis.keys("shelf:upload:*")
    kept = redis.get(key)
    assert isinstance(kept, bytes)
    assert b"Tendai" not in kept
    assert b"263771234567" not in kept
    assert 1_700 < redis.ttl(key) <= 1_800


def test_the_example_can_be_imported(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.own)
    example = client.get("/admin/bookings/import/example.csv")
    assert example.mimetype == "text/csv"
    assert "New 1" in text(upload(client, example.data).text)
