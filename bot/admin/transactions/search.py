"""What somebody typed into the search box: everything that it may be the name of, each found by an
index.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import phonenumbers
from sqlalchemy import ColumnElement, select, text

from domain.models import Booking, ContactIdentity, Departure, Payment, Transfer
from domain.references import parse_shared_reference, reference_key, shared_reference
from providers.registry import PROVIDERS

# Where numbers without a country code may be from.
_REGIONS = ("ZW", "KZ", "IN")
_PHONE = re.compile(r"\+?[\d\s().\-/]+")
# With the zeros of a call abroad.
_FEWEST_DIGITS, _MOST_DIGITS = 7, 17
# `+263 (0)77…`: the zero is for those who call from inside.
_ZERO_IN_BRACKETS = re.compile(r"\(0\)")


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that the text may be: in words, and the payments that it names."""

    kind: str
    names: ColumnElement[bool]


def payment_id(query: str) -> UUID | None:
    """The payment's own id, dashed or as 32 hex digits; None for any other text."""
    compact = query.strip().replace("-", "")
    if re.fullmatch(r"[0-9a-fA-F]{32}", compact) is None:
        return None
    return UUID(compact)


def readings(query: str) -> Iterator[Reading]:
    """Everything that the text may be the name of."""
    exact = query.strip()
    own = payment_id(exact)
    if own is not None:
        yield Reading("payment id", Payment.id == own)
    yield from _of_bookings(exact)
    # They are given in capitals; who reads one out types what comes.
    yield Reading("OTP reference", Payment.otp_reference.in_({exact, exact.upper()}))
    yield Reading(
        "provider reference",
        Payment.provider.in_(PROVIDERS) & (Payment.provider_reference == exact),
    )
    yield Reading("debit reference", Payment.debit_reference == exact)
    # The ledger's index knows receipts; as that index has it, so that it is used.
    received = select(Transfer.payment_id).where(
        Transfer.provider.in_(PROVIDERS), Transfer.receipt == exact, text("kind <> 'reversal'")
    )
    yield Reading("receipt", Payment.id.in_(received))
    yield from _of_people(exact)


def _of_bookings(exact: str) -> Iterator[Reading]:
    key = reference_key(exact)
    if key:
        named = select(Booking.id).where(Booking.reference_key == key)
        yield Reading("booking reference", Payment.booking_id.in_(named))
    shared = parse_shared_reference(exact)
    if shared is not None:
        together = (
            select(Booking.id)
            .join(Departure, Departure.id == Booking.departure_id)
            .where(Departure.shared_reference == shared_reference(*shared))
        )
        yield Reading("tour reference", Payment.booking_id.in_(together))


def _of_people(exact: str) -> Iterator[Reading]:
    numbers = phones(exact)
    addresses = [exact, *(f"+{number}" for number in numbers)]
    who = select(ContactIdentity.contact_id).where(
        ContactIdentity.channel == "whatsapp", ContactIdentity.address.in_(addresses)
    )
    yield Reading("WhatsApp number", Payment.contact_id.in_(who))
    if numbers:
        yield Reading("paying number", Payment.payer_number.in_(numbers))
        led = select(Booking.id).where(Booking.lead_phone.in_(numbers))
        yield Reading("booking's phone", Payment.booking_id.in_(led))


def phones(query: str) -> list[str]:
    """The whole phone numbers that a text may be, as international digits without plus: as it
    stands, and as a number from inside each country of ours. Nothing for what is none.
    """
    clean = _ZERO_IN_BRACKETS.sub("", query.strip())
    if _PHONE.fullmatch(clean) is None:
        return []
    digits = re.sub(r"\D", "", clean)
    if not _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
        return []
    if clean.startswith("+") or digits.startswith("00"):
        found = [digits.removeprefix("00")]
    else:
        found = [digits, *(_inside(digits, region) for region in _REGIONS)]
    return [each for each in dict.fromkeys(found) if each]


def _inside(digits: str, region: str) -> str:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:]
