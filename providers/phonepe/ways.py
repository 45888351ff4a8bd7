"""The three ways to pay that PhonePe enables for a merchant: where each is asked for, with which
words, and what the customer gets.

    link   a payment link, made to be sent             POST /paylinks/v1/pay
    page   the pay page, opened by PhonePe's script    POST /checkout/v2/pay
    qr     a UPI QR code                               POST /payments/v2/pay
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from providers.answers import JsonAnswer
from providers.contract import Charge, OpenLink
from providers.phonepe.reading import (
    id_in,
    indian_number,
    link_in,
    moment_in,
    picture_in,
)
from providers.phonepe.settings import Checkout, PhonePeSettings
from providers.phonepe.words import LINK_LIFE_SECONDS, ORDER_LIFE_SECONDS
from providers.references import wire_reference
from providers.wire_json import JsonValue

PAY_PATHS: Mapping[Checkout, str] = {
    Checkout.LINK: "/paylinks/v1/pay",
    Checkout.PAGE: "/checkout/v2/pay",
    Checkout.QR: "/payments/v2/pay",
}
_STATUS_PATHS: Mapping[Checkout, str] = {
    Checkout.LINK: "/paylinks/v1/{}/status",
    Checkout.PAGE: "/checkout/v2/order/{}/status",
    Checkout.QR: "/payments/v2/order/{}/status",
}
# `details` lists every attempt to pay: a second success would not be seen in the last one alone.
_STATUS_PARAMS: Mapping[Checkout, Mapping[str, str] | None] = {
    Checkout.LINK: None,
    Checkout.PAGE: {"details": "true", "errorContext": "true"},
    Checkout.QR: {"details": "true", "errorContext": "true"},
}


def life_seconds(checkout: Checkout, wish_seconds: int) -> int:
    """How long a payment stays open: as we wish, as far as PhonePe lets us."""
    shortest, longest = LINK_LIFE_SECONDS if checkout is Checkout.LINK else ORDER_LIFE_SECONDS
    return min(max(wish_seconds, shortest), longest)


def status_of(checkout: Checkout, reference: str) -> tuple[str, Mapping[str, str] | None]:
    """Path and parameters of the question what became of it."""
    return _STATUS_PATHS[checkout].format(wire_reference(reference)), _STATUS_PARAMS[checkout]


def pay_body(charge: Charge, settings: PhonePeSettings, now: datetime) -> Mapping[str, JsonValue]:
    """The body that asks for a payment."""
    checkout = settings.checkout
    seconds = life_seconds(checkout, settings.timeouts.link_seconds)
    body: dict[str, JsonValue] = {
        "merchantOrderId": wire_reference(charge.reference),
        "amount": charge.amount.amount_minor,
    }
    if checkout is Checkout.LINK:
        number = indian_number(charge.customer_phone)
        ends_at = round((now + timedelta(seconds=seconds)).timestamp() * 1000)
        return body | {
            "description": charge.description,
            "paymentFlow": {
                "type": "PAYLINK",
                "customerDetails": {
                    "name": charge.customer_name or None,
                    "phoneNumber": f"+91{number}" if number is not None else None,
                    "email": None,
                },
                "notificationChannels": {"SMS": False, "EMAIL": False},
                "expireAt": ends_at,
            },
        }
    body["expireAfter"] = seconds
    if checkout is Checkout.PAGE:
        return body | {
            "paymentFlow": {
                "type": "PG_CHECKOUT",
                "message": charge.description,
                "merchantUrls": {"redirectUrl": settings.surroundings.return_url},
            }
        }
    return body | {"paymentFlow": {"type": "PG", "paymentMode": {"type": "UPI_QR"}}}


def opened(answer: JsonAnswer, settings: PhonePeSettings, now: datetime) -> OpenLink:
    """What the customer gets. Raises Unreadable."""
    checkout, fields = settings.checkout, answer.fields
    seconds = life_seconds(checkout, settings.timeouts.link_seconds)
    order_id = id_in(fields, "orderId")
    expires_at = moment_in(fields, "expireAt") or (now + timedelta(seconds=seconds))
    if checkout is Checkout.LINK:
        return OpenLink(link_in(fields, "paylinkUrl"), order_id, expires_at, answer.call)
    if checkout is Checkout.PAGE:
        url = link_in(fields, "redirectUrl")
        return OpenLink(url, order_id, expires_at, answer.call, launcher=settings.script_url)
    return OpenLink(None, order_id, expires_at, answer.call, qr=picture_in(fields))
