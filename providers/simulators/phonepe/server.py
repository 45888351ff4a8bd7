"""A simulated PhonePe: its API of today (v2) and its old one (v1), pages, webhooks, and knobs.

    POST /v1/oauth/token                                               a token for what follows
    POST /paylinks/v1/pay       GET …/paylinks/v1/<id>/status          links; POST …/<id>/cancel
    POST /checkout/v2/pay       GET /checkout/v2/order/<id>/status     the pay page
    POST /payments/v2/pay       GET /payments/v2/order/<id>/status     UPI QR codes
    POST /payments/v2/refund    GET /payments/v2/refund/<id>/status
    POST /pg/v1/pay, /pg/v1/refund    GET /pg/v1/status/<merchant>/<id>    v1
    GET  /pay/<id>  /web/bundle/checkout.js                            what a customer sees
    GET  /_sim/book             payments, debits, refunds, and how often each operation was asked
    POST /_sim/pay/<id>         {"answer": "pay", "amount_minor": …, "again": true}
    POST /_sim/expire/<id>      its time is over
    POST /_sim/revoke           no token holds any longer
    GET  /_sim/webhooks         what was sent to the merchant lately, or would have been
    GET, POST, DELETE /_sim/knobs    see wire_faults and webhooks.py
    POST /_sim/reset            an empty book, no knobs

Magic amounts stand in world.py.
"""

import re
import secrets
import threading
import time
from collections.abc import Callable

from flask import Blueprint, Response, request

from providers.simulators.phonepe.answers import bad, error, odd, reply, unknown
from providers.simulators.phonepe.book import (
    CANCELLED,
    OPEN,
    NoSuchThing,
    NotNow,
    Order,
    Refund,
    new_id,
)
from providers.simulators.phonepe.control import Control
from providers.simulators.phonepe.pages import SCRIPT, picture, serve, upi_address
from providers.simulators.phonepe.v1 import PhonePeV1Views
from providers.simulators.phonepe.webhooks import refund_fields
from providers.simulators.phonepe.world import (
    BROKEN_AMOUNT,
    LOST_AMOUNT,
    REFUND_REFUSED,
    REFUSED_AMOUNT,
    PhonePeSimulatorSettings,
    World,
)
from providers.simulators.wire_faults import Knob, misbehave

__all__ = ["PhonePeSimulatorSettings", "create_phonepe"]

_REFERENCE = re.compile(r"[\w-]{1,63}", re.ASCII)
_LONGEST_ORDER_SECONDS = 3_600
_LONGEST_LINK_SECONDS = 30 * 24 * 3_600
_USUAL_SECONDS = {"page": 600, "qr": 480}
_MERCHANT = frozenset({"link", "page", "qr"})


def create_phonepe(settings: PhonePeSimulatorSettings) -> Blueprint:
    """The simulated PhonePe, to be mounted under any prefix. Each call makes one with a new
    book.
    """
    world = World(settings)
    v2, v1 = _PhonePe(world), PhonePeV1Views(world)
    blueprint = Blueprint("phonepe_simulator", __name__, template_folder="../templates")
    post, get = ["POST"], ["GET"]
    for rule, endpoint, view, methods in (
        ("/v1/oauth/token", "token", v2.token, post),
        ("/paylinks/v1/pay", "pay_link", lambda: v2.pay("link"), post),
        ("/checkout/v2/pay", "pay_page", lambda: v2.pay("page"), post),
        ("/payments/v2/pay", "pay_qr", lambda: v2.pay("qr"), post),
        ("/paylinks/v1/<reference>/status", "link", lambda **at: v2.status("link", **at), get),
        ("/checkout/v2/order/<reference>/status", "o", lambda **at: v2.status("page", **at), get),
        ("/payments/v2/order/<reference>/status", "q", lambda **at: v2.status("qr", **at), get),
        ("/paylinks/v1/<reference>/cancel", "cancel", v2.cancel, post),
        ("/payments/v2/refund", "refund", v2.refund, post),
        ("/payments/v2/refund/<reference>/status", "refund_status", v2.refund_status, get),
        ("/pg/v1/pay", "v1_pay", v1.pay, post),
        ("/pg/v1/refund", "v1_refund", v1.refund, post),
        ("/pg/v1/status/<merchant_id>/<reference>", "v1_status", v1.status, get),
        ("/pay/<order_id>", "page", lambda order_id: serve(world, order_id), ["GET", "POST"]),
        ("/web/bundle/checkout.js", "script", _script, get),
        ("/_sim/revoke", "revoke", v2.revoke, post),
    ):
        blueprint.add_url_rule(rule, endpoint, view, methods=methods)
    Control(world).mount(blueprint)
    return blueprint


class _PhonePe:
    """The views of v2."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._tokens: dict[str, float] = {}

    def token(self) -> Response:
        settings, form = self._world.settings, request.form
        self._world.book.receive("token", settings.client_id)
        knob = self._world.knobs.take("token")
        wanted = (settings.client_id, settings.client_secret, settings.client_version)
        given = (form.get("client_id"), form.get("client_secret"), form.get("client_version"))
        if given != wanted or form.get("grant_type") != "client_credentials":
            fields = {"errorCode": "UNAUTHORIZED", "message": "Bad credentials", "context": {}}
            return reply(fields, 401)
        return misbehave(knob, lambda: odd(self._issue(), knob))

    def revoke(self) -> Response:
        with self._lock:
            self._tokens.clear()
        return reply({"revoked": True})

    def pay(self, kind: str) -> Response:
        body = _body()
        reference = str(body.get("merchantOrderId"))
        amount = body.get("amount")
        lost = isinstance(amount, int) and amount % 100 == LOST_AMOUNT
        magic = Knob("pay", "drop_after") if lost else None
        return self._answer("pay", reference, lambda: self._pay(kind, body), magic)

    def status(self, kind: str, reference: str) -> Response:
        return self._answer("status", reference, lambda: self._tell(kind, reference))

    def cancel(self, reference: str) -> Response:
        return self._answer("cancel", reference, lambda: self._cancel(reference))

    def refund(self) -> Response:
        body = _body()
        reference = str(body.get("merchantRefundId"))
        return self._answer("refund", reference, lambda: self._refund(body, reference))

    def refund_status(self, reference: str) -> Response:
        return self._answer("refund_status", reference, lambda: self._tell_refund(reference))

    def _answer(
        self,
        operation: str,
        reference: str,
        act: Callable[[], Response],
        magic: Knob | None = None,
    ) -> Response:
        """Count it, look at the token, and answer as the knobs want."""
        self._world.book.receive(operation, reference)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        with self._lock:
            holds = self._tokens.get(token, 0.0) > time.time()
        if scheme != "O-Bearer" or not holds:
            return error("AUTHORIZATION_FAILED", "The token does not hold", 401)
        knob = self._world.knobs.take(operation) or magic
        if knob is not None and knob.fault == "not_found":
            return unknown()
        return misbehave(knob, lambda: odd(act(), knob))

    def _issue(self) -> Response:
        token, now = secrets.token_urlsafe(32), int(time.time())
        ends = now + self._world.settings.token_seconds
        with self._lock:
            self._tokens[token] = ends
        fields = {
            "access_token": token,
            "encrypted_access_token": secrets.token_urlsafe(32),
            "refresh_token": None,
            "issued_at": now,
            "expires_in": None,
            "expires_at": ends,
            "session_expires_at": ends,
            "token_type": "O-Bearer",
        }
        return reply(fields)

    def _pay(self, kind: str, body: dict[str, object]) -> Response:
        reference, amount = body.get("merchantOrderId"), body.get("amount")
        if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
            return bad()
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 100:
            return bad()
        flow = body.get("paymentFlow")
        if not isinstance(flow, dict) or amount % 100 == REFUSED_AMOUNT:
            return bad()
        if amount % 100 == BROKEN_AMOUNT:
            return error("INTERNAL_SERVER_ERROR", "Something went wrong", 500)
        ends = self._ends(kind, body, flow)
        if ends is None:
            return error("INVALID_EXPIRY", "The expiry is not allowed", 400)
        urls = flow.get("merchantUrls")
        order_id = new_id("OMO")
        order = Order(order_id, reference, kind, amount, ends, self._world.page_url(order_id))
        if kind == "page" and isinstance(urls, dict):
            order.return_url = str(urls.get("redirectUrl") or "")
        if not self._world.book.add(order):
            return error("INVALID_TRANSACTION_ID", "Order ID has already been used", 417)
        self._world.begin(order)
        fields = {"orderId": order.id, "expireAt": round(order.expires_at * 1000)}
        if kind == "link":
            return reply(fields | {"state": "ACTIVE", "paylinkUrl": order.url})
        if kind == "page":
            return reply(fields | {"state": "PENDING", "redirectUrl": order.url})
        drawn = {
            "intentUrl": upi_address(order, self._world.settings.merchant_name),
            "qrData": picture(),
        }
        return reply(fields | {"state": "PENDING"} | drawn)

    def _ends(self, kind: str, body: dict[str, object], flow: dict[str, object]) -> float | None:
        """When the order ends, or None where its maker may not wish that."""
        now, shortest = time.time(), self._world.settings.shortest_seconds
        if kind == "link":
            wish, latest = flow.get("expireAt"), now + _LONGEST_LINK_SECONDS
            if not isinstance(wish, int) or not now < wish / 1000 <= latest:
                return None
            return wish / 1000
        seconds = body.get("expireAfter")
        if seconds is None:
            return now + _USUAL_SECONDS[kind]
        if not isinstance(seconds, int) or not shortest <= seconds <= _LONGEST_ORDER_SECONDS:
            return None
        return now + seconds

    def _tell(self, kind: str, reference: str) -> Response:
        try:
            order = self._world.book.find(reference, frozenset({kind}))
        except NoSuchThing:
            return unknown()
        fields = self._world.told_fields(order)
        if request.args.get("details", "").lower() != "true" and kind != "link":
            attempts = fields["paymentDetails"]
            fields["paymentDetails"] = attempts[-1:] if isinstance(attempts, list) else []
        return reply(fields)

    def _cancel(self, reference: str) -> Response:
        try:
            order = self._world.book.find(reference, frozenset({"link"}))
            if order.state != OPEN:
                return bad()
            self._world.book.end(order.id, CANCELLED)
        except (NoSuchThing, NotNow):
            return bad()
        return reply(self._world.told_fields(order))

    def _refund(self, body: dict[str, object], reference: str) -> Response:
        amount = body.get("amount")
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
            return bad()
        try:
            order = self._world.book.find(str(body.get("originalMerchantOrderId")), _MERCHANT)
        except NoSuchThing:
            return unknown()
        if order.amount_minor % 100 == REFUND_REFUSED or not _REFERENCE.fullmatch(reference):
            return bad()
        refund = Refund(new_id("OMR"), reference, order, amount)
        self._world.prepare(refund)
        try:
            if not self._world.book.add_refund(refund):
                return error("INVALID_TRANSACTION_ID", "Refund ID has already been used", 417)
        except NotNow:
            return bad()
        self._world.tell_refund(refund)
        return reply({"refundId": refund.id, "amount": amount, "state": refund.state})

    def _tell_refund(self, reference: str) -> Response:
        try:
            refund = self._world.book.find_refund(reference)
        except NoSuchThing:
            return error("INVALID_MERCHANT_REFUND_ID", "No entry found for given refund id", 400)
        if self._world.book.poll_refund(refund):
            self._world.tell_refund(refund)
        merchant = {"merchantId": self._world.settings.merchant_id}
        return reply({**merchant, **refund_fields(refund), "splitInstruments": []})


def _script() -> Response:
    return Response(SCRIPT, mimetype="text/javascript")


def _body() -> dict[str, object]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}
