"""What exactly a proposal will do, by its act: a table, to which each act adds its line."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.admin.accounts.words import facts as change_facts
from bot.admin.accounts.words import follows
from bot.admin.bookings.words import CAUSES, WHAT, told_of
from bot.admin.payment import queries
from bot.admin.payment.telling import telling
from bot.admin.running import zone
from bot.admin.scope import Scope
from bot.admin.showing import provider_title
from domain import correcting, taking_back
from domain.models import Account, Booking, Operator, Payment, Proposal, Refund
from domain.money import Money
from domain.taking_back import Cause

_LONG_NUMBER = re.compile(r"\+?\d[\d ().-]{5,}\d")
_EVERYBODY = Scope(None)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: what it is called, what it says, and the page that has more of it."""

    label: str
    value: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What will happen in words, what exactly, and what a customer will be told of it."""

    what: str
    rows: Sequence[Fact]
    told: str | None = None


Render = Callable[[Session, Proposal], Facts]


def of(db: Session, proposal: Proposal) -> Facts:
    """The facts of a proposal that the viewer may see."""
    return FACTS.get(proposal.act, _as_it_stands)(db, proposal)


def _of_payment(name: str) -> Render:
    """An act on a payment; `name` is what its page is called."""

    def render(db: Session, proposal: Proposal) -> Facts:
        return _about_payment(db, proposal, name, UUID(_named(proposal)))

    return render


def _of_refund(db: Session, proposal: Proposal) -> Facts:
    refund = db.get_one(Refund, UUID(_named(proposal)))
    facts = _about_payment(db, proposal, "conclude", refund.payment_id)
    went_back = proposal.detail["finding"] == "given_back"
    found = "The money went back to the customer" if went_back else "No money went back"
    currency = db.get_one(Payment, refund.payment_id).currency
    rows = [
        *facts.rows,
        Fact("Refund", str(Money(refund.amount_minor, currency))),
        Fact("What became of it", found),
    ]
    return Facts(facts.what, rows, facts.told)


def _about_payment(db: Session, proposal: Proposal, name: str, payment_id: UUID) -> Facts:
    whole = queries.whole(db, payment_id, _EVERYBODY)
    if whole is None:
        raise LookupError(f"{proposal.act} is about a payment that is not there")
    payment, booking = whole.core.payment, whole.core.booking
    words = telling(name, whole, 0)
    asked = str(Money(payment.amount_minor, payment.currency))
    rows = [
        Fact("Payment", asked, url_for("payment.show", payment_id=payment.id)),
        Fact("Booking", f"{booking.reference}, {booking.lead_name}"),
        *_amounts(proposal),
    ]
    if "receipt" in proposal.detail:
        rows.append(Fact("The provider's id of the money", str(proposal.detail["receipt"])))
    return Facts(words.what, rows, words.told)


def _of_move(db: Session, proposal: Proposal) -> Facts:
    ids = int(_named(proposal)), int(proposal.detail["to_booking_id"])
    rows = db.scalars(select(Booking).where(Booking.id.in_(ids))).all()
    bookings = {booking.id: booking for booking in rows}
    facts = [
        Fact(
            label,
            f"{booking.reference}, {booking.lead_name}, paid"
            f" {Money(booking.paid_minor, booking.currency)} of"
            f" {Money(booking.total_minor, booking.currency)}",
            url_for("bookings.show", booking_id=booking.id),
        )
        for label, booking in zip(("From", "To"), map(bookings.__getitem__, ids), strict=True)
    ]
    what = "The amount leaves the first booking, which owes it again, and enters the second one."
    told = "Nothing by itself."
    return Facts(what, [*_brought_by(db, proposal), *facts, *_amounts(proposal)], told)


def _brought_by(db: Session, proposal: Proposal) -> Sequence[Fact]:
    """The payment whose money is moved; older proposals name none."""
    if "payment_id" not in proposal.detail:
        return ()
    payment = db.get_one(Payment, UUID(proposal.detail["payment_id"]))
    asked = f"{Money(payment.amount_minor, payment.currency)} by {provider_title(payment.provider)}"
    return (Fact("Of payment", asked, url_for("payment.show", payment_id=payment.id)),)


def _of_taking_back(db: Session, proposal: Proposal) -> Facts:
    booking = db.get_one(Booking, int(_named(proposal)))
    posted = taking_back.recorded(db, booking.id, int(proposal.detail["transfer_id"]))
    if posted is None:
        raise LookupError(f"{proposal.act} is about money that is not there")
    cause = Cause(proposal.detail["cause"])
    on = posted.at.astimezone(zone())
    rows = [
        Fact(
            "Booking",
            f"{booking.reference}, {booking.lead_name}",
            url_for("bookings.show", booking_id=booking.id),
        ),
        Fact("Recorded", f"{posted.amount} on {on.day} {on:%b %Y}, {posted.said}"),
        Fact("Why", CAUSES[cause].title),
        *_amounts(proposal),
    ]
    return Facts(WHAT, rows, told_of(cause))


def _of_account(db: Session, proposal: Proposal) -> Facts:
    account = db.get_one(Account, int(_named(proposal)))
    operator = db.get_one(Operator, account.operator_id)
    link = url_for("accounts.show", account_id=account.id)
    named = f"{account.name}, {account.currency}, of {operator.name}"
    rows = [Fact(label, text) for label, text in change_facts(proposal.detail)]
    what = follows(account, operator.name, proposal.detail)
    return Facts(what, [Fact("Account", named, link), *rows], "Nothing.")


def _of_correction(db: Session, proposal: Proposal) -> Facts:
    booking = db.get_one(Booking, int(_named(proposal)))
    detail = proposal.detail
    changes = correcting.in_words(detail["changes"], detail["currency"])
    rows = [
        Fact(
            "Booking",
            f"{booking.reference}, {booking.lead_name}",
            url_for("bookings.show", booking_id=booking.id),
        ),
        *(
            Fact(_label(name), f"{move['from'] or 'nothing'} → {move['to'] or 'nothing'}")
            for name, move in changes.items()
        ),
    ]
    return Facts("The booking reads so from then on.", rows, "Nothing by itself.")


def _as_it_stands(_db: Session, proposal: Proposal) -> Facts:
    """An act without words of its own: its detail, with long numbers hidden."""
    rows = [
        Fact(_label(name), _LONG_NUMBER.sub("••••", str(value)))
        for name, value in sorted(proposal.detail.items())
    ]
    return Facts("It is done as it stands here.", rows)


def _amounts(proposal: Proposal) -> Sequence[Fact]:
    if "amount_minor" not in proposal.detail:
        return ()
    detail = proposal.detail
    return (Fact("Amount", str(Money(int(detail["amount_minor"]), str(detail["currency"])))),)


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _named(proposal: Proposal) -> str:
    return proposal.subject.partition(":")[2]


FACTS: Mapping[str, Render] = {
    "settle_by_statement": _of_payment("settle"),
    "close_as_not_paid": _of_payment("close"),
    "close_review": _of_payment("close_review"),
    "refunded_outside": _of_payment("outside"),
    "conclude_refund": _of_refund,
    "move_money": _of_move,
    "take_back_outside": _of_taking_back,
    "correct_booking": _of_correction,
    "change_account": _of_account,
}
