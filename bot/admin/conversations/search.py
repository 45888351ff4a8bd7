"""Whom the search box of the conversations names: by phone, by booking or tour reference, by
name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.admin.scope import Scope
from bot.admin.transactions.search import phones
from domain.references import parse_shared_reference, reference_key, shared_reference

_WORD = re.compile(r"\w+")
_MOST_WORDS = 5
_SHORTEST_BEGINNING = 3

# Bookings, as far as they are the viewer's; then everybody who is tied to them.
_PEOPLE_OF = """
    (WITH named AS MATERIALIZED (
        SELECT booking.id, booking.lead_phone FROM booking {booking} AND {own} LIMIT 500)
    SELECT payment.contact_id FROM named JOIN payment ON payment.booking_id = named.id
    UNION
    SELECT booking_contact.contact_id FROM named
    JOIN booking_contact ON booking_contact.booking_id = named.id
    UNION
    SELECT identity.contact_id FROM named
    JOIN identity ON identity.channel = 'whatsapp' AND identity.address = '+' || named.lead_phone)
"""
_BY_ADDRESS = """
    SELECT contact_id FROM identity WHERE channel = 'whatsapp' AND address = ANY(:addresses)
"""

_BY_PHONE = "WHERE booking.lead_phone = ANY(:phones)"
_BY_REFERENCE = "WHERE booking.reference_key = :reference_key"
_BY_TOUR = """
    JOIN departure ON departure.id = booking.departure_id WHERE departure.shared_reference = :shared
"""
_BY_NAME = """
    WHERE to_tsvector('simple', booking.lead_name) @@ to_tsquery('simple', :words)
"""
_BY_PROFILE = """
    (SELECT id FROM contact
    WHERE to_tsvector('simple', profile_name) @@ to_tsquery('simple', :words) LIMIT 500)
"""


@dataclass(frozen=True, slots=True)
class Search:
    """A query for contacts, in SQL, and its values."""

    contacts: str
    values: Mapping[str, Any]


def read(typed: str, scope: Scope) -> Search | None:
    """What was typed, as a query; None for what names nobody."""
    clean = typed.strip()
    if not clean:
        return None
    numbers = phones(clean)
    words = [word for word in _WORD.findall(clean) if word.strip("_")][:_MOST_WORDS]
    shared = parse_shared_reference(clean)
    parts = [_BY_ADDRESS, *(_of_bookings(scope, numbers, clean))]
    if words:
        # Whoever writes chooses that name, so it is no tie to anybody's booking.
        parts.append(_BY_PROFILE)
    return Search(
        " UNION ".join(parts),
        {
            "addresses": [clean, *(f"+{number}" for number in numbers)],
            "phones": numbers,
            "reference_key": reference_key(clean),
            "shared": "" if shared is None else shared_reference(*shared),
            "words": " & ".join(map(_term, words)),
            "operator_id": scope.operator_id,
        },
    )


def _term(word: str) -> str:
    """A word's beginning, which is a word by itself where it is so short that it begins most."""
    return f"'{word}':*" if len(word) >= _SHORTEST_BEGINNING else f"'{word}'"


def _of_bookings(scope: Scope, numbers: list[str], clean: str) -> Iterator[str]:
    own = "true" if scope.operator_id is None else "booking.operator_id = :operator_id"
    if numbers:
        yield _PEOPLE_OF.format(booking=_BY_PHONE, own=own)
    if reference_key(clean):
        yield _PEOPLE_OF.format(booking=_BY_REFERENCE, own=own)
    if parse_shared_reference(clean) is not None:
        yield _PEOPLE_OF.format(booking=_BY_TOUR, own=own)
    if _WORD.search(clean) and not numbers:
        yield _PEOPLE_OF.format(booking=_BY_NAME, own=own)
