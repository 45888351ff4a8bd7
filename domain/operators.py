"""Operators and their tours: added and renamed by admins, audited."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.importing.planning import folded
from domain.models import AuditEntry, Operator, Tour
from domain.staff.trail import By, entry

LONGEST_NAME = 120
LONGEST_CONTACT = 200
LONGEST_TOUR_NAME = 200
_LARGEST_NUMBER = 2**31 - 1


class OperatorRefused(ValueError):
    """An act that cannot be done; the message says why, for the person who tried."""


@dataclass(frozen=True, slots=True)
class Company:
    """An operator as staff describe it: its name, unique, and how its customers reach it."""

    name: str
    contact: str | None


def add(db: Session, company: Company, by: By, form: str) -> Operator:
    """Add an operator. `form` is minted by who adds: adding again with the same one changes
    nothing. Raises OperatorRefused for a name that another one has.
    """
    known = next(_called(db, company.name), None)
    if known is not None:
        if _was_added_by(db, f"operator:{known.id}", "operator_added", form):
            return known
        raise OperatorRefused("there is an operator of this name already")
    operator = Operator(name=company.name, contact=company.contact)
    db.add(operator)
    db.flush()
    detail = {"name": company.name, "contact": company.contact, "form": form}
    db.add(entry(by, "operator_added", f"operator:{operator.id}", detail))
    return operator


def change(db: Session, operator_id: int, company: Company, by: By) -> Operator:
    """Give an operator another name or contact. Raises NoResultFound for an unknown one, and
    OperatorRefused for a name that another one has.
    """
    operator = db.execute(
        select(Operator).where(Operator.id == operator_id).with_for_update(key_share=True)
    ).scalar_one()
    if any(other.id != operator_id for other in _called(db, company.name)):
        raise OperatorRefused("there is an operator of this name already")
    changed = {
        key: {"from": before, "to": after}
        for key, before, after in (
            ("name", operator.name, company.name),
            ("contact", operator.contact, company.contact),
        )
        if before != after
    }
    if changed:
        operator.name, operator.contact = company.name, company.contact
        db.add(entry(by, "operator_changed", f"operator:{operator_id}", {"changed": changed}))
    return operator


def next_tour_number(db: Session) -> int:
    """A number that no tour has, for a form to suggest."""
    return (db.execute(select(func.max(Tour.id))).scalar_one() or 0) + 1


def add_tour(db: Session, operator_id: int, number: int, name: str, by: By) -> Tour:
    """Add a tour. Adding the same one again changes nothing. Raises OperatorRefused for a number
    that another tour has.
    """
    known = db.get(Tour, number)
    if known is not None:
        if (known.operator_id, known.name) == (operator_id, name):
            return known
        raise OperatorRefused(f"tour {number} is there already")
    if not 0 < number <= _LARGEST_NUMBER:
        raise OperatorRefused(f"a tour's number is from 1 to {_LARGEST_NUMBER}")
    tour = Tour(id=number, operator_id=operator_id, name=name)
    db.add(tour)
    db.flush()
    detail = {"name": name, "operator": operator_id}
    db.add(entry(by, "tour_added", f"tour:{number}", detail))
    return tour


def rename_tour(db: Session, number: int, name: str, by: By) -> str:
    """Give a tour another name, and say which one it had. Its number, departures and references
    stay. Raises NoResultFound for an unknown one.
    """
    tour = db.execute(
        select(Tour).where(Tour.id == number).with_for_update(key_share=True)
    ).scalar_one()
    before = tour.name
    if before != name:
        tour.name = name
        db.add(entry(by, "tour_renamed", f"tour:{number}", {"from": before, "to": name}))
    return before


def _called(db: Session, name: str) -> Iterator[Operator]:
    """Who has this name, in whatever case: that is how an import knows whose a booking is."""
    return (each for each in db.scalars(select(Operator)) if folded(each.name) == folded(name))


def _was_added_by(db: Session, subject: str, act: str, form: str) -> bool:
    entries = select(AuditEntry.id).where(
        AuditEntry.subject == subject,
        AuditEntry.act == act,
        AuditEntry.detail["form"].astext == form,
    )
    return db.execute(select(entries.exists())).scalar_one()
