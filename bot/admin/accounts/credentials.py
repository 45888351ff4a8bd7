"""An account's settings and secrets, by its provider's entry: their fields, and whether they can
work.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.admin.running import runtime
from domain.models import Account
from providers.entry import ProviderEntry, Surroundings
from providers.registry import PROVIDERS, build

LONGEST_VALUE = 500
_ADDRESS = "base_url"


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form holds: `settings` may be shown, `secrets` never. An empty text takes one away."""

    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)


def setting_names(entry: ProviderEntry) -> tuple[str, ...]:
    """The settings that may be shown, in the provider's order."""
    return tuple(key for key in entry.settings.values() if key not in entry.secrets)


def secret_names(entry: ProviderEntry) -> tuple[str, ...]:
    """The secrets, in the provider's order."""
    return tuple(key for key in entry.settings.values() if key in entry.secrets)


def label(name: str) -> str:
    """`organization_bin` as a person reads it."""
    return name.replace("_", " ").capitalize()


def secrets_of(account: Account) -> dict[str, str]:
    """An account's secrets in the clear, never to be shown. Raises sealing.Unreadable."""
    opened: dict[str, str] = json.loads(runtime().accounts.sealer.open(account.secrets_sealed))
    return opened


def merged(account: Account, typed: Typed) -> dict[str, str]:
    """The credentials that the account would have."""
    after = {**account.settings, **secrets_of(account), **typed.settings, **typed.secrets}
    return {name: text for name, text in after.items() if text}


def missing(provider: str, credentials: Mapping[str, str]) -> tuple[str, ...]:
    """The names of what is lacking; () where the account is complete."""
    entry = PROVIDERS.get(provider)
    return () if entry is None else entry.missing(credentials)


def unfit(provider: str, credentials: Mapping[str, str]) -> str | None:
    """Why complete credentials can never work, in words without any of their values; None where
    nothing speaks against them. Nobody is called.
    """
    address = credentials.get(_ADDRESS, "")
    in_production = runtime().settings.environment == "production"
    if in_production and address and urlsplit(address).scheme != "https":
        return f"The {label(_ADDRESS).lower()} must begin with https://."
    accounts = runtime().accounts
    surroundings = Surroundings("", "", accounts.shelf)
    try:
        build(provider, credentials, accounts.timeouts, surroundings)
    except (ValueError, KeyError) as error:
        return f"This can never work: {error}." if isinstance(error, ValueError) else "Unknown."
    return None
