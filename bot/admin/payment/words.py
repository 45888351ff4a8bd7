"""The story of a payment in plain words; what stands in no table is shown as it is."""

from collections.abc import Mapping

# The kinds of a payment's events.
EVENTS: Mapping[str, str] = {
    "opened": "The customer began to pay",
    "starting": "Asking the provider to start",
    "otp_sent": "The provider sent the customer a code",
    "link_made": "The provider made a link to pay by",
    "invoice_sent": "The provider sent the customer an invoice",
    "code_given": "The customer sent the code",
    "code_lost": "The code was lost before it was used; the customer was asked again",
    "confirm_begun": "Handing the code to the provider",
    "otp_wrong": "The provider did not take the code",
    "answer_lost": "The provider did not answer: nobody knows whether money moved",
    "answer_ignored": "An answer came too late to count",
    "said_paid": "The customer says that they have paid",
    "not_yet": "The customer was told what the provider says so far",
    "asked": "Asked the provider what became of it",
    "word": "The provider said how it ended",
    "refused": "The provider refused it",
    "settled": "Paid",
    "surplus": "More money came than the booking owed",
    "paid_again": "Money came once more for this payment",
    "mismatch": "What the provider said does not agree with what was asked",
    "reversed": "The provider took money back by itself",
    "reviewed": "Looked at by a person: nothing is left to do",
    "closed_by_staff": "Two people closed it as not paid",
    "cancel_requested": "To be cancelled",
    "cancelled": "Cancelled",
    "no_longer_owed": "Cancelled: the booking no longer owes it",
    "expired": "Not finished in time",
    "failed": "Failed",
    "void_begun": "Asking the provider to void it",
    "not_voided": "The provider did not void it",
    "refund_requested": "A refund was asked for",
    "refund_approved": "The refund was approved",
    "refund_rejected": "The refund was rejected",
    "refund_begun": "Telling the provider to give money back",
    "refund_accepted": "The provider took the refund on",
    "refund_asked": "Asked the provider what became of the refund",
    "refund_answer_ignored": "An answer about the refund came too late to count",
    "refund_uncertain": "The provider did not answer: nobody knows whether money went back",
    "refund_failed": "The refund failed",
    "refund_review": "A person must look at the refund",
    "refunded": "Money went back to the customer",
}

# Notes of events, failures, reasons to cancel.
NOTES: Mapping[str, str] = {
    "open": "it still stands open",
    "succeeded": "it is paid",
    "pending": "it is on its way",
    "not_found": "the provider knows nothing of it",
    "no_answer": "no answer",
    "failed": "it failed",
    "expired": "it was not finished in time",
    "cancelled": "it was cancelled",
    "insufficient_funds": "not enough money in the wallet",
    "limit": "above the limit of the wallet",
    "no_wallet": "no wallet for that number",
    "blocked": "the wallet is blocked",
    "wrong_otp": "the code was wrong",
    "tries_exceeded": "the code was wrong too many times",
    "duplicate": "taken for a payment made twice",
    "bad_request": "the provider could not read our request",
    "unavailable": "the provider is not available",
    "declined": "declined without a reason",
    "customer": "the customer's wish",
    "no_longer_owed": "the booking no longer owes it",
    "replaced": "another payment took its place",
    "closed_by_staff": "closed by two people",
    "rejected": "rejected",
    "not_given_back": "two people found that nothing went back",
    "refunded": "money went back",
}

# Why a payment or a refund is before a person: what it is called, and what to do.
MARKS: Mapping[str, tuple[str, str]] = {
    "uncertain": (
        "Nobody knows whether it was paid",
        "Look into the provider's statement. Ask again, settle it by the statement, or close it as"
        " not paid. The customer was told not to pay it again.",
    ),
    "amount_mismatch": (
        "The provider speaks of another amount",
        "Nothing was credited. Look into the provider's statement and settle what really came, or"
        " close it.",
    ),
    "currency_mismatch": (
        "The provider speaks of another currency",
        "Nothing was credited. Look into the provider's statement before anything else.",
    ),
    "reference_mismatch": (
        "The provider speaks of another reference",
        "Nothing was credited. Look into the provider's statement and settle what really came, or"
        " close it.",
    ),
    "receipt_mismatch": (
        "The provider calls the money by another id than the statement did",
        "Nothing more was credited. Look into the provider's statement: where it is the same money,"
        " close the review; where it came twice, settle the other id by statement.",
    ),
    "receipt_of_another": (
        "The provider's receipt belongs to another payment",
        "Nothing was credited. Compare both payments with the provider's statement.",
    ),
    "surplus": (
        "More came than the booking owed",
        "Give the surplus back. The customer was told that a person will see to it.",
    ),
    "link_paid_twice": (
        "The link was paid twice",
        "What came a second time was not counted: give it back. The customer was told that you"
        " will.",
    ),
    "paid_twice": (
        "It was paid twice",
        "What came a second time was not counted: give it back. The customer was told that you"
        " will.",
    ),
    "reversed": (
        "The provider took money back by itself",
        "The booking owes it again. Ask the customer, then mark it as seen.",
    ),
    "reversed_beyond": (
        "The provider took back more than the books held",
        "Compare the provider's statement with the ledger, then mark it as seen.",
    ),
    "reversal_of_another": (
        "A reversal that belongs to another payment",
        "Compare both payments with the provider's statement.",
    ),
    "uncertain_refund": (
        "Nobody knows whether the refund went back",
        "The provider cannot be asked. Look into its statement, then say what became of it.",
    ),
    "refund_failed": (
        "The refund failed after the customer was told of it",
        "Give the money back in another way, and tell the customer.",
    ),
    "late_refund": (
        "A refund that had failed took place after all",
        "Other refunds were promised since. Compare with the provider's statement.",
    ),
    "no_longer_fits": (
        "The refund no longer fits",
        "The provider took money back meanwhile. Reject it, or ask for a smaller one.",
    ),
    "not_held": (
        "The books no longer hold what the refund gave back",
        "Compare the provider's statement with the ledger.",
    ),
}

# What a person did, as the audit trail has it.
ACTS: Mapping[str, str] = {
    "payment_asked": "asked for the provider to be asked again",
    "payment_reviewed": "marked it as seen",
    "number_shown": "looked at a phone number",
    "reversal_recorded": "wrote down that the provider took money back",
    "settle_by_statement": "to settle a payment by the statement",
    "close_as_not_paid": "to close a payment as not paid",
    "close_review": "to close a review",
    "refunded_outside": "to write down money given back outside",
    "conclude_refund": "to say what became of a refund",
    "move_money": "to move money to another booking",
    "take_back_outside": "to take back money that was taken outside",
    "correct_booking": "to correct a booking",
    "change_account": "to change where money goes",
}
_DECISIONS: Mapping[str, str] = {
    "proposed": "proposed",
    "approved": "approved the proposal",
    "rejected": "rejected the proposal",
    "withdrawn": "withdrew the proposal",
}

SOURCES: Mapping[str, str] = {
    "confirm": "the provider's answer",
    "poll": "the provider, when asked",
    "callback": "the provider, unasked",
    "refund": "the provider, about a refund",
    "statement": "the provider's statement, by two people",
    "person": "two people of staff",
}


def of_event(kind: str) -> str:
    """What a kind of event is called."""
    return EVENTS.get(kind, kind)


def of_note(note: str | None) -> str | None:
    """What a note, a failure or a reason means."""
    if note is None:
        return None
    mark = MARKS.get(note)
    return NOTES.get(note, mark[0] if mark else note)


def of_mark(review: str) -> tuple[str, str]:
    """Why something is before a person, and what to do."""
    return MARKS.get(review, (review.replace("_", " ").capitalize(), "Look at what happened."))


def of_act(act: str) -> str:
    """What somebody of staff did: `proposed to close it as not paid`."""
    if act in ACTS:
        return ACTS[act]
    name, _, decision = act.rpartition("_")
    if decision in _DECISIONS and name in ACTS:
        return f"{_DECISIONS[decision]} {ACTS[name]}"
    return act.replace("_", " ")


def of_proposal(act: str) -> str:
    """What is proposed: `to close a payment as not paid`."""
    return ACTS.get(act, act.replace("_", " "))
