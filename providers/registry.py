"""All providers, one line each: what they are called, what they take, how they are built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from providers import omari
from providers.contract import Provider


class CredentialsMissing(ValueError):
    """An account lacks something that its provider needs; the message names it, never a value."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long we wait for a provider and for a customer, in seconds; `otp_tries` is a count."""

    connect_seconds: float = 10.0
    call_seconds: float = 30.0
    customer_seconds: int = 300
    hold_seconds: int = 300
    otp_tries: int = 3


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """One provider. `credentials` names what an account must hold, `optional` what it may hold.

    `payer_region` (ISO 3166) is where the number charged must be from, None where no number is
    asked for; `takes_otp` says whether the customer types a code in the chat.
    """

    title: str
    currencies: frozenset[str]
    payer_region: str | None
    takes_otp: bool
    credentials: tuple[str, ...]
    optional: tuple[str, ...]
    make: Callable[[Mapping[str, str], Timeouts], Provider]


def _make_omari(credentials: Mapping[str, str], timeouts: Timeouts) -> Provider:
    return omari.Omari(
        omari.OmariSettings(
            base_url=credentials["base_url"],
            merchant_key=credentials["merchant_key"],
            channel=credentials.get("channel", "WEB"),
            connect_seconds=timeouts.connect_seconds,
            call_seconds=timeouts.call_seconds,
            customer_seconds=timeouts.customer_seconds,
            otp_tries=timeouts.otp_tries,
            hold_seconds=timeouts.hold_seconds,
        )
    )


PROVIDERS: Mapping[str, ProviderEntry] = MappingProxyType(
    {
        "omari": ProviderEntry(
            title=omari.TITLE,
            currencies=omari.CURRENCIES,
            payer_region="ZW",
            takes_otp=True,
            credentials=("base_url", "merchant_key"),
            optional=("channel",),
            make=_make_omari,
        ),
    }
)


def build(name: str, credentials: Mapping[str, str], timeouts: Timeouts) -> Provider:
    """The adapter for one account. Keep it: it holds its connections open.

    Raises KeyError for a provider that we do not have, CredentialsMissing with the names of what
    the account lacks, and ValueError for credentials that can never work.
    """
    entry = PROVIDERS[name]
    missing = [key for key in entry.credentials if not credentials.get(key)]
    if missing:
        raise CredentialsMissing(f"{name} needs {', '.join(missing)}")
    return entry.make(credentials, timeouts)
