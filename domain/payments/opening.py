"""How a payment begins: the booking locked, its balance held, the limits kept, one open payment to
a person and a number.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, String, and_, any_, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from domain.models import Base, Booking, Payment
from domain.money import Money
from domain.nudges import Nudge, promise
from domain.payments.ending import NO_LONGER_OWED, cancel, end
from domain.payments.schedule import ATTEND, QUEUE
from domain.payments.story import Locked, lock, lock_booking, move, write_event
from domain.policy import Policy
from domain.states import AWAITING_OTP, CANCELLED, CONFIRMING, CREATED, MOVING, STARTING, WAITING

_payment = Base.metadata.tables["payment"]


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """What a payment asks for. `hold_seconds`, `otp_tries` are the provider's terms; `replaces` the
    one it follows.
    """

    booking_id: int
    contact_id: int
    account_id: int
    provider: str
    amount: Money
    payer_number: str | None
    hold_seconds: int
    otp_tries: int
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class NotOpened:
    """Why no payment was opened (a value of flows.desk.Refusal), and until when, where that is
    known.
    """

    why: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """What open payments hold of a booking's balance: in minor units, until when the first ends."""

    held_minor: int
    until: datetime | None


def holds_on(which: ColumnElement[bool]) -> Select[int, int, datetime | None]:
    """One row for each booking that has holds on `which` payments: id, minor units held, first end.

    A waiting payment holds until `hold_until`; one that may have moved money holds for as long as
    it lasts.
    """
    is_waiting = _payment.c.status == any_(literal(list(WAITING), ARRAY(String)))
    is_moving = _payment.c.status == any_(literal(list(MOVING), ARRAY(String)))
    return (
        select(
            _payment.c.booking_id,
            func.sum(_payment.c.amount_minor).label("held"),
            func.min(_payment.c.hold_until).filter(is_waiting).label("until"),
        )
        .where(
            which,
            _payment.c.cancel_requested_at.is_(None),
            or_(and_(is_waiting, _payment.c.hold_until > func.clock_timestamp()), is_moving),
        )
        .group_by(_payment.c.booking_id)
    )


def hold_on(db: Session, booking_id: int, *but: UUID) -> Hold:
    """What is held on one booking now, `but` by these payments."""
    db.flush()  # a query about tables does not do it
    others = (_payment.c.id != payment_id for payment_id in but)
    which = and_(_payment.c.booking_id == booking_id, *others)
    row = db.execute(holds_on(which)).one_or_none()
    return Hold(0, None) if row is None else Hold(int(row[1]), row[2])


def open_payment(db: Session, request: OpenRequest, policy: Policy) -> Payment | NotOpened:
    """Open a payment and promise the provider's call. The contact is locked by the turn; its
    earlier payment gives way.

    Locks the bookings concerned in order of their ids. Amount limits: at least the minimum (or all
    that is free), at the most the balance less what others hold.
    """
    earlier = db.execute(
        select(Payment.id, Payment.booking_id).where(
            Payment.contact_id == request.contact_id,
            Payment.status.in_((*WAITING, CONFIRMING)),
            Payment.cancel_requested_at.is_(None),
        )
    ).all()
    bookings = {
        booking_id: lock_booking(db, booking_id)
        for booking_id in sorted({request.booking_id, *(row.booking_id for row in earlier)})
    }
    # Where there can be none, the earlier one stays as it is.
    savepoint = db.begin_nested() if earlier else None
    now = db.execute(select(func.clock_timestamp())).scalar_one()
    refusal = (
        _make_way(db, [row.id for row in earlier])
        or _too_often(db, request, policy, now)
        or _does_not_fit(db, bookings[request.booking_id], request, policy)
    )
    if savepoint is not None:
        (savepoint.commit if refusal is None else savepoint.rollback)()
    return refusal or _create(db, request, policy, now)


def _make_way(db: Session, earlier: Sequence[UUID]) -> NotOpened | None:
    """Cancel the contact's earlier payments, unless a provider has one's code already."""
    for payment_id in earlier:
        locked = lock(db, payment_id)
        if locked.payment.status == CONFIRMING:
            return NotOpened("busy")
        cancel(db, locked)
    db.flush()
    return None


def _create(db: Session, request: OpenRequest, policy: Policy, now: datetime) -> Payment:
    payment_id = uuid4()
    payment = Payment(
        id=payment_id,
        booking_id=request.booking_id,
        contact_id=request.contact_id,
        account_id=request.account_id,
        provider=request.provider,
        reference=str(payment_id),
        amount_minor=request.amount.amount_minor,
        currency=request.amount.currency,
        payer_number=request.payer_number,
        replaces=request.replaces,
        status=CREATED,
        version=0,
        otp_try=1,
        otp_tries=request.otp_tries,
        hold_until=now + timedelta(seconds=request.hold_seconds),
        next_check_at=now + timedelta(seconds=policy.nudge_lost_seconds),
        checks=0,
    )
    db.add(payment)
    write_event(db, payment, "opened")
    db.flush()
    promise(db, Nudge(ATTEND, QUEUE, str(payment_id)))
    return payment


def _does_not_fit(
    db: Session, booking: Booking, request: OpenRequest, policy: Policy
) -> NotOpened | None:
    if booking.cancelled_at is not None:
        return NotOpened("cancelled")
    if booking.currency != request.amount.currency:
        raise ValueError("a payment is in its booking's currency")
    balance = booking.total_minor - booking.paid_minor
    if balance <= 0:
        return NotOpened("already_paid")
    hold = hold_on(db, booking.id)
    free = balance - hold.held_minor
    if free <= 0:
        return NotOpened("held", hold.until)
    if request.amount.amount_minor > free:
        return NotOpened("above_free", hold.until if hold.held_minor else None)
    if request.amount.amount_minor < min(policy.minimum_minor, free):
        return NotOpened("below_minimum")
    return None


def _too_often(
    db: Session, request: OpenRequest, policy: Policy, now: datetime
) -> NotOpened | None:
    """Limits of starts, per payer's number over all contacts and per contact; and one open payment
    to a number.
    """
    if request.payer_number is not None:
        busy = db.execute(
            select(Payment.id).where(
                Payment.payer_number == request.payer_number,
                Payment.status.in_((CREATED, STARTING, AWAITING_OTP, CONFIRMING)),
                Payment.cancel_requested_at.is_(None),
            )
        ).first()
        if busy is not None:
            return NotOpened("number_busy")
        limits = (policy.payer_starts_per_hour, policy.payer_starts_per_day)
        until = _limit_ends(db, Payment.payer_number == request.payer_number, limits, now)
        if until is not None:
            return NotOpened("number_limit", until)
    limits = (policy.contact_starts_per_hour, policy.contact_starts_per_day)
    until = _limit_ends(db, Payment.contact_id == request.contact_id, limits, now)
    return NotOpened("contact_limit", until) if until is not None else None


def _limit_ends(
    db: Session, whose: ColumnElement[bool], limits: tuple[int, int], now: datetime
) -> datetime | None:
    """When the next start is allowed, if not now. The newest starts of a day are few: the limits
    see to it.
    """
    per_hour, per_day = limits
    day, hour = timedelta(days=1), timedelta(hours=1)
    starts = list(
        db.execute(
            select(Payment.created_at)
            .where(whose, Payment.created_at > now - day)
            .order_by(Payment.created_at.desc())
            .limit(max(per_hour, per_day))
        ).scalars()
    )
    ends = []
    if len(starts) >= per_hour and starts[per_hour - 1] > now - hour:
        ends.append(starts[per_hour - 1] + hour)
    if len(starts) >= per_day:
        ends.append(starts[per_day - 1] + day)
    return max(ends, default=None)


def replace(
    db: Session, locked: Locked, request: OpenRequest, policy: Policy
) -> Payment | NotOpened:
    """A new code, or a new link: cancel a payment that waits and open its successor with the hold,
    in one transaction. Where there can be none, the old one stays as it is.
    """
    booking = locked.booking
    if booking.cancelled_at is not None:
        return NotOpened("cancelled")
    balance = booking.total_minor - booking.paid_minor
    if request.amount.amount_minor > balance:
        return NotOpened("already_paid")
    # A link may live longer than its hold: what others hold since then is theirs.
    others = hold_on(db, booking.id, locked.payment.id)
    if request.amount.amount_minor > balance - others.held_minor:
        return NotOpened("held", others.until)
    if request.payer_number is not None:
        whose, why = Payment.payer_number == request.payer_number, "number_limit"
        limits = (policy.payer_starts_per_hour, policy.payer_starts_per_day)
    else:
        whose, why = Payment.contact_id == request.contact_id, "contact_limit"
        limits = (policy.contact_starts_per_hour, policy.contact_starts_per_day)
    until = _limit_ends(db, whose, limits, locked.now)
    if until is not None:
        return NotOpened(why, until)
    cancel(db, locked)
    db.flush()
    successor = dataclasses.replace(request, replaces=locked.payment.id)
    return _create(db, successor, policy, locked.now)


def begin_confirming(db: Session, locked: Locked, policy: Policy) -> bool:
    """The customer typed the code: to CONFIRMING, if the booking still owes the amount, also when
    what others have under way comes in. Promises the provider's call.
    """
    booking, payment, now = locked.booking, locked.payment, locked.now
    owed = 0 if booking.cancelled_at else booking.total_minor - booking.paid_minor
    if payment.amount_minor > owed - _moving_beside(db, payment):
        payment.failure = NO_LONGER_OWED
        end(db, payment, CANCELLED, NO_LONGER_OWED, now, told=None)
        return False
    payment.next_check_at = now + timedelta(seconds=policy.nudge_lost_seconds)
    move(db, payment, CONFIRMING, "code_given")
    promise(db, Nudge(ATTEND, QUEUE, str(payment.id)))
    return True


def _moving_beside(db: Session, payment: Payment) -> int:
    """What other payments of the same booking may have moved by now, in minor units."""
    return int(
        db.execute(
            select(func.coalesce(func.sum(Payment.amount_minor), 0)).where(
                Payment.booking_id == payment.booking_id,
                Payment.id != payment.id,
                Payment.status.in_(MOVING),
                Payment.cancel_requested_at.is_(None),
            )
        ).scalar_one()
    )
