"""A conversation in a real browser, with the customer at the simulated WhatsApp: taken over,
answered, fresh within five seconds without losing the reader's place or a half-written answer,
handed back.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser import looking
from tests.browser.office import DESKTOP, PHONE, Desk, Office
from tests.journey.customer import Customer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

FRESH_MILLISECONDS = 5_000
_PLACE = "document.querySelectorAll('.tp-turns > li[id^=message]')[1].getBoundingClientRect().top"


@pytest.fixture(scope="module")
def tendai(office: Office) -> Customer:
    office.house.use_database()
    office.hire("anna@example.com")
    customer = office.house.customer()
    customer.say("menu")
    customer.hears("pay")
    for _ in range(6):
        customer.say("help")
    customer.say("person")
    customer.hears("I have asked a person")
    return customer


@pytest.fixture(scope="module")
def anna(office: Office, tendai: Customer) -> Iterator[Desk]:  # noqa: ARG001 - who wrote is there
    return office.desk("anna@example.com")


def faults(desk: Desk) -> list[str]:
    """What axe-core holds against the page, and what the browser complained about."""
    return looking.serious_faults(desk.page) + desk.faults


def test_a_person_takes_over_answers_and_hands_back(anna: Desk, tendai: Customer) -> None:
    page = anna.open("/conversations?show=wanted")
    assert faults(anna) == []
    page.get_by_role("link", name="Tendai").click()
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_role("heading", name="You answer")).to_be_visible()
    tendai.hears("A person is with you now")
    known = len(tendai.replies())

    page.get_by_label("Your answer").fill("Half an answ")
    page.evaluate("document.querySelector('.tp-log').scrollTop = -300")
    place = page.evaluate(_PLACE)
    tendai.say("Can I pay in two parts?")
    heard = page.locator(".tp-log").get_by_text("Can I pay in two parts?")
    # It asks often enough; how long an answer then takes is the busy machine's matter.
    assert page.locator("#news").get_attribute("hx-trigger") == "every 4s"
    heard.wait_for(state="attached", timeout=2 * FRESH_MILLISECONDS)
    assert page.get_by_label("Your answer").input_value() == "Half an answ"
    assert abs(page.evaluate(_PLACE) - place) < 3, "where an early message stands on the screen"
    assert len(tendai.replies()) == known, "the bot is silent"

    page.get_by_label("Your answer").fill("Yes, as many as you like.")
    page.get_by_role("button", name="Send").click()
    tendai.hears("as many as you like")
    expect(heard).to_be_in_viewport()
    ticks = (
        page.locator(".tp-staff")
        .get_by_text("Delivered")
        .or_(page.locator(".tp-staff").get_by_text("Read"))
    )
    ticks.first.wait_for(state="attached", timeout=2 * FRESH_MILLISECONDS)
    assert faults(anna) == []
    looking.show(page, "dark", DESKTOP)
    assert faults(anna) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")

    page.get_by_role("button", name="Hand back").click()
    expect(page.get_by_role("heading", name="The bot answers")).to_be_visible()
    tendai.hears("You are writing with the assistant again")
    tendai.say("help")
    assert faults(anna) == []


def test_the_list_stays_fresh_and_keeps_the_focus(anna: Desk, tendai: Customer) -> None:
    page = anna.open("/conversations")
    page.get_by_role("link", name="Tendai").focus()
    tendai.say("what is new")
    page.locator(".tp-last", has_text="what is new").or_(
        page.locator(".tp-person", has_text="now")
    ).first.wait_for(timeout=2 * FRESH_MILLISECONDS)
    page.wait_for_timeout(FRESH_MILLISECONDS + 1_000)
    assert page.evaluate("document.activeElement.id").startswith("conversation-")
    assert anna.faults == []
