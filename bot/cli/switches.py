"""`switches`: what may take new payments now; paused and resumed by whoever has the machine."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cli.common import ACTOR, counted, operator_id, plain_errors
from domain import switches as rules
from domain.database import repeat, transaction
from domain.models import Operator, Switch
from providers.registry import PROVIDERS

_KINDS = ("all", "operator", "provider")


@click.group()
def switches() -> None:
    """Pause and resume new payments.

    Payments under way go on, whatever is paused. SCOPE is `all`, `operator NAME` or
    `provider NAME`.
    """


@switches.command("list")
def list_() -> None:
    """What is paused, since when, and by whom."""
    with plain_errors(), transaction() as db:
        names = {
            rules.operator_scope(owner_id): f"operator {name}"
            for owner_id, name in db.execute(select(Operator.id, Operator.name))
        }
        lines = [
            _line(switch, names.get(switch.scope, switch.scope.replace(":", " ")))
            for switch in rules.standing(db)
        ]
    click.echo("\n".join(lines) or "Nothing is paused.")


@switches.command()
@click.argument("kind", metavar="SCOPE", type=click.Choice(_KINDS))
@click.argument("name", required=False)
@click.option("--words", help="What customers are told beside, in their language as it stands.")
def pause(kind: str, name: str | None, words: str | None) -> None:
    """Take no new payments for SCOPE. Those under way go on."""
    if words is not None and len(words) > rules.LONGEST_WORDS:
        raise click.ClickException(f"--words has at most {rules.LONGEST_WORDS} characters.")
    with plain_errors():
        done = repeat(lambda db: rules.pause(db, _scope(db, kind, name), ACTOR, words))
    what = _spoken(kind, name)
    click.echo(f"Paused new payments: {what}." if done else f"Paused already, so: {what}.")


@switches.command()
@click.argument("kind", metavar="SCOPE", type=click.Choice(_KINDS))
@click.argument("name", required=False)
def resume(kind: str, name: str | None) -> None:
    """Take new payments for SCOPE again, unless something wider or narrower is paused."""
    with plain_errors():
        done = repeat(lambda db: rules.resume(db, _scope(db, kind, name), ACTOR))
    what = _spoken(kind, name)
    click.echo(f"Resumed new payments: {what}." if done else f"Not paused: {what}.")


def _scope(db: Session, kind: str, name: str | None) -> str:
    if (kind == "all") != (name is None):
        raise click.UsageError("SCOPE is `all`, `operator NAME` or `provider NAME`.")
    if name is None:
        return rules.ALL
    if kind == "provider":
        if name not in PROVIDERS:
            raise click.ClickException(
                f"No provider is called so. There are: {', '.join(sorted(PROVIDERS))}."
            )
        return rules.provider_scope(name)
    return rules.operator_scope(operator_id(db, name))


def _spoken(kind: str, name: str | None) -> str:
    return "everything" if name is None else f"{kind} {name}"


def _line(switch: Switch, name: str) -> str:
    what = "everything" if switch.scope == rules.ALL else name
    if switch.paused_at is None:
        return f"{what}: open, {counted(switch.failures, 'call')} in a row not answered"
    line = f"{what}: paused since {switch.paused_at:%Y-%m-%d %H:%M} UTC by {switch.paused_by}"
    if switch.probe_at is not None:
        line += f", probed next at {switch.probe_at:%H:%M:%S} UTC"
    return line if switch.words is None else f"{line}: {switch.words}"
