"""PhonePe's own SDK against the simulated PhonePe: does an official client work with it?

    python tests/sdk/phonepe_check.py --url http://127.0.0.1:PORT/phonepe

Runs where `phonepe-pg-sdk-python` is installed. The SDK has its hosts in its code; they are
replaced here, and its telemetry is off. Prints a line for each step; the exit code is 1 where one
fails.
"""

import argparse
import sys
import traceback
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import requests
from phonepe.sdk.pg import env as hosts
from phonepe.sdk.pg.common.exceptions import PhonePeException
from phonepe.sdk.pg.common.models.request.refund_request import RefundRequest
from phonepe.sdk.pg.env import Env
from phonepe.sdk.pg.payments.v2.models.request.standard_checkout_pay_request import (
    StandardCheckoutPayRequest,
)
from phonepe.sdk.pg.payments.v2.standard_checkout_client import StandardCheckoutClient

AMOUNT_MINOR = 12_050
PART_MINOR = 5_000


class Check:
    """The steps, in their order; each returns what is worth a word."""

    def __init__(self, wishes: argparse.Namespace) -> None:
        self._wishes = wishes
        self._url = wishes.url.rstrip("/")
        self._order = uuid.uuid4().hex
        self._refund = uuid.uuid4().hex
        self._order_id = ""
        self._client: Any = None

    def steps(self) -> tuple[tuple[str, Callable[[], str]], ...]:
        return (
            ("token", self.token),
            ("pay", self.pay),
            ("order status, waiting", self.waiting),
            ("order status, paid", self.paid),
            ("refund", self.refund),
            ("refund status", self.refund_status),
            ("validate_callback", self.callback),
            ("validate_callback, forged", self.forged),
            ("the same order twice", self.twice),
        )

    def token(self) -> str:
        self._client = StandardCheckoutClient.get_instance(
            client_id=self._wishes.client_id,
            client_secret=self._wishes.client_secret,
            client_version=int(self._wishes.client_version),
            env=Env.SANDBOX,
            should_publish_events=False,
        )
        header = self._client._token_service.get_auth_token()
        expect(header.startswith("O-Bearer "), "the token has its scheme")
        return "O-Bearer"

    def pay(self) -> str:
        answer = self._client.pay(self._request())
        expect(answer.state == "PENDING", "the order is pending")
        expect(answer.redirect_url.startswith(self._url), "the page is the simulator's")
        self._order_id = answer.order_id
        return answer.order_id

    def waiting(self) -> str:
        answer = self._client.get_order_status(self._order, details=True)
        expect(answer.order_id == self._order_id, "the order is the same")
        expect(answer.amount == AMOUNT_MINOR, "the amount is the same")
        expect(answer.state == "PENDING", "the order is pending")
        return answer.state

    def paid(self) -> str:
        url = f"{self._url}/_sim/pay/{self._order_id}"
        requests.post(url, json={"answer": "pay"}, timeout=10).raise_for_status()
        answer = self._client.get_order_status(self._order)
        expect(answer.state == "COMPLETED", "the order is paid")
        (attempt,) = answer.payment_details
        expect(attempt.state == "COMPLETED", "the attempt is paid")
        expect(attempt.amount == AMOUNT_MINOR, "the attempt has the amount")
        expect(bool(attempt.rail.utr), "the rail is understood")
        return answer.state

    def refund(self) -> str:
        wish = RefundRequest.build_refund_request(
            merchant_refund_id=self._refund,
            original_merchant_order_id=self._order,
            amount=PART_MINOR,
        )
        answer = self._client.refund(wish)
        expect(answer.state == "PENDING", "the refund is pending")
        expect(answer.amount == PART_MINOR, "the refund has the amount")
        return answer.refund_id

    def refund_status(self) -> str:
        answer = self._client.get_refund_status(self._refund)
        expect(answer.state == "COMPLETED", "the refund is done")
        expect(answer.merchant_refund_id == self._refund, "the refund is the same")
        expect(answer.original_merchant_order_id == self._order, "its order is the same")
        return answer.state

    def callback(self) -> str:
        states = []
        for made in self._webhooks():
            answer = self._validate(made["headers"]["Authorization"], made["body"])
            states.append(f"{answer.type.value}={answer.payload.state}")
        expect(len(states) == 3, "three webhooks: paid, refund accepted, refund done")
        return ", ".join(states)

    def forged(self) -> str:
        try:
            self._validate("0" * 64, self._webhooks()[0]["body"])
        except PhonePeException:
            return "refused"
        raise AssertionError("a forged webhook was taken")

    def twice(self) -> str:
        try:
            self._client.pay(self._request())
        except PhonePeException as error:
            expect(error.http_status_code == 417, "a used order is HTTP 417")
            return "417"
        raise AssertionError("one order was made twice")

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _request(self) -> StandardCheckoutPayRequest:
        return StandardCheckoutPayRequest.build_request(
            merchant_order_id=self._order,
            amount=AMOUNT_MINOR,
            redirect_url="https://bot.example.com/back",
            message="Order 42",
            expire_after=1_200,
        )

    def _webhooks(self) -> list[dict[str, Any]]:
        """Those of this order: the simulator may have served others before."""
        made = requests.get(f"{self._url}/_sim/webhooks", timeout=10).json()
        return [each for each in made if self._order in each["body"]]

    def _validate(self, authorization: str, body: str) -> Any:
        return self._client.validate_callback(
            username=self._wishes.webhook_username,
            password=self._wishes.webhook_password,
            callback_header_data=authorization,
            callback_response_data=body,
        )


def expect(is_so: bool, what: str) -> None:
    """Raises AssertionError where it is not so."""
    if not is_so:
        raise AssertionError(f"not so: {what}")


def main(arguments: Sequence[str]) -> int:
    """Take all steps, or end at the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--client-id", default="SIMULATED_CLIENT")
    parser.add_argument("--client-secret", default="simulated-client-secret")
    parser.add_argument("--client-version", default="1")
    parser.add_argument("--webhook-username", default="simulated_user")
    parser.add_argument("--webhook-password", default="Simulated1")
    wishes = parser.parse_args(arguments)
    hosts.SANDBOX_PG_BASE_URL = wishes.url
    hosts.SANDBOX_OAUTH_BASE_URL = wishes.url
    hosts.SANDBOX_EVENT_INGESTION_BASE_URL = wishes.url
    check = Check(wishes)
    try:
        for name, step in check.steps():
            try:
                sys.stdout.write(f"ok    {name}: {step()}\n")
            except Exception:
                sys.stdout.write(f"FAIL  {name}\n{traceback.format_exc()}")
                return 1
    finally:
        check.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
