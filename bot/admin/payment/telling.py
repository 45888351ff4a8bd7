"""What each act on a payment will do and what its customer will be told, said beforehand."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.admin.payment.whole import Whole
from bot.admin.showing import provider_title
from domain.models import Booking
from domain.money import Money
from providers.registry import PROVIDERS


@dataclass(frozen=True, slots=True)
class Telling:
    """The words of one act's page. `most` is the largest amount there may be, `surplus` what of it
    nobody owed.
    """

    title: str
    what: str
    told: str
    button: str
    takes_two: bool = True
    most: Money | None = None
    surplus: Money | None = None


def telling(name: str, whole: Whole, alone_minor: int) -> Telling:
    """The words of an act, for a payment as it stands. `alone_minor`: a refund of at most so much
    needs no second person. Raises KeyError for an act that there is not.
    """
    if name == "refund":
        return _refund(whole, alone_minor)
    return _ALWAYS[name] if name in _ALWAYS else _BY_PAYMENT[name](whole)


def _refund(whole: Whole, alone_minor: int) -> Telling:
    provider, currency = whole.core.payment.provider, whole.core.payment.currency
    title, known = provider_title(provider), PROVIDERS.get(provider)
    alone = ""
    if alone_minor:
        alone = f" Up to {Money(alone_minor, currency)} you can do alone."
    return Telling(
        title="Refund",
        what=f"{title} is told once to give the money back to {way_back(provider)}."
        f"{_owed_again(whole)}{alone}",
        told=f"In WhatsApp: that {title} was asked to pay it back, and again when it has."
        f"{_days(known.refund_days if known else None)}",
        button="Ask for the refund",
        takes_two=not alone_minor,
        most=_left(whole),
        surplus=_surplus(whole),
    )


def way_back(provider: str) -> str:
    """Where a provider gives money back to, as far as it says."""
    return _WAYS_BACK.get(provider, "where it came from")


def _owed_again(whole: Whole) -> str:
    surplus = _surplus(whole)
    if surplus is None:
        return " The booking then owes it again."
    return (
        f" The surplus of {surplus} goes back first. The booking owes again only what is given back"
        " beyond it."
    )


def _surplus(whole: Whole) -> Money | None:
    """What of it may still go back and nobody owed."""
    surplus_minor = min(whole.held.surplus_minor, whole.held.left_minor)
    if surplus_minor <= 0:
        return None
    return Money(surplus_minor, whole.core.payment.currency)


def _days(days: int | None) -> str:
    return f" It may take {days} days to arrive." if days else ""


def _outside(whole: Whole) -> Telling:
    return Telling(
        title="Refunded outside",
        what="Money that you gave back yourselves (cash, a transfer) is written into the books."
        f" Nothing is sent to the provider.{_owed_again(whole)}",
        told="In WhatsApp: that the amount was paid back.",
        button="Propose it",
        most=_left(whole),
        surplus=_surplus(whole),
    )


def _settle(whole: Whole) -> Telling:
    title = provider_title(whole.core.payment.provider)
    return Telling(
        title="Settle by statement",
        what=f"Money that {title}'s statement shows is credited: what the booking owes of it to the"
        f" booking {whole.core.booking.reference}, and the rest as a surplus to give back."
        " The amount may be another than was asked for.",
        told="In WhatsApp: that the payment arrived, with receipt and balance; of a surplus, that a"
        " person will see to it.",
        button="Propose it",
    )


def moving(source: Booking, most: Money) -> Telling:
    """The words for moving up to `most` of a payment from a booking."""
    return Telling(
        title="Move to another booking",
        what=f"The amount leaves the booking {source.reference}, which owes it again, and enters"
        " the other one. No provider is told: no money leaves the operator.",
        told="Nothing by itself. Write to them, if they should know.",
        button="Propose it",
        most=most,
    )


def _move(whole: Whole) -> Telling:
    return moving(whole.core.booking, Money(whole.held.booking_minor, whole.core.payment.currency))


def _left(whole: Whole) -> Money:
    return Money(max(0, whole.held.left_minor), whole.core.payment.currency)


_WAYS_BACK: Mapping[str, str] = {
    "kaspi": "the Kaspi account it came from",
    "phonepe": "the account or card it came from",
    "cashfree": "the account or card it came from",
}
_BY_PAYMENT: Mapping[str, Callable[[Whole], Telling]] = {
    "outside": _outside,
    "settle": _settle,
    "move": _move,
}
_ALWAYS: Mapping[str, Telling] = {
    "close": Telling(
        title="Close as not paid",
        what="The payment ends as failed, and its amount may be paid again. It stays watched for a"
        " week: money that comes late still counts.",
        told="In WhatsApp: that the payment did not go through and nothing was taken. So look into"
        " the provider's statement first.",
        button="Propose it",
    ),
    "close_review": Telling(
        title="Close the review",
        what="What the provider said does not agree with this payment, and you found that it is no"
        " money of it. Nothing moves; the payment leaves the review list.",
        told="Nothing.",
        button="Propose it",
    ),
    "seen": Telling(
        title="Mark as seen",
        what="The payment leaves the review list. Nothing moves.",
        told="Nothing.",
        button="Mark as seen",
        takes_two=False,
    ),
    "conclude": Telling(
        title="Say what became of the refund",
        what="Where the money went back, it is written into the books. Where it did not, the refund"
        " ends as failed, and the money may be refunded again.",
        told="In WhatsApp, where it went back: that it was paid back. Otherwise nothing.",
        button="Propose it",
    ),
}
