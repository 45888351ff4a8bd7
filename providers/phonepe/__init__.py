"""PhonePe: what it is called, what it takes, and how an account of it becomes an adapter."""

from collections.abc import Mapping
from types import MappingProxyType

from providers.entry import ProviderEntry, Surroundings, Timeouts, Way, WayKind, lacking
from providers.phonepe.adapter import PhonePe
from providers.phonepe.settings import is_v1, read_settings, read_v1_settings
from providers.phonepe.v1 import PhonePeV1
from providers.phonepe.words import CURRENCIES, NAME, TITLE

__all__ = ["ENTRY", "PhonePe", "PhonePeV1"]


def _missing(credentials: Mapping[str, str]) -> tuple[str, ...]:
    if is_v1(credentials):
        return lacking(credentials, "environment", "merchant_id", "salt_key", "salt_index")
    return lacking(
        credentials,
        "environment",
        "client_id",
        "client_secret",
        "client_version",
        "webhook_username",
        "webhook_password",
    )


def _make(
    credentials: Mapping[str, str], timeouts: Timeouts, surroundings: Surroundings
) -> PhonePe | PhonePeV1:
    if is_v1(credentials):
        return PhonePeV1(read_v1_settings(credentials, timeouts, surroundings))
    return PhonePe(read_settings(credentials, timeouts, surroundings))


ENTRY = ProviderEntry(
    name=NAME,
    title=TITLE,
    currencies=CURRENCIES,
    ways=(Way(NAME, WayKind.LINK),),
    settings=MappingProxyType(
        {
            "PHONEPE_ENV": "environment",
            "PHONEPE_API_BASE_URL": "base_url",
            "PHONEPE_CLIENT_ID": "client_id",
            "PHONEPE_CLIENT_SECRET": "client_secret",
            "PHONEPE_CLIENT_VERSION": "client_version",
            "PHONEPE_WEBHOOK_USERNAME": "webhook_username",
            "PHONEPE_WEBHOOK_PASSWORD": "webhook_password",
            "PHONEPE_CHECKOUT": "checkout",
            "PHONEPE_MERCHANT_ID": "merchant_id",
            "PHONEPE_SALT_KEY": "salt_key",
            "PHONEPE_SALT_INDEX": "salt_index",
        }
    ),
    secrets=frozenset({"client_secret", "webhook_password", "salt_key"}),
    missing=_missing,
    make=_make,
    refund_days=7,
)
