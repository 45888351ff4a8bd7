"""What PhonePe's answers (v2) say of an order or of a refund."""

from collections.abc import Mapping
from datetime import UTC, datetime

from providers.answers import JsonAnswer
from providers.contract import Charge, Outcome, ProviderRefused, Reason, Receipt, Status
from providers.phonepe.reading import (
    Unreadable,
    amount_in,
    id_in,
    moment_in,
    object_in,
    objects_in,
    reference_in,
    uncertain,
)
from providers.phonepe.words import FAILURES, REFUND_STATES, STATES
from providers.refunds import RefundOutcome

BAD_REQUEST = 400
_NOT_FOUND = 404
# What an answer with one of these was asked for is not there, or was not done.
_PLAIN_REFUSALS = frozenset({BAD_REQUEST, _NOT_FOUND, 410, 422})


def code_in(answer: JsonAnswer) -> str | None:
    """Their code of an error: there are two shapes."""
    code = answer.fields.get("code") or answer.fields.get("errorCode")
    return code if isinstance(code, str) else None


def refuse(answer: JsonAnswer, refusals: Mapping[str, Reason]) -> None:
    """Raises for an answer to a write that is none of success."""
    if answer.ok:
        return
    reason = refusals.get(code_in(answer) or "")
    if reason is not None and answer.call.http_status in _PLAIN_REFUSALS:
        raise ProviderRefused(answer.call, reason)
    raise uncertain(answer.call)


def is_unknown(answer: JsonAnswer, code: str) -> bool:
    """Whether they say, with this code, that there is no such thing."""
    is_negative = answer.call.http_status in (BAD_REQUEST, _NOT_FOUND)
    return is_negative and code_in(answer) == code


def status_in(answer: JsonAnswer) -> Status:
    """The state of the whole order; raises ProviderUncertain for one that we do not know."""
    state = answer.fields.get("state")
    status = STATES.get(state) if isinstance(state, str) else None
    if status is None or not answer.ok:
        raise uncertain(answer.call)
    return status


def outcome_in(answer: JsonAnswer, charge: Charge) -> Outcome:
    """What the root of the answer says: attempts below it may fail while the order stands open.
    Raises Unreadable and ProviderUncertain.

    The receipt of the first money is the order's id, which every answer has: an attempt's own id
    may be missing at first, and would then look like more money.
    """
    status, fields = status_in(answer), answer.fields
    order_id, amount = id_in(fields, "orderId"), amount_in(fields)
    if charge.provider_reference not in (None, order_id):
        raise Unreadable("orderId")
    paid = _paid_attempts(fields)
    if status is Status.SUCCEEDED and amount is None:
        raise Unreadable("amount")
    if status is not Status.SUCCEEDED and paid:
        raise Unreadable("state")  # money came in under an order that says that none did
    reason = _reason_in(fields)
    ends_at = moment_in(fields, "expireAt")
    if status is Status.FAILED and reason is None and ends_at and ends_at < datetime.now(UTC):
        status = Status.EXPIRED
    return Outcome(
        status,
        answer.call,
        receipt=order_id if status is Status.SUCCEEDED else None,
        debit_reference=_bank_reference(paid[0]) if paid else None,
        amount=amount,
        reference=reference_in(fields, "merchantOrderId"),
        reason=reason,
        also=_also(paid),
    )


def _paid_attempts(fields: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The attempts that took money, by their ids, which never change. Two of one id are one."""
    attempts = objects_in(fields, "paymentDetails")
    paid = [attempt for attempt in attempts if attempt.get("state") == "COMPLETED"]
    if len(paid) < 2:
        return paid
    by_id = {id_in(attempt, "transactionId"): attempt for attempt in paid}
    return [by_id[key] for key in sorted(by_id)]


def _also(paid: list[Mapping[str, object]]) -> tuple[Receipt, ...]:
    """What was taken beside the first. The least id is always the first: whichever attempts an
    answer lists, there are never more receipts than attempts.
    """
    receipts = []
    for attempt in paid[1:]:
        amount = amount_in(attempt)
        if amount is None:
            raise Unreadable("amount")
        receipts.append(Receipt(id_in(attempt, "transactionId"), amount))
    return tuple(receipts)


def _bank_reference(attempt: Mapping[str, object]) -> str | None:
    """The UTR, by which a bank finds a UPI payment."""
    rail = object_in(attempt, "rail")
    return id_in(rail, "utr") if rail.get("utr") else None


def _reason_in(fields: Mapping[str, object]) -> Reason | None:
    for name in ("detailedErrorCode", "errorCode"):
        code = fields.get(name)
        if isinstance(code, str) and code in FAILURES:
            return FAILURES[code]
    return None


def refund_outcome_in(answer: JsonAnswer) -> RefundOutcome:
    """What an answer says of a refund. Raises ProviderUncertain."""
    state = answer.fields.get("state")
    status = REFUND_STATES.get(state) if isinstance(state, str) else None
    if status is None or not answer.ok:
        raise uncertain(answer.call)
    try:
        return RefundOutcome(
            status,
            answer.call,
            provider_reference=id_in(answer.fields, "refundId"),
            amount=amount_in(answer.fields),
            reference=reference_in(answer.fields, "merchantRefundId"),
            reason=_reason_in(answer.fields),
        )
    except Unreadable:
        raise uncertain(answer.call) from None
