"""Kaspi beside its simulator, by both ways in, for whoever drives any provider."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import requests

from domain.money import Money
from providers.contract import ApproveOnPhone, Charge, OpenLink, Provider
from providers.kaspi import KaspiNative, KaspiPace, KaspiProxy, NativeSettings, ProxySettings
from providers.simulators.kaspi import KaspiSimulatorSettings, create_kaspi
from tests.providers.harness import PATIENT_SECONDS
from tests.providers.servers import simulator

ACCESS_TOKEN = "access-token/+=1"
DEVICE_TOKEN = "00000000-0000-4000-8000-000000000001"
ORGANIZATION_BIN = "000000000000"
PHONE = "77015550123"


class KaspiHarness:
    """What both ways have in common. `kind` of a charge: `good`, a link; `invoice`, to a phone."""

    key = "kaspi"
    operations = ("start", "check")

    def __init__(self, url: str) -> None:
        self.url = url

    def charge(self, kind: str = "good", minor: int = 150_000) -> Charge:
        reference = str(uuid.uuid4())
        number = PHONE if kind == "invoice" else None
        return Charge(reference, Money(minor, "KZT"), number, f"KS {reference[:8]}")

    def begin(self, provider: Provider, charge: Charge) -> Charge:
        """Start it, and keep the id as the books would."""
        act = provider.start(charge)
        assert isinstance(act, OpenLink | ApproveOnPhone)
        return replace(charge, provider_reference=act.provider_reference)

    def pay(self, charge: Charge, answer: str = "pay", **more: object) -> requests.Response:
        wish = {"answer": answer, **more}
        url = f"{self.url}/_sim/pay/{charge.provider_reference}"
        return requests.post(url, json=wish, timeout=10)

    def turn(self, operation: str, fault: str, **options: object) -> None:
        wish = {"operation": operation, "fault": fault, **options}
        requests.post(f"{self.url}/_sim/knobs", json=wish, timeout=10).raise_for_status()

    def book(self) -> dict:
        return requests.get(f"{self.url}/_sim/book", timeout=10).json()

    def debits(self, charge: Charge) -> list[Money]:
        return [
            Money(debit["amount_minor"], debit["currency"])
            for debit in self.book()["debits"]
            if debit["id"] == charge.provider_reference
        ]

    def asked(self, charge: Charge, operation: str) -> int:
        """By whichever name the request carried: our reference, our description, their id."""
        wire = {"start": ("link", "invoice"), "check": ("status",)}.get(operation, (operation,))
        names = (charge.reference.replace("-", ""), charge.description, charge.provider_reference)
        seen = self.book()["requests"]
        return sum(seen.get(name, {}).get(word, 0) for name in names for word in wire)

    def private(self, charge: Charge) -> list[str]:
        number = (charge.payer_number or PHONE)[-9:]
        return [ACCESS_TOKEN, DEVICE_TOKEN, number]


class KaspiNativeHarness(KaspiHarness):
    """Kaspi's own API."""

    def provider(self, seconds: float = PATIENT_SECONDS, version: str = "v02") -> KaspiNative:
        return self._at(f"{self.url}/r3", seconds, version)

    def nowhere(self) -> KaspiNative:
        return self._at("http://127.0.0.1:9/r3", PATIENT_SECONDS, "v01")

    def _at(self, url: str, seconds: float, version: str) -> KaspiNative:
        pace = KaspiPace(connect_seconds=seconds, call_seconds=seconds)
        return KaspiNative(
            NativeSettings(url, ORGANIZATION_BIN, DEVICE_TOKEN, status_version=version, pace=pace)
        )


class KaspiProxyHarness(KaspiHarness):
    """The PHP proxy."""

    def provider(self, seconds: float = PATIENT_SECONDS) -> KaspiProxy:
        return self._at(f"{self.url}/proxy", seconds)

    def nowhere(self) -> KaspiProxy:
        return self._at("http://127.0.0.1:9", PATIENT_SECONDS)

    def _at(self, url: str, seconds: float) -> KaspiProxy:
        pace = KaspiPace(connect_seconds=seconds, call_seconds=seconds)
        return KaspiProxy(ProxySettings(url, ACCESS_TOKEN, ORGANIZATION_BIN, DEVICE_TOKEN, pace))


@contextmanager
def kaspi(kind: type[KaspiHarness], **settings: float) -> Iterator[KaspiHarness]:
    """One of the two beside a simulator of its own, which may be asked as often as one likes."""
    wishes = {"invoice_poll_seconds": 0.0, "auto_seconds": 0.0, **settings}
    blueprint = create_kaspi(
        KaspiSimulatorSettings(ACCESS_TOKEN, DEVICE_TOKEN, ORGANIZATION_BIN, **wishes)
    )
    with simulator(blueprint, "/kaspi") as url:
        yield kind(url)
