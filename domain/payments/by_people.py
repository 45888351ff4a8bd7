"""What people do about a payment: let its provider be asked again, and, two of them with evidence,
say what became of it.

    settle_by_statement   subject payment:<id>   detail amount_minor, currency, receipt
    close_as_not_paid     subject payment:<id>   detail {}
    close_review          subject payment:<id>   detail {}
"""

from uuid import UUID

from sqlalchemy.orm import Session

from domain.models import Payment, Proposal, Staff
from domain.payments.ending import end
from domain.payments.reviews import FOUND, MISMATCHES, standing, unexplained
from domain.payments.schedule import ask_now, is_leased
from domain.payments.settling import file_evidence, owner_of, settle_as_found
from domain.payments.story import Locked, Word, lock, write_event
from domain.staff.pairs import who_may
from domain.staff.trail import by_person, entry
from domain.states import (
    AWAITING_CUSTOMER,
    AWAITING_OTP,
    CALLING,
    ENDED,
    FAILED,
    SUCCEEDED,
    UNCERTAIN,
)
from domain.wishes import NotDone, Tools, Why, Wish

CLOSED = "closed_by_staff"
_LONGEST_RECEIPT = 120
_LONGEST_NOTE = 300


def ask_again(db: Session, payment_id: UUID, staff_id: int) -> Payment | NotDone:
    """Let a worker ask the provider at once; audited. Raises NoResultFound for an unknown
    payment.
    """
    locked = lock(db, payment_id)
    payment = locked.payment
    person = who_may(db, staff_id, locked.booking.operator_id)
    if person is None:
        return NotDone(Why.NOT_ALLOWED)
    if payment.started_at is None:
        return NotDone(Why.NOTHING_SENT)
    if payment.status in CALLING or is_leased(payment, locked.now):
        return NotDone(Why.STILL_CALLING)
    if payment.status == AWAITING_OTP:
        return NotDone(Why.NOTHING_TO_ASK)
    ask_now(db, payment, locked.now)
    _write_down(db, person, payment, "payment_asked", {})
    return payment


def mark_reviewed(db: Session, payment_id: UUID, staff_id: int, note: str) -> Payment | NotDone:
    """One person has seen what a review mark says and nothing is left to do: after a reversal, or
    once a payment that did not agree was paid as asked. `note` in 1 to 300 characters, audited.

    Refused while there is something to do: STILL_IN_DOUBT for a payment that has not ended or a
    surplus that was not given back; NEEDS_TWO where the provider spoke of money that is nowhere in
    the books (`close_review`). Raises NoResultFound for an unknown payment.
    """
    locked = lock(db, payment_id)
    payment = locked.payment
    person = who_may(db, staff_id, locked.booking.operator_id)
    if person is None:
        return NotDone(Why.NOT_ALLOWED)
    if not 0 < len(note.strip()) <= _LONGEST_NOTE:
        return NotDone(Why.NO_REASON)
    if payment.review is None:
        return NotDone(Why.NOT_IN_DOUBT)
    if unexplained(db, payment) is not None:
        return NotDone(Why.NEEDS_TWO)
    seen, left = payment.review, standing(db, locked)
    if payment.status not in ENDED or left == seen:
        return NotDone(Why.STILL_IN_DOUBT)
    payment.review = left
    write_event(db, payment, "reviewed", note=seen)
    _write_down(db, person, payment, "payment_reviewed", {"review": seen, "note": note.strip()})
    return payment


def may_settle(db: Session, wish: Wish) -> NotDone | None:
    """What stands against crediting money that the provider's statement shows. Its amount may be
    another than was asked for: what came is what came.
    """
    locked = _locked(db, wish)
    refused = _not_now(locked, wish)
    if refused is not None:
        return refused
    payment, amount = locked.payment, wish.money()
    if amount.amount_minor <= 0:
        return NotDone(Why.NOT_POSITIVE)
    if amount.currency != payment.currency:
        return NotDone(Why.OTHER_CURRENCY)
    receipt = _receipt(wish)
    if not 0 < len(receipt) <= _LONGEST_RECEIPT:
        return NotDone(Why.NO_RECEIPT)
    owner = _owner_of(db, payment.provider, receipt)
    if payment.status == SUCCEEDED and _is_its_own_name(payment, receipt):
        return NotDone(Why.KNOWN_RECEIPT)
    if owner is not None:
        return NotDone(Why.KNOWN_RECEIPT if owner == payment.id else Why.RECEIPT_OF_ANOTHER)
    # The provider may have told of the very same money meanwhile, by its own name for it.
    return NotDone(Why.CHANGED_MEANWHILE) if _was_paid_since(db, payment, wish) else None


def settle_by_statement(db: Session, wish: Wish, _second: Staff, _tools: Tools) -> None:
    """Credit it as `settle` does: what the booking owes, and the rest as a surplus."""
    locked = _locked(db, wish)
    word = Word(
        status=SUCCEEDED,
        source="statement",
        delivery_key=f"{FOUND}{wish.proposal_id}",
        receipt=_receipt(wish),
        amount=wish.money(),
        body=wish.evidence.strip(),
    )
    settle_as_found(db, locked, word)


def may_close(db: Session, wish: Wish) -> NotDone | None:
    """What stands against saying that a payment in doubt was not paid: uncertain, or with a link
    that the provider speaks of in a way that does not agree.
    """
    locked = _locked(db, wish)
    refused = _not_now(locked, wish)
    if refused is not None:
        return refused
    payment = locked.payment
    doubtful = payment.status == AWAITING_CUSTOMER and payment.review in MISMATCHES
    return None if payment.status == UNCERTAIN or doubtful else NotDone(Why.NOT_IN_DOUBT)


def close_as_not_paid(db: Session, wish: Wish, _second: Staff, _tools: Tools) -> None:
    """End it without money, and tell the customer. It stays watched, and late money still settles
    it.
    """
    locked = _locked(db, wish)
    payment = locked.payment
    _file(db, payment, wish, "not_paid")
    payment.failure, payment.review = CLOSED, None
    end(db, payment, FAILED, CLOSED, locked.now, told="failed")


def may_close_review(db: Session, wish: Wish) -> NotDone | None:
    """What stands against saying that a word which does not agree is about no money of this
    payment, which has ended.
    """
    locked = _locked(db, wish)
    refused = _not_now(locked, wish)
    if refused is not None:
        return refused
    payment = locked.payment
    if payment.status not in ENDED:
        return NotDone(Why.STILL_IN_DOUBT)
    return None if payment.review in MISMATCHES else NotDone(Why.NOT_IN_DOUBT)


def close_review(db: Session, wish: Wish, _second: Staff, _tools: Tools) -> None:
    """Nothing moves; what the two saw is filed, and the mark goes."""
    locked = _locked(db, wish)
    payment = locked.payment
    _file(db, payment, wish, "not_ours")
    write_event(db, payment, "reviewed", note=payment.review)
    payment.review = standing(db, locked)


def _locked(db: Session, wish: Wish) -> Locked:
    return lock(db, UUID(wish.named("payment")))


def _not_now(locked: Locked, wish: Wish) -> NotDone | None:
    """What stands against any finding about a payment."""
    payment = locked.payment
    if locked.booking.operator_id != wish.operator_id:
        return NotDone(Why.OTHER_OPERATOR)
    if payment.started_at is None:
        return NotDone(Why.NOTHING_SENT)
    if payment.status in CALLING or is_leased(payment, locked.now):
        return NotDone(Why.STILL_CALLING)
    return None


def _is_its_own_name(payment: Payment, receipt: str) -> bool:
    """Whether a paid payment goes by this name already: typed for a receipt, it would turn money
    that was credited into a surplus.
    """
    names = (
        payment.receipt,
        payment.provider_reference,
        payment.debit_reference,
        payment.otp_reference,
        payment.reference,
    )
    return receipt.casefold() in {name.casefold() for name in names if name}


def _owner_of(db: Session, provider: str, receipt: str) -> UUID | None:
    """The payment that a receipt was credited to, also where it was typed in other letters."""
    spellings = dict.fromkeys((receipt, receipt.upper(), receipt.lower()))
    owners = (owner_of(db, provider, each) for each in spellings)
    return next((owner for owner in owners if owner is not None), None)


def _was_paid_since(db: Session, payment: Payment, wish: Wish) -> bool:
    """Whether a payment succeeded after somebody proposed what to do about it."""
    proposal = db.get(Proposal, wish.proposal_id)
    if proposal is None or payment.status != SUCCEEDED or payment.ended_at is None:
        return False
    return payment.ended_at > proposal.created_at


def _receipt(wish: Wish) -> str:
    return str(wish.detail["receipt"]).strip()


def _file(db: Session, payment: Payment, wish: Wish, as_word: str) -> None:
    word = Word(
        status=as_word,
        source="person",
        delivery_key=f"{FOUND}{wish.proposal_id}",
        body=wish.evidence.strip(),
    )
    file_evidence(db, payment, word)


def _write_down(
    db: Session, person: Staff, payment: Payment, act: str, detail: dict[str, str]
) -> None:
    db.add(entry(by_person(person), act, f"payment:{payment.id}", detail))
