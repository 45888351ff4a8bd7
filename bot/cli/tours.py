"""`tours rename`: the name that customers see."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cli.common import ACTOR, plain_errors
from domain.database import repeat
from domain.models import AuditEntry, Tour

_LONGEST_NAME = 200


@click.group()
def tours() -> None:
    """Tours of the operators."""


@tours.command()
@click.argument("number", type=click.IntRange(min=1))
@click.argument("name")
def rename(number: int, name: str) -> None:
    """Give tour NUMBER another NAME. Its number, departures and references stay."""
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST_NAME:
        raise click.ClickException(f"A tour's name has 1 to {_LONGEST_NAME} characters.")
    with plain_errors():
        before = repeat(lambda db: _rename(db, number, name))
    if before is None:
        raise click.ClickException(f"There is no tour {number}.")
    click.echo(f"Tour {number} was called {before} and is now called {name}.")


def _rename(db: Session, number: int, name: str) -> str | None:
    tour = db.execute(select(Tour).where(Tour.id == number).with_for_update()).scalar_one_or_none()
    if tour is None:
        return None
    before, tour.name = tour.name, name
    if before != name:
        detail = {"from": before, "to": name}
        db.add(AuditEntry(actor=ACTOR, act="tour_renamed", subject=f"tour:{number}", detail=detail))
    return before
