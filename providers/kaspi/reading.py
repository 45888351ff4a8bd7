"""What both ways to Kaspi have in common: how an answer is judged, and how its fields are read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from domain.money import Money, MoneyError
from providers.answers import TURNED_AWAY, JsonAnswer, not_called
from providers.contract import (
    ApproveOnPhone,
    Call,
    Charge,
    OpenLink,
    Outcome,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
)
from providers.kaspi.settings import KaspiPace
from providers.kaspi.words import BAD_TOKEN, CURRENCIES, CURRENCY, FINE, NOT_FOUND, REFUSED, WORDS
from providers.refunds import RefundOrder

_PAYER_NUMBER = re.compile(r"7[67][0-9]{9}", re.ASCII)
_IDENTIFIER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_LINK = re.compile(r"https?://[!-~]{1,2000}", re.ASCII)
_AMOUNT_LIMIT = Decimal(10) ** 12
# A date without an offset is Kazakhstan's: one time zone since March 2024.
_KAZAKHSTAN = timezone(timedelta(hours=5))
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of Kaspi, whichever way it came.

    `code` is Kaspi's StatusCode, 0 when all is well, None where the answer has none that we know.
    `items` are the objects of an answer that is a list.
    """

    call: Call
    code: int | None
    fields: Mapping[str, object] = field(repr=False)
    items: Sequence[Mapping[str, object]] = field(default=(), repr=False)
    pause_seconds: float = 0.0


def ask(call: Callable[[], JsonAnswer], read: Callable[[JsonAnswer], Reply]) -> Reply:
    """A question, which may be repeated: whatever is unclear is uncertain."""
    reply = read(call())
    if reply.call.http_status == _TOO_MANY:
        raise ProviderUncertain(reply.call, Reason.UNAVAILABLE, reply.pause_seconds)
    return reply


def order(call: Callable[[], JsonAnswer], read: Callable[[JsonAnswer], Reply]) -> Reply:
    """A write, which is never repeated: returns only what was done, with code 0.

    Whoever is turned away at the gate has moved nothing, whatever page says so.
    """
    try:
        reply = read(call())
    except ProviderUncertain as error:
        if error.call.http_status in TURNED_AWAY:
            raise ProviderRefused(error.call, Reason.UNAVAILABLE) from None
        raise
    status = reply.call.http_status
    if status == _TOO_MANY:
        raise ProviderRefused(reply.call, Reason.UNAVAILABLE, reply.pause_seconds)
    if status in TURNED_AWAY or (reply.code is None and reply.call.code == BAD_TOKEN):
        raise ProviderRefused(reply.call, Reason.UNAVAILABLE)
    if reply.code is not None and reply.code in REFUSED:
        raise ProviderRefused(reply.call, REFUSED[reply.code])
    if reply.code != FINE:
        raise uncertain(reply)
    return reply


def uncertain(reply: Reply) -> ProviderUncertain:
    """The error for an answer that we do not understand."""
    return ProviderUncertain(reply.call, Reason.UNAVAILABLE)


def chargeable(operation: str, charge: Charge) -> None:
    """Raises ProviderRefused for a charge that Kaspi could never take."""
    if charge.amount.currency not in CURRENCIES:
        raise ProviderRefused(not_called(operation, "bad_currency"), Reason.BAD_REQUEST)
    if charge.amount.amount_minor <= 0:
        raise ProviderRefused(not_called(operation, "bad_amount"), Reason.BAD_REQUEST)
    if charge.payer_number is not None and not _PAYER_NUMBER.fullmatch(charge.payer_number):
        raise ProviderRefused(not_called(operation, "bad_phone"), Reason.BAD_REQUEST)


def refundable(refund: RefundOrder) -> None:
    """Raises ProviderRefused for a refund that Kaspi could never make. How much is left, the books
    and Kaspi know.
    """
    if not refund.amount.currency == refund.refunded_before.currency == CURRENCY:
        raise ProviderRefused(not_called("refund", "bad_currency"), Reason.BAD_REQUEST)
    if refund.amount.amount_minor <= 0:
        raise ProviderRefused(not_called("refund", "bad_amount"), Reason.BAD_REQUEST)
    if not _IDENTIFIER.fullmatch(refund.receipt):
        raise ProviderRefused(not_called("refund", "bad_id"), Reason.BAD_REQUEST)


def identifier(value: object) -> str | None:
    """An id of theirs, which comes as a number or as its digits; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return text if _IDENTIFIER.fullmatch(text) else None


def known(provider_reference: str) -> str:
    """The id of a payment as it may stand in an address. Raises ProviderUncertain for any other."""
    number = identifier(provider_reference)
    if number is None:
        raise ProviderUncertain(not_called("status", "bad_id"), Reason.UNAVAILABLE)
    return number


def private(charge: Charge) -> tuple[str, ...]:
    """What of a charge no echo may be kept of."""
    return tuple(filter(None, (charge.payer_number, charge.customer_phone, charge.customer_name)))


def money(value: object) -> Money | None:
    """An amount in tenge; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if not 0 <= value < _AMOUNT_LIMIT:
        return None
    try:
        return Money.from_decimal(Decimal(value), CURRENCY)
    except MoneyError:
        return None


def link_of(reply: Reply, url: str, number: str, expires: str) -> OpenLink:
    """What a made link says; the names of its fields are given. Half a link is uncertain."""
    address = reply.fields.get(url)
    provider_reference = identifier(reply.fields.get(number))
    expires_at = _moment(reply.fields.get(expires))
    if not isinstance(address, str) or not _LINK.fullmatch(address):
        raise uncertain(reply)
    if provider_reference is None or expires_at is None:
        raise uncertain(reply)
    return OpenLink(address, provider_reference, expires_at, reply.call, qr=address)


def invoice_of(reply: Reply, number: str, pace: KaspiPace) -> ApproveOnPhone:
    """What a made invoice says. Its end is not told, so it is counted from now."""
    provider_reference = identifier(reply.fields.get(number))
    if provider_reference is None:
        raise uncertain(reply)
    expires_at = datetime.now(UTC) + timedelta(seconds=pace.invoice_seconds)
    return ApproveOnPhone(provider_reference, expires_at, reply.call)


def without_identifier(charge: Charge) -> Outcome:
    """What can be said of a payment whose making was not answered.

    Kaspi keeps no key of ours, so it cannot be asked. A link was given to nobody and dies by
    itself; an invoice may stand in the customer's app for a day: a person must look.
    """
    call = not_called("status", "no_id")
    if charge.payer_number is not None:
        raise ProviderUncertain(call, Reason.UNAVAILABLE)
    return Outcome(Status.NOT_FOUND, call)


def outcome_of(reply: Reply, receipt: str, word: str, amount: str) -> Outcome:
    """What a payment's status says; the names of its fields are given.

    The receipt is the id that `start` gave: the only one that every version of the answer has.
    """
    if reply.code in NOT_FOUND:
        return Outcome(Status.NOT_FOUND, reply.call)
    said = reply.fields.get(word)
    status = WORDS.get(said) if isinstance(said, str) else None
    told = reply.fields.get(amount)
    paid = money(told)
    if reply.code != FINE or status is None or (told is not None and paid is None):
        raise uncertain(reply)
    return Outcome(
        status,
        reply.call,
        receipt=receipt if status is Status.SUCCEEDED else None,
        amount=paid,
        reason=Reason.DECLINED if status is Status.FAILED else None,
    )


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=_KAZAKHSTAN)
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
