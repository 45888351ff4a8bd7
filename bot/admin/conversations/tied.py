"""Whose conversations a person sees: admins all, an operator's staff those of their own customers.

A contact is an operator's customer by what the contact did: paid for one of its bookings, or tried
to, or proved one. A lead traveller's number is written by the operator, so it shows nobody's
conversation: otherwise whoever knows a number could read what its owner said to us. But it hides
one, like any other tie to a second operator: what is said is not of one operator then.
"""

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.admin.scope import Scope

# Each part is found by an index; `{contact}` is a column or a parameter.
_ALONE = """
    (SELECT bool_or(tied.by_contact)
        AND min(tied.operator_id) = :operator_id AND max(tied.operator_id) = :operator_id
    FROM (
        SELECT booking.operator_id, true AS by_contact FROM payment
        JOIN booking ON booking.id = payment.booking_id
        WHERE payment.contact_id = {contact}
        UNION ALL
        SELECT booking.operator_id, true FROM booking_contact
        JOIN booking ON booking.id = booking_contact.booking_id
        WHERE booking_contact.contact_id = {contact}
        UNION ALL
        SELECT booking.operator_id, false FROM identity
        JOIN booking ON booking.lead_phone = substr(identity.address, 2)
        WHERE identity.contact_id = {contact} AND identity.address LIKE '+%'
    ) AS tied)
"""
_EVERY = "true"
_FIND = "SELECT id FROM contact WHERE id = :contact_id AND {seen}"


def seen(scope: Scope, contact: str) -> str:
    """The condition, in SQL, for a contact's conversation to be seen; its value is
    `operator_id`.
    """
    return _EVERY if scope.operator_id is None else _ALONE.format(contact=contact)


def may_see(db: Session, scope: Scope, contact_id: int) -> bool:
    """Whether this conversation is one of theirs; not so for one that there is not."""
    query = text(_FIND.format(seen=seen(scope, ":contact_id")))
    values = {"contact_id": contact_id, "operator_id": scope.operator_id}
    return db.execute(query, values).scalar_one_or_none() is not None
