"""Money from outside, in words: how it was paid, why it is taken back, and what its customer is
told.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.outside import Method
from domain.taking_back import Cause

_PAID: Mapping[Method, str] = {
    Method.CASH: "Paid in cash",
    Method.BANK: "Paid by bank transfer",
    Method.CARD: "Paid by card",
}
WHAT = (
    "The amount leaves what the booking was paid, and is owed again unless the booking is"
    " cancelled. No provider is told."
)
TO_WHOM = "In WhatsApp, if they wrote to us within the last 24 hours: that"


@dataclass(frozen=True, slots=True)
class CauseWords:
    """Why money is taken back: for a form, for the booking's money, and what the customer is told
    of it.
    """

    title: str
    done: str
    told: str


CAUSES: Mapping[Cause, CauseWords] = {
    Cause.BY_MISTAKE: CauseWords(
        "It was recorded by mistake: the money never came",
        "Taken back, recorded by mistake",
        "the payment was a mistake and has been taken off",
    ),
    Cause.GIVEN_BACK: CauseWords(
        "The money was given back to the traveller",
        "Given back outside",
        "the amount was given back to them",
    ),
}


def words_of_paid(said: str) -> str:
    """How money was taken outside, for whoever paid it, by what its evidence says."""
    method, _, evidence = said.partition(": ")
    return f"{_PAID[Method(method)]}: {evidence}"


def told_of(cause: Cause) -> str:
    """What the customer is told, as a sentence."""
    return f"{TO_WHOM} {CAUSES[cause].told}, and how the booking stands now."


def told_of_each() -> str:
    """The same while nobody has said yet why."""
    return f"{TO_WHOM} {', or that '.join(each.told for each in CAUSES.values())}."


def words_of_back(said: str) -> str:
    """A posting's words, by what its evidence says."""
    cause, _, evidence = said.partition(": ")
    return f"{CAUSES[Cause(cause)].done}: {evidence}"
