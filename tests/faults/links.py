"""Customers who pay elsewhere, at three providers at once, and words for what happens to them."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.database import transaction
from domain.models import Payment, Transfer
from tests.domain.world import later, payment_of, told
from tests.faults.site import Site
from tests.journey.customer import Customer
from tests.journey.test_links import ROADS, Road

DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600
BY_LINK = ("kaspi", "phonepe", "cashfree")
TELL_US = ("phonepe", "cashfree")  # Kaspi has no callbacks
# How each simulator calls the making of a link, and the question about one.
MAKING = {"kaspi": "link", "phonepe": "pay", "cashfree": "create_link"}
ASKING = {"kaspi": "status", "phonepe": "status", "cashfree": "get_link"}
# Money for what is over or voided.
_LATE: dict[str, dict[str, object]] = {
    "kaspi": {"answer": "late"},
    "phonepe": {"answer": "late"},
    "cashfree": {"answer": "pay", "again": True},
}


@dataclass(frozen=True, slots=True)
class Payer:
    """A customer and one payment of theirs."""

    site: Site
    road: Road
    customer: Customer
    id: UUID

    @property
    def provider(self) -> str:
        return self.road.provider

    @property
    def payment(self) -> Payment:
        return payment_of(self.id)

    def act(self, answer: str, **more: object) -> None:
        """What the customer does at the provider."""
        self.site.house.act(self.provider, self.payment, answer, **more)

    def pays_late(self) -> None:
        """The money of a payment that is over. Kaspi tells nobody, so an hour passes there."""
        self.act(**_LATE[self.provider])  # type: ignore[arg-type]
        if self.provider == "kaspi":
            later(self.id, HOUR_SECONDS + 60)

    def expires(self) -> None:
        """It runs out; Kaspi never says so, and our clock does well after its end."""
        self.act("expire")
        if self.provider == "kaspi":
            later(self.id, DAY_SECONDS + 100)

    def ends(self, status: str, seconds: float = 40) -> None:
        """Wait until the payment stands so."""
        try:
            self.site.wait("an end", lambda: self.payment.status == status, seconds)
        except AssertionError as error:
            now = self.payment
            raise AssertionError(
                f"{self.provider}, not {status}: {error}: {now.status} {now.review}"
            ) from None

    def told(self) -> list[str]:
        """What was said of this payment, in order."""
        return told(self.id)

    def money(self) -> list[tuple[str, int]]:
        """The kinds and amounts that the ledger has of this payment, oldest first."""
        with transaction() as db:
            rows = db.execute(
                select(Transfer.kind, Transfer.amount_minor)
                .where(Transfer.payment_id == self.id)
                .order_by(Transfer.id)
            )
            return [(kind, amount) for kind, amount in rows]

    def again(self) -> "Payer":
        """The customer, whose link ran out, asks for another."""
        self.customer.say("new link")
        return self.newer()

    def newer(self) -> "Payer":
        """The customer's newest payment, once it waits for them and is another than this."""

        def look() -> Payment | None:
            newest = self.customer.payments()[-1]
            waits = newest.status == "awaiting_customer" and newest.id != self.id
            return newest if waits else None

        found = self.site.wait(f"another link of {self.provider}", look)
        return Payer(self.site, self.road, self.customer, found.id)


def open_links(site: Site, *names: str, amount: str = "1500") -> list[Payer]:
    """A customer with a link at each of these providers, all at once."""
    site.house.customer()  # makes the departure, which two at once must not

    def opened(name: str) -> Payer:
        customer, payment = ROADS[name].open(site.house, amount)
        return Payer(site, ROADS[name], customer, payment.id)

    return at_once(opened, names)


def ask_for_links(site: Site, *names: str, amount: str = "1500") -> list[Payer]:
    """As `open_links`, where nobody knows whether a link will come: up to the word that asks
    for it.
    """
    site.house.customer()

    def asked(name: str) -> Payer:
        road = ROADS[name]
        customer = site.house.customer(total_minor=500_000, currency=road.currency)
        ask_for_link(road, customer, amount)
        payment = site.wait("a payment", lambda: (customer.payments() or [None])[-1])
        return Payer(site, road, customer, payment.id)

    return at_once(asked, names)


def ask_for_link(road: Road, customer: Customer, amount: str) -> None:
    """From "pay" to the word that asks for the link."""
    for words, answer in (
        ("pay", "booking reference"),
        (customer.reference, "How much"),
        (amount, "How would you like to pay"),
        (road.words, "Shall I?"),
    ):
        customer.say(words)
        customer.hears(answer)
    customer.say("ready")


def at_once(work: Callable[[Any], Any], what: Sequence[Any]) -> list[Any]:
    """Do it for all of these, some at a time."""
    with ThreadPoolExecutor(6) as pool:
        return list(pool.map(work, what))


def paid_links(payers: list[Payer]) -> list[Payer]:
    """These customers pay, and have their receipts."""
    for payer in payers:
        payer.act("pay")
    for payer in payers:
        payer.ends("succeeded")
    return payers
