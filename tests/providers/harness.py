"""What the contract suite needs of one provider: its adapter, and how its simulator is driven.

A provider joins the suite with one class like those in contract_harnesses.py, and one line there.
"""

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import requests

from domain.money import Money
from providers.contract import (
    ApproveOnPhone,
    Cancels,
    Charge,
    ConfirmsByOtp,
    NextAct,
    OpenLink,
    Outcome,
    Provider,
    Status,
)
from providers.notices import NoticeRequest, ReadsNotices
from providers.refunds import FollowsRefunds, RefundOrder, Refunds

PATIENT_SECONDS = 20.0
IMPATIENT_SECONDS = 0.4

# What an adapter may be able to do beside `start`, `check` and `probe`, and what proves it.
PROTOCOLS: Mapping[str, type] = {
    "confirm": ConfirmsByOtp,
    "cancel": Cancels,
    "refund": Refunds,
    "check_refund": FollowsRefunds,
    "read_notice": ReadsNotices,
}
VERBS = ("start", "check", "probe", *PROTOCOLS)
_WAIT_SECONDS = 10.0
_NOTHING_SENT_BACK = frozenset({"FAILED", "CANCELLED"})

Told = TypeVar("Told")


class Harness(ABC):
    """One provider beside its simulator.

    `lacks` gives the reason for each verb that the adapter does not have; `wire` the simulator's
    words for our verbs. `tells` is what of a success its answers carry. `signing_headers` are those
    without which a notice is forged. `shares` are verbs that are the very code of another way of
    the provider, whose rows stand for them. `impatient_seconds` is a deadline that leaves a call
    about as long as that of any other provider.

    Exemptions, each with its reason, "" where there is none: `keyless`, the same reference twice
    makes two things; `unsigned`, a notice's changed body cannot be noticed; `untold_refunds`, no
    notice tells of a refund.
    """

    key: ClassVar[str]
    lacks: ClassVar[Mapping[str, str]]
    wire: ClassVar[Mapping[str, tuple[str, ...]]]
    shares: ClassVar[frozenset[str]] = frozenset()
    impatient_seconds: ClassVar[float] = IMPATIENT_SECONDS
    keyless: ClassVar[str] = ""
    unsigned: ClassVar[str] = ""
    tells: ClassVar[frozenset[str]] = frozenset({"amount", "reference"})
    signing_headers: ClassVar[tuple[str, ...]] = ()
    after_decline: ClassVar[Status] = Status.FAILED
    untold_refunds: ClassVar[str] = ""

    def __init__(self, url: str) -> None:
        self.url = url

    @abstractmethod
    def provider(self, seconds: float = PATIENT_SECONDS) -> Provider:
        """The adapter, with this total deadline for a call."""

    def impatient(self) -> Provider:
        """The adapter that need not wait longer than a test must."""
        return self.provider(self.impatient_seconds)

    @abstractmethod
    def nowhere(self) -> Provider:
        """The adapter, where nothing listens."""

    @abstractmethod
    def stranger(self) -> Provider:
        """The adapter of somebody whose keys are wrong."""

    @abstractmethod
    def charge(self, kind: str = "good") -> Charge:
        """A new charge. `refused`: the provider will not take it. `voidable`: one that it lets us
        cancel. `unknown`: as if it had been started, but nobody did.
        """

    @abstractmethod
    def private(self, charge: Charge) -> list[str]:
        """Everything that must stand nowhere: keys, numbers, names, codes, links."""

    def other_account(self) -> Provider:
        """The adapter of another merchant, whose keys are right but others."""
        return self.stranger()

    def sign(self, body: bytes) -> NoticeRequest:
        """A notice with this content, as only the provider can make it."""
        return NoticeRequest({}, body)

    def letters(self) -> Sequence[NoticeRequest]:
        """The notices that came so far, as they came."""
        return ()

    def begin(self, provider: Provider, charge: Charge) -> Charge:
        """Start it; the charge as the books would keep it."""
        return begin(provider, charge)[1]

    def complete(self, provider: Provider, charge: Charge) -> Outcome:
        """Move the money: here the customer pays, and we ask."""
        assert self.act(charge, "pay").ok
        return provider.check(charge)

    def act(self, charge: Charge, answer: str) -> requests.Response:
        """What the customer does: `pay`, `decline`."""
        url = f"{self.url}/_sim/pay/{self._listed(charge)['id']}"
        return requests.post(url, json={"answer": answer}, timeout=10)

    def turn(self, verb: str, fault: str, **options: object) -> None:
        """Turn a knob of the simulator; `webhook` is an operation of its own."""
        for word in self.wire.get(verb, (verb,)):
            wish = {"operation": word, "fault": fault, **options}
            url = f"{self.url}/_sim/knobs"
            requests.post(url, json=wish, timeout=10).raise_for_status()

    def settle_down(self) -> None:
        """No knob is turned any longer."""
        requests.delete(f"{self.url}/_sim/knobs", timeout=10).raise_for_status()

    def debits(self, charge: Charge) -> list[Money]:
        """What the simulator's own book says was taken."""
        return [_money(debit) for debit in self._debits(charge)]

    def given_back(self, charge: Charge) -> list[Money]:
        """What the simulator's own book says went back, or is on its way."""
        listed = self._listed(charge)
        owners = {listed["id"], *(debit["receipt"] for debit in self._debits(charge))}
        return [
            _money(refund)
            for refund in self.book()["refunds"]
            if refund["payment_id"] in owners and refund["status"] not in _NOTHING_SENT_BACK
        ]

    def asked(self, verb: str, charge: Charge, order: RefundOrder | None = None) -> int:
        """How often the simulator got this, by whichever name the request carried."""
        seen, names = self.book()["requests"], {charge.provider_reference, charge.description}
        for reference in (charge.reference, order.reference if order else charge.reference):
            names |= {reference, uuid.UUID(reference).hex}
        return sum(seen.get(name, {}).get(word, 0) for name in names for word in self.wire[verb])

    def order(self, charge: Charge, paid: Outcome, minor: int, before_minor: int = 0) -> Any:
        """A new refund of a paid charge."""
        currency = charge.amount.currency
        return RefundOrder(
            reference=str(uuid.uuid4()),
            charge=charge,
            receipt=paid.receipt or "",
            amount=Money(minor, currency),
            refunded_before=Money(before_minor, currency),
            reason="bad weather",
        )

    def book(self) -> dict[str, Any]:
        return requests.get(f"{self.url}/_sim/book", timeout=10).json()

    def _debits(self, charge: Charge) -> list[dict[str, Any]]:
        return [debit for debit in self.book()["debits"] if _is_of(debit, charge)]

    def _listed(self, charge: Charge) -> dict[str, Any]:
        return next(each for each in self.book()["payments"] if _is_of(each, charge))


def begin(provider: Provider, charge: Charge) -> tuple[NextAct, Charge]:
    """Start a charge: what the customer does next, and the charge as the books would keep it."""
    act = provider.start(charge)
    if isinstance(act, OpenLink | ApproveOnPhone):
        return act, replace(charge, provider_reference=act.provider_reference)
    return act, charge


def _is_of(entry: Mapping[str, Any], charge: Charge) -> bool:
    names = (charge.reference, uuid.UUID(charge.reference).hex)
    is_theirs = charge.provider_reference is not None and entry["id"] == charge.provider_reference
    return is_theirs or entry["reference"] in names


def _money(entry: Mapping[str, Any]) -> Money:
    return Money(entry["amount_minor"], entry["currency"])


def eventually(ask: Callable[[], Told], is_wanted: Callable[[Told], bool]) -> Told:
    """Ask until the answer is the wanted one, at most for some seconds; the last answer."""
    ends = time.monotonic() + _WAIT_SECONDS
    told = ask()
    while not is_wanted(told) and time.monotonic() < ends:
        time.sleep(0.03)
        told = ask()
    return told


def checked(harness: Harness, charge: Charge, status: Status) -> Outcome:
    """What a check says, once it says this; work that outlived our deadline may take a moment."""
    provider = harness.provider()
    outcome = eventually(lambda: provider.check(charge), lambda told: told.status is status)
    assert outcome.status is status
    return outcome
