"""`release`: what a new version needs before it serves."""

import click
from flask.cli import with_appcontext

from bot.cli.common import plain_errors, runtime
from bot.release import release as release_version


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
    has_omari = running.settings.omari_merchant_key is not None
    accounts = "its Omari accounts are those of the settings" if has_omari else "no provider is set"
    click.echo(
        "Released: the tables are up to date, the default operator is"
        f" {running.settings.default_operator}, {accounts}."
    )
