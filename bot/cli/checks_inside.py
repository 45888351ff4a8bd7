"""Checks of what is ours: settings, database, Redis, queues and workers, clock, overdue work."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError
from redis import RedisError
from rq import Queue, Worker
from rq.cron import CronScheduler
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.common import counted
from bot.cli.findings import Finding, fail, ok, warn
from bot.config import Settings
from bot.queues import QUEUES
from bot.runtime import Runtime
from bot.tables import is_migrated
from domain import clock
from domain.database import transaction
from domain.models import Message, Payment, PaymentEvent

_CLOCKS_APART_SECONDS = 5
_CONNECTIONS_USED = 0.8
_OVERDUE_SECONDS = 60
_JOB_WAITS_SECONDS = 10
_CLOCK_SILENT_SECONDS = 90


def check_settings(runtime: Runtime) -> Iterator[Finding]:
    """The settings were good enough to start with; would production take them?"""
    environment = runtime.settings.environment
    yield ok(f"settings: complete, ENVIRONMENT={environment}")
    if environment != "production":
        refused = _what_production_refuses(runtime.settings)
        if refused:
            yield warn("settings: production would refuse them", refused)


def _what_production_refuses(settings: Settings) -> str:
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    try:
        Settings(**(values | {"environment": "production"}))
    except ValidationError as error:
        messages = error.errors(include_input=False, include_url=False, include_context=False)
        return "; ".join(each["msg"].removeprefix("Value error, ") for each in messages)
    return ""


def check_database(runtime: Runtime) -> Iterator[Finding]:
    """Reachable, migrated, agreed with us about the time, durable, with connections to spare."""
    try:
        with runtime.database.engine.connect() as connection:
            yield from _look_at_database(connection, runtime.settings.environment == "production")
    except SQLAlchemyError as error:
        yield fail("database: does not answer", f"{type(error).__name__}; look at DATABASE_URL")


def _look_at_database(connection: Connection, in_production: bool) -> Iterator[Finding]:
    before = clock.now()
    theirs: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    ours = before + (clock.now() - before) / 2
    yield ok(f"database: PostgreSQL {_shown(connection, 'server_version')} answers")

    if is_migrated(connection):
        yield ok("database: migrated")
    else:
        yield fail("database: not migrated", "run `flask --app wsgi release`")

    apart = abs((theirs - ours).total_seconds())
    if apart > _CLOCKS_APART_SECONDS:
        hint = "due times go by the database's clock: set both machines' clocks"
        yield warn(f"database: its clock is {apart:.0f} s from ours", hint)
    else:
        yield ok(f"database: its clock is {apart:.1f} s from ours")

    durable = ("fsync", "synchronous_commit")
    careless = [each for each in durable if _shown(connection, each) == "off"]
    if careless:
        what = f"database: {' and '.join(careless)} off"
        hint = "what was committed is lost when its machine fails"
        yield (fail if in_production else warn)(what, hint)
    yield _connections(connection)


def _connections(connection: Connection) -> Finding:
    most = int(_shown(connection, "max_connections"))
    used: int = connection.execute(text("SELECT count(*) FROM pg_stat_activity")).scalar_one()
    what = f"database: {used} of {most} connections in use"
    if used > most * _CONNECTIONS_USED:
        return warn(what, "each web or worker process may take 10: raise max_connections")
    return ok(what)


def _shown(connection: Connection, setting: str) -> str:
    value: str = connection.execute(select(func.current_setting(setting))).scalar_one()
    return value


def check_redis(runtime: Runtime) -> Iterator[Finding]:
    """Reachable, and neither evicting nor forgetting."""
    try:
        runtime.redis.ping()
    except RedisError as error:
        yield fail("Redis: does not answer", f"{type(error).__name__}; look at REDIS_URL")
        return
    yield ok("Redis: answers")
    try:
        policy = _configured(runtime, "maxmemory-policy")
        append_only = _configured(runtime, "appendonly")
    except RedisError:
        hint = "it does not let us ask: make sure of maxmemory-policy noeviction and appendonly yes"
        yield warn("Redis: its configuration cannot be read", hint)
        return
    if policy == "noeviction":
        yield ok("Redis: maxmemory-policy noeviction")
    else:
        hint = "set noeviction: else it drops customers' codes and jobs when memory is short"
        yield fail(f"Redis: maxmemory-policy {policy}", hint)
    if append_only == "yes":
        yield ok("Redis: appendonly yes")
    else:
        hint = "set appendonly yes: else customers must send their codes again after a restart"
        yield warn(f"Redis: appendonly {append_only}", hint)


def _configured(runtime: Runtime, name: str) -> str:
    found = runtime.redis.config_get(name)
    if not isinstance(found, dict) or name not in found:
        raise RedisError(f"{name} is hidden")
    return str(found[name])


def check_queues(runtime: Runtime) -> Iterator[Finding]:
    """Each queue has a worker, and none of its jobs waits for long."""
    for name in QUEUES:
        queue = Queue(name, connection=runtime.redis, serializer=JSONSerializer)
        workers = len(Worker.all(queue=queue, serializer=JSONSerializer))
        waits = _oldest_waits_seconds(queue)
        what = f"queue {name}: {counted(workers, 'worker')}, {counted(queue.count, 'job')} waiting"
        if not workers:
            yield fail(what, f"start the Procfile's line for {name}")
        elif waits is not None and waits > _JOB_WAITS_SECONDS:
            yield warn(f"{what}, the oldest for {waits:.0f} s", "start more workers of this queue")
        else:
            yield ok(what)


def _oldest_waits_seconds(queue: Queue) -> float | None:
    for job_id in queue.get_job_ids(0, 1):
        try:
            job = Job.fetch(job_id, connection=queue.connection, serializer=JSONSerializer)
        except NoSuchJobError:
            return None
        if job.enqueued_at is not None:
            return (clock.now() - job.enqueued_at).total_seconds()
    return None


def check_clock(runtime: Runtime) -> Iterator[Finding]:
    """Somebody promises the sweeps."""
    beats = [each.last_heartbeat for each in CronScheduler.all(runtime.redis)]
    seen = max((beat for beat in beats if beat is not None), default=None)
    if seen is None:
        yield fail("clock: none was seen", "start the Procfile's line clock")
        return
    silent = (clock.now() - seen).total_seconds()
    if silent > _CLOCK_SILENT_SECONDS:
        yield fail(f"clock: last seen {silent:.0f} s ago", "start the Procfile's line clock again")
    else:
        yield ok(f"clock: seen {max(0, silent):.0f} s ago")


def check_overdue(_runtime: Runtime) -> Iterator[Finding]:
    """Nothing waits for longer than a minute: the sweeps keep up."""
    before = func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, _OVERDUE_SECONDS)
    counts = {
        "payment to be looked at": select(func.count()).where(Payment.next_check_at < before),
        "message to be heard": select(func.count()).where(
            Message.direction == "in", Message.heard_at.is_(None), Message.created_at < before
        ),
        "event to be told": select(func.count()).where(
            PaymentEvent.told.is_not(None),
            PaymentEvent.heard_at.is_(None),
            PaymentEvent.at < before,
        ),
        "reply to be sent": select(func.count()).where(
            Message.direction == "out", Message.due_at < before
        ),
    }
    try:
        with transaction() as db:
            found = {what: db.execute(query).scalar_one() for what, query in counts.items()}
    except SQLAlchemyError:
        yield fail("overdue work: cannot be counted", "the lines on the database say why")
        return
    late = [
        counted(count, what, what.replace(" ", "s ", 1)) for what, count in found.items() if count
    ]
    if late:
        hint = "workers or clock do not keep up, or their logs say why"
        yield fail(f"overdue for a minute: {', '.join(late)}", hint)
    else:
        yield ok("overdue work: none")
