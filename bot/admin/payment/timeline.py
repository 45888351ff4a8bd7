"""What happened to a payment, line by line: its events, the calls to its provider, and what people
did about it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.admin.payment import words
from bot.admin.payment.whole import Whole
from domain import ledger
from domain.models import AuditEntry, PaymentEvent, Transfer
from domain.money import Money
from domain.moving import MOVE


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `after` is the time since the line before it; `call` what was asked of the provider
    and how it answered; `by` who did it, where a person did.
    """

    at: datetime
    what: str
    after: str = ""
    note: str | None = None
    call: str | None = None
    status: str | None = None
    told: bool = False
    by: str | None = None
    refund: str | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement in the ledger, in words."""

    at: datetime
    kind: str
    amount: Money
    source: str
    target: str
    receipt: str | None


_KINDS = {
    "opening": "Paid before it came to us",
    "capture": "Payment",
    "surplus": "Surplus",
    "refund": "Refund",
    "reversal": "Taken back by the provider",
    "outside": "Taken outside",
    "move": "Moved",
}


def lines(whole: Whole) -> Sequence[Line]:
    """Oldest first."""
    amounts = {seen.refund.id: seen.refund.amount_minor for seen in whole.refunds}
    currency = whole.core.payment.currency
    told = [
        _of_event(each, amounts.get(each.refund_id) if each.refund_id else None, currency)
        for each in whole.events
    ]
    done = [_of_entry(each) for each in whole.entries]
    # Events keep their order among themselves whatever the clock says; sorting is stable.
    return list(_with_gaps(sorted([*told, *done], key=lambda line: line.at)))


def _of_event(event: PaymentEvent, refund_minor: int | None, currency: str) -> Line:
    refund = None if refund_minor is None else str(Money(refund_minor, currency))
    return Line(
        at=event.at,
        # Of a second payment of the same link the customer is told in other words.
        what=words.of_event("paid_again" if event.told == "paid_again" else event.kind),
        note=words.of_note(event.note),
        call=_call(event),
        status=event.to_status,
        told=event.told is not None,
        refund=refund,
    )


def _call(event: PaymentEvent) -> str | None:
    """`check · HTTP 200 · 123 ms · code 000`."""
    if event.operation is None:
        return None
    answered = "no answer" if event.http_status is None else f"HTTP {event.http_status}"
    parts = [event.operation, answered]
    if event.milliseconds is not None:
        parts.append(f"{event.milliseconds:,} ms")
    if event.code:
        parts.append(f"code {event.code}")
    return " · ".join(parts)


def _of_entry(entry: AuditEntry) -> Line:
    what = words.of_act(entry.act)
    note = entry.detail.get("why") or entry.detail.get("note")
    return Line(at=entry.at, what=what[:1].upper() + what[1:], note=note, by=entry.actor)


def _with_gaps(found: Iterable[Line]) -> Iterable[Line]:
    before: datetime | None = None
    for line in found:
        gap = "" if before is None else f"+{lasting((line.at - before).total_seconds())}"
        before = line.at
        yield replace(line, after=gap)


def lasting(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`, `5 h`, `2 days`."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3_600:.0f} h"
    return f"{seconds / 86_400:.0f} days"


def postings(whole: Whole, provider: str) -> Sequence[Posting]:
    """The ledger's movements of this payment's money. `provider` is its provider's title. A move is
    one line, though it goes by way of suspense.
    """
    core = whole.core
    names = {
        ledger.booking_account(core.booking.id): f"booking {core.booking.reference}",
        ledger.suspense_account(core.booking.operator_id): "money to give back",
        ledger.provider_account(core.payment.provider, core.payment.account_id): provider,
        ledger.outside_account(core.booking.operator_id): "given outside",
    }
    names |= {ledger.booking_account(one.id): f"booking {one.reference}" for one in whole.others}
    arrivals = {
        each.evidence_id: names.get(each.credit, each.credit)
        for each in whole.transfers
        if _is_arrival(each)
    }
    return [
        replace(posting, target=arrivals.get(each.evidence_id, posting.target))
        for each in whole.transfers
        if not _is_arrival(each)
        for posting in [_posting(each, names)]
    ]


def _is_arrival(transfer: Transfer) -> bool:
    """Whether it is the second half of a move."""
    return transfer.kind == MOVE and transfer.credit.startswith("booking:")


def _posting(transfer: Transfer, names: dict[str, str]) -> Posting:
    return Posting(
        at=transfer.at,
        kind=_KINDS.get(transfer.kind, transfer.kind),
        amount=Money(transfer.amount_minor, transfer.currency),
        source=names.get(transfer.debit, transfer.debit),
        target=names.get(transfer.credit, transfer.credit),
        receipt=transfer.receipt,
    )
