"""`flows draw` and `crashpoints`: what a person may want to see of how it works."""

import click

from domain.crashpoints import POINTS
from flows.conversations import FLOWS
from flows.drawing import draw


@click.command()
def crashpoints() -> None:
    """List the places where CRASH_AT=NAME kills a process, to prove that nothing is lost."""
    width = max(len(name) for name in POINTS)
    for name, what in POINTS.items():
        click.echo(f"{name:<{width}}  {what}")


@click.group()
def flows() -> None:
    """The conversations."""


@flows.command("draw")
@click.argument("name", required=False)
def draw_flow(name: str | None) -> None:
    """Draw conversation NAME as a Mermaid state diagram; without NAME, list what there is."""
    by_name = {flow.name: flow for flow in FLOWS}
    if name is None:
        for each in by_name:
            click.echo(each)
        return
    if name not in by_name:
        raise click.ClickException(
            f"No conversation is called {name!r}. There are: {', '.join(by_name)}."
        )
    click.echo(draw(by_name[name]), nl=False)
