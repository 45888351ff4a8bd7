"""What the rest of the product must know of a provider before there is an account with it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from providers.contract import Provider


class CredentialsMissing(ValueError):
    """An account lacks something that its provider needs; the message names it, never a value."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long we wait for a provider and for a customer, in seconds; `otp_tries` is a count.

    `customer_seconds` is the life of a code, `link_seconds` of a link where we may say so.
    """

    connect_seconds: float = 10.0
    call_seconds: float = 30.0
    customer_seconds: int = 300
    hold_seconds: int = 300
    link_seconds: int = 1_200
    otp_tries: int = 3


class Shelf(Protocol):
    """Where all processes keep short-lived secrets together, such as a provider's access token.

    Never raises: where it is away, nothing is found and nothing kept.
    """

    def read(self, name: str) -> str | None: ...

    def keep(self, name: str, text: str, seconds: float) -> None: ...

    def alone(self, name: str, seconds: float) -> AbstractContextManager[bool]:
        """Whether the caller is the only one inside now, over all processes; for at most so
        long.
        """


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an adapter must know of the deployment: where the provider shall send its notices, where
    a customer comes back to, and what keeps access tokens.
    """

    callback_url: str
    return_url: str
    shelf: Shelf = field(repr=False)


class WayKind(StrEnum):
    """What the customer does: types a code, opens a link, or approves on their phone."""

    CODE = "code"
    LINK = "link"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to pay with a provider.

    `key` is unique over all providers; `payer_region` (ISO 3166) is where the number that is
    charged must be from, None where no number is asked for.
    """

    key: str
    kind: WayKind
    payer_region: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """One provider.

    `settings` says which setting of the environment is which credential; `secrets` which of them
    are sealed. `missing` names what a set of credentials lacks, () where it is complete.
    `refund_days` is the provider's real waiting time for a refund, 0 for at once, None where it
    gives none back.
    """

    name: str
    title: str
    currencies: frozenset[str]
    ways: tuple[Way, ...]
    settings: Mapping[str, str]
    secrets: frozenset[str]
    missing: Callable[[Mapping[str, str]], tuple[str, ...]]
    make: Callable[[Mapping[str, str], Timeouts, Surroundings], Provider]
    refund_days: int | None = None


def lacking(credentials: Mapping[str, str], *needed: str) -> tuple[str, ...]:
    """Which of the needed credentials are not there."""
    return tuple(key for key in needed if not credentials.get(key))
