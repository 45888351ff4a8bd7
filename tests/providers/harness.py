"""What the contract suite needs of one provider: its adapter, and how its simulator is driven.

A provider joins the suite with one class here and one line in `HARNESSES`.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import requests

from domain.money import Money
from providers.contract import Charge, ConfirmsByOtp, EnterOtp, Outcome, Provider
from providers.omari import Omari, OmariSettings
from providers.simulators.omari import OmariSimulatorSettings, create_omari
from tests.providers.servers import simulator

PATIENT_SECONDS = 20.0
IMPATIENT_SECONDS = 0.4


class Harness(Protocol):
    """One provider beside its simulator. Operations are ours: `start`, `confirm`, `check`."""

    key: str
    operations: tuple[str, ...]

    def provider(self, seconds: float = PATIENT_SECONDS) -> Provider:
        """The adapter, with this total deadline for a call."""

    def nowhere(self) -> Provider:
        """The adapter, where nothing listens."""

    def charge(self, kind: str = "good") -> Charge:
        """A new charge; `insufficient` is one that the provider will refuse."""

    def begin(self, provider: Provider, charge: Charge) -> None:
        """What must come before the last step: the start, unnoticed by faults."""

    def last_step(self, provider: Provider, charge: Charge) -> Outcome:
        """The call that moves the money."""

    def turn(self, operation: str, fault: str, **options: object) -> None:
        """Turn a knob of the simulator."""

    def debits(self, charge: Charge) -> list[Money]:
        """What the simulator's own book says was taken."""

    def asked(self, charge: Charge, operation: str) -> int:
        """How often the simulator got this operation for this charge."""

    def private(self, charge: Charge) -> list[str]:
        """Everything that must stand nowhere: key, number, code."""


class OtpHarness(Harness, Protocol):
    """A provider whose customer types a code."""

    def code(self, charge: Charge) -> str:
        """The code that the customer's phone got."""


class OmariHarness:
    """Omari beside its simulator."""

    key = "omari"
    operations = ("start", "confirm", "check")
    _merchant_key = "simulated-merchant-key/+=1"
    _wire = {"start": "auth", "confirm": "request", "check": "query"}
    _numbers = {"good": "263771234567", "insufficient": "263770000051"}

    def __init__(self, url: str) -> None:
        self._url = url

    def provider(self, seconds: float = PATIENT_SECONDS) -> Omari:
        return Omari(
            OmariSettings(
                self._url, self._merchant_key, connect_seconds=seconds, call_seconds=seconds
            )
        )

    def nowhere(self) -> Omari:
        return Omari(OmariSettings("http://127.0.0.1:9", self._merchant_key))

    def charge(self, kind: str = "good") -> Charge:
        return Charge(
            reference=str(uuid.uuid4()),
            amount=Money(12_050, "USD"),
            payer_number=self._numbers[kind],
            description="KS-2024-001",
        )

    def begin(self, provider: Provider, charge: Charge) -> None:
        assert isinstance(provider.start(charge), EnterOtp)

    def last_step(self, provider: Provider, charge: Charge) -> Outcome:
        assert isinstance(provider, ConfirmsByOtp)
        return provider.confirm(charge, self.code(charge))

    def turn(self, operation: str, fault: str, **options: object) -> None:
        wish = {"operation": self._wire[operation], "fault": fault, **options}
        requests.post(f"{self._url}/_sim/knobs", json=wish, timeout=10).raise_for_status()

    def debits(self, charge: Charge) -> list[Money]:
        return [
            Money(debit["amount_minor"], debit["currency"])
            for debit in self._book()["debits"]
            if debit["reference"] == charge.reference
        ]

    def asked(self, charge: Charge, operation: str) -> int:
        return self._book()["requests"].get(charge.reference, {}).get(self._wire[operation], 0)

    def private(self, charge: Charge) -> list[str]:
        codes = [a["otp"] for a in self._book()["auths"] if a["reference"] == charge.reference]
        return [self._merchant_key, charge.payer_number[-9:], *codes]

    def code(self, charge: Charge) -> str:
        url = f"{self._url}/_sim/sms/{charge.payer_number}"
        return requests.get(url, timeout=10).json()[-1]["otp"]

    def _book(self) -> dict:
        return requests.get(f"{self._url}/_sim/book", timeout=10).json()


@contextmanager
def omari(session_seconds: float = 300.0) -> Iterator[OmariHarness]:
    settings = OmariSimulatorSettings(
        OmariHarness._merchant_key, session_seconds=session_seconds, hidden_seconds=0.5
    )
    with simulator(create_omari(settings), "/omari") as url:
        yield OmariHarness(url)


Open = Callable[..., AbstractContextManager[Harness]]

HARNESSES: dict[str, Open] = {"omari": omari}
OTP_HARNESSES: dict[str, Open] = {"omari": omari}
