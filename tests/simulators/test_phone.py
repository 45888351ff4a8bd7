"""The demo phone: its page, what it may load, and who may reach it."""

import re
import uuid
from pathlib import Path

import pytest
import requests

from providers.simulators import phone
from tests.simulators.world import CUSTOMER, World

STATIC = Path(phone.__file__).parent / "static"


def test_the_page_loads_only_from_itself(world: World) -> None:
    answer = requests.get(f"{world.root}/demo", timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    page = answer.text
    assert re.search(r"<script(?![^>]*\bsrc=)", page) is None
    assert re.search(r"\son\w+=|\sstyle=|<style|javascript:", page) is None
    paths = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert len(paths) == 4
    for path in paths:
        assert path.startswith("/demo/static/")
        assert requests.get(world.root + path, timeout=5).status_code == 200


def test_the_business_name_is_escaped(world: World) -> None:
    page = requests.get(f"{world.root}/demo", timeout=5).text
    assert "Kalai &lt;Safaris&gt;" in page
    assert "<Safaris>" not in page


@pytest.mark.parametrize("script", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_scripts_never_turn_text_into_markup(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text) is None
    # Every module that is imported is served beside it.
    for name in re.findall(r'from "\./([^"]+)"', text):
        assert (STATIC / name).is_file()


def test_who_the_visitor_can_be(world: World) -> None:
    setup = world.get("/demo/setup")
    assert setup["customers"][0] == {
        "name": "Tendai Moyo",
        "phone": "+263771234567",
        "booking": "KS-2024-001",
    }
    assert setup["customers"][-1]["booking"] == ""
    for knob in setup["knobs"]:
        for call in knob["calls"]:
            answer = requests.request(
                call["method"], world.root + call["path"], json=call["value"], timeout=5
            )
            assert answer.status_code == 200, knob["title"]
    assert world.get("/_sim/twilio/knobs")["faults"] == []
    assert world.get("/omari/_sim/knobs") == []


def test_the_sms_beside_the_chat(world: World) -> None:
    asked = {
        "msisdn": CUSTOMER.removeprefix("whatsapp:+"),
        "reference": str(uuid.uuid4()),
        "amount": 100.00,
        "currency": "USD",
        "channel": "WEB",
    }
    key = {"X-Merchant-Key": "a-key-that-only-tests-know"}
    answer = requests.post(f"{world.root}/omari/auth", json=asked, headers=key, timeout=5).json()
    (sms,) = world.get("/omari/_sim/sms/263771234567")
    assert sms["otpReference"] == answer["otpReference"]
    assert sms["otp"] in sms["text"]


def test_a_page_from_elsewhere_is_shut_out(world: World) -> None:
    foreign = requests.get(f"{world.root}/demo", headers={"Host": "evil.example"}, timeout=5)
    assert foreign.status_code == 403
    local = requests.get(f"{world.root}/demo", headers={"Host": "localhost:5002"}, timeout=5)
    assert local.status_code == 200
    form = requests.post(f"{world.root}/_sim/twilio/inbound", data={"from": CUSTOMER}, timeout=5)
    assert form.status_code == 415
    assert world.bot.heard == []
