"""Transactions: the list with its filters and its search, and the same as CSV."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from bot.admin import viewers
from bot.admin.csvs import csv_answer
from bot.admin.paging import address_of, read_cursor
from bot.admin.rights import Right, needs
from bot.admin.running import zone
from bot.admin.showing import STATUSES as WORDS
from bot.admin.transactions import export, queries, search
from bot.admin.transactions.accounts import AccountView, accounts
from bot.admin.transactions.forms import Chip, read
from domain.database import transaction
from domain.states import STATUSES

blueprint = Blueprint("transactions", __name__)

_CURSOR = (datetime.fromisoformat, lambda part: UUID(str(part)))


@blueprint.get("/transactions")
@needs(Right.SEE)
def index() -> AnyResponse | str:
    """The list, as its address narrows it; htmx gets the part below the filters."""
    address = _clean(request.args)
    is_part = _wants_part()
    if not is_part and len(list(address.items(multi=True))) < len(
        list(request.args.items(multi=True))
    ):
        return redirect(_to("index", address))
    scope = viewers.scope()
    with transaction() as db:
        known = accounts(db, scope)
        asked = read(address, known)
        listing = queries.Listing(scope, known, asked.filters, zone())
        before = read_cursor(address.get("before"), _CURSOR)
        page = queries.page(db, listing, before)
    own = search.payment_id(asked.filters.query)
    if own is not None and not is_part and [row.id for row in page.rows] == [own]:
        return redirect(url_for("payment.show", payment_id=own), 303)
    shown = {
        "page": page,
        "asked": asked,
        "chips": [(chip, _without(address, chip)) for chip in asked.chips],
        "export": _to("as_csv", _less(address, "before")),
        "kinds": sorted({kind for row in page.rows for kind in row.matched}),
    }
    if is_part:
        answer = Response(render_template("transactions/list.html", **shown))
        answer.headers["HX-Push-Url"] = _to("index", address)
        return answer
    return render_template("transactions/index.html", **shown, **_choices(known))


@blueprint.get("/transactions/payments.csv")
@needs(Right.SEE)
def as_csv() -> Response:
    """Everything that the same address lists, as a table."""
    person = viewers.viewer()
    with transaction() as db:
        known = accounts(db, person.scope)
        asked = read(request.args, known)
        listing = queries.Listing(person.scope, known, asked.filters, zone())
        export.write_down(db, person.by, asked.filters)
    return csv_answer("payments.csv", export.HEADER, export.rows(listing))


def _choices(known: Sequence[AccountView]) -> dict[str, Any]:
    """What the filters offer: only what whoever looks has."""
    return {
        "statuses": [(name, WORDS[name][0]) for name in STATUSES],
        "providers": sorted({each.provider for each in known}),
        "currencies": sorted({each.currency for each in known}),
        "operators": sorted({(each.operator, each.operator_id) for each in known}),
    }


def _wants_part() -> bool:
    """Whether htmx asks. When it restores a page that was left, it wants the whole."""
    restores = "HX-History-Restore-Request" in request.headers
    return "HX-Request" in request.headers and not restores


def _clean(args: "MultiDict[str, str]") -> "MultiDict[str, str]":
    """Without what was left empty, so that an address says only what it asks for."""
    return MultiDict([(name, value) for name, value in args.items(multi=True) if value.strip()])


def _less(address: "MultiDict[str, str]", *names: str) -> "MultiDict[str, str]":
    kept = [(name, value) for name, value in address.items(multi=True) if name not in names]
    return MultiDict(kept)


def _without(address: "MultiDict[str, str]", chip: Chip) -> str:
    """The address with one filter dropped, from its first page."""
    kept = [
        (name, value)
        for name, value in _less(address, "before").items(multi=True)
        if (name, value) != (chip.name, chip.value)
    ]
    return _to("index", MultiDict(kept))


def _to(endpoint: str, address: "MultiDict[str, str]") -> str:
    return address_of(f".{endpoint}", address.items(multi=True))
