"""Payments that the customer finishes elsewhere: behind a link, with a picture, in the provider's
own app. The provider says when it is done, or is asked to void it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from domain.models import Payment
from domain.payments.ending import NO_LONGER_OWED, REPLACED, is_by_link
from domain.payments.giving_way import gives_way
from domain.payments.schedule import ask_now, look_again
from domain.payments.story import Locked, ProviderCall, move, take_lease, write_event
from domain.policy import Policy
from domain.states import AWAITING_CUSTOMER, STARTING, UNCERTAIN

# The longest that a link or an invoice may keep the booking's balance from others.
_LONGEST_HOLD = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Opened:
    """What the provider gave the customer to pay with: see providers.contract.OpenLink and
    ApproveOnPhone. `expires_at` is aware UTC, by the provider's clock.
    """

    provider_reference: str
    expires_at: datetime
    url: str | None = field(default=None, repr=False)
    qr: str | None = field(default=None, repr=False)
    launcher: str | None = None


def record_opened(
    db: Session, locked: Locked, opened: Opened, policy: Policy, call: ProviderCall
) -> None:
    """The provider waits for the customer now. Whoever cancelled meanwhile is not told of it: the
    provider is asked to void it.
    """
    payment, now = locked.payment, locked.now
    if payment.status not in (STARTING, UNCERTAIN):
        write_event(db, payment, "answer_ignored", call=call)
        return
    if payment.cancel_requested_at is None and gives_way(db, locked):
        payment.cancel_requested_at, payment.cancel_reason = now, REPLACED
    payment.provider_reference = opened.provider_reference
    payment.link_url, payment.link_qr = opened.url, opened.qr
    payment.link_launcher = opened.launcher
    payment.lease_until = payment.negative_since = None
    payment.deadline_at = opened.expires_at
    payment.hold_until = max(payment.hold_until, min(opened.expires_at, now + _LONGEST_HOLD))
    payment.checks = 0
    kind = "link_made" if is_by_link(payment) else "invoice_sent"
    cancelled = payment.cancel_requested_at is not None
    told = None if cancelled else kind
    if payment.cancel_reason == NO_LONGER_OWED:
        told = "withdrawn"  # nobody told its customer while it was being made
    move(db, payment, AWAITING_CUSTOMER, kind, told=told, call=call)
    if cancelled:
        ask_now(db, payment, now)
    else:
        look_again(payment, now, policy)


def begin_void(db: Session, locked: Locked, call_seconds: float, policy: Policy) -> None:
    """Take the lease for asking the provider to void the payment. Commit before the call. Tried
    once: from then on we only ask.
    """
    take_lease(locked, call_seconds, policy)
    write_event(db, locked.payment, "void_begun")


def record_not_voided(db: Session, locked: Locked, policy: Policy, call: ProviderCall) -> None:
    """The provider did not void it, or did not say so: it may have been paid just now, so it is
    asked.
    """
    payment, now = locked.payment, locked.now
    write_event(db, payment, "not_voided", call=call)
    if payment.status == AWAITING_CUSTOMER:
        end_lease(payment, now)
    look_again(payment, now, policy)


def end_lease(payment: Payment, now: datetime) -> None:
    """The call that the lease was for is over; that there was one stays visible."""
    if payment.lease_until is not None:
        payment.lease_until = min(payment.lease_until, now)


def is_over(payment: Payment, now: datetime, policy: Policy) -> bool:
    """Whether a payment that still stands open can no longer be paid: its deadline is well over."""
    grace = timedelta(seconds=policy.expiry_grace_seconds)
    return payment.deadline_at is not None and now >= payment.deadline_at + grace
