"""Which addresses of the web view the bench calls: every page with rows of the viewer's own, and
the lists under what narrows them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule

from bench.results import say
from bot.admin.paging import write_cursor
from domain.database import transaction

# Where a page's address names a row: one of the viewer's own. An admin's are anybody's.
_OWN = "(CAST(:operator AS bigint) IS NULL OR account.operator_id = :operator)"
_OF_PAYMENT = "payment JOIN account ON account.id = payment.account_id WHERE {own}"
_OF_OUTSIDE = (
    "transfer JOIN booking ON booking.id = booking_id JOIN account USING (operator_id)"
    " WHERE {own} AND kind = 'outside' ORDER BY transfer.id"
)
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
    # A crowd pays by providers alone, so there may be none.
    "bookings.taking_back.propose:booking_id": f"booking_id FROM {_OF_OUTSIDE}",
    "bookings.taking_back.propose:transfer_id": f"transfer.id FROM {_OF_OUTSIDE}",
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

# Lists with what narrows them; `{…}` is a word of the viewer's own data, see `words_of`.
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


def words_of(operator_id: int | None) -> dict[str, str]:
    """What the addresses of lists are filled with: names of one of the viewer's older payments."""
    with transaction() as db:
        row = db.execute(text(_NAMES.replace("{own}", _OWN)), {"operator": operator_id})
        names = row.mappings().one()
    words = {name: quote(str(value)) for name, value in names.items()}
    words["far"] = write_cursor((names["at"], names["payment"]))
    return words


def addresses(view: Flask, operator_id: int | None) -> Iterator[str]:
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


def unsaid_pages(view: Flask) -> list[str]:
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
