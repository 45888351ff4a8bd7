"""How Cashfree writes money, ids, times and attempts, and how we read them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from domain.money import Money, MoneyError
from providers.answers import JsonAnswer
from providers.cashfree.api import uncertain
from providers.cashfree.words import ATTEMPT_SUCCEEDED, ATTEMPT_WORDS
from providers.contract import Receipt

_IDENTIFIER = re.compile(r"[\w-]{1,64}", re.ASCII)
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?", re.ASCII)
_AMOUNT_LIMIT = Decimal(10) ** 12
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to pay an order. `amount` is None where the answer does not say it readably."""

    payment_id: str
    order_id: str
    word: str
    amount: Money | None
    completed_at: datetime

    def to_receipt(self, answer: JsonAnswer) -> Receipt:
        """The money of a success; raises ProviderUncertain where it cannot be read."""
        if self.amount is None:
            raise uncertain(answer)
        return Receipt(self.payment_id, self.amount)


def key_of(reference: str, operation: str) -> str:
    """The idempotency key of one operation on one of our references: always the same UUID."""
    return str(uuid5(UUID(reference), operation))


def identifier(value: object) -> str | None:
    """An id of Cashfree's: a text, or a number where an older version still writes one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if _IDENTIFIER.fullmatch(text) else None


def money(amount: object, currency: object) -> Money | None:
    """An amount in rupees, a number or a text; None for anything that is not exactly money."""
    if isinstance(amount, str) and _AMOUNT.fullmatch(amount):
        amount = Decimal(amount)
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        return None
    if not isinstance(currency, str) or not 0 <= amount < _AMOUNT_LIMIT:
        return None
    try:
        return Money.from_decimal(Decimal(amount), currency)
    except MoneyError:
        return None


def instant(value: object) -> datetime | None:
    """A time with its zone, in UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def attempts(answer: JsonAnswer, order_id: str) -> list[Attempt]:
    """The attempts in an answer to "payments of this order", oldest success first.

    Raises ProviderUncertain for an answer that is no such list, and for a word that we do not know.
    """
    if not answer.ok or answer.fields:
        raise uncertain(answer)
    found = [_attempt(answer, fields, order_id) for fields in answer.items]
    return in_order(found)


def in_order(found: list[Attempt]) -> list[Attempt]:
    """Attempts by the time when they ended; the same whenever we ask, so that the first success
    stays the first.
    """
    return sorted(
        found, key=lambda each: (each.completed_at, len(each.payment_id), each.payment_id)
    )


def _attempt(answer: JsonAnswer, fields: Mapping[str, object], order_id: str) -> Attempt:
    payment_id, word = identifier(fields.get("cf_payment_id")), fields.get("payment_status")
    if payment_id is None or not isinstance(word, str) or word not in ATTEMPT_WORDS:
        raise uncertain(answer)
    if identifier(fields.get("order_id")) not in (None, order_id):
        raise uncertain(answer)
    if word == ATTEMPT_SUCCEEDED and fields.get("is_captured") is False:
        # The money is only reserved; we never ask for that, so a person must look.
        raise uncertain(answer)
    amount = money(fields.get("payment_amount"), fields.get("payment_currency"))
    if amount is not None and amount.amount_minor == 0:
        amount = None
    completed_at = instant(fields.get("payment_completion_time")) or _LATEST
    return Attempt(payment_id, order_id, word, amount, completed_at)
