"""What each act of staff is called: a plain sentence, with what of its detail belongs in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from bot.admin.accounts.words import what as account_change
from bot.admin.payment.words import ACTS as PROPOSALS
from domain.account_changes import CHANGE, Kind
from domain.money import Money, MoneyError

# What stands in braces is told from the entry's detail, and not said again below it.
_SENTENCES: Mapping[str, str] = {
    "payment_asked": "Asked the provider about the payment again",
    "payment_reviewed": "Marked the payment as seen",
    "message_reviewed": "Marked a reply that did not arrive as seen",
    "number_shown": "Looked at a phone number",
    "numbers_shown": "Looked at the phone numbers of the group",
    "reversal_recorded": "Wrote down that the provider took money back",
    "refund_requested": "Asked for a refund of {amount}",
    "refund_approved": "Approved the refund of {amount}",
    "refund_rejected": "Rejected the refund of {amount}",
    "refund_withdrawn": "Took back the request for a refund of {amount}",
    "refund_outside": "Wrote down {amount} that was given back outside",
    "refund_concluded": "Said what became of the refund of {amount}",
    "payments_exported": "Took the payments away as CSV",
    "statement_exported": "Took a statement away as CSV",
    "manifest_exported": "Took the manifest away as CSV",
    "audit_trail_exported": "Took the audit trail away as CSV",
    "booking_added": "Added the booking, {total}",
    "booking_changed": "Changed the booking by an import",
    "booking_corrected": "Corrected the booking",
    "booking_cancelled": "Cancelled the booking",
    "bookings_imported": "Imported bookings: {added} new, {changed} changed",
    "departure_moved": "Moved the departure to another day",
    "departure_cancelled": "Cancelled the departure and its bookings ({bookings})",
    "outside_recorded": "Recorded {amount} taken {method}",
    "outside_taken_back": "Took back {amount} that was recorded as taken outside",
    "money_moved": "Moved {amount} to another booking",
    "account_added": "Added the account",
    "account_activated": "Switched the account on",
    "account_deactivated": "Switched the account off",
    "account_made_default": "Made the account the default",
    "account_chosen_for_tour": "Chose the account for tour {tour}",
    "account_forgotten_for_tour": "Let the default account take tour {tour} again",
    "account_settings_changed": "Changed the account's settings",
    "account_secrets_changed": "Changed the account's secrets",
    "account_from_settings": "Wrote the account from the deployment's settings",
    "payments_paused": "Paused new payments",
    "payments_resumed": "Resumed new payments",
    "operator_added": "Added the operator {name}",
    "operator_changed": "Changed the operator",
    "tour_added": "Added the tour {name}",
    "tour_renamed": "Renamed the tour from {from} to {to}",
    "conversation_taken": "Took the conversation over",
    "conversation_answered": "Answered in the conversation",
    "conversation_handed_back": "Handed the conversation back",
    "staff_added": "Added {email}",
    "staff_link_made": "Made a link to choose a password by",
    "staff_link_withdrawn": "Withdrew the link to choose a password by",
    "staff_joined": "Chose a first password",
    "staff_access_renewed": "Chose a new password by a link",
    "staff_role_changed": "Changed the person's role",
    "staff_disabled": "Disabled the person",
    "staff_enabled": "Enabled the person again",
    "approver_made": "Made the person an approver",
    "approver_taken": "Took away the right to approve",
    "signed_in": "Signed in",
    "signed_out_elsewhere": "Signed out another browser",
    "signed_out_everywhere": "Signed out everywhere",
    "password_changed": "Changed the password",
    "authenticator_set": "Set up an authenticator",
    "authenticator_replaced": "Replaced the authenticator",
    "authenticator_removed": "Removed the authenticator",
    "recovery_code_used": "Used a recovery code",
}
_DECISIONS: Mapping[str, str] = {
    "proposed": "Proposed {what}",
    "approved": "Approved the proposal {what}",
    "rejected": "Rejected the proposal {what}",
    "withdrawn": "Took back the proposal {what}",
}
_METHODS = {"cash": "in cash", "bank": "by bank transfer", "card": "by card machine"}
_AMOUNT = ("amount_minor", "currency")
# For a filter: every act that there is.
ACTS = (*_SENTENCES, *(f"{act}_{decision}" for act in PROPOSALS for decision in _DECISIONS))


@dataclass(frozen=True, slots=True)
class Sentence:
    """What was done, and which names of the detail are said by it."""

    words: str
    said: frozenset[str] = frozenset()


def plain(act: str) -> str:
    """`account_made_default` as a person reads it, for what has no sentence."""
    return act.replace("_", " ").capitalize()


def sentence(act: str, detail: Mapping[str, Any]) -> Sentence:
    """An act in words; an unknown one, or one that says less than its sentence, by its name."""
    template = _SENTENCES.get(act)
    if template is None:
        return Sentence(plain(act))
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    try:
        words = template.format_map(_values(detail))
    except KeyError:
        return Sentence(plain(act))
    amount = _AMOUNT if "amount" in names else ()
    return Sentence(words, frozenset((*names, *amount)))


def decision_of(act: str) -> tuple[str, str] | None:
    """What was decided about which proposed act: `("move_money", "proposed")`; None for others."""
    name, _, decision = act.rpartition("_")
    return (name, decision) if name in PROPOSALS and decision in _DECISIONS else None


def decided(name: str, decision: str, proposed: Mapping[str, Any]) -> str:
    """`Proposed to move money to another booking`; `proposed` is the proposal's detail."""
    what = PROPOSALS[name]
    if name == CHANGE and proposed.get("kind") in set(Kind):
        what = f"to change an account: {account_change(proposed)}"
    return _DECISIONS[decision].format(what=what)


def _values(detail: Mapping[str, Any]) -> dict[str, str]:
    values = {name: str(value) for name, value in detail.items() if value is not None}
    if "method" in values:
        values["method"] = _METHODS.get(values["method"], f"by {values['method']}")
    try:
        values["amount"] = str(Money(int(detail["amount_minor"]), str(detail["currency"])))
    except (KeyError, MoneyError, TypeError, ValueError):
        values.pop("amount", None)
    return values
