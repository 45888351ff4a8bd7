"""Why a payment is before a person, found anew from the books, so that a mark goes when its reason
has gone.

    uncertain     nobody knows                     goes with the next move of the payment
    …_mismatch    a word that does not agree       goes when two people say what became of it, and
                                                   stays away while it is the same money again
    surplus       money that nobody owed           goes when suspense holds nothing of it any more
    reversed…     the provider took money back     goes when one person has seen it
"""

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain import ledger
from domain.models import Booking, Evidence, Payment, PaymentEvent, Transfer
from domain.money import Money
from domain.payments.story import Locked
from domain.states import SUCCEEDED

SURPLUS = "surplus"
MISMATCHES = (
    "reference_mismatch",
    "currency_mismatch",
    "amount_mismatch",
    "receipt_mismatch",
    "receipt_of_another",
)
# How evidence is named that is the finding of two people.
FOUND = "proposal:"


def surplus_of(db: Session, booking: Booking, payment: Payment) -> int:
    """Minor units that suspense holds of what a payment brought."""
    account = ledger.suspense_account(booking.operator_id)
    signed = case(
        (Transfer.credit == account, Transfer.amount_minor),
        (Transfer.debit == account, -Transfer.amount_minor),
        else_=0,
    )
    held = select(func.coalesce(func.sum(signed), 0)).where(Transfer.payment_id == payment.id)
    return int(db.execute(held).scalar_one())


def came_of(db: Session, payment: Payment) -> Money:
    """What came under the receipt of a payment that succeeded: what was asked for, unless two
    people found another amount on the provider's statement.
    """
    came = db.execute(
        select(func.sum(Transfer.amount_minor)).where(
            Transfer.payment_id == payment.id,
            Transfer.receipt == payment.receipt,
            Transfer.kind.in_(("capture", "surplus")),
        )
    ).scalar_one()
    return Money(payment.amount_minor if came is None else int(came), payment.currency)


def came_again(db: Session, payment: Payment, version: int) -> Money:
    """What came once more for a payment that was paid before, by the event of this version: its
    note names the receipt. Events from before they had one are about what came last.
    """
    named = (
        select(PaymentEvent.note)
        .where(PaymentEvent.payment_id == payment.id, PaymentEvent.version == version)
        .scalar_subquery()
    )
    came = db.execute(
        select(Transfer.amount_minor)
        .where(
            Transfer.payment_id == payment.id,
            Transfer.receipt != payment.receipt,
            Transfer.kind == "surplus",
        )
        .order_by(func.coalesce(Transfer.receipt == named, False).desc(), Transfer.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return Money(payment.amount_minor if came is None else came, payment.currency)


def unexplained(db: Session, payment: Payment) -> Evidence | None:
    """The first word of success about a payment that is neither in the books nor answered by what
    two people found since it was first told.
    """
    return db.execute(
        select(Evidence)
        .where(
            Evidence.payment_id == payment.id,
            Evidence.word == SUCCEEDED,
            ~select(Transfer.id)
            .where(
                Transfer.payment_id == payment.id,
                Transfer.provider == Evidence.provider,
                Transfer.receipt == Evidence.receipt,
            )
            .exists(),
            ~_is_found_since(Evidence),
            ~_is_found_of_the_same(),
        )
        .order_by(Evidence.id)
        .limit(1)
    ).scalar_one_or_none()


def _is_found_since(word: type[Evidence]) -> ColumnElement[bool]:
    """Whether two people have said what became of a payment since this word about it."""
    found = aliased(Evidence)
    return (
        select(found.id)
        .where(
            found.payment_id == word.payment_id,
            found.id > word.id,
            found.delivery_key.startswith(FOUND),
        )
        .exists()
    )


def _is_found_of_the_same() -> ColumnElement[bool]:
    """Whether they have said so since a word of the very same receipt, amount and currency: the
    provider tells of what they know once more, in other bytes.
    """
    before = aliased(Evidence)
    return (
        select(before.id)
        .where(
            before.payment_id == Evidence.payment_id,
            before.provider == Evidence.provider,
            before.word == Evidence.word,
            before.receipt == Evidence.receipt,
            before.amount_minor == Evidence.amount_minor,
            before.currency == Evidence.currency,
            _is_found_since(before),
        )
        .exists()
    )


def is_by_two(db: Session, payment: Payment) -> bool:
    """Whether a payment succeeded by what two people found, under the name that they read."""
    found = (
        select(Transfer.id)
        .join(Evidence, Evidence.id == Transfer.evidence_id)
        .where(
            Transfer.payment_id == payment.id,
            Transfer.receipt == payment.receipt,
            Evidence.delivery_key.startswith(FOUND),
        )
    )
    return db.execute(select(found.exists())).scalar_one()


def is_answered(db: Session, payment: Payment, evidence_id: int, mismatch: str) -> bool:
    """Whether two people have said since what became of this word, or of the same money when it was
    told in other bytes. What does not agree in a way that it did not before is new to them.
    """
    noted = select(PaymentEvent.id).where(
        PaymentEvent.payment_id == payment.id,
        PaymentEvent.kind == "mismatch",
        PaymentEvent.note == mismatch,
    )
    answered = select(Evidence.id).where(
        Evidence.id == evidence_id,
        or_(_is_found_since(Evidence), and_(_is_found_of_the_same(), noted.exists())),
    )
    return db.execute(select(answered.exists())).scalar_one()


def standing(db: Session, locked: Locked) -> str | None:
    """The mark that the books give a reason for, but for what only a person can see."""
    payment = locked.payment
    db.flush()
    word = unexplained(db, payment)
    if word is not None:
        return payment.review if payment.review in MISMATCHES else _named(payment, word)
    return SURPLUS if surplus_of(db, locked.booking, payment) > 0 else None


def _named(payment: Payment, word: Evidence) -> str:
    if word.currency not in (None, payment.currency):
        return "currency_mismatch"
    if word.amount_minor not in (None, payment.amount_minor):
        return "amount_mismatch"
    return "reference_mismatch"
