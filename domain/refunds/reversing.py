"""What a provider took back by itself: a reversal, a chargeback. It happened, so the books say so,
whatever we had planned.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import ledger
from domain.models import Evidence, Refund, Transfer
from domain.money import Money
from domain.payments import Locked, Word
from domain.payments import lock as lock_payment
from domain.payments.settling import file_evidence
from domain.payments.story import write_event
from domain.refunds.posting import held_of, mark, what_is_left
from domain.refunds.states import OPEN, UNSENT
from domain.refunds.story import beside

REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Reversal:
    """What `reverse` did: `known`, it was posted before; `review`, what a person must look at."""

    posted: Money
    known: bool = False
    review: str | None = None


def reverse(db: Session, payment_id: UUID, word: Word) -> Reversal:
    """Post what a provider took back, once for each receipt of it, and put the payment before a
    person.

    The word says `reversed`, with its amount and a receipt: the provider's own id of the reversal,
    or of the money where it gives none. Raises ValueError otherwise, NoResultFound for an unknown
    payment. The booking owes it again; what the booking does not hold any more comes from suspense;
    what neither holds (it was refunded before, or moved) is not posted, and the review says so.
    """
    if word.status != REVERSED or not word.receipt or word.amount is None:
        raise ValueError("only a word of reversal with a receipt and an amount reverses")
    locked = lock_payment(db, payment_id)
    payment = locked.payment
    nothing = Money(0, payment.currency)
    owner = _owner_of(db, payment.provider, word.receipt)
    if owner == payment.id:
        return Reversal(nothing, known=True)
    mismatch = _mismatch(db, locked, word, word.amount, owner)
    if mismatch is not None:
        # Under another word, so that it is not taken for the reversal itself later.
        key = f"{word.delivery_key}:mismatch"
        file_evidence(db, payment, replace(word, status="mismatch", delivery_key=key))
        _leave_to_a_person(db, locked, word, mismatch)
        return Reversal(nothing, review=mismatch)
    evidence_id = file_evidence(db, payment, word)
    posted = _post(db, locked, word, word.amount, evidence_id)
    review = REVERSED if posted == word.amount else "reversed_beyond"
    _leave_to_a_person(db, locked, word, review)
    db.flush()
    _look_at_refunds(db, locked)
    return Reversal(posted, review=review)


def _owner_of(db: Session, provider: str, receipt: str) -> UUID | None:
    """The payment that this reversal was heard of for, if it was."""
    return db.execute(
        select(Evidence.payment_id)
        .where(
            Evidence.provider == provider,
            Evidence.word == REVERSED,
            Evidence.receipt == receipt,
        )
        .limit(1)
    ).scalar_one_or_none()


def _mismatch(
    db: Session, locked: Locked, word: Word, amount: Money, owner: UUID | None
) -> str | None:
    payment = locked.payment
    if owner is not None:
        return "reversal_of_another"
    if word.reference is not None and word.reference != payment.reference:
        return "reference_mismatch"
    if amount.currency != payment.currency or amount.amount_minor <= 0:
        return "amount_mismatch"
    if amount.amount_minor > what_is_left(db, payment.id).brought_minor:
        return "amount_mismatch"
    return None


def _post(db: Session, locked: Locked, word: Word, amount: Money, evidence_id: int) -> Money:
    booking, payment = locked.booking, locked.payment
    held = held_of(db, booking, payment)
    from_booking = min(held.booking_minor, amount.amount_minor)
    from_suspense = min(held.suspense_minor, amount.amount_minor - from_booking)
    for account, part in (
        (ledger.booking_account(booking.id), from_booking),
        (ledger.suspense_account(booking.operator_id), from_suspense),
    ):
        if part:
            db.add(
                Transfer(
                    kind="reversal",
                    debit=account,
                    credit=ledger.provider_account(payment.provider, payment.account_id),
                    amount_minor=part,
                    currency=payment.currency,
                    booking_id=booking.id,
                    payment_id=payment.id,
                    evidence_id=evidence_id,
                    provider=payment.provider,
                    receipt=word.receipt,
                )
            )
    ledger.lower_paid(booking, Money(from_booking, payment.currency))
    return Money(from_booking + from_suspense, payment.currency)


def _leave_to_a_person(db: Session, locked: Locked, word: Word, review: str) -> None:
    if locked.payment.review == review and review != REVERSED:
        return
    locked.payment.review = review
    write_event(db, locked.payment, REVERSED, call=word.call, note=review)


def _look_at_refunds(db: Session, locked: Locked) -> None:
    """Refunds under way that promise more than there is now wait for a person. Those that the
    provider has already are still followed.
    """
    if what_is_left(db, locked.payment.id).left_minor >= 0:
        return
    under_way = db.execute(
        select(Refund)
        .where(Refund.payment_id == locked.payment.id, Refund.status.in_(OPEN))
        .order_by(Refund.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalars()
    for refund in under_way:
        mark(db, beside(locked, refund), "no_longer_fits", None)
        if refund.status in UNSENT:
            refund.next_check_at = None
