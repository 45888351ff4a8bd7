"""Kaspi: what it is called, what it takes, and how an account of it becomes an adapter."""

from collections.abc import Mapping
from types import MappingProxyType

from providers.entry import ProviderEntry, Surroundings, Timeouts, Way, WayKind, lacking
from providers.kaspi.devices import KaspiDevices, TradePoint
from providers.kaspi.native import KaspiNative
from providers.kaspi.proxy import KaspiProxy
from providers.kaspi.settings import KaspiPace, NativeSettings, ProxySettings
from providers.kaspi.words import CURRENCIES, NAME, TITLE

__all__ = [
    "ENTRY",
    "KaspiDevices",
    "KaspiNative",
    "KaspiPace",
    "KaspiProxy",
    "NativeSettings",
    "ProxySettings",
    "TradePoint",
    "native_settings",
]

_PROXY = "proxy"
_NATIVE = "native"


def _missing(credentials: Mapping[str, str]) -> tuple[str, ...]:
    needed = ["mode", "base_url", "organization_bin", "device_token"]
    if credentials.get("mode") == _PROXY:
        needed.append("access_token")
    is_native = credentials.get("mode") == _NATIVE
    if is_native and credentials.get("base_url", "").startswith("https://"):
        needed += ["client_cert", "client_key"]
    return lacking(credentials, *needed)


def _pace(credentials: Mapping[str, str], timeouts: Timeouts) -> KaspiPace:
    """The times of an account. Raises ValueError for settings that are no whole seconds."""
    usual = KaspiPace()
    checks = credentials.get("invoice_checks")
    return KaspiPace(
        connect_seconds=timeouts.connect_seconds,
        call_seconds=timeouts.call_seconds,
        invoice_seconds=int(credentials.get("invoice_seconds") or usual.invoice_seconds),
        invoice_checks_seconds=(
            tuple(map(int, checks.split(","))) if checks else usual.invoice_checks_seconds
        ),
    )


def _make(
    credentials: Mapping[str, str],
    timeouts: Timeouts,
    surroundings: Surroundings,  # noqa: ARG001 - Kaspi sends no notices and brings nobody back
) -> KaspiProxy | KaspiNative:
    if credentials["mode"] == _PROXY:
        return KaspiProxy(
            ProxySettings(
                base_url=credentials["base_url"],
                access_token=credentials["access_token"],
                organization_bin=credentials["organization_bin"],
                device_token=credentials["device_token"],
                pace=_pace(credentials, timeouts),
            )
        )
    if credentials["mode"] == _NATIVE:
        return KaspiNative(native_settings(credentials, timeouts))
    raise ValueError("the mode of Kaspi must be proxy or native")


def native_settings(credentials: Mapping[str, str], timeouts: Timeouts) -> NativeSettings:
    """What an account's credentials say for Kaspi's own API, with or without a device. Raises
    ValueError for what can never work.
    """
    certificate, key = credentials.get("client_cert"), credentials.get("client_key")
    return NativeSettings(
        base_url=credentials["base_url"],
        organization_bin=credentials["organization_bin"],
        device_token=credentials.get("device_token", ""),
        client_certificate=(certificate, key) if certificate and key else None,
        status_version=credentials.get("status_version") or "v01",
        pace=_pace(credentials, timeouts),
    )


ENTRY = ProviderEntry(
    name=NAME,
    title=TITLE,
    currencies=CURRENCIES,
    ways=(Way("kaspi", WayKind.LINK), Way("kaspi_invoice", WayKind.PHONE, payer_region="KZ")),
    settings=MappingProxyType(
        {
            "KASPI_MODE": "mode",
            "KASPI_API_BASE_URL": "base_url",
            "KASPI_ACCESS_TOKEN": "access_token",
            "KASPI_ORGANIZATION_BIN": "organization_bin",
            "KASPI_DEVICE_TOKEN": "device_token",
            "KASPI_CLIENT_CERT": "client_cert",
            "KASPI_CLIENT_KEY": "client_key",
            "KASPI_STATUS_VERSION": "status_version",
            "KASPI_INVOICE_SECONDS": "invoice_seconds",
            "KASPI_INVOICE_CHECKS_SECONDS": "invoice_checks",
        }
    ),
    secrets=frozenset({"access_token", "device_token"}),
    missing=_missing,
    make=_make,
    refund_days=0,
)
