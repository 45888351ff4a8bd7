"""The simulated Cashfree's own book: links, orders, attempts to pay them, refunds.

Whoever reads or changes it holds `lock`. It is kept in memory.
"""

import itertools
import secrets
import threading
import time
from dataclasses import dataclass, field

from providers.simulators.cashfree.wire import Fields, missing


@dataclass(slots=True)
class Payment:
    """One attempt to pay an order. Times are seconds since 1970."""

    cf_payment_id: str
    order: "Order"
    amount_minor: int
    currency: str
    method: Fields
    group: str
    begun_at: float
    status: str = "PENDING"
    ended_at: float | None = None
    error_code: str = ""
    wrong_codes: int = 0
    asks_code: bool = False

    def end(self, status: str, error_code: str = "") -> None:
        self.status, self.error_code, self.ended_at = status, error_code, time.time()


@dataclass(slots=True)
class Order:
    """An order, of the merchant's own or made by a link's page."""

    cf_order_id: str
    order_id: str
    amount_minor: int
    currency: str
    expires_at: float
    created_at: float
    customer: Fields
    meta: Fields
    note: str | None = None
    tags: Fields | None = None
    session: str = field(default_factory=lambda: f"session_{secrets.token_urlsafe(48)}")
    link: "Link | None" = None
    ended: str = ""
    payments: list[Payment] = field(default_factory=list)

    @property
    def status(self) -> str:
        if any(payment.status == "SUCCESS" for payment in self.payments):
            return "PAID"
        if self.ended:
            return self.ended
        return "EXPIRED" if time.time() >= self.expires_at else "ACTIVE"


@dataclass(slots=True)
class Link:
    """A payment link; its orders are made by its page."""

    cf_link_id: str
    link_id: str
    amount_minor: int
    currency: str
    purpose: str
    expires_at: float
    created_at: float
    customer: Fields
    meta: Fields
    notes: Fields | None
    url: str
    token: str
    cancelled: bool = False
    orders: list[Order] = field(default_factory=list)

    @property
    def paid_minor(self) -> int:
        return sum(
            payment.amount_minor
            for order in self.orders
            for payment in order.payments
            if payment.status == "SUCCESS"
        )

    @property
    def status(self) -> str:
        if self.paid_minor >= self.amount_minor:
            return "PAID"
        if self.cancelled:
            return "CANCELLED"
        if time.time() >= self.expires_at:
            return "EXPIRED"
        return "PARTIALLY_PAID" if self.paid_minor else "ACTIVE"


@dataclass(slots=True)
class Refund:
    """Money on its way back. It is PENDING until `settles_at`, then what `ends_as` says."""

    cf_refund_id: str
    refund_id: str
    payment: Payment
    amount_minor: int
    note: str
    speed: str
    created_at: float
    settles_at: float
    ends_as: str
    kind: str = "MERCHANT_INITIATED"

    @property
    def status(self) -> str:
        return self.ends_as if time.time() >= self.settles_at else "PENDING"


class Book:
    """Everything that this Cashfree knows."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._numbers = itertools.count(1_453_002_795)
        self.forget()

    def forget(self) -> None:
        """An empty book. Numbers go on: an id is never used twice."""
        with self.lock:
            self.links: dict[str, Link] = {}
            self.orders: dict[str, Order] = {}
            self.payments: dict[str, Payment] = {}
            self.refunds: dict[str, Refund] = {}
            self.asked: dict[str, dict[str, int]] = {}

    def number(self) -> str:
        return str(next(self._numbers))

    def count(self, reference: str, operation: str) -> None:
        """Note that a request came, whatever becomes of it."""
        with self.lock:
            counts = self.asked.setdefault(reference, {})
            counts[operation] = counts.get(operation, 0) + 1

    def link(self, link_id: str) -> Link:
        if link_id not in self.links:
            raise missing("link")
        return self.links[link_id]

    def order(self, order_id: str) -> Order:
        if order_id not in self.orders:
            raise missing("order")
        return self.orders[order_id]

    def payment(self, cf_payment_id: str) -> Payment:
        if cf_payment_id not in self.payments:
            raise missing("payment")
        return self.payments[cf_payment_id]

    def by_number(self, number: str) -> Link | Order | None:
        """The link or the order with this id of Cashfree's own."""
        for link in self.links.values():
            if link.cf_link_id == number:
                return link
        for order in self.orders.values():
            if order.cf_order_id == number:
                return order
        return None

    def order_of_link(self, link: Link) -> Order:
        """What a link's page makes when it is opened."""
        now = time.time()
        order = Order(
            cf_order_id=self.number(),
            order_id=f"CFPay_{link.token}_{secrets.token_hex(6)}",
            amount_minor=link.amount_minor,
            currency=link.currency,
            expires_at=now + 1_200,
            created_at=now,
            customer={"customer_id": f"link_{link.cf_link_id}", **link.customer},
            meta={},
            note=link.purpose,
            tags={"cf_link_id": link.cf_link_id, "link_id": link.link_id},
            link=link,
        )
        link.orders.append(order)
        self.orders[order.order_id] = order
        return order

    def attempt(self, order: Order, method: Fields, group: str) -> Payment:
        payment = Payment(
            self.number(), order, order.amount_minor, order.currency, method, group, time.time()
        )
        order.payments.append(payment)
        self.payments[payment.cf_payment_id] = payment
        return payment

    def refunded_minor(self, payment: Payment) -> int:
        """What went back of a payment, or is on its way."""
        return sum(
            refund.amount_minor
            for refund in self.refunds.values()
            if refund.payment is payment and refund.status not in ("FAILED", "CANCELLED")
        )

    def listing(self) -> Fields:
        """The whole book, as every simulator shows its own."""
        with self.lock:
            return {
                "payments": [_listed(each) for each in self.links.values()]
                + [_listed(each) for each in self.orders.values() if each.link is None],
                "debits": [
                    {
                        **_owner(payment.order),
                        "receipt": payment.cf_payment_id,
                        "amount_minor": payment.amount_minor,
                        "currency": payment.currency,
                    }
                    for payment in self.payments.values()
                    if payment.status == "SUCCESS"
                ],
                "refunds": [
                    {
                        "id": refund.cf_refund_id,
                        "reference": refund.refund_id,
                        "payment_id": refund.payment.cf_payment_id,
                        "amount_minor": refund.amount_minor,
                        "currency": refund.payment.currency,
                        "status": refund.status,
                    }
                    for refund in self.refunds.values()
                ],
                "requests": {name: dict(counts) for name, counts in self.asked.items()},
            }


def _owner(order: Order) -> Fields:
    if order.link is not None:
        return {"id": order.link.cf_link_id, "reference": order.link.link_id}
    return {"id": order.cf_order_id, "reference": order.order_id}


def _listed(each: Link | Order) -> Fields:
    if isinstance(each, Link):
        fields: Fields = {"id": each.cf_link_id, "reference": each.link_id, "url": each.url}
    else:
        fields = {**_owner(each), "url": None}
    return {
        **fields,
        "amount_minor": each.amount_minor,
        "currency": each.currency,
        "status": each.status,
    }
