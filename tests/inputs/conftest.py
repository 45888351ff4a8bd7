"""One product for all inputs of a file, with the simulated Omari on a thread beside it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr

from bot import runtime as runtimes
from bot.config import Settings
from bot.embedded import ServerUrls, create_database, drop_database
from providers.simulators.omari import OmariSimulatorSettings, create_omari
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, PUBLIC_URL, TEMPLATE, WHATSAPP_NUMBER
from tests.inputs.chat import CODE, MERCHANT_KEY, Chat
from tests.simulators.world import served


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-inputs-table",
        action="store_true",
        default=False,
        help="write docs/inputs.md from what this run saw",
    )


@pytest.fixture(scope="module")
def chat(servers: ServerUrls) -> Iterator[Chat]:
    """A product whose limits of starts are out of the way."""
    name = f"test_inputs_{os.getpid()}"
    url = create_database(servers.database_url, name, template=TEMPLATE)
    settings = Settings(
        _env_file=None,
        environment="test",
        secret_key=SecretStr("a secret for tests, of a fair length"),
        public_base_url=PUBLIC_URL,
        database_url=SecretStr(url),
        redis_url=SecretStr(servers.redis_url),
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=SecretStr(AUTH_TOKEN),
        twilio_whatsapp_number=WHATSAPP_NUMBER,
        provider_call_seconds=2,
        payer_starts_per_hour=1000,
        payer_starts_per_day=1000,
        contact_starts_per_hour=1000,
        contact_starts_per_day=1000,
        data_folder=Path("never used"),
    )
    runtime = runtimes.start(settings)
    world = Flask("omari")
    world.register_blueprint(create_omari(OmariSimulatorSettings(MERCHANT_KEY, fixed_otp=CODE)))
    with served(world) as omari_url:
        chat = Chat(runtime, omari_url)
        yield chat
        chat.close()
    runtime.database.engine.dispose()
    runtime.redis.close()
    drop_database(servers.database_url, name)
