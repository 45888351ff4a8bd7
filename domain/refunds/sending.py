"""What a refund needs now, and the lease before the one call that gives money back."""

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.models import Refund, Transfer
from domain.policy import Policy
from domain.refunds.schedule import look_again
from domain.refunds.states import (
    APPROVED,
    CALLING,
    FAILED,
    PENDING,
    PROVIDER,
    SENDING,
    SUCCEEDED,
    UNCERTAIN,
)
from domain.refunds.story import LockedRefund, write


class RefundAct(StrEnum):
    """What a refund needs now."""

    LEAVE = "leave"
    SEND = "send"
    LOSE = "lose"
    ASK = "ask"


def due_act(db: Session, locked: LockedRefund) -> RefundAct:
    """What to do with a locked refund now, by the database's clock. Whoever finds a lease running
    leaves; whoever finds it run out asks, and never sends again.
    """
    refund, now = locked.refund, locked.now
    if refund.status == SENDING:
        running = refund.lease_until is not None and refund.lease_until > now
        return RefundAct.LEAVE if running else RefundAct.LOSE
    if refund.status == APPROVED:
        free = refund.review is None and not _another_is_under_way(db, refund)
        return RefundAct.SEND if free else RefundAct.LEAVE
    if refund.status in (PENDING, UNCERTAIN):
        return RefundAct.LEAVE if refund.next_check_at is None else RefundAct.ASK
    watched = refund.status == FAILED and refund.sent_at is not None
    return RefundAct.ASK if watched and refund.next_check_at is not None else RefundAct.LEAVE


def _another_is_under_way(db: Session, refund: Refund) -> bool:
    """A provider that only says how much is left can be asked about one at a time."""
    others = select(Refund.id).where(
        Refund.payment_id == refund.payment_id,
        Refund.id != refund.id,
        Refund.status.in_(CALLING),
    )
    return db.execute(select(others.exists())).scalar_one()


def leave(locked: LockedRefund, policy: Policy) -> None:
    """Nothing to do now: due again when there may be. What waits for a person waits for no
    clock.
    """
    refund = locked.refund
    waits_for_its_turn = refund.status == APPROVED and refund.review is None
    if refund.status == SENDING or waits_for_its_turn:
        look_again(refund, locked.now, policy)
    else:
        refund.next_check_at = None


def begin_send(db: Session, locked: LockedRefund, call_seconds: float, policy: Policy) -> None:
    """Take the lease for the one call, and choose the money that it is of. Commit before the
    call.
    """
    refund, now = locked.refund, locked.now
    refund.receipt = _receipt_with_enough(db, locked)
    refund.status, refund.sent_at = SENDING, now
    refund.checks = 0
    until = now + timedelta(seconds=call_seconds + policy.lease_margin_seconds)
    refund.lease_until = refund.next_check_at = until
    write(db, locked, "refund_begun")


def _receipt_with_enough(db: Session, locked: LockedRefund) -> str:
    """The provider's id of money that this refund fits into: what came beside the first of an order
    goes back first, because nobody owed it. Where none is large enough, the provider says so.
    """
    refund = locked.refund
    came = db.execute(
        select(Transfer.receipt, func.sum(Transfer.amount_minor), func.min(Transfer.id))
        .where(
            Transfer.payment_id == locked.payment.id,
            Transfer.kind.in_(("capture", "surplus")),
            Transfer.receipt.is_not(None),
        )
        .group_by(Transfer.receipt)
        .order_by(func.min(Transfer.id))
    ).all()
    gone: dict[str | None, int] = {
        receipt: int(total)
        for receipt, total in db.execute(
            select(Refund.receipt, func.sum(Refund.amount_minor))
            .where(Refund.payment_id == locked.payment.id, Refund.status != FAILED)
            .group_by(Refund.receipt)
        )
    }
    for receipt, total, _ in reversed(came):
        if int(total) - gone.get(receipt, 0) >= refund.amount_minor:
            return str(receipt)
    return str(came[0][0])


def refunded_beside(db: Session, refund: Refund) -> int:
    """Minor units that the provider gave back of the same payment by other refunds, for providers
    that only say how much is left. Also by later ones: one that had failed may be asked about after
    another went in its place.
    """
    total = db.execute(
        select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
            Refund.payment_id == refund.payment_id,
            Refund.id != refund.id,
            Refund.way == PROVIDER,
            Refund.status == SUCCEEDED,
        )
    ).scalar_one()
    return int(total)


def still_counts(db: Session, refund: Refund, beside_minor: int) -> bool:
    """Whether an answer about a refund is about this one, when `beside_minor` had gone back by
    others as it was asked. While one that had failed was asked about, another may have been sent,
    and who only says how much is left says the same of both.
    """
    if refund.status != FAILED:
        return True
    overtaken = refunded_beside(db, refund) != beside_minor
    return not overtaken and not _another_is_under_way(db, refund)
