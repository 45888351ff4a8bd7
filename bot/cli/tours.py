"""`tours rename`: the name that customers see."""

import click
from sqlalchemy.exc import NoResultFound

from bot.cli.common import plain_errors
from domain.database import repeat
from domain.operators import LONGEST_TOUR_NAME, rename_tour
from domain.staff.trail import MACHINE


@click.group()
def tours() -> None:
    """Tours of the operators."""


@tours.command()
@click.argument("number", type=click.IntRange(min=1))
@click.argument("name")
def rename(number: int, name: str) -> None:
    """Give tour NUMBER another NAME. Its number, departures and references stay."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_TOUR_NAME:
        raise click.ClickException(f"A tour's name has 1 to {LONGEST_TOUR_NAME} characters.")
    try:
        with plain_errors():
            before = repeat(lambda db: rename_tour(db, number, name, MACHINE))
    except NoResultFound:
        raise click.ClickException(f"There is no tour {number}.") from None
    click.echo(f"Tour {number} was called {before} and is now called {name}.")
