"""Money on the wrong booking, moved to another one of the same operator when two people agree.

    move_money   subject booking:<id>, the one that gives
                 detail to_booking_id, amount_minor, currency

The one that gives may be cancelled; the other takes no more than it owes and no payment under way
holds, and the rest stays where it is.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import ledger
from domain.by_hand import does_not_fit, file_finding
from domain.models import Booking, Staff, Transfer
from domain.money import Money
from domain.payments import lock_booking
from domain.payments.ending import cancel_those_that_no_longer_fit
from domain.payments.reviews import FOUND
from domain.refunds.posting import unpromised_of
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
    refused = does_not_fit(db, target, amount)
    if refused is not None:
        return refused
    # What a refund under way was promised from stays for it.
    there = Money(max(0, unpromised_of(db, source)), source.currency)
    return NotDone(Why.ABOVE_HELD, left=there) if amount > there else None


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
    db.add(entry(by_person(second), "money_moved", f"booking:{booking.id}", detail))
