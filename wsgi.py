"""The entry of every web process and of `flask --app wsgi …`: `wsgi:application`."""

from flask import Flask

from bot.app import create_app
from bot.config import SettingsError, load_settings
from bot.runtime import start
from bot.services import with_servers


def _application() -> Flask:
    try:
        settings = load_settings()
    except SettingsError as error:
        raise SystemExit(f"These settings cannot work:\n{error}") from None
    return create_app(start(with_servers(settings)))


application = _application()
