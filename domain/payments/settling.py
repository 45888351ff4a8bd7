"""The one door for money: `settle` turns an authenticated word into money on a booking, and hearing
it twice changes nothing.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import String, bindparam, select, text
from sqlalchemy.orm import Session

from domain import ledger
from domain.crashpoints import reach
from domain.models import Booking, Evidence, Payment, Transfer
from domain.money import Money
from domain.payments.ending import cancel_those_that_no_longer_fit
from domain.payments.reviews import MISMATCHES, SURPLUS, is_answered, is_by_two, standing
from domain.payments.story import Locked, Word, lock, move, write_event
from domain.states import AWAITING_CUSTOMER, CALLING, ENDED_UNPAID, SUCCEEDED, UNCERTAIN


@dataclass(frozen=True, slots=True)
class Settlement:
    """What `settle` did: `known` — this receipt was credited before; `mismatch` names what did not
    agree, nothing credited.
    """

    credited: Money
    surplus: Money
    known: bool = False
    mismatch: str | None = None


def settle(db: Session, payment_id: UUID, word: Word) -> Settlement:
    """Credit what the provider took, exactly once, and write down why. Tells nobody: it leaves an
    event to be heard.

    Locks the booking, then the payment, and reads both afresh. The word must say `succeeded` and
    carry a receipt (the provider's own id of the money); raises ValueError otherwise. What does not
    agree with what was
    asked credits nothing and waits for a person.
    """
    if word.status != SUCCEEDED or not word.receipt:
        raise ValueError("only a word of success with a receipt settles")
    locked = lock(db, payment_id)
    payment = locked.payment
    nothing = Money(0, payment.currency)
    owner = owner_of(db, payment.provider, word.receipt)
    if owner == payment.id:
        return Settlement(nothing, nothing, known=True)

    mismatch = "receipt_of_another" if owner else _mismatch(db, payment, word)
    if mismatch is not None:
        _leave_to_a_person(db, payment, word, mismatch)
        return Settlement(nothing, nothing, mismatch=mismatch)
    return _enter(db, locked, word)


def settle_as_found(db: Session, locked: Locked, word: Word) -> Settlement:
    """Credit what two people found on the provider's statement, whatever was asked for. The payment
    is locked, the receipt nobody's yet, the amount given, in the payment's currency; raises
    ValueError otherwise. What is answered by it needs no person any more.
    """
    payment = locked.payment
    if not word.receipt or owner_of(db, payment.provider, word.receipt) is not None:
        raise ValueError("only a receipt that was not credited before settles")
    if word.amount is None or word.amount.currency != payment.currency:
        raise ValueError("what came is an amount in the payment's currency")
    done = _enter(db, locked, word)
    if payment.review in (*MISMATCHES, SURPLUS):
        payment.review = standing(db, locked)
    return done


def _enter(db: Session, locked: Locked, word: Word) -> Settlement:
    booking, payment, now = locked.booking, locked.payment, locked.now
    evidence_id = file_evidence(db, payment, word)
    amount = word.amount or Money(payment.amount_minor, payment.currency)
    credited = _credit(booking, payment, amount)
    surplus = amount - credited
    _post(db, locked, word, evidence_id, credited, surplus)
    ledger.raise_paid(booking, credited, now)
    _close(db, locked, word, credited, surplus)
    cancel_those_that_no_longer_fit(db, booking, now)
    db.flush()
    reach("settle_written")
    return Settlement(credited, surplus)


def _post(
    db: Session, locked: Locked, word: Word, evidence_id: int, credited: Money, surplus: Money
) -> None:
    """Write a receipt into the ledger: what the booking owed, and the rest."""
    booking, payment = locked.booking, locked.payment
    for kind, account, part in (
        ("capture", ledger.booking_account(booking.id), credited),
        ("surplus", ledger.suspense_account(booking.operator_id), surplus),
    ):
        if part.amount_minor:
            db.add(
                Transfer(
                    kind=kind,
                    debit=ledger.provider_account(payment.provider, payment.account_id),
                    credit=account,
                    amount_minor=part.amount_minor,
                    currency=part.currency,
                    booking_id=booking.id,
                    payment_id=payment.id,
                    evidence_id=evidence_id,
                    provider=payment.provider,
                    receipt=word.receipt,
                )
            )


def _credit(booking: Booking, payment: Payment, amount: Money) -> Money:
    """What the booking still owes of `amount`. A second receipt under one payment is a surplus, all
    of it.
    """
    owed = booking.total_minor - booking.paid_minor
    if payment.status == SUCCEEDED or booking.cancelled_at is not None:
        owed = 0
    return Money(max(0, min(owed, amount.amount_minor)), amount.currency)


def _close(db: Session, locked: Locked, word: Word, credited: Money, surplus: Money) -> None:
    payment, now = locked.payment, locked.now
    if surplus.amount_minor:
        payment.review = SURPLUS
    if payment.status == SUCCEEDED:
        # It names its money: more may have come before this is told.
        write_event(db, payment, "surplus", told="paid_again", call=word.call, note=word.receipt)
        return
    # Who had a link and cancelled was told that it is no longer to be used.
    link_dropped = payment.status == AWAITING_CUSTOMER and payment.cancel_requested_at is not None
    told = "late" if payment.status in ENDED_UNPAID or link_dropped else "settled"
    payment.debit_reference = word.debit_reference
    payment.provider_reference = payment.provider_reference or word.receipt
    payment.receipt = word.receipt
    payment.failure = None
    payment.lease_until = payment.next_check_at = payment.negative_since = None
    payment.ended_at = now
    if not credited.amount_minor:
        told = "surplus"
    move(db, payment, SUCCEEDED, "settled", told=told, call=word.call)
    if surplus.amount_minor and told != "surplus":
        write_event(db, payment, "surplus", told="surplus")


def owner_of(db: Session, provider: str, receipt: str) -> UUID | None:
    """The payment that a receipt was credited to, if it was."""
    return db.execute(_OWNER, {"provider": provider, "receipt": receipt}).scalar_one_or_none()


_OWNER = (
    select(Transfer.payment_id)
    .where(
        Transfer.provider == bindparam("provider", type_=String),
        Transfer.receipt == bindparam("receipt", type_=String),
        # As the index has it, so that it is found by it.
        text("kind <> 'reversal'"),
    )
    .limit(1)
)


def _leave_to_a_person(db: Session, payment: Payment, word: Word, mismatch: str) -> None:
    evidence_id = file_evidence(db, payment, word)
    seen = payment.review == mismatch or is_answered(db, payment, evidence_id, mismatch)
    if seen and payment.status not in CALLING:
        return
    payment.review = mismatch
    if payment.status in CALLING:
        move(db, payment, UNCERTAIN, "mismatch", told="uncertain", call=word.call, note=mismatch)
    else:
        write_event(db, payment, "mismatch", call=word.call, note=mismatch)


def _mismatch(db: Session, payment: Payment, word: Word) -> str | None:
    """What of the word does not agree with what was asked, as far as the answer carries it, or with
    what two people found: a statement may call the very same money otherwise.
    """
    if word.reference is not None and word.reference != payment.reference:
        return "reference_mismatch"
    if word.amount is not None and word.amount.currency != payment.currency:
        return "currency_mismatch"
    if word.amount is not None and word.amount.amount_minor != payment.amount_minor:
        return "amount_mismatch"
    if payment.status == SUCCEEDED and is_by_two(db, payment):
        return "receipt_mismatch"
    return None


def file_evidence(db: Session, payment: Payment, word: Word) -> int:
    """File what we were told, once for each delivery. Returns the evidence's id."""
    values = {
        "payment": payment.id,
        "provider": payment.provider,
        "source": word.source,
        "delivery": word.delivery_key,
        "word": word.status,
        "receipt": word.receipt,
        "amount": word.amount.amount_minor if word.amount else None,
        "currency": word.amount.currency if word.amount else None,
        "body": word.body,
    }
    filed: int | None = db.execute(_FILE, values).scalar_one_or_none()
    if filed is not None:
        return filed
    return db.execute(
        select(Evidence.id).where(
            Evidence.provider == payment.provider,
            Evidence.source == word.source,
            Evidence.delivery_key == word.delivery_key,
        )
    ).scalar_one()


_FILE = text("""
    INSERT INTO evidence (payment_id, provider, source, delivery_key, word, receipt, amount_minor,
        currency, body)
    VALUES (:payment, :provider, :source, :delivery, :word, :receipt, :amount, :currency, :body)
    ON CONFLICT (provider, source, delivery_key) DO NOTHING
    RETURNING id
""")
