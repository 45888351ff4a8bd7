"""The entry of every web process and of `flask --app wsgi …`: `wsgi:application`."""

from bot.app import create_app
from bot.config import load_settings
from bot.runtime import start
from bot.services import with_servers

application = create_app(start(with_servers(load_settings())))
