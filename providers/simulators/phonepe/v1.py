"""The old API of the simulated PhonePe (v1): bodies in base64, checksums in X-VERIFY."""

import base64
import binascii
import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable

from flask import Response, jsonify, request

from providers.simulators.phonepe.book import (
    V1_CODES,
    NoSuchThing,
    NotNow,
    Order,
    Refund,
    new_id,
)
from providers.simulators.phonepe.webhooks import MESSAGES, v1_status
from providers.simulators.phonepe.world import (
    BROKEN_AMOUNT,
    LOST_AMOUNT,
    REFUND_REFUSED,
    REFUSED_AMOUNT,
    World,
)
from providers.simulators.wire_faults import Knob, misbehave

_V1 = frozenset({"v1"})
_REFERENCE = re.compile(r"[\w-]{1,35}", re.ASCII)
_MESSAGES = {
    "BAD_REQUEST": "Please check the inputs you have provided.",
    "AUTHORIZATION_FAILED": "Your request was not authorized",
    "TRANSACTION_NOT_FOUND": "No transaction found",
    "DUPLICATE_TXN_REQUEST": "Duplicate transaction",
    "INTERNAL_SERVER_ERROR": "Something went wrong.",
}


class PhonePeV1Views:
    """The views of v1 over a world that it shares with v2."""

    def __init__(self, world: World) -> None:
        self._world = world

    def pay(self) -> Response:
        body = self._read("/pg/v1/pay")
        if isinstance(body, Response):
            return body
        reference = str(body.get("merchantTransactionId"))
        self._world.book.receive("pay", reference)
        knob = self._world.knobs.take("pay")
        amount = body.get("amount")
        if isinstance(amount, int) and amount % 100 == LOST_AMOUNT and knob is None:
            knob = Knob("pay", "drop_after")
        return misbehave(knob, lambda: _odd(self._pay(body, reference), knob))

    def status(self, merchant_id: str, reference: str) -> Response:
        if not self._is_signed(f"/pg/v1/status/{merchant_id}/{reference}", ""):
            return _error("AUTHORIZATION_FAILED", 401)
        try:
            refund = self._world.book.find_refund(reference)
        except NoSuchThing:
            return self._answer("status", reference, lambda: self._tell(reference))
        return self._answer("refund_status", reference, lambda: self._tell_refund(refund))

    def refund(self) -> Response:
        body = self._read("/pg/v1/refund")
        if isinstance(body, Response):
            return body
        reference = str(body.get("merchantTransactionId"))
        return self._answer("refund", reference, lambda: self._refund(body, reference))

    def _answer(self, operation: str, reference: str, act: Callable[[], Response]) -> Response:
        self._world.book.receive(operation, reference)
        knob = self._world.knobs.take(operation)
        if knob is not None and knob.fault == "not_found":
            return _error("TRANSACTION_NOT_FOUND", 404)
        return misbehave(knob, lambda: _odd(act(), knob))

    def _pay(self, body: dict[str, object], reference: str) -> Response:
        amount, settings = body.get("amount"), self._world.settings
        instrument = body.get("paymentInstrument")
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 100:
            return _error("BAD_REQUEST", 400)
        if not isinstance(instrument, dict) or instrument.get("type") != "PAY_PAGE":
            return _error("BAD_REQUEST", 400)
        if not _REFERENCE.fullmatch(reference) or not isinstance(body.get("merchantUserId"), str):
            return _error("BAD_REQUEST", 400)
        if amount % 100 == REFUSED_AMOUNT:
            return _error("BAD_REQUEST", 400)
        if amount % 100 == BROKEN_AMOUNT:
            return _error("INTERNAL_SERVER_ERROR", 500)
        url = self._world.page_url(reference)
        order = Order(
            reference, reference, "v1", amount, time.time() + settings.page_seconds, url,
            return_url=str(body.get("redirectUrl", "")),
            callback_url=str(body.get("callbackUrl", "")),
        )  # fmt: skip
        if not self._world.book.add(order):
            return _error("DUPLICATE_TXN_REQUEST", 417)
        self._world.begin(order)
        page = {"type": "PAY_PAGE", "redirectInfo": {"url": url, "method": "GET"}}
        data = {
            "merchantId": settings.merchant_id,
            "merchantTransactionId": reference,
            "instrumentResponse": page,
        }
        return jsonify(
            success=True, code="PAYMENT_INITIATED", message="Payment initiated", data=data
        )

    def _tell(self, reference: str) -> Response:
        try:
            order = self._world.book.find(reference, _V1)
        except NoSuchThing:
            return _error("TRANSACTION_NOT_FOUND", 404)
        code = self._world.book.told(order)
        return jsonify(v1_status(self._world.settings.merchant_id, order, code))

    def _refund(self, body: dict[str, object], reference: str) -> Response:
        amount = body.get("amount")
        try:
            order = self._world.book.find(str(body.get("originalTransactionId")), _V1)
            if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
                return _error("BAD_REQUEST", 400)
            if order.amount_minor % 100 == REFUND_REFUSED:
                return _error("BAD_REQUEST", 400)
            refund = Refund(new_id("TR"), reference, order, amount)
            self._world.prepare(refund)
            if not self._world.book.add_refund(refund):
                return _error("DUPLICATE_TXN_REQUEST", 417)
        except (NoSuchThing, NotNow):
            return _error("BAD_REQUEST", 400)
        return self._refund_answer(refund)

    def _tell_refund(self, refund: Refund) -> Response:
        self._world.book.poll_refund(refund)
        return self._refund_answer(refund)

    def _refund_answer(self, refund: Refund) -> Response:
        code = V1_CODES[refund.state]
        data = {
            "merchantId": self._world.settings.merchant_id,
            "merchantTransactionId": refund.reference,
            "transactionId": refund.id,
            "amount": refund.amount_minor,
            "state": refund.state,
            "responseCode": code,
        }
        is_success = code != "PAYMENT_ERROR"
        return jsonify(success=is_success, code=code, message=MESSAGES[code], data=data)

    def _read(self, path: str) -> dict[str, object] | Response:
        """The decoded body of a signed request, or the answer to one that is none."""
        wrapped = request.get_json(silent=True)
        encoded = wrapped.get("request") if isinstance(wrapped, dict) else None
        if not isinstance(encoded, str):
            return _error("BAD_REQUEST", 400)
        if not self._is_signed(path, encoded):
            return _error("AUTHORIZATION_FAILED", 401)
        try:
            body = json.loads(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            return _error("BAD_REQUEST", 400)
        if not isinstance(body, dict) or body.get("merchantId") != self._world.settings.merchant_id:
            return _error("BAD_REQUEST", 400)
        return body

    def _is_signed(self, path: str, encoded: str) -> bool:
        settings = self._world.settings
        digest = hashlib.sha256((encoded + path + settings.salt_key).encode()).hexdigest()
        given = request.headers.get("X-VERIFY", "")
        return secrets.compare_digest(given.encode(), f"{digest}###{settings.salt_index}".encode())


def _odd(answer: Response, knob: Knob | None) -> Response:
    """The answer with a code, or with fields, that nobody knows."""
    if knob is None or knob.fault not in ("word", "field"):
        return answer
    fields = json.loads(answer.get_data())
    fields |= {"code": knob.word} if knob.fault == "word" else {"loyalty": {"points": 3}}
    return jsonify(fields)


def _error(code: str, status: int) -> Response:
    answer = jsonify(success=False, code=code, message=_MESSAGES[code], data={})
    answer.status_code = status
    return answer
