"""The web view beside 1,000,000 payments: the server's time for every page, as an admin, as the
largest operator's own staff and as the smallest's, and the plans of the list's queries. Fails when
a page takes longer than it may, or a query reads a large table from end to end.
"""

import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

from bench.addresses import addresses, unsaid_pages, words_of
from bench.crowd import fill
from bench.inside import settings_of
from bench.place import plain_url, product, servers
from bench.results import say
from bot import runtime as runtimes
from bot.app import create_app
from domain.database import transaction
from domain.staff import sessions

LONGEST_MS = 300.0
_LARGE = (
    "payment",
    "payment_event",
    "transfer",
    "evidence",
    "booking",
    "contact",
    "identity",
    "message",
    "turn",
    "audit_entry",
)
_WHOLE_TABLE = re.compile(rf"Seq Scan on ({'|'.join(_LARGE)})\b")
_TIMES = 5
_MOST_LINES = 50_000

# Who looks: their role, and whose staff they are.
VIEWERS: Mapping[str, int | None] = {"admin": None, "largest": 10, "smallest": 110}


@dataclass(frozen=True, slots=True)
class Seen:
    """A page: how long the server took, each time, and the statements of the last time."""

    status: int
    milliseconds: Sequence[float]
    statements: Sequence[tuple[str, Any]]


def view(payments: int = 1_000_000) -> None:
    """Every page of the web view, and the plans behind them."""
    with servers() as urls, product(urls, "bench_view") as house:
        began = time.monotonic()
        fill(plain_url(house), payments)
        _add_people(plain_url(house))
        say(f"{payments:,} payments, filled in {time.monotonic() - began:.0f} s")
        runtime = runtimes.start(settings_of(house, urls.redis_url))
        app = create_app(runtime)
        look_around(app, runtime.database.engine)


def look_around(app: Flask, engine: Engine) -> None:
    """Call every page as every viewer. Raises RuntimeError with what was too slow or badly
    found.
    """
    wrong: list[str] = []
    for name, operator_id in VIEWERS.items():
        say(f"\n## {name}")
        wrong += unsaid_pages(app.extensions["admin"].app) if operator_id is None else []
        client = _signed_in(app, name)
        words = words_of(operator_id)
        for address in addresses(app.extensions["admin"].app, operator_id):
            path = address.format_map(words)
            seen = _seen(engine, client, f"/admin{path}")
            plans = [_plan(engine, *statement) for statement in seen.statements]
            wrong += _judged(f"{name} {path}", seen, plans)
            say(_line(path, seen, plans))
        _export(client)
    if wrong:
        raise RuntimeError("\n".join(wrong))


def _add_people(url: str) -> None:
    """One of staff for each viewer, and what waits for a second person."""
    with psycopg.connect(url) as db:
        for name, operator_id in VIEWERS.items():
            role = "admin" if operator_id is None else "operator"
            db.execute(
                "INSERT INTO staff (email, role, operator_id, approver_from)"
                " VALUES (%s, %s, %s, now())",
                (f"{name}@example.com", role, operator_id),
            )
        db.execute(
            "INSERT INTO refund (id, payment_id, amount_minor, status, reason, requested_by)"
            " SELECT gen_random_uuid(), payment.id, 100, CASE WHEN random() < 0.05 THEN 'requested'"
            " ELSE 'succeeded' END, 'a seat less', 1 FROM payment"
            " WHERE status = 'succeeded' AND random() < 0.003"
        )
        db.execute(
            "INSERT INTO proposal (id, act, subject, operator_id, detail, evidence, proposed_by)"
            " SELECT gen_random_uuid(), 'close_as_not_paid', 'payment:' || payment.id,"
            " operator_id, '{}', 'the statement', 1 FROM payment JOIN account"
            " ON account.id = account_id WHERE status = 'uncertain'"
        )
        db.execute("UPDATE contact SET person_wanted_at = now() WHERE id % 5003 = 0")
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("ANALYZE")


def _signed_in(app: Flask, name: str) -> FlaskClient:
    view = app.extensions["admin"].app
    token = secrets.token_urlsafe()
    with transaction() as db:
        staff_id = db.execute(
            text("SELECT id FROM staff WHERE email = :email"), {"email": f"{name}@example.com"}
        ).scalar_one()
        sessions.open_session(db, staff_id, token, "bench")
    cookie = view.session_interface.get_signing_serializer(view).dumps(
        {"_user_id": token, "_fresh": True}
    )
    client = app.test_client()
    client.set_cookie(view.config["SESSION_COOKIE_NAME"], cookie, path="/admin")
    return client


def _seen(engine: Engine, client: FlaskClient, path: str) -> Seen:
    with _caught(engine) as statements:
        times = []
        for _ in range(_TIMES):
            statements.clear()
            began = time.perf_counter()
            answer = client.get(path)
            times.append((time.perf_counter() - began) * 1000)
            answer.close()
    return Seen(answer.status_code, times, list(statements))


@contextmanager
def _caught(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Every reading statement that is sent meanwhile."""
    caught: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            caught.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield caught
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _plan(engine: Engine, statement: str, values: Any) -> str:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", values)
        plan = "\n".join(str(row[0]) for row in rows)
        connection.rollback()
        return plan


def _judged(name: str, seen: Seen, plans: Sequence[str]) -> list[str]:
    wrong = []
    if seen.status >= 500:
        wrong.append(f"{name}: answered {seen.status}")
    if _middle(seen) > LONGEST_MS:
        wrong.append(f"{name}: {_middle(seen):.0f} ms")
    for plan in plans:
        tables = sorted(set(_WHOLE_TABLE.findall(plan)))
        if tables:
            wrong.append(f"{name}: reads all of {', '.join(tables)}\n{plan}")
    return wrong


def _line(path: str, seen: Seen, plans: Sequence[str]) -> str:
    indexes = sorted({name for plan in plans for name in re.findall(r"\b(?:ix|uq|pk)_\w+", plan)})
    pages = sum(
        int(found[1]) for plan in plans for found in [re.search(r"shared hit=(\d+)", plan)] if found
    )
    of_payment = [name.partition("_")[2] for name in indexes if "payment" in name]
    return (
        f"p50 {_middle(seen):6.1f}  max {max(seen.milliseconds):6.1f} ms  {seen.status}"
        f"  {len(plans):2} queries {pages:6} buffers  {path}  [{' '.join(of_payment)}]"
    )


def _middle(seen: Seen) -> float:
    return sorted(seen.milliseconds)[len(seen.milliseconds) // 2]


def _export(client: FlaskClient) -> None:
    """The list as a table: when it begins, and how fast it goes on."""
    began = time.perf_counter()
    answer = client.get("/admin/transactions/payments.csv", buffered=False)
    lines, first = 0, 0.0
    for piece in answer.response:
        first = first or time.perf_counter() - began
        lines += piece.count(b"\n")
        if lines > _MOST_LINES:
            break
    answer.close()
    rate = lines / (time.perf_counter() - began)
    say(f"payments.csv: begins after {first * 1000:.0f} ms, {lines:,} lines at {rate:,.0f}/s")
