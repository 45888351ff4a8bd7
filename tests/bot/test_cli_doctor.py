"""The doctor finds a deployment that works in order, and names each thing that does not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from pydantic import SecretStr
from rq import Queue, SimpleWorker
from rq.cron import CronScheduler
from rq.serializers import JSONSerializer
from sqlalchemy import text, update

from bot.app import create_app
from bot.cli import checks_inside, findings
from bot.cli.findings import Finding, Level
from bot.config import Settings
from bot.queues import QUEUES, connect
from bot.runtime import Runtime
from domain import clock
from domain.database import transaction
from domain.models import Account, Payment
from domain.nudges import Nudge
from domain.sealing import Sealer
from providers.simulators.omari import OmariSimulatorSettings, create_omari
from providers.simulators.twilio import TwilioSettings, create_twilio
from tests import factories
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, WHATSAPP_NUMBER
from tests.simulators.world import served

MERCHANT_KEY = "merchant-key-of-tests"
NOBODY = "http://127.0.0.1:9"


def outside() -> Flask:
    """The simulated Twilio, and Omari below /omari."""
    app = Flask("outside")
    twilio = TwilioSettings(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        whatsapp_number=WHATSAPP_NUMBER,
        webhook_url=f"{NOBODY}/whatsapp/inbound",
    )
    app.register_blueprint(create_twilio(twilio))
    omari = create_omari(OmariSimulatorSettings(merchant_key=MERCHANT_KEY))
    app.register_blueprint(omari, url_prefix="/omari")
    return app


@pytest.fixture(scope="module")
def world_outside() -> Iterator[str]:
    with served(outside()) as address:
        yield address


@pytest.fixture
def deployment(runtime: Runtime, world_outside: str) -> Iterator[Flask]:
    """Everything in order: a web process, workers, a clock, Twilio, an account for bookings."""
    app = create_app(runtime)
    with served(app) as address:
        changes = {"public_base_url": address, "twilio_api_url": world_outside}
        give(app, **changes)
        with transaction() as db:
            owner = factories.operator(db, "Kalai Safaris")
            factories.booking(db, owner)
            factories.account(
                db,
                owner,
                runtime.accounts.sealer,
                base_url=f"{world_outside}/omari",
                merchant_key=MERCHANT_KEY,
            )
        for name in QUEUES:
            worker(runtime, name)
        CronScheduler(connection=runtime.redis).register_birth()
        yield app


def give(app: Flask, **settings: object) -> Settings:
    """Other settings for the app; returns them."""
    runtime: Runtime = app.extensions["tourpay"]
    changed = runtime.settings.model_copy(update=settings)
    app.extensions["tourpay"] = replace(runtime, settings=changed)
    return changed


def worker(runtime: Runtime, queue: str) -> None:
    """A worker as Redis sees one that runs."""
    one = SimpleWorker(
        [Queue(queue, connection=runtime.redis, serializer=JSONSerializer)],
        connection=runtime.redis,
        serializer=JSONSerializer,
    )
    one.register_birth()


def doctor(app: Flask) -> Result:
    result = app.test_cli_runner().invoke(args=["doctor"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def failures(app: Flask) -> list[str]:
    """What it calls a FAIL, after it has exited as it must."""
    result = doctor(app)
    found = [line for line in result.output.splitlines() if line.startswith("FAIL")]
    assert result.exit_code == (1 if found else 0)
    return [line.removeprefix("FAIL").strip() for line in found]


def test_a_deployment_in_order_has_no_failure(deployment: Flask) -> None:
    output = doctor(deployment).output
    assert failures(deployment) == []
    for line in (
        "ok    database: migrated",
        "ok    Redis: maxmemory-policy noeviction",
        "ok    queue payments: 1 worker, 0 jobs waiting",
        "ok    clock: seen 0 s ago",
        "ok    overdue work: none",
        "ok    webhook: takes what is signed, refuses what is not",
        "ok    account omari USD of Kalai Safaris: Omari answers",
    ):
        assert line in output


def test_it_says_what_to_set_at_twilio(deployment: Flask) -> None:
    base = deployment.extensions["tourpay"].settings.public_base_url
    output = doctor(deployment).output
    assert f"{base}/whatsapp/inbound#rc=2&rp=5xx,ct,rt&rt=4000" in output
    assert "Fallback URL" in output
    assert "Advanced Opt-Out" in output


def test_it_shows_no_secret_and_no_number(deployment: Flask) -> None:
    output = doctor(deployment).output
    settings = deployment.extensions["tourpay"].settings
    for secret in (
        AUTH_TOKEN,
        MERCHANT_KEY,
        factories.PHONE,
        settings.secret_key.get_secret_value(),
        settings.database_url.get_secret_value(),
        settings.redis_url.get_secret_value(),
    ):
        assert secret not in output


def test_what_production_would_refuse_is_a_warning(deployment: Flask) -> None:
    output = doctor(deployment).output
    assert "warn  settings: production would refuse them (" in output
    assert "PUBLIC_BASE_URL must begin with https://" in output


def test_nobody_works(deployment: Flask, runtime: Runtime) -> None:
    runtime.redis.flushdb()
    found = failures(deployment)
    assert [line.partition(":")[0] for line in found] == [
        "queue replies",
        "queue payments",
        "queue sweeps",
        "clock",
    ]


def test_a_job_that_waits_is_a_warning(deployment: Flask, runtime: Runtime) -> None:
    runtime.database.ring([Nudge("workers.payments.attend", "payments", "one")])
    queue = Queue("payments", connection=runtime.redis, serializer=JSONSerializer)
    (job,) = queue.jobs
    job.enqueued_at = clock.now() - timedelta(seconds=60)
    job.save()
    assert "warn  queue payments: 1 worker, 1 job waiting, the oldest for 60 s" in (
        doctor(deployment).output
    )


def test_a_redis_that_evicts_is_a_failure(deployment: Flask, runtime: Runtime) -> None:
    runtime.redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        found = failures(deployment)
    finally:
        runtime.redis.config_set("maxmemory-policy", "noeviction")
    assert [line.partition(" (")[0] for line in found] == ["Redis: maxmemory-policy allkeys-lru"]


def test_a_database_without_its_tables(deployment: Flask, runtime: Runtime) -> None:
    with runtime.database.engine.begin() as connection:
        connection.execute(text("DROP TABLE transfer CASCADE"))
        connection.execute(text("DELETE FROM alembic_version"))
    found = failures(deployment)
    assert found[0].startswith("database: not migrated")
    assert found[1].startswith("public address: /readyz answers 503")


def test_overdue_work_is_a_failure(deployment: Flask, runtime: Runtime) -> None:
    with transaction() as db:
        contact = factories.contact(db)
        owner = factories.operator(db)
        booking = factories.booking(db, owner, reference="KS-2")
        through = factories.account(db, owner, runtime.accounts.sealer, currency="ZWG")
        through.active = False
        factories.payment(db, booking, contact, through)
        db.execute(update(Payment).values(next_check_at=clock.now() - timedelta(minutes=2)))
    (line,) = failures(deployment)
    assert line.startswith("overdue for a minute: 1 payment to be looked at")


def test_bookings_that_nobody_can_pay_for_are_a_warning(deployment: Flask) -> None:
    with transaction() as db:
        factories.booking(
            db, factories.operator(db, "Zambezi Trails"), reference="ZT-1", currency="ZWG"
        )
    assert "warn  operator Zambezi Trails: no account takes ZWG" in doctor(deployment).output


def test_secrets_that_cannot_be_opened_are_a_failure(deployment: Flask) -> None:
    with transaction() as db:
        other = Sealer.of("account secrets", "another secret, of a fair length")
        db.execute(update(Account).values(secrets_sealed=other.seal('{"merchant_key": "x"}')))
    (line,) = failures(deployment)
    assert line.startswith("account omari USD of Kalai Safaris: its secrets cannot be opened")


def test_a_provider_that_does_not_know_our_key_is_a_failure(
    deployment: Flask, runtime: Runtime
) -> None:
    with transaction() as db:
        sealed = runtime.accounts.sealer.seal('{"merchant_key": "not-ours"}')
        db.execute(update(Account).values(secrets_sealed=sealed))
    (line,) = failures(deployment)
    assert line.startswith("account omari USD of Kalai Safaris: Omari does not serve us: probe:")
    assert "not-ours" not in line


def test_twilio_that_does_not_know_us_is_a_failure(deployment: Flask) -> None:
    # The web process of this test shares the settings, so that only Twilio is of another mind.
    give(deployment, twilio_auth_token=SecretStr("another token"))
    (line,) = failures(deployment)
    assert line.startswith("Twilio: refuses us with HTTP 401")


def test_a_web_process_with_other_settings_is_a_failure(
    deployment: Flask, runtime: Runtime
) -> None:
    settings = deployment.extensions["tourpay"].settings
    with served(create_app(runtime)) as address:
        other = create_app(runtime)
        give(other, **(settings.model_dump() | {"public_base_url": address}))
        (line,) = failures(other)
    assert line.startswith("webhook: answers 403 to what we signed")


def test_an_address_that_leads_nowhere_is_a_failure(deployment: Flask) -> None:
    give(deployment, public_base_url=NOBODY)
    (line,) = failures(deployment)
    assert line.startswith(f"public address: {NOBODY} does not answer")


def test_nothing_at_all_answers(runtime: Runtime) -> None:
    settings = runtime.settings.model_copy(update={"public_base_url": NOBODY})
    runtime.database.engine.dispose()
    app = create_app(
        replace(
            runtime,
            settings=settings.model_copy(update={"twilio_api_url": NOBODY}),
            redis=connect("redis://127.0.0.1:9/0"),
        )
    )
    found = failures(app)
    assert any(line.startswith("Redis: does not answer") for line in found)
    assert any(line.startswith("Twilio: does not answer") for line in found)
    assert any(line.startswith("public address:") for line in found)
    assert any(line.startswith("queues: could not be checked") for line in found)


def test_a_check_that_breaks_is_a_finding(runtime: Runtime) -> None:
    def check_something(_runtime: Runtime) -> Iterator[Finding]:
        yield findings.ok("first")
        raise KeyError("a secret")

    found = list(findings.run(check_something, runtime))
    assert [each.level for each in found] == [Level.OK, Level.FAIL]
    assert str(found[1]) == "FAIL  something: could not be checked (KeyError)"


def test_careless_durability_fails_in_production_only(runtime: Runtime) -> None:
    levels = []
    for environment in ("test", "production"):
        settings = runtime.settings.model_copy(update={"environment": environment})
        found = checks_inside.check_database(replace(runtime, settings=settings))
        levels += [each.level for each in found if "fsync" in each.what]
    assert levels == [Level.WARN, Level.FAIL]
