"""Cashfree's orders, for software: create, initiate, confirm, look, end, refund.

    create      POST  /orders
    status      GET   /orders/{id}
    initiate    POST  /orders/sessions                    UPI or net banking
    confirm     POST  /orders/pay/authenticate/{payment}  and then the order's own status decides
    resend      POST  /orders/pay/authenticate/{payment}
    attempts    GET   /orders/{id}/payments
    terminate   PATCH /orders/{id}
    refund      POST  /orders/{id}/refunds

The three answers are those of providers/contract.py.
"""

import re
from collections.abc import Mapping
from uuid import uuid4

from domain.money import Money
from providers.answers import JsonAnswer, not_called
from providers.cashfree import refunding
from providers.cashfree.api import Api, refusal, replayed, uncertain
from providers.cashfree.asking import LEAST_MINOR, addresses, expiry, wire_phone
from providers.cashfree.order_types import (
    CODE_NOT_OFFERED,
    CODE_REFUSED,
    INVALID_CODE,
    INVALID_METHOD,
    PHONE_REQUIRED,
    CodeRefused,
    EnterBankCode,
    Initiated,
    Method,
    NewOrder,
    OrderAttempt,
    OrderRefused,
    OrdersSettings,
    OrderState,
    PayPage,
)
from providers.cashfree.reading import (
    attempts,
    identifier,
    instant,
    key_of,
    money,
)
from providers.cashfree.words import ATTEMPT_WORDS, CURRENCIES, ORDER_WORDS
from providers.contract import Call, ProviderRefused, Reason, Status
from providers.references import our_reference, wire_reference
from providers.refunds import RefundOutcome
from providers.wire_json import JsonValue

_OTP = re.compile(r"[0-9]{4,8}", re.ASCII)
_PHONE = re.compile(r"[0-9]{8,15}", re.ASCII)
_PAYMENT_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


class CashfreeOrders:
    """Orders of one merchant. Threads may share it.

    Codes of banks are taken only where the settings say so: it needs Cashfree's leave.
    """

    def __init__(self, settings: OrdersSettings) -> None:
        self._settings = settings.access
        self._api = Api(settings.access)
        self._takes_codes = settings.takes_codes

    def create(self, order: NewOrder) -> OrderState:
        """Make an order. The same reference twice makes no second one: it is uncertain."""
        _fit(order)
        customer: dict[str, JsonValue] = {
            "customer_id": order.customer_id,
            "customer_phone": wire_phone(order.phone),
            "customer_name": order.name,
        }
        if order.email:
            customer["customer_email"] = order.email
        body: dict[str, JsonValue] = {
            "order_id": wire_reference(order.reference),
            "order_amount": order.amount.to_decimal(),
            "order_currency": order.amount.currency,
            "customer_details": customer,
            "order_meta": addresses(self._settings),
            "order_expiry_time": expiry(self._settings).isoformat(),
        }
        if len(order.note) >= 3:  # shorter ones are refused
            body["order_note"] = order.note[:200]
        key = key_of(order.reference, "order")
        private = (order.phone, order.name, order.email)
        answer = self._api.write_alone("create_order", "/orders", body, key, private)
        if not answer.ok:
            raise refusal(answer)
        if replayed(answer):
            raise uncertain(answer, Reason.DUPLICATE)
        return _state(answer, order.reference)

    def status(self, reference: str) -> OrderState:
        """How an order stands; its word is what counts."""
        return self._status(reference, self._api.until(steps=2))

    def initiate(
        self, order: OrderState, method: str, attempt: str, bank_code: int = 0
    ) -> Initiated:
        """Begin to pay an order. `attempt` is a UUID of ours: the same one begins nothing anew.

        `bank_code` is the four digits of a bank, for net banking.
        """
        if method not in (Method.UPI, Method.NETBANKING):
            raise OrderRefused(not_called("pay_order", "unfit"), Reason.BAD_REQUEST, INVALID_METHOD)
        ways: dict[str, JsonValue] = {"upi": {"channel": "link"}}
        if method == Method.NETBANKING:
            ways = {"netbanking": {"channel": "link", "netbanking_bank_code": bank_code}}
        return self._pay(order, ways, key_of(attempt, "pay"))

    def picture(self, order: OrderState, attempt: str) -> Initiated:
        """Begin to pay an order by a UPI QR picture."""
        return self._pay(order, {"upi": {"channel": "qrcode"}}, key_of(attempt, "picture"))

    def confirm(self, order: OrderState, payment_id: str, otp: str) -> OrderState:
        """Hand the customer's code over. What the order says afterwards counts, not the answer.

        Raises CodeRefused where the code was refused and the order is not paid.
        """
        if not _OTP.fullmatch(otp):
            raise CodeRefused(not_called("authenticate", "unfit"), INVALID_CODE)
        until = self._api.until(steps=2)
        answer = self._authenticate(payment_id, {"action": "SUBMIT_OTP", "otp": otp}, (otp,))
        state = self._status(order.reference, until)
        if state.status is Status.SUCCEEDED:
            return state
        if answer.ok and answer.fields.get("authenticate_status") == "SUCCESS":
            return state
        if answer.ok and answer.fields.get("authenticate_status") == "FAILED":
            raise CodeRefused(answer.call, CODE_REFUSED)
        if answer.call.http_status == 400:
            raise OrderRefused(answer.call, Reason.DECLINED, CODE_REFUSED)
        raise uncertain(answer)

    def resend(self, payment_id: str) -> Call:
        """Let the bank send its code again."""
        answer = self._authenticate(payment_id, {"action": "RESEND_OTP", "otp": ""}, ())
        if not answer.ok:
            raise refusal(answer)
        if answer.fields.get("authenticate_status") != "SUCCESS":
            raise uncertain(answer)
        return answer.call

    def attempts(self, reference: str) -> tuple[OrderAttempt, ...]:
        """Every try to pay an order, in the order in which they ended."""
        order_id = wire_reference(reference)
        path = f"/orders/{order_id}/payments"
        answer = self._api.read("get_payments", path, self._api.until(steps=2))
        return tuple(
            OrderAttempt(each.payment_id, each.word, ATTEMPT_WORDS[each.word], each.amount)
            for each in attempts(answer, order_id)
        )

    def terminate(self, reference: str) -> OrderState:
        """End an order. It may answer that it is being ended, or that it is paid."""
        path = f"/orders/{wire_reference(reference)}"
        # A new key each time, as for the link's cancel.
        answer = self._api.write(
            "terminate_order", "PATCH", path, {"order_status": "TERMINATED"}, str(uuid4())
        )
        if not answer.ok:
            raise refusal(answer)
        return _state(answer, reference)

    def refund(self, wish: refunding.OrderRefund) -> RefundOutcome:
        """Send money back, all of it or a part."""
        return refunding.send(self._api, wish)

    def check_refund(self, wish: refunding.OrderRefund) -> RefundOutcome:
        """Ask what became of a refund."""
        return refunding.ask(self._api, wish, self._api.until(steps=2))

    def _status(self, reference: str, until: float) -> OrderState:
        answer = self._api.read("get_order", f"/orders/{wire_reference(reference)}", until)
        if not answer.ok:
            raise uncertain(answer)
        return _state(answer, reference)

    def _pay(self, order: OrderState, ways: Mapping[str, JsonValue], key: str) -> Initiated:
        answer = self._api.write_alone(
            "pay_order",
            "/orders/sessions",
            {"payment_session_id": order.session, "payment_method": ways},
            key,
        )
        if not answer.ok:
            raise refusal(answer)
        payment_id, data = identifier(answer.fields.get("cf_payment_id")), answer.fields.get("data")
        if payment_id is None or not isinstance(data, Mapping):
            raise uncertain(answer)
        if answer.fields.get("action") == "post":
            if not self._takes_codes:
                raise OrderRefused(answer.call, Reason.UNAVAILABLE, CODE_NOT_OFFERED)
            return EnterBankCode(payment_id, answer.call)
        return _page(answer, payment_id, data)

    def _authenticate(
        self, payment_id: str, body: Mapping[str, JsonValue], private: tuple[str, ...]
    ) -> JsonAnswer:
        if not self._takes_codes or not _PAYMENT_ID.fullmatch(payment_id):
            raise OrderRefused(
                not_called("authenticate", "unfit"), Reason.BAD_REQUEST, CODE_NOT_OFFERED
            )
        path = f"/orders/pay/authenticate/{payment_id}"
        return self._api.write("authenticate", "POST", path, body, str(uuid4()), private)


def _fit(order: NewOrder) -> None:
    """What Cashfree would refuse anyway, in plain words."""
    if not order.phone:
        raise OrderRefused(not_called("create_order", "unfit"), Reason.BAD_REQUEST, PHONE_REQUIRED)
    if not _PHONE.fullmatch(order.phone):
        raise ProviderRefused(not_called("create_order", "bad_phone"), Reason.BAD_REQUEST)
    if order.amount.currency not in CURRENCIES:
        raise ProviderRefused(not_called("create_order", "bad_currency"), Reason.BAD_REQUEST)
    if order.amount.amount_minor < LEAST_MINOR:
        raise ProviderRefused(not_called("create_order", "bad_amount"), Reason.BAD_REQUEST)


def _state(answer: JsonAnswer, asked: str) -> OrderState:
    """The order in an answer; another one than was asked for is uncertain."""
    fields = answer.fields
    word, session = fields.get("order_status"), fields.get("payment_session_id")
    reference = our_reference(fields.get("order_id"))
    provider_reference = identifier(fields.get("cf_order_id"))
    amount: Money | None = money(fields.get("order_amount"), fields.get("order_currency"))
    if not isinstance(word, str) or word not in ORDER_WORDS or reference != asked:
        raise uncertain(answer)
    if provider_reference is None or amount is None or not isinstance(session, str):
        raise uncertain(answer)
    return OrderState(
        asked,
        provider_reference,
        word,
        ORDER_WORDS[word],
        amount,
        instant(fields.get("order_expiry_time")),
        answer.call,
        session=session,
    )


def _page(answer: JsonAnswer, payment_id: str, data: Mapping[str, object]) -> PayPage:
    """The page or the picture in an answer: `payload.web` for UPI, `url` for a bank."""
    payload = data.get("payload")
    fields = payload if isinstance(payload, Mapping) else {}
    web, picture = fields.get("web") or data.get("url"), fields.get("qrcode")
    url = web if isinstance(web, str) and web.startswith(("https://", "http://")) else None
    qr = picture if isinstance(picture, str) and picture.startswith("data:image/png;") else None
    if url is None and qr is None:
        raise uncertain(answer)
    return PayPage(payment_id, url, qr, answer.call)
