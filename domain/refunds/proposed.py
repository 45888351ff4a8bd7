"""What two people say about refunds, as acts that one proposes and another agrees to.

refunded_outside   subject payment:<id>   detail amount_minor, currency
conclude_refund    subject refund:<id>    detail finding: given_back, not_given_back
"""

from uuid import UUID

from sqlalchemy.orm import Session

from domain.models import Staff
from domain.payments import lock as lock_payment
from domain.refunds import people
from domain.refunds.people import Finding, OutsideWish
from domain.refunds.refusals import NotRefunded
from domain.refunds.story import lock
from domain.wishes import NotDone, Tools, Why, Wish


def may_record_outside(db: Session, wish: Wish) -> NotDone | None:
    """What stands against writing down that money was given back without the provider."""
    locked = lock_payment(db, UUID(wish.named("payment")))
    if locked.booking.operator_id != wish.operator_id:
        return NotDone(Why.OTHER_OPERATOR)
    return _not_done(people.outside_does_not_fit(db, locked, wish.money(), wish.evidence.strip()))


def record_outside(db: Session, wish: Wish, second: Staff, _tools: Tools) -> None:
    """Post it: its refund's id is the proposal's."""
    locked = lock_payment(db, UUID(wish.named("payment")))
    people.post_outside(
        db,
        locked,
        OutsideWish(
            refund_id=wish.proposal_id,
            payment_id=locked.payment.id,
            amount=wish.money(),
            evidence=wish.evidence.strip(),
            staff_id=wish.staff_id,
            approver_id=second.id,
        ),
        (db.get_one(Staff, wish.staff_id), second),
    )


def may_conclude(db: Session, wish: Wish) -> NotDone | None:
    """What stands against saying what became of a refund in doubt."""
    locked = lock(db, UUID(wish.named("refund")))
    if locked.booking.operator_id != wish.operator_id:
        return NotDone(Why.OTHER_OPERATOR)
    return _not_done(people.cannot_conclude(db, locked, _finding(wish)))


def conclude(db: Session, wish: Wish, second: Staff, tools: Tools) -> None:
    """It was given back, and is posted; or it was not, and may be asked for again."""
    locked = lock(db, UUID(wish.named("refund")))
    both = db.get_one(Staff, wish.staff_id), second
    evidence = wish.evidence.strip()
    people.write_finding(db, locked, both, _finding(wish), evidence, tools.policy)


def _finding(wish: Wish) -> Finding:
    return Finding(wish.detail["finding"])


def _not_done(refused: NotRefunded | None) -> NotDone | None:
    return None if refused is None else NotDone(Why(refused.why.value), left=refused.left)
