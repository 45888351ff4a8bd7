"""Operators and their tours: added and renamed by admins, audited."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.models import AuditEntry, Operator, Staff, Tour

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


def add(db: Session, company: Company, staff: Staff, form: str) -> Operator:
    """Add an operator. `form` is minted by who adds: adding again with the same one changes
    nothing. Raises OperatorRefused for a name that another one has.
    """
    known = db.execute(select(Operator).where(Operator.name == company.name)).scalar_one_or_none()
    if known is not None:
        if _was_added_by(db, f"operator:{known.id}", "operator_added", form):
            return known
        raise OperatorRefused("there is an operator of this name already")
    operator = Operator(name=company.name, contact=company.contact)
    db.add(operator)
    db.flush()
    _write_down(
        db,
        staff,
        "operator_added",
        f"operator:{operator.id}",
        {"name": company.name, "contact": company.contact, "form": form},
    )
    return operator


def change(db: Session, operator_id: int, company: Company, staff: Staff) -> Operator:
    """Give an operator another name or contact. Raises NoResultFound for an unknown one, and
    OperatorRefused for a name that another one has.
    """
    operator = db.execute(
        select(Operator).where(Operator.id == operator_id).with_for_update(key_share=True)
    ).scalar_one()
    others = select(Operator.id).where(Operator.name == company.name, Operator.id != operator_id)
    if db.execute(others).first() is not None:
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
        _write_down(db, staff, "operator_changed", f"operator:{operator_id}", {"changed": changed})
    return operator


def next_tour_number(db: Session) -> int:
    """A number that no tour has, for a form to suggest."""
    return (db.execute(select(func.max(Tour.id))).scalar_one() or 0) + 1


def add_tour(db: Session, operator_id: int, number: int, name: str, staff: Staff) -> Tour:
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
    detail: dict[str, object] = {"name": name, "operator": operator_id}
    _write_down(db, staff, "tour_added", f"tour:{number}", detail)
    return tour


def rename_tour(db: Session, number: int, name: str, staff: Staff) -> Tour:
    """Give a tour another name. Its number, departures and references stay. Raises NoResultFound
    for an unknown one.
    """
    tour = db.execute(
        select(Tour).where(Tour.id == number).with_for_update(key_share=True)
    ).scalar_one()
    if tour.name != name:
        detail: dict[str, object] = {"from": tour.name, "to": name}
        tour.name = name
        _write_down(db, staff, "tour_renamed", f"tour:{number}", detail)
    return tour


def _was_added_by(db: Session, subject: str, act: str, form: str) -> bool:
    entries = select(AuditEntry.id).where(
        AuditEntry.subject == subject,
        AuditEntry.act == act,
        AuditEntry.detail["form"].astext == form,
    )
    return db.execute(select(entries.exists())).scalar_one()


def _write_down(
    db: Session, staff: Staff, act: str, subject: str, detail: dict[str, object]
) -> None:
    db.add(
        AuditEntry(staff_id=staff.id, actor=staff.email, act=act, subject=subject, detail=detail)
    )
