"""Why an act of staff was not done, in the words of a page, beside the field that it is about."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from flask import current_app
from flask_wtf import FlaskForm
from markupsafe import escape

from domain.money import Money

# By the values of domain.wishes.Why and domain.refunds.Why: where both know a word, it means the
# same.
_WORDS: Mapping[str, str] = {
    "not_allowed": "You may not do this: it is another operator's, or you were signed off.",
    "same_person": "You asked for this yourself, so another person has to decide.",
    "asker_gone": "Who asked for it no longer works here. Reject it, and ask anew.",
    "vouched_for": "One of you let the other one in here, so a third person has to decide.",
    "not_approver": "You may not approve yet. An admin who may approve can make you an approver;"
    " it counts after 24 hours.",
    "no_evidence": "Write down what shows it, in 1 to 1,000 characters.",
    "no_reason": "Say why, in 1 to 300 characters.",
    "proposed_already": "The same was asked for before and waits for a second person.",
    "decided": "Somebody else has decided this already.",
    "sent_before": "This form was sent before, with other details, and those count. Look at what"
    " came of it, and open the form anew for something else.",
    "too_early": "This may be approved from {until} on.",
    "not_positive": "Enter an amount above zero.",
    "other_currency": "Enter an amount in the currency of the payment.",
    "above_owed": "That is more than the booking owes: {left}.",
    "above_free": "Payments under way hold part of what is owed. Up to {left} may be entered.",
    "above_left": "That is more than is left of this payment: {left}.",
    "taken_back": "Its provider took money of this payment back by itself. Of it there is left:"
    " {left}.",
    "above_held": "That is more than the booking holds: {left}.",
    "still_calling": "The provider is being asked just now. Try again in a minute.",
    "nothing_sent": "Nothing was sent to the provider yet.",
    "nothing_to_ask": "The customer has not sent the code yet, so there is nothing to ask about.",
    "no_receipt": "Enter the provider's own id of the money, as it stands on the statement.",
    "known_receipt": "Money with this id was credited to this payment already.",
    "receipt_of_another": "Money with this id was credited to another payment.",
    "not_in_doubt": "There is nothing in doubt about this payment now.",
    "still_in_doubt": "There is still something to do here first.",
    "needs_two": "The provider speaks of money that is not in the books. It takes two people to"
    " close this.",
    "cancelled": "That booking is cancelled, so it takes no money.",
    "same_booking": "That is the booking the money is on already.",
    "other_operator": "That is another operator's.",
    "nothing_came": "This payment brought no money.",
    "outside_only": "This provider gives nothing back when asked. Give it back yourselves, then"
    " write it down as refunded outside.",
    "not_waiting": "This refund does not wait for that any more.",
    "not_held": "The books no longer hold so much of this payment.",
    "changed_meanwhile": "What this is about was changed since. Reject it, and propose it anew.",
    "nothing_to_change": "It stands like this already: there is nothing to change.",
    "account_off": "The account is off. Switch it on first.",
    "other_tour": "That tour is not of this operator.",
    "date_taken": "This tour has a departure on that day already. Choose another day.",
    "date_over": "That day is over. Choose today or a later day.",
    "moved_meanwhile": "Somebody moved this departure meanwhile. Above is when it leaves now: move"
    " it again if that is still right.",
    "below_paid": "The total cannot be less than what was paid: {left}.",
    "below_under_way": "Payments under way may have brought money already, so the total cannot be"
    " less than {left} now. Try again when they are over.",
    "deposit_above_total": "The deposit cannot be more than the total.",
    "changed_since": "The booking was changed since this was asked for. Reject this, and ask anew.",
    "known_reference": "There is a booking with this reference already.",
}
_OTHERWISE = "This cannot be done now: {why}."

# The field of a form that a reason is about, by its first name that the form has.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "no_evidence": ("evidence",),
    "no_reason": ("reason", "evidence", "note", "why"),
    "not_positive": ("amount",),
    "other_currency": ("amount",),
    "above_owed": ("amount",),
    "above_free": ("amount",),
    "above_left": ("amount",),
    "taken_back": ("amount",),
    "above_held": ("amount",),
    "not_held": ("amount",),
    "no_receipt": ("receipt",),
    "known_receipt": ("receipt",),
    "receipt_of_another": ("receipt",),
    "cancelled": ("to",),
    "same_booking": ("to",),
    "date_taken": ("to",),
    "date_over": ("to",),
    "below_paid": ("total",),
    "below_under_way": ("total",),
    "deposit_above_total": ("deposit",),
    "known_reference": ("reference",),
}


class Refused(Protocol):
    """What a domain function answers when nothing was done: NotDone, NotRefunded."""

    @property
    def why(self) -> StrEnum: ...

    @property
    def left(self) -> Money | None: ...


def words_of(refused: Refused) -> str:
    """What a refusal says to whoever tried."""
    until: datetime | None = getattr(refused, "until", None)
    moment = current_app.jinja_env.filters["moment"]
    shown = "later" if until is None else escape(moment(until)).striptags()
    words = _WORDS.get(refused.why.value, _OTHERWISE)
    why = refused.why.value.replace("_", " ")
    return words.format(left=refused.left or "nothing", until=shown, why=why)


def put_beside(form: FlaskForm, refused: Refused) -> None:
    """Write the refusal beside the field it is about, or above the form where it is about none."""
    names = (name for name in _FIELDS.get(refused.why.value, ()) if name in form)
    name = next(names, None)
    if name is None:
        form.form_errors.append(words_of(refused))
    else:
        form[name].errors = [*form[name].errors, words_of(refused)]
