"""What providers tell us unasked: filed once, and never more than a reason to ask."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Update, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.models import Evidence, Payment, Refund
from domain.money import Money
from domain.nudges import Nudge, promise
from domain.payments.schedule import ATTEND, QUEUE
from domain.refunds.schedule import ATTEND as ATTEND_REFUND
from domain.states import SUCCEEDED

_LONGEST_KEY = 120
_LONGEST_BODY = 1_000
_WAIT = "SET LOCAL lock_timeout = '500ms'"


@dataclass(frozen=True, slots=True)
class Announcement:
    """An authentic notice to one account.

    `delivery_key` is the provider's name of this delivery; `payment_id` or `refund_id` is what it
    is about, both None where it names none of ours. `status` is what it says of a payment, in the
    words of `payments.Word`; `body` what was sent, without anything personal.
    """

    provider: str
    account_id: int
    delivery_key: str
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    status: str | None = None
    amount: Money | None = None
    body: str = ""


class Filed(StrEnum):
    """What became of a notice."""

    NEW = "new"
    KNOWN = "known"  # delivered before: nothing happened
    STRANGER = "stranger"  # filed, but it is about nothing of this account's


def meant(db: Session, tellings: Sequence[Announcement]) -> Announcement:
    """The one of a notice's readings that is about something of its account's, else the first.
    There are several where several accounts have the same keys.
    """
    if len(tellings) == 1:
        return tellings[0]
    ours = (told for told in tellings if _about(db, told)[1] is not None)
    return next(ours, tellings[0])


def file_notice(db: Session, told: Announcement) -> Filed:
    """File a notice as evidence, once, and let the provider be asked at once about what it names.

    Credits nothing: a success is settled when the provider says so on being asked. A success over
    another amount than was asked for is left to a person beside.

    The row may be locked by a worker that writes down an answer. To skip it would lose the notice,
    because that worker has not read what the notice is about, and a payment that has succeeded is
    asked about by nobody else; to file the notice without touching the row would make its repeat
    look known. So it waits for half a second, which is long for such a lock. Then it raises
    OperationalError, nothing is filed, and the provider repeats what was not accepted.

    Locks the payment's or the refund's row alone, after the evidence: who holds that row waits for
    no notice, so this closes no circle.
    """
    db.execute(text(_WAIT))
    told, payment = _about(db, told)
    if not _file(db, told, payment):
        return Filed.KNOWN
    if payment is None:
        return Filed.STRANGER
    if told.refund_id is not None:
        _ask_about_refund(db, told.refund_id)
        return Filed.NEW
    db.execute(_ask_now(payment, told))
    promise(db, Nudge(ATTEND, QUEUE, str(payment.id)))
    return Filed.NEW


def _ask_about_refund(db: Session, refund_id: UUID) -> None:
    """What nobody has approved and sent, no notice sends."""
    asked = db.execute(
        update(Refund)
        .where(Refund.id == refund_id, Refund.sent_at.is_not(None))
        .values(next_check_at=func.clock_timestamp())
        .returning(Refund.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if asked is not None:
        promise(db, Nudge(ATTEND_REFUND, QUEUE, str(refund_id)))


def _about(db: Session, told: Announcement) -> tuple[Announcement, Payment | None]:
    """What a notice is about: some providers speak of refunds as they do of payments."""
    payment = _payment(db, told)
    if payment is None and told.payment_id is not None:
        told = replace(told, payment_id=None, refund_id=told.payment_id)
        payment = _payment(db, told)
    return told, payment


def _payment(db: Session, told: Announcement) -> Payment | None:
    """The payment that a notice is about, or that its refund is of: of this very account only, so
    that nobody speaks for another's money.
    """
    query = select(Payment).where(
        Payment.account_id == told.account_id, Payment.provider == told.provider
    )
    if told.refund_id is not None:
        query = query.join(Refund, Refund.payment_id == Payment.id)
        return db.scalars(query.where(Refund.id == told.refund_id)).one_or_none()
    return db.scalars(query.where(Payment.id == told.payment_id)).one_or_none()


def _file(db: Session, told: Announcement, payment: Payment | None) -> bool:
    """Whether this delivery is new."""
    filed = db.execute(
        insert(Evidence)
        .values(
            payment_id=None if payment is None else payment.id,
            account_id=told.account_id,
            provider=told.provider,
            source="callback",
            delivery_key=_key(told),
            word="notice",
            amount_minor=told.amount.amount_minor if told.amount else None,
            currency=told.amount.currency if told.amount else None,
            body=told.body.replace("\0", "")[:_LONGEST_BODY],
        )
        .on_conflict_do_nothing(index_elements=["provider", "source", "delivery_key"])
        .returning(Evidence.id)
    ).scalar_one_or_none()
    return filed is not None


def _key(told: Announcement) -> str:
    """The delivery's name with its account before it: an account whose keys another operator holds
    must not be able to use up the names of this one's deliveries.
    """
    key = f"{told.account_id}:{told.delivery_key}".replace("\0", "")
    return key if len(key) <= _LONGEST_KEY else sha256(key.encode()).hexdigest()


def _ask_now(payment: Payment, told: Announcement) -> Update:
    """One statement, whatever the payment's status: one that has succeeded may have been paid
    twice, and one whose start is under way is protected by its lease.
    """
    asked = Money(payment.amount_minor, payment.currency)
    differs = told.status == SUCCEEDED and told.amount not in (None, asked)
    return (
        update(Payment)
        .where(Payment.id == payment.id)
        .values(
            next_check_at=func.clock_timestamp(),
            noticed_at=func.clock_timestamp(),
            review=case((Payment.review.is_(None), "amount_mismatch"), else_=Payment.review)
            if differs
            else Payment.review,
        )
        .execution_options(synchronize_session=False)
    )
