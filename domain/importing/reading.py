"""Reads a CSV file of bookings by itself: what each row says, and what is wrong with it."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from domain.importing import cells
from domain.importing.cells import BadCell
from domain.money import Money
from domain.references import reference_key

LARGEST_FILE_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
REQUIRED_COLUMNS = (
    "reference",
    "tour_id",
    "tour_name",
    "start_date",
    "customer_name",
    "customer_phone",
    "total",
    "currency",
)
OPTIONAL_COLUMNS = ("operator", "paid", "email", "deposit", "balance_due_on")
_SEPARATORS = (",", ";")

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: the line as an editor counts it (0: the file), the column or ""."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "the file"
        column = f", {self.column}" if self.column else ""
        return f"{where}{column}: {self.reason}"


class ImportRefused(ValueError):
    """Nothing was imported; `faults` says why, in the order of the lines."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"{len(faults)} faults; nothing was imported")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class BookingRow:
    """What one row says. `opening` is what was paid before, None where the file does not say.
    `can_be_typed`: a customer who writes the reference is understood.
    """

    line: int
    reference: str
    key: str
    operator: str
    tour_id: int | None
    tour_name: str | None
    start_date: date | None
    name: str = field(repr=False)
    phone: str = field(repr=False)
    total: Money
    opening: Money | None
    email: str | None = field(repr=False)
    deposit: Money | None
    balance_due_on: date | None
    can_be_typed: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """The good rows, the faults of the others, and which of the optional columns the file has."""

    rows: tuple[BookingRow, ...]
    faults: tuple[Fault, ...]
    optional_columns: frozenset[str]


def read_bookings(
    data: bytes, default_operator: str, can_be_typed: Callable[[str], bool]
) -> Reading:
    """Read a file: UTF-8, separated by commas or semicolons, quoted as spreadsheets do.

    Rows without an operator are of `default_operator`. `can_be_typed` says of a reference whether a
    customer who writes it is understood: how they are read is not the domain's. Bad cells are
    faults of the reading. Raises ImportRefused for what cannot be read as a table of bookings at
    all.
    """
    lines = _lines(_decode(data))
    columns = _columns(*next(lines, (1, [])))
    return _read_rows(lines, columns, default_operator, can_be_typed)


def _decode(data: bytes) -> str:
    if len(data) > LARGEST_FILE_BYTES:
        raise _refused(f"is larger than {LARGEST_FILE_BYTES // 1024**2} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(
            "is not UTF-8 from here on: save it as “CSV UTF-8”",
            data.count(b"\n", 0, error.start) + 1,
        ) from None
    if not text.strip():
        raise _refused("is empty")
    return text


def _separator(text: str) -> str:
    """The separator that the header has more of: names of columns hold neither."""
    heading = text.lstrip().partition("\n")[0]
    return max(_SEPARATORS, key=heading.count)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line on which it begins. The text is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error:
        raise _refused(
            "cannot be read: a quoted field begins in this row that does not end, or goes on after"
            " its closing quote, or is far too long",
            begins,
        ) from None


def _columns(line: int, heading: list[str]) -> list[str]:
    """The names of the columns, in the file's order.

    Raises ImportRefused with everything that is wrong with them.
    """
    names = [_plain(cell).lower() for cell in heading]
    known = {*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS}
    wrong = [
        f"{_called(number, name)} is none of {', '.join((*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS))}"
        for number, name in enumerate(names, 1)
        if name not in known
    ]
    wrong += [f"the column {name} is missing" for name in REQUIRED_COLUMNS if name not in names]
    wrong += [
        f"the column {name} stands there twice"
        for name in dict.fromkeys(names)
        if name in known and names.count(name) > 1
    ]
    if wrong:
        raise ImportRefused(tuple(Fault(line, "", reason) for reason in wrong))
    return names


def _called(number: int, name: str) -> str:
    """An unknown column by its name; by its place, where it has none or is no name but data."""
    is_name = name and not any(character.isdigit() or character == "@" for character in name)
    return f"column {name[:40]!r}" if is_name else f"column {number}"


def _plain(cell: str) -> str:
    try:
        return cells.clean(cell)
    except BadCell:
        return cell.strip()


def _read_rows(
    lines: Iterator[tuple[int, list[str]]],
    columns: list[str],
    default_operator: str,
    can_be_typed: Callable[[str], bool],
) -> Reading:
    rows: list[BookingRow] = []
    faults: list[Fault] = []
    first_lines: dict[str, int] = {}
    for count, (line, values) in enumerate(lines, 1):
        if count > MOST_ROWS:
            raise _refused(f"has more than {MOST_ROWS} rows: split it")
        if len(values) != len(columns):
            reason = f"has {len(values)} fields where the header has {len(columns)}"
            faults.append(Fault(line, "", reason))
            continue
        cursor = _Row(line, dict(zip(columns, values, strict=True)))
        row = _read_row(cursor, default_operator, can_be_typed)
        if cursor.reference_key:
            first = first_lines.setdefault(cursor.reference_key, line)
            if first != line:
                cursor.wrong("reference", f"is the same booking as line {first}")
        faults += cursor.faults
        if row is not None and not cursor.faults:
            rows.append(row)
    return Reading(tuple(rows), tuple(faults), frozenset(columns) & frozenset(OPTIONAL_COLUMNS))


class _Row:
    """One row while it is read: hands out its cells, collects what is wrong with them."""

    def __init__(self, line: int, values: Mapping[str, str]) -> None:
        self.line = line
        self.values = values
        self.faults: list[Fault] = []
        self.reference_key = ""

    def wrong(self, column: str, reason: str) -> None:
        self.faults.append(Fault(self.line, column, reason))

    def may(self, column: str, read: Callable[[str], Value]) -> Value | None:
        """The cell as `read` reads it; None where it is empty, not there, or bad."""
        try:
            text = cells.clean(self.values.get(column, ""))
            return read(text) if text else None
        except BadCell as error:
            self.wrong(column, str(error))
            return None

    def must(self, column: str, read: Callable[[str], Value]) -> Value | None:
        """The same, and an empty cell is a fault."""
        faults = len(self.faults)
        value = self.may(column, read)
        if value is None and len(self.faults) == faults:
            self.wrong(column, "is empty")
        return value


def _read_row(
    row: _Row, default_operator: str, can_be_typed: Callable[[str], bool]
) -> BookingRow | None:
    """The row, or None when it lacks something that it must have; the row then has the fault."""
    reference = row.must("reference", cells.read_reference)
    row.reference_key = reference_key(reference) if reference else ""
    tour_id, tour_name, start_date = _read_tour(row)
    name = row.must("customer_name", lambda cell: cells.read_text(cell, 200))
    currency = row.must("currency", cells.read_currency)
    operator = row.may("operator", lambda cell: cells.read_text(cell, 120)) or default_operator
    email = row.may("email", cells.read_email)
    balance_due_on = row.may("balance_due_on", cells.read_date)
    if currency is None:
        # Amounts and national phone numbers cannot be read without it.
        return None
    phone = row.must("customer_phone", lambda cell: cells.read_phone(cell, currency))
    total = row.must("total", lambda cell: cells.read_amount(cell, currency))
    opening = row.may("paid", lambda cell: cells.read_amount(cell, currency))
    deposit = row.may("deposit", lambda cell: cells.read_amount(cell, currency))
    if reference is None or name is None or phone is None or total is None:
        return None
    if not total.amount_minor:
        row.wrong("total", "must be more than zero")
    if opening is not None and opening > total:
        row.wrong("paid", "is more than the total")
    if deposit is not None and deposit > total:
        row.wrong("deposit", "is more than the total")
    return BookingRow(
        line=row.line,
        reference=reference,
        key=row.reference_key,
        operator=operator,
        tour_id=tour_id,
        tour_name=tour_name,
        start_date=start_date,
        name=name,
        phone=phone,
        total=total,
        opening=opening,
        email=email,
        # A deposit of nothing is none.
        deposit=deposit if deposit is not None and deposit.amount_minor else None,
        balance_due_on=balance_due_on,
        can_be_typed=can_be_typed(reference),
    )


def _read_tour(row: _Row) -> tuple[int | None, str | None, date | None]:
    """Tour number, name and date; all may be empty, but a name or a date needs the number."""
    faults = len(row.faults)
    tour_id = row.may("tour_id", cells.read_tour_number)
    has_no_tour = tour_id is None and len(row.faults) == faults
    tour_name = row.may("tour_name", lambda cell: cells.read_text(cell, 200))
    start_date = row.may("start_date", cells.read_date)
    if has_no_tour and (tour_name is not None or start_date is not None):
        row.wrong("tour_id", "is empty, but there is a tour_name or a start_date")
    return tour_id, tour_name, start_date


def _refused(reason: str, line: int = 0) -> ImportRefused:
    return ImportRefused((Fault(line, "", reason),))
