"""Which rows a person sees: all of them, or those of one operator. Every query of the web view is
given a Scope and keeps to it in SQL.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute

from domain.models import Account


@dataclass(frozen=True, slots=True)
class Scope:
    """`operator_id` None: everything."""

    operator_id: int | None

    def keeps(self, operator_column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """The condition for a row that carries its operator: `scope.keeps(Booking.operator_id)`."""
        return true() if self.operator_id is None else operator_column == self.operator_id

    def keeps_account(self, account_column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """The condition for a row that carries the account its money came to: a payment's operator
        is its account's.
        """
        if self.operator_id is None:
            return true()
        own = select(Account.id).where(Account.operator_id == self.operator_id)
        return account_column.in_(own)
