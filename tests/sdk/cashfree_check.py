"""The official `cashfree_pg` against a simulated Cashfree: exit 1 on the first thing that differs.

Runs in an environment that has the SDK and nothing of ours:
`python cashfree_check.py --url http://127.0.0.1:PORT/cashfree --app-id … --secret-key …`
"""

import argparse
import base64
import hashlib
import hmac
import json
import sys
import uuid
from collections.abc import Callable

import urllib3
from cashfree_pg import rest
from cashfree_pg.api_client import Cashfree
from cashfree_pg.exceptions import ApiException
from cashfree_pg.models.create_link_request import CreateLinkRequest
from cashfree_pg.models.create_order_request import CreateOrderRequest
from cashfree_pg.models.customer_details import CustomerDetails
from cashfree_pg.models.link_customer_details_entity import LinkCustomerDetailsEntity
from cashfree_pg.models.order_create_refund_request import OrderCreateRefundRequest
from cashfree_pg.models.pay_order_request import PayOrderRequest
from cashfree_pg.models.pay_order_request_payment_method import PayOrderRequestPaymentMethod
from cashfree_pg.models.upi import Upi
from cashfree_pg.models.upi_payment_method import UPIPaymentMethod

SANDBOX = "https://sandbox.cashfree.com/pg"


class Wrong(Exception):
    """The SDK did not get what it should have."""


def main(arguments: list[str]) -> int:
    """Run every check; the exit code is 1 where one went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--url", "--app-id", "--secret-key"):
        parser.add_argument(name, required=True)
    given = parser.parse_args(arguments)
    point_at(given.url)
    sdk = Cashfree(Cashfree.SANDBOX, XClientId=given.app_id, XClientSecret=given.secret_key)
    wrong = 0
    checks: tuple[Callable[[], None], ...] = (
        lambda: check_orders(sdk, given.url),
        lambda: check_refunds(sdk),
        lambda: check_links(sdk, given.url),
        lambda: check_errors(given.app_id),
        lambda: check_webhooks(sdk, given.secret_key),
    )
    names = ("orders", "refunds", "links", "errors", "webhooks")
    for name, check in zip(names, checks, strict=True):
        try:
            check()
        except Exception as problem:  # the SDK raises whatever it likes, and all of it is a fault
            wrong += 1
            say(f"cashfree {name}: WRONG: {type(problem).__name__}: {str(problem)[:300]}")
        else:
            say(f"cashfree {name}: ok")
    return 1 if wrong else 0


def point_at(url: str) -> None:
    """Let the SDK speak to another address: it has its own built in."""
    ask = rest.RESTClientObject.request

    def redirected(self: object, method: str, address: str, *rest_of: object, **named: object):
        if not address.startswith(SANDBOX):
            raise Wrong("the SDK wants to speak to somebody else")
        return ask(self, method, address.replace(SANDBOX, url, 1), *rest_of, **named)

    rest.RESTClientObject.request = redirected


def paid_order(sdk: Cashfree) -> str:
    """An order of 150 rupees that was paid by a VPA which always pays; its id."""
    order_id = f"sdk-{uuid.uuid4().hex[:12]}"
    customer = CustomerDetails(customer_id="c42", customer_phone="9999999999")
    order = sdk.PGCreateOrder(
        CreateOrderRequest(
            order_id=order_id,
            order_amount=150.0,
            order_currency="INR",
            customer_details=customer,
        ),
        x_idempotency_key=str(uuid.uuid4()),
    ).data
    expect("a new order", order.order_status, "ACTIVE")
    pay(sdk, order.payment_session_id, Upi(channel="collect", upi_id="testsuccess@gocash"))
    return order_id


def pay(sdk: Cashfree, session: str, upi: Upi):
    method = PayOrderRequestPaymentMethod(UPIPaymentMethod(upi=upi))
    return sdk.PGPayOrder(PayOrderRequest(payment_session_id=session, payment_method=method)).data


def check_orders(sdk: Cashfree, url: str) -> None:
    order_id = paid_order(sdk)
    fetched = sdk.PGFetchOrder(order_id).data
    expect("a paid order", (fetched.order_id, fetched.order_status), (order_id, "PAID"))
    expect("its amount", fetched.order_amount, 150.0)
    (payment,) = sdk.PGOrderFetchPayments(order_id).data
    expect("its payment", (payment.payment_status, payment.payment_amount), ("SUCCESS", 150.0))

    customer = CustomerDetails(customer_id="c42", customer_phone="9999999999")
    request = CreateOrderRequest(order_amount=2.0, order_currency="INR", customer_details=customer)
    session = sdk.PGCreateOrder(request).data.payment_session_id
    begun = pay(sdk, session, Upi(channel="link"))
    expect("a UPI link", (begun.action, begun.channel), ("custom", "link"))
    web = begun.data.payload["web"]
    if not web.startswith(url):
        raise Wrong("the UPI link is not the simulator's")
    page = urllib3.PoolManager().request("GET", web)
    expect("its page", page.status, 200)
    picture = pay(sdk, session, Upi(channel="qrcode")).data.payload["qrcode"]
    expect("a UPI picture", picture[:22], "data:image/png;base64,")


def check_refunds(sdk: Cashfree) -> None:
    order_id, refund_id = paid_order(sdk), uuid.uuid4().hex
    wish = OrderCreateRefundRequest(refund_amount=50.0, refund_id=refund_id, refund_note="PENDING")
    refund = sdk.PGOrderCreateRefund(order_id, wish).data
    expect("a refund", (refund.refund_status, refund.refund_amount), ("PENDING", 50.0))
    expect("it, fetched", sdk.PGOrderFetchRefund(order_id, refund_id).data.refund_id, refund_id)
    expect("all of them", len(sdk.PGOrderFetchRefunds(order_id).data), 1)


def check_links(sdk: Cashfree, url: str) -> None:
    link_id = uuid.uuid4().hex
    link = sdk.PGCreateLink(
        CreateLinkRequest(
            link_id=link_id,
            link_amount=150.0,
            link_currency="INR",
            link_purpose="KS-2024-001",
            customer_details=LinkCustomerDetailsEntity(customer_phone="9999999999"),
        )
    ).data
    expect("a new link", (link.link_id, link.link_status), (link_id, "ACTIVE"))
    png = base64.b64decode(link.link_qrcode.removeprefix("data:image/png;base64,"))
    expect("its picture", png[:8], b"\x89PNG\r\n\x1a\n")
    if not link.link_url.startswith(url):
        raise Wrong("the link is not the simulator's")
    urllib3.PoolManager().request("POST", link.link_url, fields={"answer": "decline"})
    expect("it, fetched", sdk.PGFetchLink(link_id).data.link_status, "ACTIVE")
    expect("its paid orders", sdk.PGLinkFetchOrders(link_id).data, [])
    expect("all of them", len(sdk.PGLinkFetchOrders(link_id, status="ALL").data), 1)
    expect("it, cancelled", sdk.PGCancelLink(link_id).data.link_status, "CANCELLED")


def check_errors(app_id: str) -> None:
    stranger = Cashfree(Cashfree.SANDBOX, XClientId=app_id, XClientSecret="another")
    try:
        stranger.PGFetchOrder("nobody")
    except ApiException as refused:
        expect("an error", refused.status, 401)
        expect("its code", json.loads(refused.body)["type"], "authentication_error")
    else:
        raise Wrong("another key was let in")


def check_webhooks(sdk: Cashfree, secret_key: str) -> None:
    body, timestamp = '{"type":"PAYMENT_SUCCESS_WEBHOOK","data":{"a":1.00}}', "1746427759733"
    digest = hmac.new(secret_key.encode(), f"{timestamp}{body}".encode(), hashlib.sha256).digest()
    event = sdk.PGVerifyWebhookSignature(base64.b64encode(digest).decode(), body, timestamp)
    expect("a webhook's type", event.type, "PAYMENT_SUCCESS_WEBHOOK")


def expect(what: str, got: object, wanted: object) -> None:
    if got != wanted:
        raise Wrong(f"{what} is {got!r} and should be {wanted!r}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
