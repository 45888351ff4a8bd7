"""How a refund begins: somebody asks, somebody else agrees. Never above what is left, looked at
under the booking's lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.models import Refund, Staff
from domain.money import Money
from domain.payments import Locked
from domain.payments import lock as lock_payment
from domain.refunds.posting import (
    call_those_that_wait,
    may_go_back,
    unpromised_of,
    what_is_left,
)
from domain.refunds.refusals import NotRefunded, Why
from domain.refunds.schedule import ask_now
from domain.refunds.states import APPROVED, FAILED, OUTSIDE, PROVIDER, REQUESTED, UNSENT
from domain.refunds.story import LockedRefund, beside, lock, write, write_act
from domain.staff.notices import no_longer_asked, tell
from domain.staff.pairs import Unfit, approvers, second_of, who_may

LONGEST_REASON = 300
_WAITING = "refund_waiting"


@dataclass(frozen=True, slots=True)
class RefundWish:
    """What somebody of staff asks for. `refund_id` is minted by who asks: asking again with the
    same one changes nothing.

    `reason` goes into the provider's record too, and holds no names. `way` is how the payment's
    provider gives money back: `provider` where it does so when asked, `outside` where it has no
    such call.
    """

    refund_id: UUID
    payment_id: UUID
    amount: Money
    reason: str
    staff_id: int
    way: str


def request(db: Session, wish: RefundWish, alone_minor: int = 0) -> Refund | NotRefunded:
    """Ask for money to go back by the provider. Up to `alone_minor` minor units of a payment, in
    all, no second person is needed. Raises NoResultFound for an unknown payment.
    """
    locked = lock_payment(db, wish.payment_id)
    person = who_may(db, wish.staff_id, locked.booking.operator_id)
    if person is None:
        return NotRefunded(Why.NOT_ALLOWED)
    known = db.get(Refund, wish.refund_id)
    if known is not None:
        asked = (known.payment_id, known.amount_minor)
        same = asked == (wish.payment_id, wish.amount.amount_minor)
        return known if same else NotRefunded(Why.SENT_BEFORE)
    if wish.way == OUTSIDE:
        return NotRefunded(Why.OUTSIDE_ONLY)
    refused = does_not_fit(db, locked, wish.amount, wish.reason)
    if refused is not None:
        return refused
    refund = Refund(
        id=wish.refund_id,
        payment_id=wish.payment_id,
        amount_minor=wish.amount.amount_minor,
        way=PROVIDER,
        status=REQUESTED,
        reason=wish.reason.strip(),
        requested_by=person.id,
        checks=0,
    )
    db.add(refund)
    db.flush()
    both = beside(locked, refund)
    write(db, both, "refund_requested")
    write_act(db, person, "refund_requested", refund, reason=refund.reason)
    if _asked_alone(db, wish.payment_id) + wish.amount.amount_minor <= alone_minor:
        _approve(db, both, None)
    else:
        waits_for = approvers(db, person.id, locked.booking.operator_id)
        _tell(db, both, _WAITING, person, waits_for)
    db.flush()
    return refund


def _asked_alone(db: Session, payment_id: UUID) -> int:
    """Minor units of a locked payment that went back, or will, without a second person."""
    query = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.payment_id == payment_id,
        Refund.approved_at.is_not(None),
        Refund.approved_by.is_(None),
        Refund.status != FAILED,
    )
    return int(db.execute(query).scalar_one())


def does_not_fit(db: Session, locked: Locked, amount: Money, reason: str) -> NotRefunded | None:
    """What stands against giving this amount of a locked payment back, if anything."""
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        return NotRefunded(Why.NO_REASON)
    if amount.amount_minor <= 0:
        return NotRefunded(Why.NOT_POSITIVE)
    if amount.currency != locked.payment.currency:
        return NotRefunded(Why.OTHER_CURRENCY)
    of_it = what_is_left(db, locked.payment.id)
    if not of_it.brought_minor:
        return NotRefunded(Why.NOTHING_CAME)
    left = Money(may_go_back(db, locked.booking, locked.payment), amount.currency)
    if amount <= left:
        return None
    return NotRefunded(Why.TAKEN_BACK if of_it.beyond_minor else Why.ABOVE_LEFT, left)


def approve(db: Session, refund_id: UUID, staff_id: int) -> Refund | NotRefunded:
    """The second person agrees (domain.staff.pairs says who may); the provider's call is promised,
    and who asked is told. Who agreed already changes nothing. Raises NoResultFound for an unknown
    refund.
    """
    locked = lock(db, refund_id)
    refund = locked.refund
    person = second_of(db, refund.requested_by, staff_id, locked.booking.operator_id)
    if isinstance(person, Unfit):
        return NotRefunded(Why(person.value))
    if refund.approved_by == person.id:
        return refund
    if refund.status != REQUESTED:
        return NotRefunded(Why.NOT_WAITING)
    short = what_is_left(db, locked.payment.id).left_minor < 0
    if refund.review is not None or short or unpromised_of(db, locked.booking) < 0:
        return NotRefunded(Why.NOT_HELD)
    _approve(db, locked, person)
    return refund


def _approve(db: Session, locked: LockedRefund, person: Staff | None) -> None:
    refund = locked.refund
    refund.status, refund.approved_at = APPROVED, locked.now
    write(db, locked, "refund_approved")
    if person is not None:
        refund.approved_by = person.id
        write_act(db, person, "refund_approved", refund)
        _tell_of_decision(db, locked, "refund_approved", person)
    ask_now(db, refund, locked.now)


def reject(db: Session, refund_id: UUID, staff_id: int, why: str) -> Refund | NotRefunded:
    """Somebody says no before anything was sent: also whoever asked for it. Raises NoResultFound
    for an unknown refund.
    """
    locked = lock(db, refund_id)
    refund = locked.refund
    person = who_may(db, staff_id, locked.booking.operator_id)
    if person is None:
        return NotRefunded(Why.NOT_ALLOWED)
    if not why.strip():
        return NotRefunded(Why.NO_REASON)
    if refund.status not in UNSENT:
        return NotRefunded(Why.NOT_WAITING)
    refund.status, refund.failure = FAILED, "rejected"
    refund.next_check_at, refund.review, refund.ended_at = None, None, locked.now
    write(db, locked, "refund_rejected")
    act = "refund_withdrawn" if person.id == refund.requested_by else "refund_rejected"
    write_act(db, person, act, refund, why=why.strip()[:LONGEST_REASON])
    _tell_of_decision(db, locked, "refund_rejected", person)
    call_those_that_wait(db, locked)
    return refund


def _tell_of_decision(db: Session, locked: LockedRefund, kind: str, person: Staff) -> None:
    """Who asked is told what somebody else decided; nobody, of what they did themselves."""
    no_longer_asked(db, _WAITING, f"refund:{locked.refund.id}")
    asker = locked.refund.requested_by
    if asker is not None and asker != person.id:
        _tell(db, locked, kind, person, (asker,))


def _tell(
    db: Session, locked: LockedRefund, kind: str, person: Staff, staff_ids: Sequence[int]
) -> None:
    refund = locked.refund
    detail = {"payment": str(refund.payment_id), "by": person.email}
    tell(db, staff_ids, kind, f"refund:{refund.id}", detail)
