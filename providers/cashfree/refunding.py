"""Refunds of one order: asked for, followed, and read."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.money import Money
from providers.answers import JsonAnswer
from providers.cashfree.api import Api, not_found, refusal, uncertain
from providers.cashfree.reading import identifier, key_of, money
from providers.cashfree.words import REFUND_WORDS
from providers.references import our_reference, wire_reference
from providers.refunds import RefundOutcome, RefundStatus

_NOTE_CHARACTERS = (3, 100)


@dataclass(frozen=True, slots=True)
class OrderRefund:
    """A refund of an order of Cashfree's. `reference` is ours, of the refund, a dashed UUID;
    `receipt` the provider's id of the money that came in; `reason` holds no names.
    """

    reference: str
    order_id: str
    receipt: str
    amount: Money
    reason: str


def send(api: Api, wish: OrderRefund) -> RefundOutcome:
    """Ask for the money to go back. The same reference twice never sends it twice."""
    shortest, longest = _NOTE_CHARACTERS
    note = wish.reason[:longest]
    answer = api.write(
        "create_refund",
        "POST",
        f"/orders/{wish.order_id}/refunds",
        {
            "refund_amount": wish.amount.to_decimal(),
            "refund_id": wire_reference(wish.reference),
            "refund_note": note if len(note) >= shortest else "Refund",
            "refund_speed": "STANDARD",
        },
        key_of(wish.reference, "refund"),
    )
    if not answer.ok:
        raise refusal(answer)
    return _read(answer, wish)


def ask(api: Api, wish: OrderRefund, until: float) -> RefundOutcome:
    """What became of a refund."""
    refund_id = wire_reference(wish.reference)
    answer = api.read("get_refund", f"/orders/{wish.order_id}/refunds/{refund_id}", until)
    if not_found(answer):
        return RefundOutcome(RefundStatus.NOT_FOUND, answer.call)
    if not answer.ok:
        raise uncertain(answer)
    return _read(answer, wish)


def _read(answer: JsonAnswer, wish: OrderRefund) -> RefundOutcome:
    fields = _entity(answer)
    word = fields.get("refund_status")
    if not isinstance(word, str) or word not in REFUND_WORDS:
        raise uncertain(answer)
    amount = money(fields.get("refund_amount"), fields.get("refund_currency"))
    reference = our_reference(fields.get("refund_id"))
    receipt = identifier(fields.get("cf_payment_id"))
    if amount is None or reference is None or receipt not in (None, wish.receipt):
        raise uncertain(answer)
    return RefundOutcome(
        REFUND_WORDS[word],
        answer.call,
        provider_reference=identifier(fields.get("cf_refund_id")),
        amount=amount,
        reference=reference,
    )


def _entity(answer: JsonAnswer) -> Mapping[str, object]:
    """The refund in an answer. Documented as an object, and shown as a list of one."""
    if len(answer.items) == 1:
        return answer.items[0]
    return answer.fields
