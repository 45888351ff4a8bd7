"""Cashfree beside its simulator, for the contract suite."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from domain.money import Money
from providers.cashfree import Cashfree, CashfreeSettings
from providers.contract import Charge, OpenLink, Outcome, Provider
from providers.simulators.cashfree import CashfreeSimulatorSettings, create_cashfree
from tests.providers.servers import simulator

PATIENT_SECONDS = 20.0
APP_ID = "TEST_APP_ID_0001"
SECRET_KEY = "simulated-secret-key/+=1"
PHONE = "919876512345"


class CashfreeHarness:
    """A link is paid by the customer, and the next check tells."""

    key = "cashfree"
    operations = ("start", "check")
    _wire = {"start": "create_link", "check": "get_link"}
    _amounts = {"good": 12_050, "refused": 12_041, "insufficient": 12_052}

    def __init__(self, url: str) -> None:
        self.url = url

    def settings(self, seconds: float = PATIENT_SECONDS, **changes: object) -> CashfreeSettings:
        given = {"base_url": self.url, "connect_seconds": seconds, "call_seconds": seconds}
        return CashfreeSettings("TEST", APP_ID, SECRET_KEY, **(given | changes))

    def provider(self, seconds: float = PATIENT_SECONDS) -> Cashfree:
        return Cashfree(self.settings(seconds))

    def nowhere(self) -> Cashfree:
        return Cashfree(self.settings(base_url="http://127.0.0.1:9"))

    def charge(self, kind: str = "good") -> Charge:
        return Charge(
            reference=str(uuid.uuid4()),
            amount=Money(self._amounts[kind], "INR"),
            payer_number=None,
            description="KS-2024-001",
            customer_name="Asha Rao",
            customer_phone=PHONE,
        )

    def begin(self, provider: Provider, charge: Charge) -> None:
        assert isinstance(provider.start(charge), OpenLink)

    def pay(self, charge: Charge, answer: str = "pay", **wish: object) -> None:
        """What the customer does."""
        url = f"{self.url}/_sim/pay/{self.listed(charge)['id']}"
        requests.post(url, json={"answer": answer, **wish}, timeout=10).raise_for_status()

    def last_step(self, provider: Provider, charge: Charge) -> Outcome:
        self.pay(charge)
        return provider.check(charge)

    def turn(self, operation: str, fault: str, **options: object) -> None:
        operation = self._wire.get(operation, operation)
        wish = {"operation": operation, "fault": fault, **options}
        requests.post(f"{self.url}/_sim/knobs", json=wish, timeout=10).raise_for_status()

    def debits(self, charge: Charge) -> list[Money]:
        return [
            Money(debit["amount_minor"], debit["currency"])
            for debit in self.book()["debits"]
            if debit["reference"] == self.hex(charge)
        ]

    def asked(self, charge: Charge, operation: str) -> int:
        counts = self.book()["requests"].get(self.hex(charge), {})
        return counts.get(self._wire.get(operation, operation), 0)

    def private(self, charge: Charge) -> list[str]:
        links = [one["url"] for one in self.book()["payments"]]
        return [SECRET_KEY, APP_ID, charge.customer_phone[-9:], charge.customer_name, *links]

    def listed(self, charge: Charge) -> dict:
        """The link of a charge as the simulator's book has it."""
        links = self.book()["payments"]
        return next(one for one in links if one["reference"] == self.hex(charge))

    def book(self) -> dict:
        return requests.get(f"{self.url}/_sim/book", timeout=10).json()

    def post(self, path: str) -> requests.Response:
        return requests.post(f"{self.url}/_sim/{path}", timeout=10)

    @staticmethod
    def hex(charge: Charge) -> str:
        return uuid.UUID(charge.reference).hex


@contextmanager
def cashfree(**changes: object) -> Iterator[CashfreeHarness]:
    given = {"refund_seconds": 0.05, "retry_seconds": (0.02, 0.02, 0.02)}
    settings = CashfreeSimulatorSettings(APP_ID, SECRET_KEY, **(given | changes))
    with simulator(create_cashfree(settings), "/cashfree") as url:
        yield CashfreeHarness(url)
