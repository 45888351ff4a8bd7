"""A world per test: simulators on one port, a listening bot on another."""

from collections.abc import Iterator

import pytest

from providers.simulators.omari import OmariSimulatorSettings
from providers.simulators.phone import Customer, PhoneSettings
from providers.simulators.server import SimulatorSettings, create_app
from providers.simulators.twilio import TwilioSettings
from providers.simulators.whatsapp.knobs import CallbackPlan, Turned
from tests.simulators.world import ACCOUNT_SID, AUTH_TOKEN, NUMBER, Bot, World, served

QUICK = Turned(callbacks=CallbackPlan(step_seconds=0.02))


@pytest.fixture
def world() -> Iterator[World]:
    bot = Bot()
    with served(bot.app()) as bot_root:
        twilio = TwilioSettings(
            ACCOUNT_SID,
            AUTH_TOKEN,
            NUMBER,
            f"{bot_root}/whatsapp/inbound?from=twilio#rc=2&rp=5xx,ct,rt&rt=300",
            fallback_url=f"{bot_root}/whatsapp/fallback",
            behaviour=QUICK,
        )
        phone = PhoneSettings(
            "Kalai <Safaris>", (Customer("Tendai Moyo", "+263771234567", "KS-2024-001"),)
        )
        omari = OmariSimulatorSettings(merchant_key="a-key-that-only-tests-know")
        with served(create_app(SimulatorSettings(twilio, omari, phone))) as root:
            yield World(root, bot_root, bot)
