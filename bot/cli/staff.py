"""`staff …`: who may sign in, and as what."""

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cli.common import operator_id, plain_errors, runtime
from bot.invitations import join_address
from domain.database import repeat, transaction
from domain.models import Operator, Staff
from domain.staff import invitations, people
from domain.staff.people import Bar, Place
from domain.staff.trail import MACHINE, write_down
from domain.wishes import NotDone

_WORDS = {
    Bar.LAST_ADMIN: "This is the last admin. Add another one first.",
    Bar.IS_DISABLED: "This person is disabled: `staff add` enables them again.",
}


@click.group()
def staff() -> None:
    """The people who look after payments."""


@staff.command()
@click.argument("email")
@click.option("--role", type=click.Choice(["admin", "operator"]), required=True)
@click.option("--operator", "operator_name", help="Whose tours an operator's own staff may see.")
@with_appcontext
def add(email: str, role: str, operator_name: str | None) -> None:
    """Let EMAIL sign in as an admin, or as one operator's own staff.

    A new person gets a link by which they choose a password. Somebody who was disabled is enabled
    again; another role replaces the one they had.
    """
    address = people.read_email(email)
    if address is None:
        raise click.ClickException("This is not an e-mail address.")
    if (role == "operator") != (operator_name is not None):
        raise click.UsageError("--operator NAME goes with --role operator, and only with it.")
    with plain_errors():
        done, token = repeat(lambda db: _add(db, address, role, operator_name))
    click.echo(done)
    if token is not None:
        _show(token)


@staff.command()
@click.argument("email")
@with_appcontext
def link(email: str) -> None:
    """A new link for EMAIL, who lost theirs, their password or their authenticator. The one before
    ends.
    """
    with plain_errors():
        made = repeat(lambda db: people.make_link(db, MACHINE, _staff_id(db, email)))
    if isinstance(made, NotDone):
        raise click.ClickException(_WORDS[Bar(made.why)])
    _show(made.token)


@staff.command()
@click.argument("email")
def disable(email: str) -> None:
    """Sign EMAIL out everywhere, and let them in no more."""
    with plain_errors():
        refused = repeat(lambda db: people.disable(db, MACHINE, _staff_id(db, email)))
    if refused is not None:
        raise click.ClickException(_WORDS[Bar(refused.why)])
    click.echo(f"{email.strip().lower()} can no longer sign in.")


@staff.command("list")
def list_them() -> None:
    """Everybody of staff, with their role."""
    with plain_errors(), transaction() as db:
        rows = db.execute(
            select(Staff, Operator.name)
            .outerjoin(Operator, Operator.id == Staff.operator_id)
            .order_by(Staff.email)
        ).all()
    for person, operator in rows:
        click.echo("\t".join(_line(person, operator)))


def _line(person: Staff, operator: str | None) -> tuple[str, ...]:
    facts = [
        "disabled" if person.disabled_at is not None else "",
        "never signed in" if person.password_hash is None else "",
        "authenticator" if person.totp_sealed is not None else "",
        "approver" if person.approver_from is not None else "",
    ]
    return (
        person.email,
        person.role if operator is None else f"{person.role} of {operator}",
        ", ".join(fact for fact in facts if fact) or "-",
    )


def _show(token: str) -> None:
    hours = round(invitations.LIVES.total_seconds() / 3_600)
    click.echo(f"To choose a password, within {hours} hours; pass it on to nobody else:")
    click.echo(join_address(runtime().settings, token))


def _staff_id(db: Session, email: str) -> int:
    address = email.strip().lower()
    found = db.execute(select(Staff.id).where(Staff.email == address)).scalar_one_or_none()
    if found is None:
        raise click.ClickException(f"Nobody of staff is {address}.")
    return found


def _add(db: Session, email: str, role: str, operator_name: str | None) -> tuple[str, str | None]:
    """What was done, and the token of a new person's link."""
    place = Place(role, None if operator_name is None else operator_id(db, operator_name))
    staff_as = f"{role} of {operator_name}" if operator_name else role
    added = people.add(db, MACHINE, email, place)
    if added is not None:
        return f"Added {email} as {staff_as}.", invitations.make(db, MACHINE, added)

    person = db.execute(select(Staff).where(Staff.email == email).with_for_update()).scalar_one()
    if Place(person.role, person.operator_id) == place and person.disabled_at is None:
        return f"{email} is {staff_as} already.", None
    was_disabled = person.disabled_at is not None
    person.role, person.operator_id, person.disabled_at = role, place.operator_id, None
    act = "staff_enabled" if was_disabled else "staff_role_changed"
    write_down(db, MACHINE, act, person.id, **{"as": staff_as})
    if was_disabled:
        return f"Enabled {email} again, as {staff_as}.", None
    return f"Changed {email} to {staff_as}.", None
