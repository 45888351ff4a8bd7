"""Cashfree: what it is called, what it takes, and how an account of it becomes an adapter."""

from collections.abc import Mapping
from types import MappingProxyType

from providers.cashfree.adapter import Cashfree
from providers.cashfree.api import CashfreeSettings
from providers.cashfree.words import CURRENCIES, TITLE
from providers.entry import ProviderEntry, Surroundings, Timeouts, Way, WayKind, lacking

__all__ = ["ENTRY", "Cashfree", "CashfreeSettings"]


def _missing(credentials: Mapping[str, str]) -> tuple[str, ...]:
    return lacking(credentials, "environment", "app_id", "secret_key")


def _make(
    credentials: Mapping[str, str], timeouts: Timeouts, surroundings: Surroundings
) -> Cashfree:
    return Cashfree(
        CashfreeSettings(
            environment=credentials["environment"],
            app_id=credentials["app_id"],
            secret_key=credentials["secret_key"],
            secret_key_previous=credentials.get("secret_key_previous") or None,
            base_url=credentials.get("base_url") or None,
            api_version=credentials.get("api_version") or "2025-01-01",
            notify_url=surroundings.callback_url,
            return_url=surroundings.return_url,
            connect_seconds=timeouts.connect_seconds,
            call_seconds=timeouts.call_seconds,
            link_seconds=timeouts.link_seconds,
        )
    )


ENTRY = ProviderEntry(
    name=Cashfree.name,
    title=TITLE,
    currencies=CURRENCIES,
    ways=(Way("cashfree", WayKind.LINK),),
    settings=MappingProxyType(
        {
            "CASHFREE_ENV": "environment",
            "CASHFREE_API_BASE_URL": "base_url",
            "CASHFREE_APP_ID": "app_id",
            "CASHFREE_SECRET_KEY": "secret_key",
            "CASHFREE_SECRET_KEY_PREVIOUS": "secret_key_previous",
            "CASHFREE_API_VERSION": "api_version",
        }
    ),
    secrets=frozenset({"secret_key", "secret_key_previous"}),
    missing=_missing,
    make=_make,
    refund_days=7,
)
