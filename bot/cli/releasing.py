"""`release`: what a new version needs before it serves."""

import click
from flask.cli import with_appcontext

from bot.cli.common import plain_errors, runtime
from bot.release import release as release_version
from providers.registry import PROVIDERS


@click.command()
@with_appcontext
def release() -> None:
    """Migrate the database, and make the default operator and its accounts.

    Safe to run again, and from several machines at once. Accounts come from the provider settings
    of the environment; a changed key replaces the old one.
    """
    running = runtime()
    with plain_errors():
        release_version(running.database, running.settings, running.accounts.sealer)
    named = [entry.title for entry in PROVIDERS.values() if running.settings.credentials(entry)]
    which = ", ".join(named)
    accounts = f"its accounts in the settings: {which}" if named else "no provider is set"
    click.echo(
        "Released: the tables are up to date, the default operator is"
        f" {running.settings.default_operator}, {accounts}."
    )
