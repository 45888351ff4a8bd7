"""`audit`: proves that the books agree, or lists where they do not."""

import click
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bot.cli.common import counted, plain_errors
from domain.audit import prove
from domain.database import transaction
from domain.models import Booking, Payment, Transfer


@click.command()
@click.pass_context
def audit(context: click.Context) -> None:
    """Prove the books from evidence and transfers.

    Every contradiction is listed, and the exit code is then 1. Safe to run at any time.
    """
    with plain_errors(), transaction() as db:
        # A proof reads whole tables; the limit of a turn's statements would cut it off.
        db.execute(text("SET TRANSACTION READ ONLY"))
        db.execute(text("SET LOCAL statement_timeout = '30min'"))
        contradictions = prove(db)
        bookings, payments, transfers = _counts(db)
    for each in contradictions:
        click.echo(f"{each.what}: {each.where}, {each.detail}")
    if contradictions:
        click.echo(f"The books do not agree: {counted(len(contradictions), 'contradiction')}.")
        context.exit(1)
    click.echo(
        f"The books agree: {counted(bookings, 'booking')}, {counted(payments, 'payment')},"
        f" {counted(transfers, 'transfer')}."
    )


def _counts(db: Session) -> tuple[int, int, int]:
    bookings, payments, transfers = db.execute(
        select(
            select(func.count()).select_from(Booking).scalar_subquery(),
            select(func.count()).select_from(Payment).scalar_subquery(),
            select(func.count()).select_from(Transfer).scalar_subquery(),
        )
    ).one()
    return bookings, payments, transfers
