"""`staff add`: who may sign in, and as what."""

import re

import click
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.cli.common import ACTOR, operator_id, plain_errors
from domain.database import repeat
from domain.models import AuditEntry, Staff

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(?:\.[^@\s,;<>\".]+)+")
_LONGEST_EMAIL = 254


@click.group()
def staff() -> None:
    """The people who look after payments."""


@staff.command()
@click.argument("email")
@click.option("--role", type=click.Choice(["admin", "operator"]), required=True)
@click.option("--operator", "operator_name", help="Whose tours an operator's own staff may see.")
def add(email: str, role: str, operator_name: str | None) -> None:
    """Let EMAIL sign in as an admin, or as one operator's own staff.

    Somebody who was disabled is enabled again; another role replaces the one they had.
    """
    address = email.strip().lower()
    if _EMAIL.fullmatch(address) is None or len(address) > _LONGEST_EMAIL:
        raise click.ClickException("This is not an e-mail address.")
    if (role == "operator") != (operator_name is not None):
        raise click.UsageError("--operator NAME goes with --role operator, and only with it.")
    with plain_errors():
        done = repeat(lambda db: _add(db, address, role, operator_name))
    click.echo(done)


def _add(db: Session, email: str, role: str, operator_name: str | None) -> str:
    owner_id = None if operator_name is None else operator_id(db, operator_name)
    staff_as = f"{role} of {operator_name}" if operator_name else role
    added = db.execute(
        insert(Staff)
        .values(email=email, role=role, operator_id=owner_id)
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(Staff.id)
    ).scalar_one_or_none()
    if added is not None:
        _write_down(db, added, "staff_added", staff_as)
        return f"Added {email} as {staff_as}."

    person = db.execute(select(Staff).where(Staff.email == email).with_for_update()).scalar_one()
    same_role = (person.role, person.operator_id) == (role, owner_id)
    if same_role and person.disabled_at is None:
        return f"{email} is {staff_as} already."
    was_disabled = person.disabled_at is not None
    person.role, person.operator_id, person.disabled_at = role, owner_id, None
    _write_down(db, person.id, "staff_enabled" if was_disabled else "staff_role_changed", staff_as)
    if was_disabled:
        return f"Enabled {email} again, as {staff_as}."
    return f"Changed {email} to {staff_as}."


def _write_down(db: Session, staff_id: int, act: str, staff_as: str) -> None:
    subject = f"staff:{staff_id}"
    db.add(AuditEntry(actor=ACTOR, act=act, subject=subject, detail={"as": staff_as}))
