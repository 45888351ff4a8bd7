"""PhonePe's and Cashfree's own notices through our address, signed as they sign."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.runtime import Runtime
from domain.states import AWAITING_CUSTOMER
from tests.bot.paying import Counter, build, real_account

SECRET = "a-secret-of-cashfree"
CASHFREE = {"environment": "TEST", "app_id": "APP", "secret_key": SECRET}
PHONEPE = {
    "environment": "SANDBOX",
    "client_id": "CLIENT",
    "client_secret": "secret",
    "client_version": "1",
    "webhook_username": "user",
    "webhook_password": "Password1",
}


@pytest.fixture
def counter(runtime: Runtime) -> Counter:
    return build(runtime)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def cashfree(
    client: FlaskClient, path: str, payment: str, rupees: float, *, login: str = SECRET
) -> TestResponse:
    payload = {
        "type": "PAYMENT_SUCCESS_WEBHOOK",
        "event_time": "2026-11-21T16:16:45+05:30",
        "data": {
            "order": {"order_id": payment, "order_amount": rupees, "order_currency": "INR"},
            "payment": {
                "cf_payment_id": "1453002795",
                "payment_status": "SUCCESS",
                "payment_amount": rupees,
                "payment_currency": "INR",
            },
            "customer_details": {"customer_name": "Asha Rao", "customer_phone": "9812345678"},
        },
    }
    body = json.dumps(payload).encode()
    digest = hmac.new(login.encode(), b"1763713005000" + body, hashlib.sha256).digest()
    headers = {
        "x-webhook-timestamp": "1763713005000",
        "x-webhook-signature": base64.b64encode(digest).decode(),
        "x-idempotency-key": f"key-{rupees}",
    }
    return client.post(path, data=body, headers=headers)


def phonepe(
    client: FlaskClient, path: str, payment: str, paise: int, *, login: str = "user:Password1"
) -> TestResponse:
    payload = {"merchantOrderId": payment, "state": "COMPLETED", "amount": paise}
    body = json.dumps({"event": "checkout.order.completed", "payload": payload})
    headers = {"Authorization": hashlib.sha256(login.encode()).hexdigest()}
    return client.post(path, data=body, headers=headers)


@pytest.mark.parametrize(
    ("provider", "secrets", "tell", "amount"),
    [("cashfree", CASHFREE, cashfree, 150.0), ("phonepe", PHONEPE, phonepe, 15_000)],
)
def test_a_providers_own_notice(
    client: FlaskClient, counter: Counter, provider: str, secrets: Any, tell: Any, amount: Any
) -> None:
    account_id = real_account(counter.runtime, counter, provider, secrets)
    counter.open_link()
    reference = counter.payment_id.hex
    own, everybody = f"/callbacks/{provider}/{account_id}", f"/callbacks/{provider}"
    assert tell(client, own, reference, amount, login="user:other").status_code == 401
    assert counter.evidence() == []
    for path in (own, everybody):
        assert tell(client, path, reference, amount).status_code == 200
    (filed,) = counter.evidence()
    assert (filed.payment_id, filed.account_id) == (counter.payment_id, account_id)
    assert (filed.amount_minor, filed.currency) == (15_000, "INR")
    assert "Asha" not in filed.body
    assert "9812345678" not in filed.body
    payment = counter.payment()
    assert (payment.status, payment.review) == (AWAITING_CUSTOMER, None)
    assert payment.next_check_at is not None
    assert [each.subject for each in counter.rung] == [str(counter.payment_id)]
    # A success over twice as much is looked at by a person, whatever comes of asking.
    tell(client, own, reference, amount * 2)
    assert counter.payment().review == "amount_mismatch"
