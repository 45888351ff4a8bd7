"""Which acts may be done about a payment as it stands, and why the others may not. The act itself
looks again, under the locks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.admin.payment.whole import Whole
from domain.models import Payment, Refund
from domain.payments.reviews import MISMATCHES
from domain.payments.schedule import is_leased
from domain.proposals.deciding import PROPOSED
from domain.refunds import states as refund_states
from domain.states import AWAITING_CUSTOMER, AWAITING_OTP, CALLING, UNCERTAIN
from providers.registry import PROVIDERS

_WAITS = "The same was asked for and waits for a second person."
_MOVES = "Another move from this booking waits for a second person."
# Which act a page proposes.
_PROPOSES = {
    "outside": "refunded_outside",
    "settle": "settle_by_statement",
    "close": "close_as_not_paid",
    "close_review": "close_review",
    "move": "move_money",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """An act: the name of its page, what it does, and why it cannot be done now, if it cannot."""

    name: str
    title: str
    words: str
    refused: str | None


def gives_back(provider: str) -> bool:
    """Whether a provider gives money back when asked."""
    known = PROVIDERS.get(provider)
    return known is not None and known.refund_days is not None


def of(whole: Whole) -> Sequence[Offer]:
    """All acts there are, those that may be done first."""
    waiting = {
        seen.proposal.act for seen in whole.own_proposals if seen.proposal.status == PROPOSED
    }
    found = [
        replace(offer, refused=_WAITS) if _PROPOSES.get(offer.name) in waiting else offer
        for offer in _all(whole)
    ]
    return sorted(found, key=lambda offer: offer.refused is not None)


def _all(whole: Whole) -> Iterator[Offer]:
    payment = whole.core.payment
    title = PROVIDERS[payment.provider].title if payment.provider in PROVIDERS else "its provider"
    nothing_left = _nothing_left(whole)
    asked = None if gives_back(payment.provider) else f"{title} gives nothing back when asked."
    yield Offer(
        "refund",
        "Refund",
        f"{title} gives money back to the customer.",
        asked or nothing_left,
    )
    yield Offer(
        "outside",
        "Refunded outside",
        "Write down money that you gave back yourselves.",
        nothing_left,
    )
    yield Offer(
        "settle",
        "Settle by statement",
        f"Credit money that {title}'s statement shows.",
        _not_found_yet(whole),
    )
    yield Offer(
        "close",
        "Close as not paid",
        "Say that no money came, and end the doubt.",
        _not_found_yet(whole) or _not_in_doubt(payment),
    )
    yield Offer(
        "close_review",
        "Close the review",
        "Say that what did not agree is no money of this payment.",
        _not_found_yet(whole) or _no_mismatch(payment),
    )
    yield Offer(
        "seen",
        "Mark as seen",
        "Take it off the review list: nothing is left to do.",
        _not_reviewable(payment),
    )
    yield Offer(
        "move",
        "Move to another booking",
        "Put money that was paid for the wrong booking on the right one.",
        _not_movable(whole),
    )


def refusal(name: str, whole: Whole) -> str | None:
    """Why one of them may not be done now, if it may not; None also for what is not offered
    here.
    """
    return next((offer.refused for offer in of(whole) if offer.name == name), None)


def asking(whole: Whole) -> str | None:
    """Why the provider cannot be asked again now, if it cannot."""
    if whole.core.payment.status == AWAITING_OTP:
        return "The customer has not sent the code yet: there is nothing to ask about."
    return _not_found_yet(whole)


def to_conclude(refund: Refund, whole: Whole) -> bool:
    """Whether two people may say what became of a refund."""
    running = refund.lease_until is not None and refund.lease_until > whole.core.now
    reviewed = refund.review is not None and refund.status in (
        refund_states.PENDING,
        refund_states.FAILED,
    )
    return not running and (refund.status == refund_states.UNCERTAIN or reviewed)


def _nothing_left(whole: Whole) -> str | None:
    held = whole.held
    if not held.brought_minor:
        return "This payment brought no money."
    if held.left_minor > 0:
        return None
    if held.moved_minor > held.beyond_minor:
        return "What is left of it was moved to another booking: move it back first."
    if held.beyond_minor:
        return "Its provider took it back by itself: nothing of it is left to give back."
    return "Nothing of it is left to give back."


def _not_movable(whole: Whole) -> str | None:
    if not whole.held.brought_minor:
        return "This payment brought no money."
    if not whole.sources:
        return "No booking holds any of it now."
    return _MOVES if _another_moves(whole) else None


def _another_moves(whole: Whole) -> bool:
    """Whether something else of what its booking holds is on its way to another one."""
    own = f"booking:{whole.core.booking.id}"
    return len(whole.sources) == 1 and any(
        (seen.proposal.act, seen.proposal.status, seen.proposal.subject)
        == (_PROPOSES["move"], PROPOSED, own)
        for seen in whole.proposals
        if seen not in whole.own_proposals
    )


def _not_found_yet(whole: Whole) -> str | None:
    payment = whole.core.payment
    if payment.started_at is None:
        return "Nothing was sent to the provider yet."
    if payment.status in CALLING or is_leased(payment, whole.core.now):
        return "The provider is being asked just now."
    return None


def _not_in_doubt(payment: Payment) -> str | None:
    doubtful = payment.status == AWAITING_CUSTOMER and payment.review in MISMATCHES
    return None if payment.status == UNCERTAIN or doubtful else "It is not in doubt."


def _no_mismatch(payment: Payment) -> str | None:
    if payment.status in (UNCERTAIN, AWAITING_CUSTOMER, AWAITING_OTP):
        return "It has not ended yet."
    return None if payment.review in MISMATCHES else "Nothing disagrees."


def _not_reviewable(payment: Payment) -> str | None:
    if payment.review is None:
        return "It is not on the review list."
    return "It is still in doubt." if payment.status == UNCERTAIN else None
