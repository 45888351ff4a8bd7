"""Notices as PhonePe and Cashfree sign them, made by the test: to forge, to twist, to say what the
simulators never would.
"""

import base64
import hashlib
import hmac
import json
from secrets import token_hex
from typing import Any

import requests

from tests.journey.house import House


def phonepe(house: House, payload: dict[str, Any], *, forged: bool = False) -> int:
    """A webhook that says how an order ended. Returns the HTTP status."""
    login = f"{house.setting('PHONEPE_WEBHOOK_USERNAME')}:"
    login += "somebody else's" if forged else house.setting("PHONEPE_WEBHOOK_PASSWORD")
    end = "completed" if payload["state"] == "COMPLETED" else "failed"
    event = f"paylink.order.{end}"
    body = {"event": event, "type": event.upper().replace(".", "_"), "payload": payload}
    headers = {"Authorization": hashlib.sha256(login.encode()).hexdigest()}
    return _post(house, "phonepe", json.dumps(body).encode(), headers)


def cashfree(house: House, event: str, data: dict[str, Any], *, forged: bool = False) -> int:
    """A webhook of this type. Returns the HTTP status."""
    key = "somebody else's" if forged else house.setting("CASHFREE_SECRET_KEY")
    body = json.dumps({"data": data, "event_time": "2026-11-21T16:16:45+05:30", "type": event})
    signed = b"1763713005000" + body.encode()
    digest = hmac.new(key.encode(), signed, hashlib.sha256).digest()
    headers = {
        "x-webhook-timestamp": "1763713005000",
        "x-webhook-signature": base64.b64encode(digest).decode(),
        "x-idempotency-key": token_hex(16),
    }
    return _post(house, "cashfree", body.encode(), headers)


def _post(house: House, provider: str, body: bytes, headers: dict[str, str]) -> int:
    return requests.post(
        f"{house.web_url}/callbacks/{provider}",
        data=body,
        headers={"Content-Type": "application/json", **headers},
        timeout=10,
    ).status_code
