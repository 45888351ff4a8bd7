"""The simulated Cashfree's links, orders and refunds, as its documentation has them."""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from providers.simulators.cashfree.book import Book, Link, Order, Refund
from providers.simulators.cashfree.entities import (
    link_entity,
    order_entity,
    payment_entity,
    refund_entity,
)
from providers.simulators.cashfree.hooks import OPERATION, Event, Hooks
from providers.simulators.cashfree.payer import Payer, Wish, link_told
from providers.simulators.cashfree.wire import Fields, Value, invalid, missing
from providers.simulators.manners import Manners

REFUND_MAGIC = {61: "FAILED", 62: "ONHOLD", 63: "CANCELLED"}
REFUND_NOTES = {
    "SUCCESS": "SUCCESS",
    "FAILED": "FAILED",
    "PENDING": "PENDING",
    "ACTIVE": "PENDING",
}

_ID = re.compile(r"[A-Za-z0-9_-]{3,45}")
_LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,50}")
_REFUND_ID = re.compile(r"[A-Za-z0-9]{3,40}")
_PHONE = re.compile(r"[0-9]{10}|\+[0-9]{8,15}")
_URL = re.compile(r"https://[!-~]{1,242}")


@dataclass(frozen=True, slots=True)
class ApiTerms:
    """Times in seconds. `life_seconds` is how long links and orders live whatever was asked."""

    refund_seconds: float
    life_seconds: float | None


class Api:
    """Takes the body of a request, gives the body of an answer; raises Refusal. Whoever calls holds
    the book's lock.
    """

    def __init__(
        self, book: Book, hooks: Hooks, payer: Payer, manners: Manners, terms: ApiTerms
    ) -> None:
        self._book = book
        self._hooks = hooks
        self._payer = payer
        self._manners = manners
        self._terms = terms

    def create_link(self, body: Fields, page: Callable[[str], str]) -> Value:
        """`page` gives the address of the page with this token."""
        link_id = text(body, "link_id", _LINK_ID, f"link_{secrets.token_hex(8)}")
        if link_id in self._book.links:
            raise invalid("link_already_exists", "link with same id is already present", 409)
        meta, token = _meta(body, "link_meta"), secrets.token_urlsafe(9)
        customer = _customer(body)
        link = Link(
            cf_link_id=self._book.number(),
            link_id=link_id,
            amount_minor=amount(body, "link_amount"),
            currency=_currency(body, "link_currency"),
            purpose=str(body.get("link_purpose", ""))[:500],
            expires_at=self._end(body, "link_expiry_time"),
            created_at=time.time(),
            customer=customer,
            meta=meta,
            notes=part(body, "link_notes") if "link_notes" in body else None,
            url=page(token),
            token=token,
        )
        if link.amount_minor % 100 == 41:
            raise invalid("link_amount_invalid", "link_amount : not allowed for this merchant")
        self._book.links[link_id] = link
        if self._manners.take(OPERATION, "early") is None:
            return link_entity(link)
        answer = link_entity(link)
        self._payer.act(link, Wish("pay"))
        self._hooks.wait()
        return answer

    def get_link(self, link_id: str) -> Value:
        return link_entity(self._book.link(link_id))

    def get_link_orders(self, link_id: str, status: str) -> Value:
        orders = self._book.link(link_id).orders
        return [order_entity(each) for each in orders if status == "ALL" or each.status == "PAID"]

    def cancel_link(self, link_id: str) -> Value:
        link = self._book.link(link_id)
        if link.status != "ACTIVE":
            raise invalid("link_not_active", f"link is {link.status}, only ACTIVE can be cancelled")
        link.cancelled = True
        self._hooks.tell([link_told(link, None)])
        return link_entity(link)

    def create_order(self, body: Fields) -> Value:
        order_id = text(body, "order_id", _ID, f"order_{secrets.token_hex(8)}")
        if order_id in self._book.orders:
            raise invalid("order_already_exists", "order with same id is already present", 409)
        note = body.get("order_note")
        if note is not None and not (isinstance(note, str) and 3 <= len(note) <= 200):
            raise invalid("order_note_invalid", "order_note : should be 3 to 200 characters")
        customer = _customer(body)
        text(part(body, "customer_details"), "customer_id", re.compile(r"[\w-]{3,50}"))
        order = Order(
            cf_order_id=self._book.number(),
            order_id=order_id,
            amount_minor=amount(body, "order_amount"),
            currency=_currency(body, "order_currency"),
            expires_at=self._end(body, "order_expiry_time"),
            created_at=time.time(),
            customer=customer,
            meta=_meta(body, "order_meta"),
            note=note,
            tags=part(body, "order_tags") if body.get("order_tags") else None,
        )
        self._book.orders[order_id] = order
        return order_entity(order)

    def get_order(self, order_id: str) -> Value:
        return order_entity(self._book.order(order_id))

    def end_order(self, order_id: str, body: Fields) -> Value:
        if body.get("order_status") != "TERMINATED":
            raise invalid("order_status_invalid", "order_status : can only be TERMINATED")
        order = self._book.order(order_id)
        waits = any(payment.status == "PENDING" for payment in order.payments)
        if order.status in ("ACTIVE", "TERMINATION_REQUESTED"):
            order.ended = "TERMINATION_REQUESTED" if waits else "TERMINATED"
        return order_entity(order)

    def get_payments(self, order_id: str) -> Value:
        return [payment_entity(each) for each in reversed(self._book.order(order_id).payments)]

    def get_payment(self, order_id: str, cf_payment_id: str) -> Value:
        for payment in self._book.order(order_id).payments:
            if payment.cf_payment_id == cf_payment_id:
                return payment_entity(payment)
        raise missing("payment")

    def create_refund(self, order_id: str, body: Fields) -> Value:
        order = self._book.order(order_id)
        refund_id = text(body, "refund_id", _REFUND_ID)
        minor, note = amount(body, "refund_amount"), body.get("refund_note")
        if note is not None and not (isinstance(note, str) and 3 <= len(note) <= 100):
            raise invalid("refund_note_invalid", "refund_note : should be 3 to 100 characters")
        if refund_id in self._book.refunds:
            raise invalid("refund_already_exists", "refund with same id is already present", 409)
        taken = [each for each in order.payments if each.status == "SUCCESS"]
        if not taken:
            raise invalid("order_not_paid", "order has no successful transaction")
        left = taken[0].amount_minor - self._book.refunded_minor(taken[0])
        if minor > left:
            raise invalid("refund_amount_invalid", "refund_amount : more than can be refunded")
        now = time.time()
        default = REFUND_MAGIC.get(minor % 100, "SUCCESS")
        refund = Refund(
            cf_refund_id=self._book.number(),
            refund_id=refund_id,
            payment=taken[0],
            amount_minor=minor,
            note=note or "",
            speed=str(body.get("refund_speed", "STANDARD")),
            created_at=now,
            settles_at=now + self._terms.refund_seconds,
            ends_as=REFUND_NOTES.get(note or "", default),
        )
        answer = refund_entity(refund) | {"refund_status": "PENDING"}
        self._book.refunds[refund_id] = refund
        if refund.ends_as not in ("PENDING", "ONHOLD"):
            ended: Fields = refund_entity(refund) | {"refund_status": refund.ends_as}
            urls = order.link.meta if order.link is not None else order.meta
            url = urls.get("notify_url")
            event = Event(
                "REFUND_STATUS_WEBHOOK", {"refund": ended}, (url,) if isinstance(url, str) else ()
            )
            self._hooks.tell([event], self._terms.refund_seconds)
        return answer

    def get_refunds(self, order_id: str) -> Value:
        order = self._book.order(order_id)
        refunds = self._book.refunds.values()
        return [refund_entity(each) for each in refunds if each.payment.order is order]

    def get_refund(self, order_id: str, refund_id: str) -> Value:
        refund = self._book.refunds.get(refund_id)
        if refund is None or refund.payment.order.order_id != order_id:
            raise invalid("refund_not_found", "refund does not exist", 404)
        return refund_entity(refund)

    def _end(self, body: Fields, name: str) -> float:
        """When something runs out: in thirty days unless said."""
        now, given = time.time(), body.get(name)
        ends_at = now + 30 * 86_400
        if given is not None:
            try:
                moment = datetime.fromisoformat(str(given))
            except ValueError:
                raise invalid(f"{name}_invalid", f"{name} : is not ISO 8601") from None
            ends_at = moment.timestamp()
        if ends_at <= now:
            raise invalid(f"{name}_invalid", f"{name} : should be in the future")
        return ends_at if self._terms.life_seconds is None else now + self._terms.life_seconds


def text(body: Fields, name: str, pattern: re.Pattern[str], default: str = "") -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise invalid(f"{name}_invalid", f"{name} : invalid value")
    return value


def part(body: Fields, name: str) -> Fields:
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise invalid(f"{name}_invalid", f"{name} : should be an object")
    return value


def amount(body: Fields, name: str) -> int:
    """Rupees in the body as paise."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise invalid(f"{name}_invalid", f"{name} : should be a number")
    minor = Decimal(value) * 100
    if value < 1 or minor != int(minor):
        raise invalid(f"{name}_invalid", f"{name} : should be 1 or more, with two decimals")
    return int(minor)


def _currency(body: Fields, name: str) -> str:
    return text(body, name, re.compile("INR"))


def _customer(body: Fields) -> Fields:
    customer = part(body, "customer_details")
    if "customer_phone" not in customer:
        raise invalid("customer_details.customer_phone_missing", "customer_phone is missing")
    text(customer, "customer_phone", _PHONE)
    return customer


def _meta(body: Fields, name: str) -> Fields:
    meta = part(body, name)
    for url in ("notify_url", "return_url"):
        if meta.get(url) is not None:
            text(meta, url, _URL)
    return meta
