"""Omari beside its simulator, for the contract suite."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import requests

from domain.money import Money
from providers.contract import Charge, ConfirmsByOtp, Outcome, Provider
from providers.omari import Omari, OmariSettings
from providers.simulators.omari import OmariSimulatorSettings, create_omari
from tests.providers.harness import PATIENT_SECONDS, Harness
from tests.providers.servers import simulator

MERCHANT_KEY = "simulated-merchant-key/+=1"


class OmariHarness(Harness):
    """The money moves when the customer's code is handed over."""

    key = "omari"
    wire: ClassVar = {"start": ("auth",), "confirm": ("request",), "check": ("query",)}
    lacks: ClassVar = {
        "cancel": "nothing can move without our confirm, so there is nothing to void",
        "refund": "none in its API: given back outside, with evidence",
        "check_refund": "none in its API",
        "read_notice": "it sends none",
    }
    _numbers: ClassVar = {
        "good": "263771234567",
        "refused": "263770000051",
        "unknown": "263771234567",
    }

    def provider(self, seconds: float = PATIENT_SECONDS) -> Omari:
        return self._at(self.url, MERCHANT_KEY, seconds)

    def nowhere(self) -> Omari:
        return self._at("http://127.0.0.1:9", MERCHANT_KEY, PATIENT_SECONDS)

    def stranger(self) -> Omari:
        return self._at(self.url, "somebody-else", PATIENT_SECONDS)

    def charge(self, kind: str = "good") -> Charge:
        return Charge(
            reference=str(uuid.uuid4()),
            amount=Money(12_050, "USD"),
            payer_number=self._numbers[kind],
            description="KS-2024-001",
        )

    def complete(self, provider: Provider, charge: Charge) -> Outcome:
        assert isinstance(provider, ConfirmsByOtp)
        return provider.confirm(charge, self.code(charge))

    def private(self, charge: Charge) -> list[str]:
        codes = [a["otp"] for a in self.book()["auths"] if a["reference"] == charge.reference]
        return [MERCHANT_KEY, str(charge.payer_number)[-9:], *codes]

    def code(self, charge: Charge) -> str:
        """The code that the customer's phone got."""
        return self.message(charge)["otp"]

    def message(self, charge: Charge) -> dict[str, str]:
        """The latest SMS to the number of a charge."""
        url = f"{self.url}/_sim/sms/{charge.payer_number}"
        return requests.get(url, timeout=10).json()[-1]

    @staticmethod
    def _at(url: str, merchant_key: str, seconds: float) -> Omari:
        return Omari(
            OmariSettings(url, merchant_key, connect_seconds=seconds, call_seconds=seconds)
        )


@contextmanager
def omari(session_seconds: float = 300.0) -> Iterator[OmariHarness]:
    settings = OmariSimulatorSettings(
        MERCHANT_KEY, session_seconds=session_seconds, hidden_seconds=0.5
    )
    with simulator(create_omari(settings), "/omari") as url:
        yield OmariHarness(url)
