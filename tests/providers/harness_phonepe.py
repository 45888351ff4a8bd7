"""PhonePe beside its simulator, for the contract suite: v2 in its three ways, and v1."""

import json
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from domain.money import Money
from providers.contract import Charge, OpenLink, Provider, ProviderError
from providers.entry import Surroundings, Timeouts
from providers.phonepe import ENTRY
from providers.simulators.phonepe import PhonePeSimulatorSettings, create_phonepe
from tests.providers.servers import Wire, http, simulator, wire
from tests.providers.shelf import MemoryShelf

CLIENT_SECRET = "simulated-client-secret/+=1"
SALT_KEY = "simulated-salt-key-0001"
PHONE = "919812345678"
NAME = "Asha Zacharias"
CALLBACK_URL = "https://bot.example.com/callbacks/phonepe"
V2 = {
    "environment": "SANDBOX",
    "client_id": "SIMULATED_CLIENT",
    "client_secret": CLIENT_SECRET,
    "client_version": "1",
    "webhook_username": "simulated_user",
    "webhook_password": "Simulated1",
}
V1 = {
    "environment": "SANDBOX",
    "merchant_id": "SIMULATEDMERCHANT",
    "salt_key": SALT_KEY,
    "salt_index": "1",
}


class PhonePeHarness:
    """One way of PhonePe's: `link`, `page`, `qr`, or `v1`."""

    key = "phonepe"
    operations = ("start", "check")
    _wire = {"start": "pay", "check": "status"}
    _endings = {"good": 50, "insufficient": 50}

    def __init__(self, url: str, checkout: str) -> None:
        self.url = url
        self._credentials = V1 if checkout == "v1" else V2 | {"checkout": checkout}
        self._shelf = MemoryShelf()

    def provider(self, seconds: float = 20.0, callback_url: str = CALLBACK_URL) -> Any:
        return self._make(self.url, seconds, callback_url)

    def nowhere(self) -> Any:
        return self._make("http://127.0.0.1:9", 20.0, CALLBACK_URL)

    def charge(self, kind: str = "good") -> Charge:
        return Charge(
            reference=str(uuid.uuid4()),
            amount=Money(12_000 + self._endings[kind], "INR"),
            payer_number=None,
            description="KS-2024-001",
            customer_name=NAME,
            customer_phone=PHONE,
        )

    def begin(self, provider: Provider, charge: Charge) -> None:
        assert isinstance(provider.start(charge), OpenLink)

    def pay(self, charge: Charge, answer: str = "pay", **options: object) -> requests.Response:
        """What the customer does."""
        wish = {"answer": answer, **options}
        return requests.post(f"{self.url}/_sim/pay/{self.id_of(charge)}", json=wish, timeout=10)

    def turn(self, operation: str, fault: str, **options: object) -> None:
        operation = self._wire.get(operation, operation)
        wish = {"operation": operation, "fault": fault, **options}
        requests.post(f"{self.url}/_sim/knobs", json=wish, timeout=10).raise_for_status()

    def debits(self, charge: Charge) -> list[Money]:
        hexadecimal = charge.reference.replace("-", "")
        return [
            Money(debit["amount_minor"], debit["currency"])
            for debit in self.book()["debits"]
            if debit["reference"] == hexadecimal
        ]

    def asked(self, charge: Charge, operation: str) -> int:
        counts = self.book()["requests"].get(charge.reference.replace("-", ""), {})
        return counts.get(self._wire.get(operation, operation), 0)

    def private(self, charge: Charge) -> list[str]:
        return [CLIENT_SECRET, SALT_KEY, PHONE[-9:], NAME, "Simulated1", self.url_of(charge)]

    def id_of(self, charge: Charge) -> str:
        return self._payment(charge)["id"]

    def url_of(self, charge: Charge) -> str:
        return self._payment(charge)["url"]

    def book(self) -> dict[str, Any]:
        return requests.get(f"{self.url}/_sim/book", timeout=10).json()

    def _payment(self, charge: Charge) -> dict[str, Any]:
        hexadecimal = charge.reference.replace("-", "")
        return next(p for p in self.book()["payments"] if p["reference"] == hexadecimal)

    def _make(self, url: str, seconds: float, callback_url: str) -> Any:
        timeouts = Timeouts(connect_seconds=seconds, call_seconds=seconds)
        surroundings = Surroundings(callback_url, "https://bot.example.com/back", self._shelf)
        return ENTRY.make({**self._credentials, "base_url": url}, timeouts, surroundings)


@contextmanager
def phonepe(
    checkout: str = "link", webhook_url: str = "", salt_key: str = SALT_KEY, **options: Any
) -> Iterator[PhonePeHarness]:
    settings = PhonePeSimulatorSettings(
        client_secret=CLIENT_SECRET,
        salt_key=salt_key,
        webhook_url=webhook_url,
        webhook_pauses_seconds=(0.02, 0.02),
        **options,
    )
    with simulator(create_phonepe(settings), "/phonepe") as url:
        yield PhonePeHarness(url, checkout)


TOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"
REFERENCE = "0d6f0a3e-5c4b-4c6c-9b53-7a5b1f0f2c11"
HEX = REFERENCE.replace("-", "")
REFUND = "9a3f1c2d-4e5b-4678-8a9b-acbdcedf0a1b"
CHARGE = Charge(
    REFERENCE,
    Money(15_000, "INR"),
    None,
    "Order 42",
    customer_name="Asha",
    customer_phone="919999999999",
)
TOKEN_FIELDS = {
    "access_token": TOKEN,
    "issued_at": 1763712000,
    "expires_at": 1763715600,
    "token_type": "O-Bearer",
}


@contextmanager
def answering(*answers: bytes) -> Iterator[Wire]:
    """PhonePe's bytes: a token to whoever asks for one, and these answers in turn, the last one
    again and again.
    """
    left = list(answers)

    def play(connection: socket.socket) -> None:
        if server.requests[-1].startswith(b"POST /v1/oauth/token"):
            connection.sendall(http(200, json.dumps(TOKEN_FIELDS).encode()))
        else:
            connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    with wire(play) as server:
        yield server


def adapter(server: Wire, checkout: str = "link", seconds: float = 10.0, **credentials: str) -> Any:
    """The adapter that speaks with these bytes."""
    chosen: Mapping[str, str] = V1 if checkout == "v1" else V2 | {"checkout": checkout}
    surroundings = Surroundings(CALLBACK_URL, "https://bot.example.com/back", MemoryShelf())
    timeouts = Timeouts(call_seconds=seconds)
    return ENTRY.make({**chosen, **credentials, "base_url": server.url}, timeouts, surroundings)


def calls(server: Wire) -> list[bytes]:
    """What was asked beside tokens."""
    return [each for each in server.requests if not each.startswith(b"POST /v1/oauth")]


def ask(call: Any, fields: object, status: int = 200, checkout: str = "link") -> Any:
    """What `call` makes of an answer with these fields, or the error that it raises."""
    body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    with answering(http(status, body)) as server:
        try:
            return call(adapter(server, checkout))
        except ProviderError as error:
            return error
