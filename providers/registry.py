"""All providers, one line each."""

from collections.abc import Mapping
from types import MappingProxyType

from providers import cashfree, kaspi, omari, phonepe
from providers.contract import Provider
from providers.entry import CredentialsMissing, ProviderEntry, Surroundings, Timeouts, Way

ENTRIES = (
    omari.ENTRY,
    kaspi.ENTRY,
    phonepe.ENTRY,
    cashfree.ENTRY,
)

PROVIDERS: Mapping[str, ProviderEntry] = MappingProxyType({entry.name: entry for entry in ENTRIES})

# Every way to pay, by its key: the provider and the way.
WAYS: Mapping[str, tuple[ProviderEntry, Way]] = MappingProxyType(
    {way.key: (entry, way) for entry in ENTRIES for way in entry.ways}
)


def build(
    name: str, credentials: Mapping[str, str], timeouts: Timeouts, surroundings: Surroundings
) -> Provider:
    """The adapter for one account. Keep it: it holds its connections open.

    Raises KeyError for a provider that we do not have, CredentialsMissing with the names of what
    the account lacks, and ValueError for credentials that can never work.
    """
    entry = PROVIDERS[name]
    missing = entry.missing(credentials)
    if missing:
        raise CredentialsMissing(f"{name} needs {', '.join(missing)}")
    return entry.make(credentials, timeouts, surroundings)
