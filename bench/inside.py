"""Inside one turn: the WSGI app called in this very process, one call after the other. Counts what
it asks of PostgreSQL and Redis, and its processor time; with `--profile`, where that goes.
"""

import cProfile
import io
import pstats
import sys
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from flask import Flask
from pydantic import SecretStr
from redis.connection import Connection as RedisConnection
from sqlalchemy import Connection, Engine, event

from bench.cost import cpu_by_kind
from bench.place import add_bookings, plain_url, product, servers, settle_down
from bench.results import say
from bench.wire import SCRIPT, message
from bot import runtime as runtimes
from bot.app import create_app
from bot.config import Settings
from tests.journey.house import ACCOUNT_SID, AUTH_TOKEN, MERCHANT_KEY, NUMBER, House

_TRAVELLERS = 20
_URL = "http://bot.example/whatsapp/inbound"


def inside(rounds: int = 5) -> None:
    """What one turn asks of the servers, and the processor time it takes."""
    with servers() as urls, product(urls, "bench_inside") as house:
        add_bookings(plain_url(house), 0, _TRAVELLERS)
        runtime = runtimes.start(settings_of(house, urls.redis_url))
        app = create_app(runtime)
        _call(app, _conversations(3))
        settle_down(plain_url(house))
        _say_counts(app, runtime.database.engine)
        for _ in range(rounds):
            _say_times(app)
        if "--profile" in sys.argv:
            profile = cProfile.Profile()
            calls = _conversations(3)
            profile.runcall(_call, app, calls)
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)
            pstats.Stats(profile).sort_stats("cumtime").print_stats(70)


def settings_of(house: House, redis_url: str) -> Settings:
    """The settings by which the product's app runs in this very process."""
    url = house.database.engine.url.render_as_string(hide_password=False)
    return Settings(
        _env_file=None,
        environment="test",
        secret_key=SecretStr("a secret for tests, of a fair length"),
        public_base_url="http://bot.example",
        database_url=SecretStr(url),
        redis_url=SecretStr(redis_url),
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=SecretStr(AUTH_TOKEN),
        twilio_whatsapp_number=NUMBER,
        omari_api_base_url="http://127.0.0.1:9/omari",
        omari_merchant_key=SecretStr(MERCHANT_KEY),
        contact_messages_per_minute=100_000,
        log_level="WARNING",
    )


def _conversations(times: int) -> list[dict[str, Any]]:
    """Calls of the webhook as a WSGI server makes them."""
    return [
        _environ(message(_URL, number, text))
        for _ in range(times)
        for text in SCRIPT
        for number in range(_TRAVELLERS)
    ]


def _environ(request: bytes) -> dict[str, Any]:
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/whatsapp/inbound",
        "RAW_URI": "/whatsapp/inbound",
        "QUERY_STRING": "",
        "SERVER_NAME": "bot.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": headers["Content-Type"],
        "CONTENT_LENGTH": headers["Content-Length"],
        "HTTP_X_TWILIO_SIGNATURE": headers["X-Twilio-Signature"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }


def _call(app: Flask, calls: Iterable[dict[str, Any]]) -> None:
    for environ in calls:
        statuses: list[str] = []
        list(app(environ, lambda status, _headers, _error=None: statuses.append(status)))  # noqa: B023
        if not statuses[0].startswith("200"):
            raise RuntimeError(f"answered {statuses[0]}")


def _say_counts(app: Flask, engine: Engine) -> None:
    counts: Counter[str] = Counter()
    sent = RedisConnection.send_packed_command

    def counted(*given: Any, **named: Any) -> Any:
        counts["to Redis"] += 1
        return sent(*given, **named)

    def statement(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        counts[" ".join(text.split())[:90]] += 1

    listeners = [
        ("before_cursor_execute", statement),
        ("begin", lambda connection: counts.update(_sent(connection, "BEGIN"))),
        ("commit", lambda connection: counts.update(_sent(connection, "COMMIT"))),
        ("rollback", lambda connection: counts.update(_sent(connection, "ROLLBACK"))),
    ]
    for name, listener in listeners:
        event.listen(engine, name, listener)
    calls = _conversations(1)
    RedisConnection.send_packed_command = counted  # type: ignore[method-assign]
    try:
        _call(app, calls)
    finally:
        RedisConnection.send_packed_command = sent  # type: ignore[method-assign]
        for name, listener in listeners:
            event.remove(engine, name, listener)
    redis = counts.pop("to Redis")
    asked, kept = counts.total() / len(calls), redis / len(calls)
    say(f"a turn: {asked:.2f} to PostgreSQL, {kept:.2f} to Redis")
    for text, count in counts.most_common():
        say(f"{count / len(calls):6.2f}  {text}")


def _sent(connection: Connection, word: str) -> list[str]:
    """A statement that commits itself begins and ends nothing at the server."""
    commits_itself = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    return [] if commits_itself else [word]


def _say_times(app: Flask) -> None:
    calls = _conversations(2)
    before, own, wall = cpu_by_kind(), time.process_time(), time.monotonic()
    _call(app, calls)
    wall, own, after = time.monotonic() - wall, time.process_time() - own, cpu_by_kind()
    each = 1000 / len(calls)
    database = after["postgresql"] - before["postgresql"]
    say(
        f"ms a turn: {own * each:.2f} processor in Python,"
        f" {database * each:.2f} processor in PostgreSQL, {wall * each:.2f} by the clock"
    )
