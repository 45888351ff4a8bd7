"""The simulated Cashfree's Order Pay, its native codes and its sandbox simulation."""

import re
from collections.abc import Callable
from typing import TypeAlias

from providers.simulators.cashfree.api import part, text
from providers.simulators.cashfree.book import Book, Order, Payment
from providers.simulators.cashfree.payer import Payer
from providers.simulators.cashfree.wire import Fields, Value, invalid, missing, picture, rupees

OTP = "111000"
OTP_TRIES = 3
ACTIONS = ("SUBMIT_OTP", "RESEND_OTP")
CODE_BANK = 3_999
VPAS = {
    "testsuccess@gocash": ("SUCCESS", ""),
    "testfailure@gocash": ("FAILED", "payment_failed"),
    "testinvalid@gocash": ("FAILED", "invalid_vpa"),
    "testdeclineuser@gocash": ("FAILED", "customer_declined"),
    "testexpired@gocash": ("FAILED", "collect_expired"),
    "testtimeoutbank@gocash": ("FAILED", "bank_timed_out"),
    "testinsufficientfunds@gocash": ("FAILED", "insufficient_funds"),
    "testbankdeclined@gocash": ("FAILED", "bank_declined"),
    "testriskflagged@gocash": ("FAILED", "risk_flagged"),
    "testnetworkerror@gocash": ("FAILED", "network_error"),
    "testinvalidpin@gocash": ("FAILED", "invalid_pin"),
    "testuserdropped@gocash": ("USER_DROPPED", ""),
}
APPS = ("gpay", "phonepe", "ola", "paytm", "amazon", "airtel", "freecharge", "mobikwik", "jio")

# The address of an attempt, by its id: `attempt_page` for people, `authenticate` for codes.
Address: TypeAlias = Callable[[str, str], str]

_VPA = re.compile(r"[\w.-]+@[a-z]+")
_STATUS = re.compile("SUCCESS|FAILED|PENDING|USER_DROPPED")


class OrderPay:
    """Takes the body of a request, gives the body of an answer; raises Refusal. Whoever calls holds
    the book's lock.
    """

    def __init__(self, book: Book, payer: Payer) -> None:
        self._book = book
        self._payer = payer
        self._simulations: dict[str, Fields] = {}

    def pay(self, body: Fields, address: Address) -> Value:
        order, method = self._order(body.get("payment_session_id")), part(body, "payment_method")
        if order.status != "ACTIVE":
            raise invalid("order_inactive", f"order is {order.status}")
        if len(method) != 1:
            raise invalid("payment_method_invalid", "payment_method : exactly one is needed")
        name = next(iter(method))
        choice = part(method, name)
        match name:
            case "upi":
                return self._upi(order, choice, address)
            case "netbanking" | "app":
                return self._elsewhere(order, name, choice, address)
            case "card":
                return self._by_code(order, name, "credit_card", address)
        raise invalid("payment_method_unsupported", "payment_method : is not supported")

    def authenticate(self, cf_payment_id: str, body: Fields) -> Value:
        payment = self._book.payment(cf_payment_id)
        action, otp = body.get("action"), body.get("otp")
        if not isinstance(action, str) or action not in ACTIONS or not isinstance(otp, str):
            raise invalid("request_invalid", "action and otp are needed")
        if not payment.asks_code or payment.status != "PENDING":
            raise invalid("request_invalid", "Transaction is already processed")
        if action == "RESEND_OTP":
            return _authenticated(payment, action, "SUCCESS", "otp is sent")
        if payment.wrong_codes >= OTP_TRIES:
            raise invalid("request_invalid", "Exceeded retry attempts")
        if otp != OTP:
            payment.wrong_codes += 1
            if payment.wrong_codes >= OTP_TRIES:
                self._payer.finish(payment, "FAILED", "invalid_otp")
            return _authenticated(payment, action, "FAILED", "otp is invalid")
        self._payer.finish(payment, "SUCCESS")
        return _authenticated(payment, action, "SUCCESS", "payment successful")

    def simulate(self, body: Fields) -> Value:
        if body.get("entity") != "PAYMENTS":
            raise invalid("entity_invalid", "entity : only PAYMENTS")
        payment = self._book.payment(str(body.get("entity_id")))
        wish = part(body, "entity_simulation")
        status = text(wish, "payment_status", _STATUS)
        if status == "PENDING":
            payment.status, payment.ended_at = "PENDING", None
        else:
            self._payer.finish(payment, status, str(wish.get("payment_error_code") or ""))
        simulation: Fields = {
            "simulation_id": self._book.number(),
            "entity": "PAYMENTS",
            "entity_id": payment.cf_payment_id,
            "entity_simulation": wish,
        }
        self._simulations[str(simulation["simulation_id"])] = simulation
        return simulation

    def simulation(self, simulation_id: str) -> Value:
        if simulation_id not in self._simulations:
            raise missing("simulation")
        return self._simulations[simulation_id]

    def _order(self, session: object) -> Order:
        for order in self._book.orders.values():
            if order.session == session:
                return order
        raise invalid("payment_session_id_invalid", "payment_session_id is not known")

    def _upi(self, order: Order, choice: Fields, address: Address) -> Value:
        channel = text(choice, "channel", re.compile("link|qrcode|collect"))
        vpa = text(choice, "upi_id", _VPA) if channel == "collect" else "customer@ybl"
        details: Fields = {"upi": {"channel": channel, "upi_id": vpa}}
        payment = self._book.attempt(order, details, "upi")
        query = f"pay?pa=sim@gocash&pn=Simulated&tr={payment.cf_payment_id}"
        query += f"&am={rupees(order.amount_minor)}&cu={order.currency}"
        payload: Fields | None = None
        if channel == "link":
            schemes = {"bhim": "bhim://upi/", "default": "upi://", "gpay": "tez://upi/"}
            schemes |= {"paytm": "paytmmp://", "phonepe": "phonepe://"}
            payload = {app: scheme + query for app, scheme in schemes.items()}
            payload["web"] = address("attempt_page", payment.cf_payment_id)
        elif channel == "qrcode":
            payload = {"qrcode": picture(f"upi://{query}")}
        elif vpa in VPAS:
            self._payer.finish(payment, *VPAS[vpa])
        return _begun(payment, "upi", "custom", channel, _data(payload=payload))

    def _elsewhere(self, order: Order, name: str, choice: Fields, address: Address) -> Value:
        if name == "app":
            text(choice, "provider", re.compile("|".join(APPS)))
        elif choice.get("netbanking_bank_code") == CODE_BANK:
            return self._by_code(order, name, "net_banking", address)
        elif choice.get("netbanking_bank_code") != 3_333:
            text(choice, "netbanking_bank_name", re.compile("TESTR"))
        payment = self._book.attempt(order, {name: dict(choice)}, _GROUPS[name])
        data = _data(
            url=address("attempt_page", payment.cf_payment_id),
            payload={"name": name},
            content_type="application/x-www-form-urlencoded",
            method="post",
        )
        return _begun(payment, name, "link", "link", data)

    def _by_code(self, order: Order, name: str, group: str, address: Address) -> Value:
        payment = self._book.attempt(order, {name: {"channel": "post"}}, group)
        payment.asks_code = True
        url = address("authenticate", payment.cf_payment_id)
        data = _data(url=url, content_type="application/json", method="post")
        data["redirect_to_bank"] = address("attempt_page", payment.cf_payment_id)
        return _begun(payment, name, "post", "post", data)


_GROUPS = {"netbanking": "net_banking", "app": "wallet"}


def _data(
    url: str | None = None,
    payload: Fields | None = None,
    content_type: str | None = None,
    method: str | None = None,
) -> Fields:
    return {"url": url, "payload": payload, "content_type": content_type, "method": method}


def _begun(payment: Payment, method: str, action: str, channel: str, data: Fields) -> Fields:
    return {
        "action": action,
        "cf_payment_id": payment.cf_payment_id,
        "channel": channel,
        "data": data,
        "payment_amount": rupees(payment.amount_minor),
        "payment_method": method,
    }


def _authenticated(payment: Payment, action: str, status: str, message: str) -> Fields:
    return {
        "cf_payment_id": payment.cf_payment_id,
        "action": action,
        "authenticate_status": status,
        "payment_message": message,
    }
