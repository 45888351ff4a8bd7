"""Departures: the groups that leave, and everybody on one of them, on a page, on paper and as
CSV.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from flask import Blueprint, abort, current_app, render_template, request
from werkzeug.wrappers import Response

from bot.admin.csvs import csv_answer
from bot.admin.departures import acts, queries
from bot.admin.departures.forms import read_filters
from bot.admin.departures.queries import Manifest
from bot.admin.departures.words import silent_words
from bot.admin.ids import read_id
from bot.admin.paging import read_cursor
from bot.admin.rights import Right, needs
from bot.admin.running import zone
from bot.admin.showing import status_words
from bot.admin.viewers import scope, viewer
from domain.database import transaction
from domain.money import Money
from domain.staff.trail import entry


def _whole_area() -> Blueprint:
    """The pages below, with the acts."""
    area = Blueprint("departures", __name__)
    area.register_blueprint(acts.blueprint)
    return area


blueprint: Blueprint = _whole_area()

_ONE = "/departures/<int:departure_id>"
_HEADER = (
    "tour_reference",
    "tour",
    "start_date",
    "booking_reference",
    "name",
    "phone",
    "currency",
    "total",
    "paid",
    "balance",
    "status",
)


@blueprint.get("/departures")
@needs(Right.SEE)
def index() -> str:
    """The groups, those that leave next first."""
    today = datetime.now(zone()).date()
    filters = read_filters(request.args, today)
    after = read_cursor(request.args.get("before"), (date.fromisoformat, read_id))
    with transaction() as db:
        page = queries.listed(db, scope(), filters, after)
        tours = queries.tours(db, scope())
    operators = sorted({(name, number) for _, _, number, name in tours})
    return render_template(
        "departures/index.html", page=page, filters=filters, tours=tours, operators=operators
    )


@blueprint.get(_ONE)
@needs(Right.SEE)
def show(departure_id: int) -> str:
    """Everybody on one departure; numbers by their ends."""
    return _page("departures/show.html", _found(departure_id))


@blueprint.get(f"{_ONE}/manifest")
@needs(Right.SEE)
def manifest(departure_id: int) -> str:
    """The same for paper."""
    return _page("departures/manifest.html", _found(departure_id))


@blueprint.get(f"{_ONE}/manifest.csv")
@needs(Right.SEE)
def as_csv(departure_id: int) -> Response:
    """The same as a table."""
    found = _found(departure_id)
    _write_down(departure_id, "manifest_exported")
    return _csv(found, masked=True)


@blueprint.post(f"{_ONE}/numbers")
@needs(Right.WORK)
def numbers(departure_id: int) -> str | Response:
    """The page, the paper or the table with whole phone numbers, which is written down."""
    found = _found(departure_id)
    view = request.form.get("view", "page")
    if view not in ("page", "manifest", "csv"):
        abort(400)
    _write_down(departure_id, "numbers_shown", view)
    if view == "csv":
        return _csv(found, masked=False)
    template = "departures/manifest.html" if view == "manifest" else "departures/show.html"
    return _page(template, found, shows_numbers=True)


def _found(departure_id: int) -> Manifest:
    with transaction() as db:
        found = queries.manifest(db, scope(), departure_id)
    return found or abort(404)


def _page(template: str, found: Manifest, *, shows_numbers: bool = False) -> str:
    return render_template(
        template,
        manifest=found,
        group=found.group,
        shows_numbers=shows_numbers,
        silent_words=silent_words,
    )


def _csv(found: Manifest, *, masked: bool) -> Response:
    """Amounts in major units; who is cancelled stands in it with that status."""
    name = f"{found.group.shared_reference}.csv"
    return csv_answer(name, _HEADER, _rows(found, masked=masked))


def _rows(found: Manifest, *, masked: bool) -> Iterator[Sequence[object]]:
    group = found.group
    mask = current_app.jinja_env.filters["masked"]
    for each in found.travellers:
        amounts = (each.total_minor, each.paid_minor, each.balance_minor)
        yield (
            group.shared_reference,
            group.tour,
            group.start_date.isoformat(),
            each.reference,
            each.name,
            mask(each.phone) if masked else each.phone,
            each.currency,
            *(Money(amount, each.currency).to_decimal() for amount in amounts),
            "Cancelled" if each.cancelled_at else status_words(each.status)[0],
        )


def _write_down(departure_id: int, act: str, view: str | None = None) -> None:
    detail = {} if view is None else {"view": view}
    with transaction() as db:
        db.add(entry(viewer().by, act, f"departure:{departure_id}", detail))
