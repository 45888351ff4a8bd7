"""How the simulated PhonePe tells a merchant: webhooks (v2) and callbacks (v1), at least once.

Knobs of the operation `webhook`: `none` drops one, `duplicate` sends it twice, `late` after
`seconds`, `reversed` only after the next one. `early` of the operation `pay` pays an order while it
is being made, and tells it before the answer to that.
"""

import base64
import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import requests

from providers.simulators.addresses import is_here
from providers.simulators.manners import Manner
from providers.simulators.phonepe.book import COMPLETED, FAILED, Attempt, Order, Refund

_PREFIXES = {"link": "paylink", "page": "checkout", "qr": "pg"}
_WAIT_SECONDS = 5.0
_REMEMBERED = 100
MESSAGES = {
    "PAYMENT_SUCCESS": "Your payment is successful.",
    "PAYMENT_PENDING": "Your payment is pending.",
    "PAYMENT_ERROR": "Your payment has failed.",
    "TIMED_OUT": "Your payment has timed out.",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST to the merchant."""

    url: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)


class Sender:
    """Posts in the background, and again after each pause while the answer is not 2xx."""

    def __init__(self, pauses_seconds: Sequence[float]) -> None:
        self._pauses_seconds = tuple(pauses_seconds)
        self._lock = threading.Lock()
        self._held: Delivery | None = None
        self._made: deque[Delivery] = deque(maxlen=_REMEMBERED)

    def send(self, delivery: Delivery, manner: Manner | None) -> None:
        """Send it as the manner wants. Addresses that are not on this machine are never called."""
        self._made.append(delivery)
        if not is_here(delivery.url):
            return
        fault = manner.fault if manner is not None else ""
        if fault == "none":
            return
        with self._lock:
            if fault == "reversed":
                self._held = delivery
                return
            held, self._held = self._held, None
        if fault == "early":
            self._deliver([delivery], 0)
            return
        copies = [delivery, delivery] if fault == "duplicate" else [delivery]
        queue = [*copies, held] if held is not None else copies
        delay_seconds = manner.seconds if manner is not None and fault == "late" else 0.0
        arguments = (queue, delay_seconds)
        threading.Thread(target=self._deliver, args=arguments, daemon=True).start()

    def listing(self) -> list[dict[str, object]]:
        """What was made to be sent lately, whether or not anybody took it."""
        return [
            {"url": made.url, "headers": made.headers, "body": made.body.decode()}
            for made in list(self._made)
        ]

    def clear(self) -> None:
        self._made.clear()

    def _deliver(self, queue: Sequence[Delivery], delay_seconds: float) -> None:
        time.sleep(delay_seconds)
        for delivery in queue:
            for pause_seconds in (*self._pauses_seconds, None):
                if _post(delivery) or pause_seconds is None:
                    break
                time.sleep(pause_seconds)


def _post(delivery: Delivery) -> bool:
    try:
        answer = requests.post(
            delivery.url, delivery.body, headers=delivery.headers, timeout=_WAIT_SECONDS
        )
    except requests.RequestException:
        return False
    return answer.ok


def order_delivery(url: str, merchant_id: str, authorization: str, order: Order) -> Delivery:
    """The webhook that says how an order ended, or that one try failed."""
    end = "completed" if order.state == COMPLETED else "failed"
    event = f"{_PREFIXES[order.kind]}.order.{end}"
    if order.word not in (COMPLETED, FAILED, "EXPIRED", "CANCELLED"):
        event = f"{_PREFIXES[order.kind]}.transaction.failed"
    payload: dict[str, object] = {"merchantId": merchant_id, "merchantOrderId": order.reference}
    return _webhook(url, authorization, event, payload | order_fields(order, order.word))


def refund_delivery(url: str, merchant_id: str, authorization: str, refund: Refund) -> Delivery:
    """The webhook that says where a refund stands."""
    words = {COMPLETED: "completed", FAILED: "failed"}
    event = f"pg.refund.{words.get(refund.state, 'accepted')}"
    payload = {"merchantId": merchant_id, **refund_fields(refund), "paymentDetails": []}
    return _webhook(url, authorization, event, payload)


def callback_delivery(url: str, fields: dict[str, object], salt: tuple[str, str]) -> Delivery:
    """The callback of v1: base64, signed with (salt key, index)."""
    encoded = base64.b64encode(json.dumps(fields).encode()).decode()
    digest = hashlib.sha256((encoded + salt[0]).encode()).hexdigest()
    headers = {"Content-Type": "application/json", "X-VERIFY": f"{digest}###{salt[1]}"}
    return Delivery(url, json.dumps({"response": encoded}).encode(), headers)


def webhook_authorization(username: str, password: str) -> str:
    """The header of every webhook."""
    return hashlib.sha256(f"{username}:{password}".encode()).hexdigest()


def order_fields(order: Order, word: str) -> dict[str, object]:
    """An order as its status tells it, with every try to pay it; with none
    while it is told as open although it is not.
    """
    attempts = order.attempts if word == order.word else []
    fields: dict[str, object] = {
        "orderId": order.id,
        "state": word,
        "amount": order.told_amount_minor or order.amount_minor,
        "expireAt": round(order.expires_at * 1000),
        "metaInfo": {},
        "paymentDetails": [_attempt_fields(attempt) for attempt in attempts],
    }
    if order.error and word == FAILED:
        fields |= {"errorCode": order.error, "detailedErrorCode": order.error}
    return fields


def refund_fields(refund: Refund) -> dict[str, object]:
    """A refund as its status tells it."""
    return {
        "merchantRefundId": refund.reference,
        "originalMerchantOrderId": refund.order.reference,
        "refundId": refund.id,
        "amount": refund.amount_minor,
        "state": refund.state,
        "timestamp": round(refund.at * 1000),
    }


def v1_status(merchant_id: str, order: Order, code: str) -> dict[str, object]:
    """An order as v1 tells it, in a status and in a callback."""
    states = {"PAYMENT_SUCCESS": COMPLETED, "PAYMENT_PENDING": "PENDING"}
    data: dict[str, object] = {
        "merchantId": merchant_id,
        "merchantTransactionId": order.reference,
        "amount": order.told_amount_minor or order.amount_minor,
        "state": states.get(code, FAILED),
        "responseCode": "SUCCESS" if code == "PAYMENT_SUCCESS" else order.error or code,
    }
    if order.paid:
        data["transactionId"] = order.paid[0].id
        data["paymentInstrument"] = {"type": "UPI", "utr": order.paid[0].utr}
    is_success = code in states
    return {"success": is_success, "code": code, "message": MESSAGES[code], "data": data}


def _attempt_fields(attempt: Attempt) -> dict[str, object]:
    rail = {"type": "UPI", "utr": attempt.utr, "upiTransactionId": f"YBL{attempt.utr}", "vpa": None}
    return {
        "transactionId": attempt.id,
        "paymentMode": "UPI_INTENT",
        "timestamp": round(attempt.at * 1000),
        "amount": attempt.amount_minor,
        "payableAmount": attempt.amount_minor,
        "feeAmount": 0,
        "state": attempt.state,
        "rail": rail,
        "splitInstruments": [{"amount": attempt.amount_minor, "rail": rail}],
    }


def _webhook(url: str, authorization: str, event: str, payload: dict[str, object]) -> Delivery:
    body = {"event": event, "type": event.upper().replace(".", "_"), "payload": payload}
    headers = {"Content-Type": "application/json", "Authorization": authorization}
    return Delivery(url, json.dumps(body).encode(), headers)
