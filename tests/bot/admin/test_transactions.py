"""The list of payments: its order, its pages, its filters, its search, and whose rows are seen."""

import base64
import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from bot.admin.paging import write_cursor
from bot.admin.transactions.search import phones
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.payments_listed import NOON, Shelf, paid_for, shelf

__all__ = ["shelf"]

LIST = "/admin/transactions"


def ids(text: str) -> list[UUID]:
    """The payments that a page lists, in its order."""
    return [
        UUID(found) for found in re.findall(r'href="/admin/transactions/([0-9a-f-]{36})"', text)
    ]


def listed(client: FlaskClient, query: str = "") -> list[UUID]:
    answer = client.get(f"{LIST}?{query}" if query else LIST)
    assert answer.status_code == 200, answer.location
    return ids(answer.text)


def test_the_newest_come_first_and_a_row_says_what_it_is(
    house: House, sign_in: SignIn, shelf: Shelf
) -> None:
    old = paid_for(shelf, "KS-1", minutes=9, otp_reference="ETDC")
    new = paid_for(shelf, "KZ-1", minutes=3, amount_minor=1_250_000, status="expired")
    client = sign_in(house.admin)
    assert listed(client) == [new, old]
    page = client.get(LIST).text
    for words in ("USD 100.00", "KZT 12,500.00", "Failed", "Expired", "Omari", "Kaspi", "ETDC"):
        assert words in page
    assert "KS-1" in page
    assert "BK-T005-20260401" in page
    assert "Traveller KS-1" in page
    assert f'href="/admin/bookings/{shelf.bookings["KS-1"]}"' in page
    assert "•••• 5180" in page
    assert "263774975180" not in page


def test_pages_follow_each_other_and_miss_and_repeat_nothing(
    house: House, sign_in: SignIn, shelf: Shelf
) -> None:
    # Five at each moment, so that a page ends among payments of the same moment.
    made = [paid_for(shelf, "KS-1", minutes=number // 5) for number in range(103)]
    for person, query in ((house.admin, ""), (house.own, ""), (house.admin, "status=failed")):
        client, address, seen = sign_in(person), f"{LIST}?{query}", []
        sizes = []
        while address:
            page = client.get(address).text
            sizes.append(len(ids(page)))
            seen += ids(page)
            further = re.search(r'rel="next" href="([^"]+)"', page)
            address = further[1].replace("&amp;", "&") if further else ""
            # What came meanwhile moves nothing.
            paid_for(shelf, "KS-2", minutes=-1, status="cancelled")
        assert sizes[0] == 50
        older = [each for each in seen if each in set(made)]
        assert sorted(older) == sorted(made)
        assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=failed", "abd"),
        ("status=failed&status=expired", "abcd"),
        ("provider=kaspi", "c"),
        ("provider=omari&currency=KZT", ""),
        ("provider=kaspi&provider=omari&status=expired", "c"),
        ("currency=KZT", "c"),
        ("from=2026-03-10", "a"),
        ("to=2026-03-09", "bcd"),
        ("from=2026-03-09&to=2026-03-09", "bc"),
        ("currency=USD&least=150", "bd"),
        ("currency=USD&most=150.00", "a"),
        ("currency=USD&least=USD+200&most=200", "b"),
        ("currency=KZT&least=1,000&most=1,000", "c"),
    ],
)
def test_a_filter_leaves_what_fits(
    house: House, sign_in: SignIn, shelf: Shelf, query: str, expected: str
) -> None:
    made = {
        "a": paid_for(shelf, "KS-1", minutes=1),
        "b": paid_for(shelf, "KS-2", minutes=13 * 60, amount_minor=20_000),
        "c": paid_for(shelf, "KZ-1", minutes=14 * 60, amount_minor=100_000, status="expired"),
        "d": paid_for(shelf, "OT-1", minutes=99 * 60, amount_minor=99_900),
    }
    assert listed(sign_in(house.admin), query) == [made[name] for name in expected]
    own = [made[name] for name in expected if name != "d"]
    assert listed(sign_in(house.own), query) == own


def test_an_admin_may_look_at_one_operator(house: House, sign_in: SignIn, shelf: Shelf) -> None:
    paid_for(shelf, "KS-1")
    foreign = paid_for(shelf, "OT-1")
    client = sign_in(house.admin)
    assert listed(client, f"operator={house.stranger_id}") == [foreign]


def test_what_cannot_be_read_is_left_out_with_a_word(
    house: House, sign_in: SignIn, shelf: Shelf
) -> None:
    one = paid_for(shelf, "KS-1")
    client = sign_in(house.admin)
    for query, words in (
        ("status=gone", "There is no status “gone”."),
        ("provider=paypal", "There is no provider “paypal”."),
        ("operator=999", "There is no operator “999”."),
        ("from=yesterday", "“yesterday” is no date."),
        ("to=9999-12-31", "“9999-12-31” is no date."),
        ("least=100", "Choose a currency to filter by amount."),
        ("currency=USD&least=much", "“much” is no amount in USD."),
        ("q=" + "x" * 101, "too long"),
        ("before=nonsense", ""),
    ):
        page = client.get(f"{LIST}?{query}").text
        assert words in page, query
        assert ids(page) == [one], query
    # An operator that is not theirs is not there.
    page = sign_in(house.own).get(f"{LIST}?operator={house.stranger_id}").text
    assert "There is no operator" in page
    assert ids(page) == [one]


def test_no_address_breaks_the_page(house: House, sign_in: SignIn, shelf: Shelf) -> None:
    one = paid_for(shelf, "KS-1")
    client = sign_in(house.admin)
    for key in ((5, 5), ("2026-01-01", 5), ("0001-01-01T00:00:00+23:59", one), {"a": 1}, 7):
        text = write_cursor(key) if isinstance(key, tuple) else encoded(key)
        assert client.get(f"{LIST}?before={text}").status_code == 200, key
    assert client.get(f"{LIST}?q=%00&status=%00&from=%00&least=%00&currency=USD").status_code == 200
    assert listed(client, "q=KS-1%00") == [one]
    assert client.get(f"{LIST}?q=%F0%28&before=%FF").status_code == 200


def encoded(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def test_who_has_one_currency_means_it(house: House, sign_in: SignIn, shelf: Shelf) -> None:
    small = paid_for(shelf, "OT-1")
    paid_for(shelf, "OT-1", amount_minor=90_000)
    assert listed(sign_in(house.foreign), "most=100") == [small]


def test_each_filter_that_is_on_can_be_dropped(house: House, sign_in: SignIn, shelf: Shelf) -> None:
    paid_for(shelf, "KS-1")
    query = "status=failed&status=expired&currency=USD&least=10"
    page = sign_in(house.admin).get(f"{LIST}?{query}").text
    for chip in ("Failed", "Expired", "USD", "At least USD 10.00"):
        found = re.search(rf'href="([^"]+)">{chip}<svg', page)
        assert found is not None, chip
    without = re.search(r'href="([^"]+)">Expired<svg', page)
    assert without is not None
    assert without[1].replace("&amp;", "&") == f"{LIST}?status=failed&currency=USD&least=10"


@pytest.mark.usefixtures("shelf")
def test_an_address_says_only_what_it_asks_for(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    answer = client.get(f"{LIST}?q=&status=failed&from=&to=&currency=&least=")
    assert (answer.status_code, answer.location) == (302, f"{LIST}?status=failed")


def test_htmx_gets_the_list_and_the_address_to_show(
    house: House, sign_in: SignIn, shelf: Shelf
) -> None:
    one = paid_for(shelf, "KS-1")
    client = sign_in(house.admin)
    answer = client.get(f"{LIST}?q=&status=failed", headers={"HX-Request": "true"})
    assert ids(answer.text) == [one]
    assert "<html" not in answer.text
    assert answer.headers["HX-Push-Url"] == f"{LIST}?status=failed"
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in client.get(f"{LIST}?status=failed", headers=restored).text


@pytest.mark.usefixtures("shelf")
def test_nothing_found_says_what_to_do(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    assert "No payments yet" in client.get(LIST).text
    assert "No payment fits these filters" in client.get(f"{LIST}?status=failed").text
    page = client.get(f"{LIST}?q=KS-9").text
    assert "Nothing is called “KS-9”" in page
    assert "as a whole" in page


@pytest.fixture
def known(shelf: Shelf) -> UUID:
    """One payment with every name there is, among others."""
    paid_for(shelf, "KZ-1", otp_reference="OTHER", debit_reference="DEB-2")
    return paid_for(
        shelf,
        "KS-1",
        id=UUID("0f8fad5b-d9cb-469f-a165-70867728950e"),
        otp_reference="ETDC",
        provider_reference="PR-77",
        debit_reference="DEB-1",
        payer_number="263771234567",
    )


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("KS-1", "booking reference"),
        ("ks 1", "booking reference"),
        ("BK-T005-20260401", "tour reference"),
        ("bk t005 20260401", "tour reference"),
        ("etdc", "OTP reference"),
        ("PR-77", "provider reference"),
        ("DEB-1", "debit reference"),
        ("+263 77 497 5180", "WhatsApp number"),
        ("0774975180", "WhatsApp number"),
        ("263774975180", "booking&#39;s phone"),
        ("+263 (0)77 123 4567", "paying number"),
        ("00263771234567", "paying number"),
    ],
)
def test_a_name_finds_its_payment(
    house: House, sign_in: SignIn, known: UUID, typed: str, kind: str
) -> None:
    for person in (house.admin, house.own):
        page = sign_in(person).get(LIST, query_string={"q": typed}).text
        assert ids(page) == [known]
        found = re.search(r"Found by ([^<]+)\.", page)
        assert found is not None
        assert kind in found[1]
    stranger = sign_in(house.foreign).get(LIST, query_string={"q": typed}).text
    assert ids(stranger) == []


@pytest.mark.parametrize(
    "typed", ["0f8fad5b-d9cb-469f-a165-70867728950e", "0F8FAD5BD9CB469FA16570867728950E"]
)
def test_a_payments_own_id_leads_to_it(
    house: House, sign_in: SignIn, known: UUID, typed: str
) -> None:
    for person in (house.admin, house.own):
        answer = sign_in(person).get(LIST, query_string={"q": typed})
        assert (answer.status_code, answer.location) == (303, f"{LIST}/{known}")
    stranger = sign_in(house.foreign).get(LIST, query_string={"q": typed})
    assert stranger.status_code == 200
    assert "Nothing is called" in stranger.text


def test_a_search_keeps_to_the_filters(house: House, sign_in: SignIn, known: UUID) -> None:
    client = sign_in(house.admin)
    assert listed(client, "q=KS-1&status=failed&currency=USD") == [known]
    assert listed(client, "q=KS-1&status=expired") == []
    assert listed(client, "q=KS-1&provider=kaspi") == []
    assert listed(client, f"q=KS-1&from={(NOON + timedelta(days=1)).date()}") == []


@pytest.mark.usefixtures("known")
def test_a_part_of_a_number_is_no_number(house: House, sign_in: SignIn) -> None:
    assert listed(sign_in(house.admin), "q=4975180") == []


def test_numbers_are_read_however_they_are_written() -> None:
    for text in ("+263 77 497-5187", "00263774975187", "0774975187", "(077) 497 5187"):
        assert "263774975187" in phones(text), text
    assert "77015550100" in phones("8 701 555 01 00")
    assert "919876512100" in phones("98765 12100")
    for text in ("KS-2024-001", "12345", "", "+1234567890123456789", "call 0774975187"):
        assert phones(text) == [], text
