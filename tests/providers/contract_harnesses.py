"""Every provider of the contract suite, one class and one line each, and each way that it has."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

from providers.contract import Charge, Provider, Status
from providers.entry import Surroundings, Timeouts
from providers.kaspi import KaspiNative, KaspiPace, KaspiProxy, NativeSettings, ProxySettings
from providers.notices import NoticeRequest
from providers.phonepe import ENTRY as PHONEPE
from tests.providers import harness_cashfree, harness_kaspi, harness_phonepe
from tests.providers.harness import IMPATIENT_SECONDS, PATIENT_SECONDS, Harness
from tests.providers.harness_omari import OmariHarness, omari
from tests.providers.mailbox import Mailbox, mailbox
from tests.providers.shelf import MemoryShelf

NOWHERE = "http://127.0.0.1:9"
NOBODYS_ID = "987654321"
_NO_CODE = "the customer pays elsewhere: no code is typed"
_WRONG = "somebody-else"
_REFUSED_MINOR = 12_017


class KaspiProxySuite(Harness):
    """The PHP proxy in front of Kaspi."""

    key = "kaspi"
    wire: ClassVar = {"start": ("link",), "check": ("status",), "refund": ("refund",)}
    lacks: ClassVar = {
        "confirm": _NO_CODE,
        "cancel": "the proxy passes no cancelling on",
        "check_refund": "the proxy does not pass on how much is left",
        "read_notice": "Kaspi sends none",
    }
    keyless = "Kaspi keeps no key of ours: every call makes or returns something anew"
    tells: ClassVar = frozenset()
    _kinds: ClassVar = {"good": 150_000, "refused": 150_001, "unknown": 150_000}

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._like = harness_kaspi.KaspiHarness(url)

    def provider(self, seconds: float = PATIENT_SECONDS) -> Provider:
        return self._at(f"{self.url}/proxy", seconds, harness_kaspi.ACCESS_TOKEN)

    def nowhere(self) -> Provider:
        return self._at(NOWHERE, PATIENT_SECONDS, harness_kaspi.ACCESS_TOKEN)

    def stranger(self) -> Provider:
        return self._at(f"{self.url}/proxy", PATIENT_SECONDS, _WRONG)

    def charge(self, kind: str = "good") -> Charge:
        charge = self._like.charge(minor=self._kinds[kind])
        named = replace(charge, customer_name="Aigerim Bek", customer_phone=harness_kaspi.PHONE)
        return replace(named, provider_reference=NOBODYS_ID) if kind == "unknown" else named

    def private(self, charge: Charge) -> list[str]:
        links = [each["url"] for each in self.book()["payments"]]
        return [*self._like.private(charge), charge.customer_name, *links]

    @staticmethod
    def _at(url: str, seconds: float, access_token: str) -> KaspiProxy:
        pace = KaspiPace(connect_seconds=seconds, call_seconds=seconds)
        merchant = (harness_kaspi.ORGANIZATION_BIN, harness_kaspi.DEVICE_TOKEN)
        return KaspiProxy(ProxySettings(url, access_token, *merchant, pace))


class KaspiNativeSuite(KaspiProxySuite):
    """Kaspi's own API. An invoice can be cancelled, a link cannot."""

    wire: ClassVar = {
        "start": ("link", "invoice"),
        "check": ("status",),
        "probe": ("tradepoints",),
        "cancel": ("cancel",),
        "refund": ("refund",),
        "check_refund": ("details",),
    }
    lacks: ClassVar = {"confirm": _NO_CODE, "read_notice": "Kaspi sends none"}
    tells: ClassVar = frozenset({"amount"})

    def provider(self, seconds: float = PATIENT_SECONDS) -> Provider:
        return self._native(f"{self.url}/r3", seconds, harness_kaspi.DEVICE_TOKEN)

    def nowhere(self) -> Provider:
        return self._native(f"{NOWHERE}/r3", PATIENT_SECONDS, harness_kaspi.DEVICE_TOKEN)

    def stranger(self) -> Provider:
        return self._native(f"{self.url}/r3", PATIENT_SECONDS, _WRONG)

    def charge(self, kind: str = "good") -> Charge:
        if kind == "voidable":
            return self._like.charge("invoice")
        return super().charge(kind)

    @staticmethod
    def _native(url: str, seconds: float, device_token: str) -> KaspiNative:
        pace = KaspiPace(connect_seconds=seconds, call_seconds=seconds)
        merchant = (url, harness_kaspi.ORGANIZATION_BIN, device_token)
        return KaspiNative(NativeSettings(*merchant, status_version="v02", pace=pace))


class PhonePeLinkSuite(Harness):
    """PhonePe v2 by link. `checkout` and `keys` are what the other ways change."""

    key = "phonepe"
    checkout: ClassVar[str] = "link"
    keys: ClassVar[dict[str, str]] = harness_phonepe.V2
    wrong: ClassVar[dict[str, str]] = {"client_secret": _WRONG}
    wire: ClassVar = {
        "start": ("pay",),
        "check": ("status",),
        "probe": ("status",),
        "cancel": ("cancel",),
        "refund": ("refund",),
        "check_refund": ("refund_status",),
    }
    lacks: ClassVar = {"confirm": _NO_CODE}
    # What a status repeats of the reference is not always there: the id that `start` gave is.
    tells: ClassVar = frozenset({"amount"})
    unsigned = "PhonePe's webhooks carry a password's hash and sign no body: they only make us ask"
    signing_headers = ("authorization",)
    # Token and call share an operation's time: a call gets two fifths of it.
    impatient_seconds = 2 * IMPATIENT_SECONDS

    def __init__(self, url: str, box: Mailbox) -> None:
        super().__init__(url)
        self._box = box
        self._shelf = MemoryShelf()
        self._like = harness_phonepe.PhonePeHarness(url, self.checkout)

    def provider(self, seconds: float = PATIENT_SECONDS) -> Provider:
        return self._at(self.url, seconds, {}, self._shelf)

    def nowhere(self) -> Provider:
        return self._at(NOWHERE, PATIENT_SECONDS, {}, MemoryShelf())

    def stranger(self) -> Provider:
        return self._at(self.url, PATIENT_SECONDS, self.wrong, MemoryShelf())

    def other_account(self) -> Provider:
        wrong = {**self.wrong, "webhook_password": _WRONG}
        return self._at(self.url, PATIENT_SECONDS, wrong, MemoryShelf())

    def charge(self, kind: str = "good") -> Charge:
        charge = self._like.charge()
        if kind == "refused":
            return replace(charge, amount=replace(charge.amount, amount_minor=_REFUSED_MINOR))
        return replace(charge, provider_reference=NOBODYS_ID) if kind == "unknown" else charge

    def private(self, charge: Charge) -> list[str]:
        links = [each["url"] for each in self.book()["payments"]]
        return [*self._like.private(charge), *links]

    def sign(self, body: bytes) -> NoticeRequest:
        words = f"{self.keys['webhook_username']}:{self.keys['webhook_password']}"
        return NoticeRequest({"authorization": hashlib.sha256(words.encode()).hexdigest()}, body)

    def letters(self) -> Sequence[NoticeRequest]:
        return tuple(self._box.letters)

    def _at(self, url: str, seconds: float, wrong: dict[str, str], shelf: MemoryShelf) -> Provider:
        timeouts = Timeouts(connect_seconds=seconds, call_seconds=seconds)
        surroundings = Surroundings(self._box.url, "https://bot.example.com/back", shelf)
        given = {**self.keys, "checkout": self.checkout, "base_url": url, **wrong}
        return PHONEPE.make(given, timeouts, surroundings)


class PhonePePageSuite(PhonePeLinkSuite):
    """PhonePe v2 by its pay page."""

    checkout = "page"
    lacks: ClassVar = {"confirm": _NO_CODE, "cancel": "PhonePe cancels links only"}
    shares: ClassVar = frozenset({"refund", "check_refund"})


class PhonePeQrSuite(PhonePePageSuite):
    """PhonePe v2 by a UPI QR picture."""

    checkout = "qr"


class PhonePeV1Suite(PhonePeLinkSuite):
    """PhonePe's old API."""

    checkout = "v1"
    keys: ClassVar = harness_phonepe.V1
    wrong: ClassVar = {"salt_key": _WRONG}
    lacks: ClassVar = {"confirm": _NO_CODE, "cancel": "v1 has no cancelling"}
    tells: ClassVar = frozenset({"amount", "reference"})
    unsigned = ""
    signing_headers = ("x-verify",)
    impatient_seconds = IMPATIENT_SECONDS
    untold_refunds = "v1's refunds are told only when asked"

    def sign(self, body: bytes) -> NoticeRequest:
        encoded = base64.b64encode(body).decode()
        digest = hashlib.sha256((encoded + self.keys["salt_key"]).encode()).hexdigest()
        headers = {"x-verify": f"{digest}###{self.keys['salt_index']}"}
        return NoticeRequest(headers, json.dumps({"response": encoded}).encode())


class CashfreeSuite(Harness):
    """A payment link of Cashfree. A declined try leaves it open."""

    key = "cashfree"
    wire: ClassVar = {
        "start": ("create_link",),
        "check": ("get_link",),
        "probe": ("get_link",),
        "cancel": ("cancel_link",),
        "refund": ("create_refund",),
        "check_refund": ("get_refund",),
    }
    lacks: ClassVar = {"confirm": _NO_CODE}
    signing_headers = ("x-webhook-signature", "x-webhook-timestamp")
    after_decline = Status.OPEN

    def __init__(self, url: str, box: Mailbox) -> None:
        super().__init__(url)
        self._box = box
        self._like = harness_cashfree.CashfreeHarness(url)

    def provider(self, seconds: float = PATIENT_SECONDS) -> Provider:
        return self._like.provider(seconds)

    def nowhere(self) -> Provider:
        return self._like.nowhere()

    def stranger(self) -> Provider:
        return type(self._like.provider())(replace(self._like.settings(), secret_key=_WRONG))

    def charge(self, kind: str = "good") -> Charge:
        charge = self._like.charge("refused" if kind == "refused" else "good")
        return replace(charge, provider_reference=NOBODYS_ID) if kind == "unknown" else charge

    def private(self, charge: Charge) -> list[str]:
        return self._like.private(charge)

    def sign(self, body: bytes) -> NoticeRequest:
        now, key = str(round(time.time() * 1000)), harness_cashfree.SECRET_KEY.encode()
        digest = hmac.new(key, now.encode() + body, hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        headers = {"x-webhook-timestamp": now, "x-webhook-signature": signature}
        return NoticeRequest({**headers, "x-idempotency-key": uuid.uuid4().hex}, body)

    def letters(self) -> Sequence[NoticeRequest]:
        return tuple(self._box.letters)


@contextmanager
def _kaspi(kind: type[KaspiProxySuite]) -> Iterator[Harness]:
    with harness_kaspi.kaspi(harness_kaspi.KaspiHarness) as opened:
        yield kind(opened.url)


@contextmanager
def _phonepe(kind: type[PhonePeLinkSuite]) -> Iterator[Harness]:
    with mailbox() as box, harness_phonepe.phonepe(webhook_url=box.url) as opened:
        harness = kind(opened.url, box)
        # Fetches the token, so that no test's own deadline pays for it.
        harness.provider().probe()
        yield harness


@contextmanager
def _cashfree() -> Iterator[Harness]:
    with mailbox() as box, harness_cashfree.cashfree(webhook_url=box.url) as opened:
        yield CashfreeSuite(opened.url, box)


Open = Callable[[], AbstractContextManager[Any]]

HARNESSES: dict[str, tuple[type[Harness], Open]] = {
    "omari": (OmariHarness, omari),
    "kaspi-proxy": (KaspiProxySuite, partial(_kaspi, KaspiProxySuite)),
    "kaspi-native": (KaspiNativeSuite, partial(_kaspi, KaspiNativeSuite)),
    "phonepe-link": (PhonePeLinkSuite, partial(_phonepe, PhonePeLinkSuite)),
    "phonepe-page": (PhonePePageSuite, partial(_phonepe, PhonePePageSuite)),
    "phonepe-qr": (PhonePeQrSuite, partial(_phonepe, PhonePeQrSuite)),
    "phonepe-v1": (PhonePeV1Suite, partial(_phonepe, PhonePeV1Suite)),
    "cashfree": (CashfreeSuite, _cashfree),
}
