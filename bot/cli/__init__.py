"""The commands of the house: `flask --app wsgi …`. Each is loaded when it is asked for, because a
web process serves without any of them.
"""

from importlib import import_module

import click
from flask import Flask
from flask.cli import AppGroup

# Where each command is: its module here, and its name there.
COMMANDS = {
    "accounts": ("accounts", "accounts"),
    "audit": ("books", "audit"),
    "bookings": ("bookings", "bookings"),
    "chat": ("chat", "chat"),
    "crashpoints": ("drawings", "crashpoints"),
    "doctor": ("doctor", "doctor"),
    "flows": ("drawings", "flows"),
    "kaspi": ("kaspi", "kaspi"),
    "refunds": ("refunds", "refunds"),
    "release": ("releasing", "release"),
    "staff": ("staff", "staff"),
    "switches": ("switches", "switches"),
    "tours": ("tours", "tours"),
}


class Commands(AppGroup):
    """The app's own `flask` group, with our commands in it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return super().get_command(ctx, name)
        module, attribute = COMMANDS[name]
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), attribute)
        return command


def add_commands(app: Flask) -> None:
    """Give the app our commands."""
    app.cli = Commands("bot")
