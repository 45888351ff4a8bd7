"""A day's work in a real browser: giving money back with two people while its customer hears of it,
joining and signing in, finding a payment, and a stranger's tour that is not there.
"""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from domain.database import transaction
from domain.models import Operator
from tests import factories
from tests.browser import season
from tests.browser.office import PHONE, Office
from tests.journey.test_links import ROADS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PASSWORD = "brown bread and marula jam"


@pytest.fixture(autouse=True)
def books(office: Office) -> None:
    office.house.use_database()


def test_two_people_give_money_back_and_the_customer_hears_of_it(office: Office) -> None:
    road = ROADS["cashfree"]
    asha, payment = road.open(office.house)
    office.house.act(road.provider, payment, "pay")
    asha.hears("Receipt")
    for email in ("anna@example.com", "ben@example.com"):
        office.hire(email)
    anna, ben = office.desk("anna@example.com"), office.desk("ben@example.com")

    page = anna.open(f"/transactions/{payment.id}")
    page.get_by_role("link", name="Refund").first.click()
    page.get_by_label("Amount").fill("9999999")
    page.get_by_label("Reason").fill("a seat less")
    page.get_by_role("button", name="refund").click()
    expect(page.locator(".invalid-feedback").first).to_contain_text("more than is left")
    page.get_by_label("Amount").fill("400.50")
    page.get_by_role("button", name="refund").click()
    expect(page.get_by_text("Waits for approval").first).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Amount")).to_have_value("")
    expect(page.locator(".invalid-feedback")).to_have_count(0)

    anna.open("/approvals")
    page.get_by_role("link", name="400.50").first.click()
    expect(page.get_by_text("You cannot approve this.")).to_be_visible()

    page = ben.open("/approvals")
    page.get_by_role("link", name="400.50").first.click()
    page.get_by_role("button", name="Approve the refund").click()
    asha.hears(f"{road.currency} 400.50 back to you")
    ben.open(f"/transactions/{payment.id}")
    expect(page.get_by_text("400.50").first).to_be_visible()
    assert anna.faults + ben.faults == []
    office.house.assert_told_the_truth_once()


def test_a_new_admin_joins_signs_in_and_finds_a_payment(office: Office) -> None:
    added = office.house.flask("staff", "add", "rudo@example.com", "--role", "admin")
    assert added.returncode == 0, added.stderr
    link = added.stdout.split()[-1]
    rudo = office.stranger()
    page = rudo.page
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Keep this password").click()

    rudo.open("/transactions?status=failed")
    page.get_by_label("E-mail").fill("rudo@example.com")
    page.get_by_label("Password").fill("not this one, no")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("E-mail or password is wrong").first).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    # Where they wanted to go, and what they wanted to see there.
    expect(page).to_have_url(f"{office.house.web_url}/admin/transactions?status=failed")

    office.hire("ben@example.com")
    with transaction() as db:
        season.begin(db, office.hire("ben@example.com"))
    rudo.open("/transactions")
    page.get_by_text("Filters").click()
    page.get_by_text("Expired", exact=True).first.click()
    expect(page.locator("#list tbody tr .badge").first).to_have_text("Expired")
    assert set(page.locator("#list tbody tr .badge").all_inner_texts()) == {"Expired"}
    assert "status=expired" in page.url
    page.reload()
    assert set(page.locator("#list tbody tr .badge").all_inner_texts()) == {"Expired"}
    page.locator("#list tbody tr th a").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="What may be done")).to_be_visible()
    assert rudo.faults == []


def test_an_operator_does_not_find_a_strangers_tour(office: Office) -> None:
    with transaction() as db:
        booking_id = season.stranger(db)
    office.hire("own@example.com", "operator", "Kalai Safaris")
    own = office.desk("own@example.com")
    page = own.open(f"/bookings/{booking_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    page = own.open("/bookings?q=BT-2026-001")
    expect(page.get_by_text("Privilege")).to_have_count(0)
    page = own.open("/audit")
    expect(page.get_by_role("heading", level=1)).to_have_text("This page is for admins")
    page = own.open("/departures")
    expect(page.locator("tbody").get_by_text("Victoria Falls Safari").first).to_be_visible()
    expect(page.get_by_text("Matobo Hills")).to_have_count(0)


def test_who_has_not_paid_is_found_on_a_phone(office: Office) -> None:
    office.hire("anna@example.com")
    with transaction() as db:
        owner = db.scalars(select(Operator).where(Operator.name == "Kalai Safaris")).one()
        on = factories.departure(db, factories.tour(db, owner, 88, "Meeting Point"))
        for number, (name, paid_minor) in enumerate({"Ama": 50_000, "Zodwa": 100}.items()):
            reference = f"MP-2024-{number}"
            factories.booking(
                db, owner, on, reference=reference, name=name, paid_minor=paid_minor, phone=None
            )
        departure_id = on.id
    anna = office.desk("anna@example.com", viewport=PHONE)
    page = anna.open(f"/departures/{departure_id}")
    rows = page.locator("#travellers tbody tr:visible")
    expect(page.get_by_text("1 of 2 still owes")).to_be_visible()
    expect(rows).to_contain_text(["Zodwa", "Ama"])
    find = page.get_by_role("searchbox", name="Find a name")
    find.fill("not paid")
    expect(rows).to_contain_text(["Zodwa"])
    find.fill("Chipo")
    expect(page.get_by_text("Nobody found for “Chipo”.")).to_be_visible()
    assert anna.faults == []
