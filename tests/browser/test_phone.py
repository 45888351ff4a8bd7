"""The demo's phone in a browser: an SMS that came before the page was opened is no news."""

import uuid
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, expect

from providers.simulators.omari import OmariSimulatorSettings
from providers.simulators.phone import Customer, PhoneSettings
from providers.simulators.server import SimulatorSettings, create_app
from providers.simulators.twilio import TwilioSettings
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, WHATSAPP_NUMBER
from tests.simulators.world import served

pytestmark = [pytest.mark.browser]

MERCHANT_KEY = "simulated-merchant-key"
OWN, OTHER = "263774975187", "263771234678"
# Nobody answers there: what the customer writes stands in the chat all the same.
NOWHERE = "http://127.0.0.1:9/whatsapp/inbound"


@pytest.fixture
def outside() -> Iterator[str]:
    """The simulators without a bot; the address of the phone's server."""
    twilio = TwilioSettings(ACCOUNT_SID, AUTH_TOKEN, WHATSAPP_NUMBER, NOWHERE)
    customers = (Customer("Tendai Moyo", f"+{OWN}", "KS-2024-001"),)
    settings = SimulatorSettings(
        twilio, OmariSimulatorSettings(MERCHANT_KEY), PhoneSettings("Kalai", customers)
    )
    with served(create_app(settings)) as url:
        yield url


def text_to(url: str, number: str) -> None:
    """Omari sends a code to a number."""
    body = {"msisdn": number, "reference": str(uuid.uuid4()), "amount": 100.0}
    body |= {"currency": "USD", "channel": "WEB"}
    headers = {"X-Merchant-Key": MERCHANT_KEY}
    answer = requests.post(f"{url}/omari/auth", json=body, headers=headers, timeout=10)
    assert answer.json()["responseCode"] == "000"


def test_only_an_sms_that_is_new_lies_over_the_chat(browser: Browser, outside: str) -> None:
    text_to(outside, OWN)
    text_to(outside, OTHER)
    wish = {"from": f"+{OWN}", "body": "0771 234 678", "profile_name": "Tendai"}
    page = browser.new_page()
    try:
        page.goto(f"{outside}/demo")
        expect(page.locator("#sms .message")).to_have_count(1)
        # The other number comes up in the chat when the phone has looked once already.
        requests.post(f"{outside}/_sim/twilio/inbound", json=wish, timeout=20)
        expect(page.locator("#sms .message")).to_have_count(2)
        expect(page.locator("#toast")).to_be_hidden()
        text_to(outside, OTHER)
        expect(page.locator("#toast")).to_be_visible()
    finally:
        page.close()
