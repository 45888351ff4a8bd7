"""What customers and banks do at the simulated Cashfree: pay, decline, leave, come back, reverse.

The last two digits of an amount (paise) decide what "pay" leads to:

    51 fails first, then succeeds with another id      52 always fails
    53 stays pending                                   54 succeeds twice, under two orders
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from providers.simulators.cashfree.book import Book, Link, Order, Payment, Refund
from providers.simulators.cashfree.entities import link_event, payment_event, refund_entity
from providers.simulators.cashfree.hooks import Event, Hooks
from providers.simulators.cashfree.wire import Fields

ENDINGS = {"decline": "FAILED", "drop": "USER_DROPPED", "pay": "SUCCESS"}
SETTLINGS = {"settle": "SUCCESS", "fail": "FAILED"}
ANSWERS = (*ENDINGS, *SETTLINGS, "pending", "expire")
UPI: Fields = {"upi": {"channel": "link", "upi_id": "customer@ybl"}}

_DECLINED = "insufficient_funds"


class NotNow(Exception):
    """The state does not allow this."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the customer does; `again`: although the link is paid, over or voided already."""

    answer: str
    amount_minor: int | None = None
    currency: str | None = None
    again: bool = False


class Payer:
    """Acts on the book, and lets the merchant know. Whoever calls holds the book's lock."""

    def __init__(self, book: Book, hooks: Hooks) -> None:
        self._book = book
        self._hooks = hooks

    def act(self, thing: Link | Order, wish: Wish) -> None:
        """Do what was wished at a link or an order. Raises NotNow."""
        if wish.answer in SETTLINGS:
            return self._settle(thing, SETTLINGS[wish.answer])
        if not wish.again and thing.status not in ("ACTIVE", "PARTIALLY_PAID"):
            raise NotNow(f"it is {thing.status}")
        if wish.answer == "expire":
            return self.expire(thing)
        if wish.answer == "pending":
            self._attempt(thing, wish)
            return None
        tell = []
        for answer in _answers(thing, wish):
            payment = self._attempt(thing, wish)
            if answer in ENDINGS:
                status = ENDINGS[answer]
                payment.end(status, _DECLINED if status == "FAILED" else "")
                tell += events_of(payment)
        self._hooks.tell(tell)
        return None

    def finish(self, payment: Payment, status: str, error_code: str = "") -> None:
        """Let an attempt that is pending end."""
        payment.end(status, (error_code or _DECLINED) if status == "FAILED" else "")
        self._hooks.tell(events_of(payment))

    def expire(self, thing: Link | Order) -> None:
        """Let a link or an order run out now."""
        thing.expires_at = time.time()
        if isinstance(thing, Link):
            self._hooks.tell([link_told(thing, None)])

    def reverse(self, thing: Link | Order, number: str) -> Refund:
        """Let the provider give the last money back by itself. Raises NotNow for none."""
        taken = [each for each in _payments(thing) if each.status == "SUCCESS"]
        left = [each for each in taken if not self._book.refunded_minor(each)]
        if not left:
            raise NotNow("nothing was paid, or it went back already")
        now, payment = time.time(), left[-1]
        refund = Refund(
            cf_refund_id=number,
            refund_id=f"auto_{number}",
            payment=payment,
            amount_minor=payment.amount_minor,
            note="Auto refund",
            speed="STANDARD",
            created_at=now,
            settles_at=now,
            ends_as="SUCCESS",
            kind="PAYMENT_AUTO_REFUND",
        )
        self._book.refunds[refund.refund_id] = refund
        event = Event("AUTO_REFUND_STATUS_WEBHOOK", {"auto_refund": refund_entity(refund)}, ())
        self._hooks.tell([event])
        return refund

    def _settle(self, thing: Link | Order, status: str) -> None:
        waiting = [each for each in _payments(thing) if each.status == "PENDING"]
        if not waiting:
            raise NotNow("no attempt is pending")
        self.finish(waiting[-1], status)

    def _attempt(self, thing: Link | Order, wish: Wish) -> Payment:
        payment = self._book.attempt(self._order(thing), UPI, "upi")
        payment.amount_minor = wish.amount_minor or payment.amount_minor
        payment.currency = wish.currency or payment.currency
        return payment

    def _order(self, thing: Link | Order) -> Order:
        """The order that is open, or a new one of the link's page."""
        if isinstance(thing, Order):
            return thing
        if thing.orders and thing.orders[-1].status == "ACTIVE":
            return thing.orders[-1]
        return self._book.order_of_link(thing)


def events_of(payment: Payment) -> list[Event]:
    """What the merchant is told of an attempt that ended."""
    order = payment.order
    kind = f"PAYMENT_{payment.status}_WEBHOOK"
    events = [Event(kind, payment_event(payment), _urls(order.meta))]
    if order.link is not None and payment.status == "SUCCESS":
        events.append(link_told(order.link, payment))
    return events


def link_told(link: Link, payment: Payment | None) -> Event:
    """What the merchant is told of a link."""
    return Event("PAYMENT_LINK_EVENT", link_event(link, payment), _urls(link.meta))


def _answers(thing: Link | Order, wish: Wish) -> Sequence[str]:
    """What becomes of "pay" at this amount, the first time; all else is what it says."""
    if wish.answer != "pay" or wish.again:
        return (wish.answer,)
    magic: dict[int, Sequence[str]] = {
        51: ("decline", "pay"),
        52: ("decline",),
        53: ("pending",),
        54: ("pay", "pay"),
    }
    return magic.get(thing.amount_minor % 100, ("pay",))


def _payments(thing: Link | Order) -> list[Payment]:
    orders = thing.orders if isinstance(thing, Link) else [thing]
    return [payment for order in orders for payment in order.payments]


def _urls(meta: Fields) -> tuple[str, ...]:
    url = meta.get("notify_url")
    return (url,) if isinstance(url, str) else ()
