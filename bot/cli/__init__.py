"""The commands of the house: `flask --app wsgi …`."""

from flask import Flask

from bot.cli import (
    accounts,
    bookings,
    books,
    chat,
    doctor,
    drawings,
    kaspi,
    refunds,
    releasing,
    staff,
    switches,
    tours,
)


def add_commands(app: Flask) -> None:
    """Add all commands to the app's own `flask` group."""
    for command in (
        releasing.release,
        bookings.bookings,
        tours.tours,
        books.audit,
        doctor.doctor,
        staff.staff,
        accounts.accounts,
        kaspi.kaspi,
        refunds.refunds,
        switches.switches,
        chat.chat,
        drawings.crashpoints,
        drawings.flows,
    ):
        app.cli.add_command(command)
