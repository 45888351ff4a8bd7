"""`accounts`: operators' merchant accounts with providers."""

import json
from collections.abc import Callable

import click
from flask.cli import AppGroup
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cli.common import ACTOR, operator_id, plain_errors, runtime
from domain import accounts as domain
from domain.database import repeat
from domain.models import Account, Operator, TourAccount
from providers.registry import PROVIDERS


@click.group(cls=AppGroup)
def accounts() -> None:
    """Merchant accounts: which of them takes whose money.

    An account that is off is not replaced by another: its provider is then not offered.
    """


@accounts.command("list")
def show() -> None:
    """All accounts, and which tours name one of their own."""
    with plain_errors():
        lines = repeat(_lines)
    click.echo("\n".join(lines) or "There are no accounts.")


def _lines(db: Session) -> list[str]:
    named: dict[int, list[str]] = {}
    for account_id, tour_id in db.execute(
        select(TourAccount.account_id, TourAccount.tour_id).order_by(TourAccount.tour_id)
    ):
        named.setdefault(account_id, []).append(str(tour_id))
    rows = db.execute(
        select(Account, Operator.name)
        .join(Operator, Operator.id == Account.operator_id)
        .order_by(Operator.name, Account.provider, Account.currency, Account.id)
    )
    return [_line(account, owner, named.get(account.id, [])) for account, owner in rows]


def _line(account: Account, owner: str, tours: list[str]) -> str:
    marks = ["default"] if account.is_default else []
    marks += [] if account.active else ["off"]
    marks += [f"tours {', '.join(tours)}"] if tours else []
    about = f"{account.id}: {owner}, {account.provider} {account.currency}, {account.name}"
    return f"{about} ({'; '.join(marks)})" if marks else about


@accounts.command()
@click.argument("operator")
@click.argument("provider", type=click.Choice(sorted(PROVIDERS)))
@click.option("--currency", help="Needed where the provider takes several.")
@click.option("--name", required=True, help="What staff call it.")
@click.option("--set", "given", multiple=True, metavar="KEY=VALUE", help="A setting of it.")
def add(operator: str, provider: str, currency: str | None, name: str, given: list[str]) -> None:
    """Add an account of OPERATOR with PROVIDER. Its secrets are asked for, and shown nowhere.

    Settings and secrets are those of docs/providers, for example --set base_url=https://…
    """
    entry = PROVIDERS[provider]
    known = set(entry.settings.values())
    settings = dict(_pair(text, known - entry.secrets) for text in given)
    if currency is None and len(entry.currencies) > 1:
        raise click.UsageError(f"--currency is one of {', '.join(sorted(entry.currencies))}.")
    chosen = currency or next(iter(entry.currencies))
    if chosen not in entry.currencies:
        raise click.ClickException(f"{entry.title} does not take {chosen}.")
    asked = {
        key: click.prompt(key, hide_input=True, default="", show_default=False)
        for key in sorted(entry.secrets)
    }
    secrets = {key: text for key, text in asked.items() if text}
    missing = entry.missing(settings | secrets)
    sealer = runtime().accounts.sealer

    def work(db: Session) -> str:
        owner = operator_id(db, operator)
        new = domain.NewAccount(owner, provider, chosen, name, settings, secrets)
        account = domain.add(db, new, sealer, ACTOR)
        if missing:
            domain.deactivate(db, account.id, ACTOR)
        return _line(account, operator, [])

    with plain_errors():
        click.echo(f"Added {repeat(work)}.")
    if missing:
        click.echo(f"It is off until it is complete: {', '.join(missing)} is missing.")


def _pair(text: str, known: set[str]) -> tuple[str, str]:
    key, _, value = text.partition("=")
    if key not in known or not value:
        raise click.UsageError(f"--set takes KEY=VALUE with one of {', '.join(sorted(known))}.")
    return key, value


@accounts.command()
@click.argument("account", type=int)
def activate(account: int) -> None:
    """Let ACCOUNT take new payments, once it is complete."""

    def work(db: Session) -> Account:
        done = domain.activate(db, account, ACTOR)
        secrets = json.loads(runtime().accounts.sealer.open(done.secrets_sealed))
        missing = PROVIDERS[done.provider].missing(done.settings | secrets)
        if missing:
            raise domain.AccountRefused(f"{', '.join(missing)} is missing")
        return done

    _do(work, "takes new payments")


@accounts.command()
@click.argument("account", type=int)
def deactivate(account: int) -> None:
    """Let ACCOUNT take no new payments. What is under way goes on."""
    _do(lambda db: domain.deactivate(db, account, ACTOR), "takes no new payments")


@accounts.command()
@click.argument("account", type=int)
def default(account: int) -> None:
    """Let ACCOUNT take its operator's money from now on."""
    _do(lambda db: domain.make_default(db, account, ACTOR), "is the default")


@accounts.command("for-tour")
@click.argument("account", type=int)
@click.argument("tour", type=int)
@click.option("--forget", is_flag=True, help="The operator's default takes it again.")
def for_tour(account: int, tour: int, forget: bool) -> None:  # noqa: FBT001 - click's way
    """Let ACCOUNT take the money of one TOUR."""
    if forget:
        _do(lambda db: domain.forget_for_tour(db, tour, account, ACTOR), f"leaves tour {tour}")
    else:
        _do(lambda db: domain.choose_for_tour(db, tour, account, ACTOR), f"takes tour {tour}")


def _do(act: Callable[[Session], Account], done: str) -> None:
    def work(db: Session) -> str:
        account = act(db)
        return f"Account {account.id}, {account.name}, {done}."

    try:
        with plain_errors():
            click.echo(repeat(work))
    except domain.AccountRefused as refused:
        raise click.ClickException(f"Not done: {refused}.") from None
