"""`kaspi`: a merchant's devices and trade points with Kaspi's own API."""

import json

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from bot.cli.common import ACTOR, plain_errors, runtime
from domain import accounts
from domain.database import repeat
from domain.models import Account
from domain.sealing import Unreadable
from providers.contract import ProviderError
from providers.kaspi import ENTRY, KaspiDevices, native_settings


@click.group(cls=AppGroup)
def kaspi() -> None:
    """Devices and trade points of an account with Kaspi's own API (KASPI_MODE native)."""


@kaspi.command()
@click.argument("account", type=int)
def tradepoints(account: int) -> None:
    """The trade points of ACCOUNT's merchant."""
    try:
        found = _devices(account).trade_points()
    except ProviderError as error:
        raise click.ClickException(f"Kaspi does not say: {error}.") from None
    click.echo("\n".join(f"{point.trade_point_id}: {point.name}" for point in found))
    if not found:
        click.echo("There are none. Make one in the Kaspi Pay app.")


@kaspi.command()
@click.argument("account", type=int)
@click.argument("device")
@click.argument("tradepoint", type=int)
def register(account: int, device: str, tradepoint: int) -> None:
    """Register DEVICE (letters, digits, _ and -) at TRADEPOINT, and keep its token in ACCOUNT."""
    try:
        token = _devices(account).register(device, tradepoint).device_token
    except ProviderError as error:
        raise click.ClickException(f"Kaspi did not register it: {error}.") from None
    sealer = runtime().accounts.sealer
    secrets = {"device_token": token}
    with plain_errors():
        repeat(lambda db: accounts.keep_secret(db, account, secrets, sealer, ACTOR))
    click.echo(f"Registered {device}; its token is kept in account {account}.")


@kaspi.command()
@click.argument("account", type=int)
@click.confirmation_option(prompt="No link can be made with this device any more. Delete it?")
def delete(account: int) -> None:
    """Delete the device of ACCOUNT at Kaspi."""
    try:
        _devices(account).delete()
    except ProviderError as error:
        raise click.ClickException(f"Kaspi did not delete it: {error}.") from None
    click.echo(f"Deleted the device of account {account}. Register another one.")


def _devices(account_id: int) -> KaspiDevices:
    started = runtime()

    def read(db: Session) -> dict[str, str]:
        account = db.get(Account, account_id)
        if account is None or account.provider != ENTRY.name:
            raise click.ClickException(f"Account {account_id} is none with Kaspi.")
        secrets: dict[str, str] = json.loads(started.accounts.sealer.open(account.secrets_sealed))
        return account.settings | secrets

    try:
        with plain_errors():
            credentials = repeat(read)
        return KaspiDevices(native_settings(credentials, started.accounts.timeouts))
    except Unreadable:
        raise click.ClickException("The account's secrets cannot be opened.") from None
    except (KeyError, ValueError) as error:
        raise click.ClickException(f"The account cannot work: {error}.") from None
