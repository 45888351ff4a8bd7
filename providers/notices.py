"""What a provider tells us unasked: authenticated and read, and never more than a reason to ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from domain.money import Money
from providers.contract import Status


class NoticeForged(Exception):
    """The notice is not signed by this account's provider."""


class NoticeUnreadable(Exception):
    """Authentic, or not even that much can be known, but not in words that a notice has."""


@dataclass(frozen=True, slots=True)
class NoticeRequest:
    """A notice as it came: names of headers in lower case, the body's raw bytes."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class NoticeKind(StrEnum):
    """What a notice is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Notice:
    """An authentic notice.

    `delivery_key` is the same for the same delivery repeated, and for no other (at most 120
    characters); where the provider gives no id, the sha256 of the raw body (hex). `reference` is
    ours, of the payment or of the refund, as a dashed UUID; None where it names none of ours.
    `word` is the provider's own word; `status` what it means for a payment, where it is known;
    `shown` the body without names, numbers and addresses, at most 1,000 characters.
    """

    delivery_key: str
    kind: NoticeKind
    reference: str | None
    word: str
    status: Status | None = None
    amount: Money | None = None
    shown: str = ""


@runtime_checkable
class ReadsNotices(Protocol):
    """A provider that sends notices."""

    def read_notice(self, request: NoticeRequest) -> Notice:
        """Raises NoticeForged and NoticeUnreadable, nothing else. Calls nobody."""
