"""Where a bench runs: durable servers of its own in a folder that is removed afterwards, and the
product's processes by the lines of the Procfile.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
import requests
from redis import Redis

from bench.wire import phone_of, reference_of
from bot.embedded import EmbeddedServers, ServerUrls, create_database, drop_database
from bot.release import migrate
from bot.supervisor import read_procfile
from domain.database import Database
from tests.journey.house import ROOT, House, free_port

READY_SECONDS = 30.0


@contextmanager
def servers() -> Iterator[ServerUrls]:
    """PostgreSQL and Valkey with their defaults for real data: every commit reaches the disk."""
    with (
        tempfile.TemporaryDirectory(prefix="tourpay-bench-") as folder,
        EmbeddedServers(Path(folder)) as owner,
    ):
        yield owner.urls


@contextmanager
def product(urls: ServerUrls, name: str) -> Iterator[House]:
    """A released product without running processes, on a database of its own that is dropped
    afterwards. Nothing runs yet: `start` what the bench needs.
    """
    url = create_database(urls.database_url, name)
    migrated = Database(url)
    migrate(migrated)
    migrated.engine.dispose()
    with Redis.from_url(urls.redis_url) as redis:
        redis.flushall()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="tourpay-bench-logs-") as folder,
            House(Path(folder), url, urls.redis_url) as house,
        ):
            house.run("release")
            yield house
    finally:
        drop_database(urls.database_url, name)


def plain_url(house: House) -> str:
    """The database's URL as psycopg reads it."""
    url = house.database.engine.url.set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def start_web(house: House, environment: Mapping[str, str] | None = None) -> str:
    """Start the two web processes; returns the webhook's URL once they answer. No traveller is too
    fast for them: what is filed and not acted on would not be a turn.
    """
    house.start("web", {"CONTACT_MESSAGES_PER_MINUTE": "100000", **(environment or {})})
    wait_until(lambda: answers(f"{house.web_url}/readyz"))
    return f"{house.web_url}/whatsapp/inbound"


@contextmanager
def bare_web() -> Iterator[str]:
    """The baseline under the Procfile's own gunicorn line; the URL of its route."""
    port = free_port()
    line = read_procfile(ROOT / "Procfile")["web"].replace(
        "wsgi:application", "bench.bare:application"
    )
    programs = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PORT": str(port),
        "WEB_CONCURRENCY": "2",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    process = subprocess.Popen(  # noqa: S603 - the command is our own
        ["/bin/sh", "-c", f"exec {line}"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/", ok=404))
        yield f"http://127.0.0.1:{port}/whatsapp/inbound"
    finally:
        process.terminate()
        process.wait()


def answers(url: str, ok: int = 200) -> bool:
    """Whether a GET is answered with this status."""
    try:
        return requests.get(url, timeout=2).status_code == ok
    except requests.RequestException:
        return False


def wait_until(look: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
    """Wait until `look` is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError("what the bench needs did not become ready")
        time.sleep(0.05)


def add_bookings(url: str, first: int, count: int) -> None:
    """Bookings of the travellers `first` … `first + count - 1`, one each, on one departure."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(
            "INSERT INTO tour (id, operator_id, name)"
            " SELECT 5, min(id), 'Victoria Falls Safari' FROM operator ON CONFLICT DO NOTHING"
        )
        db.execute(
            "INSERT INTO departure (tour_id, start_date) VALUES (5, '2027-02-10')"
            " ON CONFLICT DO NOTHING"
        )
        db.execute(
            "INSERT INTO booking (reference, reference_key, operator_id, departure_id, lead_name,"
            " lead_phone, currency, total_minor)"
            " SELECT 'KS-' || lpad(n::text, 7, '0'), 'KS' || lpad(n::text, 7, '0'),"
            " (SELECT min(id) FROM operator), (SELECT min(id) FROM departure), 'Tendai Moyo',"
            " '2637' || lpad(n::text, 8, '0'), 'USD', 50000"
            " FROM generate_series(%s::int, %s::int) AS n",
            (first, first + count - 1),
        )
        row = db.execute(
            "SELECT reference, lead_phone FROM booking WHERE reference = %s", (reference_of(first),)
        ).fetchone()
        if row != (reference_of(first), phone_of(first)):
            raise RuntimeError(f"the bookings made are not those that the load asks for: {row}")


def settle_down(url: str) -> None:
    """What a database that is in use had done to it long ago: statistics, visibility, a
    checkpoint.
    """
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("VACUUM ANALYZE")
        db.execute("CHECKPOINT")


def phrases(url: str) -> dict[str, int]:
    """How often each phrase was said: whether the turns were the turns that were meant."""
    with psycopg.connect(url) as db:
        rows = db.execute(
            "SELECT phrase, count(*) FROM message WHERE direction = 'out'"
            " GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall()
    return {str(phrase): int(count) for phrase, count in rows}


def machine() -> str:
    """One line about this machine."""
    model = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, load before {load}"


@contextmanager
def sink(*, callbacks: bool) -> Iterator[str]:
    """The simulated Twilio of bench/sink.py; its URL."""
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - the command is our own
        [sys.executable, "-m", "bench.sink", str(port), str(int(callbacks))], cwd=ROOT
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{url}/seen"))
        yield url
    finally:
        process.terminate()
        process.wait()


def start_workers(house: House, environment: Mapping[str, str]) -> None:
    """Start the workers and the clock, and give them time to be there."""
    for name in ("worker_replies", "worker_payments", "worker_sweeps", "clock"):
        house.start(name, environment)
    wait_until(lambda: sum(_says_started(house, name) for name in _WORKERS) == len(_WORKERS))


_WORKERS = ("worker_replies", "worker_payments", "worker_sweeps")


def _says_started(house: House, name: str) -> bool:
    return "worker_started" in house.log_of(name)
