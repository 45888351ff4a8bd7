"""Omari: what it is called, what it takes, and how an account of it becomes an adapter."""

from collections.abc import Mapping
from types import MappingProxyType

from providers.entry import ProviderEntry, Surroundings, Timeouts, Way, WayKind, lacking
from providers.omari.adapter import Omari, OmariSettings
from providers.omari.words import CURRENCIES, TITLE

__all__ = ["ENTRY", "Omari", "OmariSettings"]


def _missing(credentials: Mapping[str, str]) -> tuple[str, ...]:
    return lacking(credentials, "base_url", "merchant_key")


def _make(
    credentials: Mapping[str, str],
    timeouts: Timeouts,
    surroundings: Surroundings,  # noqa: ARG001 - Omari sends no notices and opens no links
) -> Omari:
    return Omari(
        OmariSettings(
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


ENTRY = ProviderEntry(
    name=Omari.name,
    title=TITLE,
    currencies=CURRENCIES,
    ways=(Way("omari", WayKind.CODE, payer_region="ZW"),),
    settings=MappingProxyType(
        {
            "OMARI_API_BASE_URL": "base_url",
            "OMARI_MERCHANT_KEY": "merchant_key",
            "OMARI_CHANNEL": "channel",
        }
    ),
    secrets=frozenset({"merchant_key"}),
    missing=_missing,
    make=_make,
)
