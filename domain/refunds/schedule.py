"""When a refund must be looked at again. The due time stands in the row; the sweep only claims and
hands over.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from domain.claiming import claim
from domain.models import Refund
from domain.nudges import Nudge, promise
from domain.policy import Policy
from domain.refunds.states import APPROVED, FAILED, PENDING, SENDING, UNCERTAIN

ATTEND = "workers.refunds.attend_refund"
QUEUE = "payments"
# Banks take days: 1, 5, 15 min, 1, 6 h, then daily, in seconds.
_DELAYS_SECONDS = (60, 300, 900, 3_600, 21_600, 86_400)
# A provider that said no after our call went unanswered may yet say yes.
_WATCHED = timedelta(days=7)


def ask_now(db: Session, refund: Refund, now: datetime) -> None:
    """Let a worker look at once: whoever hears the nudge, or finds the row due."""
    refund.next_check_at = now
    promise(db, Nudge(ATTEND, QUEUE, str(refund.id)))


def look_again(refund: Refund, now: datetime, policy: Policy) -> None:
    """Set the due time by where the refund stands."""
    if refund.status == SENDING:
        refund.next_check_at = refund.lease_until
    elif refund.status in (APPROVED, PENDING, UNCERTAIN):
        refund.next_check_at = _next(refund, now, policy)
    elif refund.status == FAILED and refund.sent_at is not None and refund.ended_at is not None:
        time = _next(refund, now, policy)
        refund.next_check_at = time if time < refund.ended_at + _WATCHED else None
    else:
        refund.next_check_at = None


def _next(refund: Refund, now: datetime, policy: Policy) -> datetime:
    delay: float = _DELAYS_SECONDS[min(refund.checks, len(_DELAYS_SECONDS) - 1)]
    refund.checks += 1
    if refund.negative_since is not None and refund.status == UNCERTAIN:
        delay = min(delay, policy.negative_again_seconds)
    return now + timedelta(seconds=delay * policy.check_pace)


def claim_due(db: Session, limit: int, policy: Policy) -> list[UUID]:
    """Ids of refunds that are due, each handed to one claimer only; they come back if nobody
    attends to them.
    """
    return claim(db, Refund, limit, policy.claim_seconds)
