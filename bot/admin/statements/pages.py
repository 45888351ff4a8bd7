"""Statements: an account's money by day, to be compared with the bank's, and as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, render_template, request

from bot.admin.csvs import csv_answer
from bot.admin.rights import Right, needs
from bot.admin.running import zone
from bot.admin.statements import queries
from bot.admin.statements.queries import DAY_HEADER, TRANSFER_HEADER, Choice
from bot.admin.viewers import scope, viewer
from domain import clock
from domain.database import transaction
from domain.staff.trail import entry
from domain.statements import Period, Statement, statement

blueprint = Blueprint("statements", __name__)

_LONGEST_DAYS = 366
_YEARS = (2000, 2100)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. `chosen` None: there is no account to make a statement of."""

    operators: Sequence[tuple[int, str]]
    operator_id: int | None
    books: Sequence[Choice]
    chosen: Choice | None
    period: Period
    ignored: tuple[str, ...]

    @property
    def months(self) -> Sequence[date]:
        """The first days of the period's month and of those beside it."""
        this = self.period.first.replace(day=1)
        before = (this - timedelta(days=1)).replace(day=1)
        return (before, this, (this + timedelta(days=32)).replace(day=1))


@blueprint.get("/statements")
@needs(Right.SEE)
def index() -> str:
    """One account's days, with their sums."""
    asked = _asked()
    found = None
    if asked.chosen is not None:
        with transaction() as db:
            found = statement(db, asked.chosen.book, asked.period)
    return render_template("statements/index.html", asked=asked, found=found)


@blueprint.get("/statements/days.csv")
@needs(Right.SEE)
def days() -> Response:
    """The days as CSV."""
    chosen, asked, found = _stated()
    name = _file_name("days", chosen, asked.period)
    _write_down("days", asked, chosen)
    return csv_answer(name, DAY_HEADER, queries.day_rows(found, chosen.book.currency))


@blueprint.get("/statements/transfers.csv")
@needs(Right.SEE)
def transfers() -> Response:
    """Every transfer as CSV."""
    chosen, asked, found = _stated()
    name = _file_name("transfers", chosen, asked.period)
    _write_down("transfers", asked, chosen)
    rows = queries.transfer_rows(chosen.book, asked.period, found)
    return csv_answer(name, TRANSFER_HEADER, rows)


def _stated() -> tuple[Choice, Asked, Statement]:
    """What was asked for, and its statement; 404 where there is nothing to make one of."""
    asked = _asked()
    chosen = asked.chosen or abort(404)
    with transaction() as db:
        return chosen, asked, statement(db, chosen.book, asked.period)


def _write_down(what: str, asked: Asked, chosen: Choice) -> None:
    """Who takes a statement away, and which."""
    account = chosen.account
    subject = f"account:{account.id}" if account else f"operator:{asked.operator_id}"
    period = {"first_day": str(asked.period.first), "last_day": str(asked.period.last)}
    detail = {"table": what, "currency": chosen.book.currency, **period}
    with transaction() as db:
        db.add(entry(viewer().by, "statement_exported", subject, detail))


def _file_name(kind: str, chosen: Choice, period: Period) -> str:
    return f"{kind}-{chosen.key}-{period.first}-{period.last}.csv"


def _asked() -> Asked:
    """Reads the address. An operator or account of somebody else is not there: 404."""
    with transaction() as db:
        operators = queries.operators(db, scope())
        operator_id = request.args.get("operator", type=int)
        book = request.args.get("book", "")
        if operator_id is None and book.isdecimal() and len(book) < 19:
            operator_id = queries.owner_of(db, scope(), int(book)) or abort(404)
        if operator_id is None:
            operator_id = operators[0][0] if operators else None
        elif operator_id not in dict(operators):
            abort(404)
        books = [] if operator_id is None else queries.choices(db, scope(), operator_id)
    period, ignored = _period()
    return Asked(operators, operator_id, books, _pick(books, book), period, ignored)


def _pick(books: Sequence[Choice], key: str) -> Choice | None:
    """The book of this key. With another operator chosen the key of the last one's is still in the
    address: the first book then.
    """
    named = next((each for each in books if each.key == key), None)
    return named or next(iter(books), None)


def _period() -> tuple[Period, tuple[str, ...]]:
    """A month, or from one day to another; this month where nothing is said. What could not be read
    is told in words.
    """
    here = zone()
    today = clock.now().astimezone(here).date()
    this_month = _month_of(f"{today:%Y-%m}", here)
    ignored: list[str] = []
    month, first, last = (request.args.get(name, "").strip() for name in ("month", "from", "to"))
    if first or last:
        try:
            begins = _day(first) if first else None
            ends = _day(last) if last else today
            period = Period(begins or ends.replace(day=1), ends, here)
        except ValueError:
            return this_month, ("A day is written like 2026-11-21. This month is shown.",)
        if period.last < period.first:
            return this_month, ("The last day is before the first one. This month is shown.",)
        if period.last - period.first >= timedelta(days=_LONGEST_DAYS):
            ignored.append("At most a year is shown at once.")
            period = Period(period.first, period.first + timedelta(days=_LONGEST_DAYS - 1), here)
        return period, tuple(ignored)
    if month:
        try:
            return _month_of(month, here), ()
        except ValueError:
            return this_month, ("A month is written like 2026-11. This month is shown.",)
    return this_month, ()


def _day(text: str) -> date:
    """Raises ValueError for what is no day, and for one that nothing of ours can be of."""
    day = date.fromisoformat(text)
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise ValueError("too long ago, or too far away")
    return day


def _month_of(text: str, here: ZoneInfo) -> Period:
    """Raises ValueError."""
    first = _day(f"{text}-01")
    following = (first + timedelta(days=32)).replace(day=1)
    return Period(first, following - timedelta(days=1), here)
