"""Money on the wrong booking, moved to another one of the same operator when two people agree.

    move_money   subject booking:<id>, the one that gives
                 detail to_booking_id, amount_minor, currency, payment_id: whose money it is

The one that gives may be cancelled; the other takes no more than it owes and no payment under way
holds, and the rest stays where it is. No more of a payment is moved than the booking has of it: so
what was moved is moved on, or back, from where it is. A payment's own booking takes back what was
moved away also once it is cancelled: only from there is it refunded. Proposals from before payments
were named move what the booking holds, whosesoever it is.
"""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import ledger
from domain.by_hand import does_not_fit, file_finding, room_of
from domain.models import Booking, Payment, Staff, Transfer
from domain.money import Money
from domain.payments import lock_booking
from domain.payments.ending import cancel_those_that_no_longer_fit
from domain.payments.reviews import FOUND
from domain.refunds.posting import may_leave, unpromised_of, what_is_left
from domain.staff.trail import by_person, entry
from domain.wishes import NotDone, Tools, Why, Wish

MOVE = "move"


def may_move(db: Session, wish: Wish) -> NotDone | None:
    """What stands against moving it now."""
    giving, taking = _ids(wish)
    if giving == taking:
        return NotDone(Why.SAME_BOOKING)
    source, target = _locked(db, wish)
    if wish.operator_id is None or {source.operator_id, target.operator_id} != {wish.operator_id}:
        return NotDone(Why.OTHER_OPERATOR)
    amount = wish.money()
    if amount.currency != source.currency:
        return NotDone(Why.OTHER_CURRENCY)
    refused = _not_taken(db, target, wish, amount)
    if refused is not None:
        return refused
    return _not_there(db, source, wish, amount)


def _not_taken(db: Session, target: Booking, wish: Wish, amount: Money) -> NotDone | None:
    """What stands against its entering a locked booking."""
    refused, payment_id = does_not_fit(db, target, amount), _payment_id(wish)
    if refused is None or refused.why is not Why.CANCELLED or payment_id is None:
        return refused
    if db.get_one(Payment, payment_id).booking_id != target.id:
        return refused
    # It comes home, to be given back. Other bookings have no more of it than was moved away.
    owed = room_of(db, target).owed
    return NotDone(Why.ABOVE_OWED, left=owed) if amount > owed else None


def _not_there(db: Session, source: Booking, wish: Wish, amount: Money) -> NotDone | None:
    """What stands against its leaving a locked booking. What a refund under way was promised from
    stays for it.
    """
    payment_id = _payment_id(wish)
    if payment_id is None:
        there = Money(max(0, unpromised_of(db, source)), source.currency)
        return NotDone(Why.ABOVE_HELD, left=there) if amount > there else None
    of_it = what_is_left(db, payment_id)
    if not of_it.brought_minor:
        return NotDone(Why.NOTHING_CAME)
    left = left_to_move(db, source, db.get_one(Payment, payment_id))
    if amount <= left:
        return None
    return NotDone(Why.TAKEN_BACK if of_it.beyond_minor else Why.ABOVE_LEFT, left=left)


def left_to_move(db: Session, booking: Booking, payment: Payment) -> Money:
    """What of a payment may be moved from a booking as it stands; proposing looks again, under the
    locks.
    """
    return Money(may_leave(db, booking, payment), booking.currency)


def move_money(db: Session, wish: Wish, second: Staff, _tools: Tools) -> None:
    """Two transfers by way of suspense, both by one piece of evidence; the other booking's open
    payments that no longer fit are ended.
    """
    source, target = _locked(db, wish)
    amount, operator_id = wish.money(), source.operator_id
    key = f"{FOUND}{wish.proposal_id}"
    evidence_id = file_finding(db, MOVE, key, amount, wish.evidence.strip())
    between = ledger.suspense_account(operator_id)
    for booking, debit, credit in (
        (source, ledger.booking_account(source.id), between),
        (target, between, ledger.booking_account(target.id)),
    ):
        db.add(
            Transfer(
                kind=MOVE,
                debit=debit,
                credit=credit,
                amount_minor=amount.amount_minor,
                currency=amount.currency,
                booking_id=booking.id,
                payment_id=_payment_id(wish),
                evidence_id=evidence_id,
            )
        )
        _write_down(db, second, booking, wish)
    now = db.execute(select(func.clock_timestamp())).scalar_one()
    ledger.lower_paid(source, amount)
    ledger.raise_paid(target, amount, now)
    cancel_those_that_no_longer_fit(db, target, now)
    db.flush()


def _ids(wish: Wish) -> tuple[int, int]:
    return int(wish.named("booking")), int(wish.detail["to_booking_id"])


def _payment_id(wish: Wish) -> UUID | None:
    named = wish.detail.get("payment_id")
    return None if named is None else UUID(named)


def _locked(db: Session, wish: Wish) -> tuple[Booking, Booking]:
    """Both bookings, locked in the order of their ids so that nobody waits in a circle."""
    giving, taking = _ids(wish)
    found = {each: lock_booking(db, each) for each in sorted({giving, taking})}
    return found[giving], found[taking]


def _write_down(db: Session, second: Staff, booking: Booking, wish: Wish) -> None:
    """A line under either booking: the proposal stands under the giving one alone."""
    giving, taking = _ids(wish)
    detail = {"proposal": str(wish.proposal_id), "from": giving, "to": taking}
    amount = wish.money()
    detail |= {"amount_minor": amount.amount_minor, "currency": amount.currency}
    payment_id = _payment_id(wish)
    if payment_id is not None:
        detail["payment"] = str(payment_id)
    db.add(entry(by_person(second), "money_moved", f"booking:{booking.id}", detail))
