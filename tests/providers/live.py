"""The providers' real sandboxes, by the product's own settings, for tests that are asked to use
them (`--live`).
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from domain.money import Money
from providers.contract import Charge, Provider
from providers.entry import ProviderEntry, Surroundings, Timeouts
from providers.registry import PROVIDERS, build
from tests.providers.shelf import MemoryShelf

# Whose wallet gets the code: the one thing that no setting of the product says.
OMARI_PAYER = "OMARI_LIVE_PAYER"
_LOOPBACK = ("http://127.0.0.1:", "http://localhost:")
_KASPI_TEST_HOST = "mtokentest.kaspi.kz"
_LEAST = MappingProxyType(
    {
        "omari": Money(100, "USD"),
        "kaspi": Money(10_000, "KZT"),
        "phonepe": Money(1_000, "INR"),
        "cashfree": Money(1_000, "INR"),
    }
)
_INDIAN_TEST_NUMBER = "919999999999"
_NOBODYS_ID = "1"


class NotAsked(Exception):
    """Why a sandbox is not asked: what is missing, or that it is none. Holds names, no values."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """One account with a sandbox."""

    name: str
    credentials: Mapping[str, str] = field(repr=False)
    payer: str | None = field(default=None, repr=False)

    def provider(self) -> Provider:
        return self._with(self.credentials)

    def stranger(self) -> Provider:
        """The same with keys of nobody's."""
        secrets = PROVIDERS[self.name].secrets
        return self._with(
            {
                name: "nobodys-key-1" if name in secrets else value
                for name, value in self.credentials.items()
            }
        )

    def charge(self, provider_reference: str | None = None) -> Charge:
        """A new charge of a small amount, which nobody will pay."""
        return Charge(
            reference=str(uuid.uuid4()),
            amount=_LEAST[self.name],
            payer_number=self.payer,
            description="Tourpay test",
            provider_reference=provider_reference,
            customer_name="Test Customer",
            customer_phone=_INDIAN_TEST_NUMBER,
        )

    def unknown(self) -> Charge:
        """A charge as if it had been started, but nobody did."""
        return self.charge(_NOBODYS_ID)

    def _with(self, credentials: Mapping[str, str]) -> Provider:
        surroundings = Surroundings(
            f"https://bot.example.com/callbacks/{self.name}",
            "https://bot.example.com/paid",
            MemoryShelf(),
        )
        return build(self.name, credentials, Timeouts(), surroundings)


def sandbox(name: str, environment: Mapping[str, str]) -> Sandbox:
    """The sandbox that these settings are for. Raises NotAsked."""
    entry = PROVIDERS[name]
    given = {
        credential: environment[setting]
        for setting, credential in entry.settings.items()
        if environment.get(setting)
    }
    missing = _settings_of(entry, entry.missing(given))
    payer = environment.get(OMARI_PAYER) if name == "omari" else None
    if name == "omari" and not payer:
        missing = (*missing, OMARI_PAYER)
    if missing:
        raise NotAsked(f"not asked, as these are not set: {', '.join(missing)}")
    if not given.get("base_url", "").startswith(_LOOPBACK) and not _IS_SANDBOX[name](given):
        raise NotAsked(f"not asked, as the settings of {name} are not surely those of a sandbox")
    return Sandbox(name, given, payer)


def _settings_of(entry: ProviderEntry, credentials: tuple[str, ...]) -> tuple[str, ...]:
    names = {credential: setting for setting, credential in entry.settings.items()}
    return tuple(names[credential] for credential in credentials)


def _is_kaspi_test(given: Mapping[str, str]) -> bool:
    """A proxy does not say what stands behind it, so none is taken for a sandbox."""
    return given["mode"] == "native" and urlsplit(given["base_url"]).hostname == _KASPI_TEST_HOST


_IS_SANDBOX: Mapping[str, Callable[[Mapping[str, str]], bool]] = MappingProxyType(
    {
        "omari": lambda given: "/uat/" in given["base_url"],
        "kaspi": _is_kaspi_test,
        # With an address of its own, the environment's word is no proof.
        "phonepe": lambda given: given["environment"] == "SANDBOX" and "base_url" not in given,
        "cashfree": lambda given: given["environment"] == "TEST" and "base_url" not in given,
    }
)
