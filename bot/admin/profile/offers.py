"""The authenticator that a page offers, kept in the page itself, sealed, until it is set up."""

import json
from dataclasses import asdict

from domain import clock
from domain.sealing import Sealer, Unreadable
from domain.staff.authenticators import Offer

_SECONDS = 1_800


def write(offer: Offer, staff_id: int, sealer: Sealer) -> str:
    """For a hidden field of this person's page."""
    until = clock.now().timestamp() + _SECONDS
    return sealer.seal(json.dumps([staff_id, until, asdict(offer)])).decode()


def read(text: str, staff_id: int, sealer: Sealer) -> Offer | None:
    """What was offered to this person, if that was not too long ago."""
    try:
        whose, until, offer = json.loads(sealer.open(text.encode()))
    except Unreadable:
        return None
    if whose != staff_id or until < clock.now().timestamp():
        return None
    return Offer(**offer)
