"""A worker process within this one: its runtime, a small shop, the outside world on a port."""

from collections.abc import Iterator

import pytest

from bot.config import Settings
from bot.runtime import Runtime
from providers.simulators.omari import OmariSimulatorSettings
from providers.simulators.phone import PhoneSettings
from providers.simulators.server import SimulatorSettings, create_app
from providers.simulators.twilio import TwilioSettings
from providers.simulators.whatsapp.knobs import CallbackPlan, Turned
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, WHATSAPP_NUMBER
from tests.simulators.world import served
from tests.workers.shop import MERCHANT_KEY, Outside, Shop, build
from workers import process

# What leaves the tests by Twilio is looked at there; its callbacks are made by the tests that are
# about them.
_QUIET = Turned(callbacks=CallbackPlan(mode="none", step_seconds=0.01))
_NOWHERE = "http://127.0.0.1:9/whatsapp/inbound"


@pytest.fixture(scope="session")
def outside_url() -> Iterator[str]:
    """The outside world, one for all tests of a process."""
    twilio = TwilioSettings(ACCOUNT_SID, AUTH_TOKEN, WHATSAPP_NUMBER, _NOWHERE, behaviour=_QUIET)
    omari = OmariSimulatorSettings(MERCHANT_KEY, error_status=400)
    with served(create_app(SimulatorSettings(twilio, omari, PhoneSettings("Kalai", ())))) as url:
        yield url


@pytest.fixture
def outside(outside_url: str) -> Outside:
    """The outside world with empty books and no faults."""
    outside = Outside(outside_url)
    outside.reset()
    return outside


@pytest.fixture
def settings(settings: Settings, outside: Outside) -> Settings:
    """The settings of a deployment beside this outside world, impatient with providers."""
    return settings.model_copy(
        update={
            "twilio_api_url": outside.url,
            "provider_call_seconds": 2.0,
            "provider_connect_seconds": 2.0,
            "otp_resend_seconds": 0,
        }
    )


@pytest.fixture
def shop(runtime: Runtime, outside: Outside) -> Shop:
    """A booking of Tendai Moyo, who has written before, in a process that works for it."""
    process.configure(runtime)
    return build(runtime, outside)
