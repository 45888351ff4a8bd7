"""`bookings import`: bookings out of a CSV file, all rows or none."""

from typing import BinaryIO

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from bot.cli.common import ACTOR, counted, plain_errors, runtime
from bot.references import can_be_typed
from domain.database import repeat
from domain.importing import (
    LARGEST_FILE_BYTES,
    ImportRefused,
    ImportReport,
    Reading,
    apply_bookings,
    read_bookings,
)

_NAMED_AT_MOST = 3


@click.group()
def bookings() -> None:
    """Bookings of the operators."""


@bookings.command("import")
@click.argument("file", type=click.File("rb"))
@with_appcontext
def import_bookings(file: BinaryIO) -> None:
    """Add and change bookings from a CSV file: all rows, or none.

    FILE is UTF-8, with commas or semicolons between its columns, which may stand in any order; `-`
    reads what is piped in. At most 20,000 rows and 10 MB. Everything that is wrong is named by line
    and column, and nothing is imported then. Importing a file again changes nothing.

    \b
    COLUMN            HOLDS                               MAY CHANGE LATER
    reference         letters and digits: KS-2024-001     never
    tour_id           the tour's number; or empty         while nothing is paid [1]
    tour_name         needed when the tour is new         never [2]
    start_date        2026-02-10; or empty                yes [3]
    customer_name     who leads the booking               yes
    customer_phone    +263771234567, or 0771234567 [4]    while nothing is paid [5]
    total             1,250.00 or 500                     while nothing is paid [5]
    currency          USD, ZWG, KZT or INR                never
    operator *        empty: the default operator         never
    paid *            paid before it came here; or empty  never: counts once [6]
    email *           an address; or empty                yes
    deposit *         an amount; or empty                 yes
    balance_due_on *  2026-01-10; or empty                yes

    \b
    *   The column may be left out; what is stored then stays. An empty field
        under the column empties it.
    [1] A booking that has no departure yet may be given one at any time.
    [2] Another name for a known tour is refused; `tours rename` renames it.
    [3] A tour without a date is no departure. The shared reference follows the
        date. Once something is paid the date may move but not be emptied.
    [4] Without country code: a number of the currency's country (USD and ZWG:
        Zimbabwe, KZT: Kazakhstan, INR: India).
    [5] Nor may have been; the total waits for payments under way as well.
    [6] It becomes the booking's opening balance. Importing it again with the
        same amount changes nothing; another amount is refused.

    Of a cancelled booking neither total nor departure changes. Dates other than year-month-day,
    amounts with signs, exponents or a decimal comma are refused, never guessed at.
    """
    data = file.read(LARGEST_FILE_BYTES + 1)
    with plain_errors():
        try:
            reading = read_bookings(data, runtime().settings.default_operator, can_be_typed)
            report = repeat(lambda db: _apply(db, reading))
        except ImportRefused as refused:
            for fault in refused.faults:
                click.echo(str(fault), err=True)
            found = counted(len(refused.faults), "fault")
            raise click.ClickException(f"{found}. Nothing was imported.") from None
    _tell(report, reading)


def _apply(db: Session, reading: Reading) -> ImportReport:
    return apply_bookings(db, reading, ACTOR)


def _tell(report: ImportReport, reading: Reading) -> None:
    click.echo(
        f"{report.added:,} added, {report.changed:,} changed, {report.unchanged:,} unchanged."
    )
    if report.operators:
        click.echo(f"New operators: {', '.join(report.operators)}.")
    if report.tours:
        click.echo(f"{counted(len(report.tours), 'new tour')}.")
    hidden = [row.reference for row in reading.rows if not row.can_be_typed]
    if hidden:
        named = ", ".join(hidden[:_NAMED_AT_MOST])
        click.echo(
            f"Note: {counted(len(hidden), 'reference')} ({named}{', …' if hidden[3:] else ''})"
            " cannot be told from other words in a message. Customers can pick such a booking from"
            " their own, but not type it: letters and digits, five or more, work best."
        )
