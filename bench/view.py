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
from urllib.parse import quote

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text
from werkzeug.routing import Rule

from bench.crowd import fill
from bench.inside import settings_of
from bench.place import plain_url, product, servers
from bench.results import say
from bot import runtime as runtimes
from bot.admin.paging import write_cursor
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

# Where a page's address names a row: one of the viewer's own. An admin's are anybody's.
_OWN = "(CAST(:operator AS bigint) IS NULL OR account.operator_id = :operator)"
_OF_PAYMENT = "payment JOIN account ON account.id = payment.account_id WHERE {own}"
SAMPLES: Mapping[str, str] = {
    "payment_id": "payment.id FROM {payment} AND status = 'succeeded'",
    "booking_id": "booking_id FROM {payment} AND status = 'succeeded'",
    "departure_id": "departure_id FROM booking JOIN account USING (operator_id) WHERE {own}"
    " AND departure_id IS NOT NULL",
    "tour_id": "tour.id FROM tour JOIN account USING (operator_id) WHERE {own}",
    "contact_id": "contact_id FROM {payment}",
    "account_id": "account.id FROM account WHERE {own}",
    "operator_id": "account.operator_id FROM account WHERE {own}",
    "staff_id": "max(id) FROM staff",
    "message_id": "message.id FROM message JOIN payment ON payment.id = payment_id"
    " JOIN account ON account.id = account_id WHERE {own} AND direction = 'out'",
    "refund_id": "refund.id FROM refund JOIN payment ON payment.id = payment_id"
    " JOIN account ON account.id = account_id WHERE {own}",
    "proposal_id": "proposal.id FROM proposal JOIN account USING (operator_id) WHERE {own}",
    "transfer_id": "transfer.id FROM transfer JOIN payment ON payment.id = payment_id"
    " JOIN account ON account.id = account_id WHERE {own}",
    "people.act:name": "'disable'",
    "switches.pause:name": "'all'",
    "switches.resume:name": "'all'",
    "token": "'nobody-has-it'",
}

_NAMES = """
    SELECT booking.reference, shared_reference AS shared, lead_phone AS phone,
        otp_reference AS otp, payment.receipt, debit_reference AS debit, payment.id AS payment,
        payment.created_at::date AS day, payment.created_at AS at
    FROM payment JOIN account ON account.id = account_id
    JOIN booking ON booking.id = booking_id JOIN departure ON departure.id = departure_id
    WHERE {own} AND payment.provider = 'omari' AND status = 'succeeded'
    ORDER BY payment.created_at OFFSET 10 LIMIT 1
"""

# Lists with what narrows them; `{…}` is a word of the viewer's own data, see `_words`.
ADDRESSES: Sequence[str] = (
    "/?days=7",
    "/?on={day}",
    "/?on={day}&days=7",
    *(
        f"/transactions?{query}"
        for query in (
            "status=succeeded",
            "status=failed&status=expired&status=cancelled",
            "status=uncertain",
            "status=starting",
            "provider=kaspi",
            "provider=omari",
            "currency=USD",
            "operator=10",
            "operator=110",
            "operator=110&status=failed",
            "from={day}&to={day}",
            "to={day}",
            "to={day}&status=failed&provider=kaspi",
            "currency=USD&least=100&most=101",
            "currency=USD&least=50",
            "currency=USD&least=100000",
            "currency=INR&most=1",
            "currency=KZT&least=1&most=2&status=failed",
            "provider=omari&currency=KZT",
            "provider=kaspi&currency=USD",
            "provider=omari&status=expired",
            "provider=kaspi&status=awaiting_otp",
            "before={far}",
            "before={far}&status=failed",
            "before={far}&provider=cashfree",
            "q={reference}",
            "q={shared}",
            "q={phone}",
            "q={otp}",
            "q={receipt}",
            "q={debit}",
            "q={payment}",
            "q=nothing+has+this+name",
            "q={shared}&status=failed",
        )
    ),
    *(f"/bookings?q={word}" for word in ("{reference}", "{shared}", "{phone}", "nobody+at+all")),
    "/bookings?q=Xyzzy",
    "/bookings?q=t",
    "/bookings?status=PENDING",
    "/bookings?status=TO_REFUND",
    *(f"/conversations?q={word}" for word in ("{reference}", "{phone}", "nobody+at+all")),
    "/conversations?show=wanted",
    "/operations?errors=1",
    "/statements?month=2025-06",
    "/statements?from=2025-01-01&to=2025-12-31",
)


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
        wrong += _unknown(app.extensions["admin"].app) if operator_id is None else []
        client = _signed_in(app, name)
        words = _words(operator_id)
        for address in _addresses(app.extensions["admin"].app, operator_id):
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


def _words(operator_id: int | None) -> dict[str, str]:
    """What the addresses of lists are filled with: names of one of the viewer's older payments."""
    with transaction() as db:
        row = db.execute(text(_NAMES.replace("{own}", _OWN)), {"operator": operator_id})
        names = row.mappings().one()
    words = {name: quote(str(value)) for name, value in names.items()}
    words["far"] = write_cursor((names["at"], names["payment"]))
    return words


def _addresses(view: Flask, operator_id: int | None) -> Iterator[str]:
    """Every page that is read, with rows of the viewer's own; then the lists, narrowed."""
    adapter = view.url_map.bind("localhost")
    for rule in sorted(view.url_map.iter_rules(), key=lambda rule: rule.rule):
        if not _is_page(rule) or _unsaid(rule):
            continue
        values = {name: _sample(_key(rule, name), operator_id) for name in rule.arguments}
        if None in values.values():
            say(f"{'':>24}  {rule.rule}: there is no {', '.join(sorted(rule.arguments))}")
            continue
        yield adapter.build(rule.endpoint, values)
    yield from ADDRESSES


def _unknown(view: Flask) -> list[str]:
    """Pages that cannot be called, because nobody said what their address may name."""
    return [
        f"{rule.rule}: no sample of {', '.join(_unsaid(rule))}"
        for rule in view.url_map.iter_rules()
        if _is_page(rule) and _unsaid(rule)
    ]


def _unsaid(rule: Rule) -> list[str]:
    return sorted(name for name in rule.arguments if _key(rule, name) not in SAMPLES)


def _key(rule: Rule, name: str) -> str:
    """What a name in an address means may be this page's alone."""
    own = f"{rule.endpoint}:{name}"
    return own if own in SAMPLES else name


def _is_page(rule: Rule) -> bool:
    """Not a table for download, which takes as long as it is long: see `_export`."""
    is_read = "GET" in (rule.methods or ()) and rule.endpoint != "static"
    return is_read and not rule.rule.endswith(".csv")


def _sample(key: str, operator_id: int | None) -> Any:
    with transaction() as db:
        sample = SAMPLES[key].replace("{payment}", _OF_PAYMENT).replace("{own}", _OWN)
        query = text(f"SELECT {sample} LIMIT 1")
        return db.execute(query, {"operator": operator_id}).scalar()


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
