"""A simulated Kaspi: both ways in, a page where the customer pays, and knobs to make it fail.

    GET  /proxy/create-link/  /proxy/create/  /proxy/status/  /proxy/refund/     as the PHP proxy
    …    /r3/v01/…  /r3/v02/payment/status/<id>                                  as Kaspi itself
    GET  /pay/<id>            the page behind a link; POST `answer` does it
    POST /_sim/pay/<id>       {"answer": "pay" | "scan" | "confirm" | "decline" | "expire" | "late",
                              "amount_minor"}
    GET  /_sim/book           payments, debits, refunds, and how often each operation was asked
    GET  /_sim/knobs          the knobs that are turned; POST turns one (see wire_faults), DELETE
                              clears them
    POST /_sim/reset          an empty book, no knobs

The last two digits of an amount (tiyn) decide what happens, so that every outcome can be tried by
hand; docs/providers/kaspi.md lists them. There is no TLS here, and so no client certificate.
"""

from dataclasses import dataclass, field

from flask import Blueprint, Response, jsonify, request

from providers.simulators.kaspi.book import (
    CURRENCY,
    LOST,
    OPEN_WORDS,
    PAID,
    KaspiBook,
    NotAllowed,
    Payment,
    Timers,
)
from providers.simulators.kaspi.desk import OPERATIONS, KaspiDesk
from providers.simulators.kaspi.native import KaspiNativeFront
from providers.simulators.kaspi.proxy import KaspiProxyFront
from providers.simulators.knob_view import METHODS, serve_knobs
from providers.simulators.pay_page import PayPage, show
from providers.simulators.wire_faults import Knobs

_STATES = {
    "QrTokenCreated": "Waits for you.",
    "RemotePaymentCreated": "Waits for you.",
    "Wait": "Opened; waits for your confirmation.",
    PAID: "Paid.",
    LOST: "Failed. Nothing was taken.",
    "RemotePaymentCanceled": "Cancelled by the merchant.",
}
_ANSWERS = (("pay", "Pay"), ("decline", "Decline"), ("expire", "Let it run out"))


@dataclass(frozen=True, slots=True)
class KaspiSimulatorSettings:
    """How this Kaspi behaves. Times in seconds.

    An invoice that is asked about again within `invoice_poll_seconds` is answered 429; magic
    payments end by themselves after `auto_seconds`; `late_seconds` is how late a late answer is.
    """

    access_token: str = field(repr=False)
    device_token: str = field(repr=False)
    organization_bin: str = "000000000000"
    merchant_name: str = "KALAI SAFARIS"
    activation_seconds: float = 180.0
    confirmation_seconds: float = 65.0
    invoice_seconds: float = 86_400.0
    invoice_poll_seconds: float = 30.0
    auto_seconds: float = 3.0
    late_seconds: float = 35.0


def create_kaspi(settings: KaspiSimulatorSettings) -> Blueprint:
    """The simulated Kaspi, to be mounted under any prefix. Each call makes one with a new book."""
    timers = Timers(
        settings.activation_seconds,
        settings.confirmation_seconds,
        settings.invoice_seconds,
        settings.auto_seconds,
    )
    book, knobs = KaspiBook(settings.device_token, timers), Knobs()
    desk = KaspiDesk(book, knobs, settings.late_seconds, settings.invoice_poll_seconds)
    proxy = KaspiProxyFront(book, desk, settings.access_token, settings.organization_bin)
    native = KaspiNativeFront(book, desk, settings.organization_bin)
    control = _Control(book, knobs, settings.merchant_name)
    blueprint = Blueprint("kaspi_simulator", __name__, template_folder="../templates")

    def guard() -> Response | None:
        return proxy.guard() if "/proxy/" in request.path else None

    blueprint.before_request(guard)
    proxy.mount(blueprint)
    native.mount(blueprint)
    for rule, endpoint, view, methods in (
        ("/pay/<int:number>", "page", control.page, ["GET", "POST"]),
        ("/_sim/pay/<int:number>", "pay", control.pay, ["POST"]),
        ("/_sim/book", "book", control.show_book, ["GET"]),
        ("/_sim/knobs", "knobs", control.turn_knobs, METHODS),
        ("/_sim/reset", "reset", control.reset, ["POST"]),
    ):
        blueprint.add_url_rule(rule, endpoint, view, methods=methods)
    return blueprint


class _Control:
    """The page for customers, and what whoever runs the simulator may see and turn."""

    def __init__(self, book: KaspiBook, knobs: Knobs, merchant_name: str) -> None:
        self._book = book
        self._knobs = knobs
        self._merchant_name = merchant_name

    def page(self, number: int) -> Response:
        if request.method == "POST":
            trouble = self._act(number, request.form.get("answer", ""), None)
            # Reloading the page afterwards does not press the button again.
            return trouble or Response(status=303, headers={"Location": request.path})
        payment = self._book.find(number)
        if payment is None:
            return _trouble("no such payment", 404)
        minor = payment.wish.amount_minor
        return Response(
            show(
                PayPage(
                    provider="Kaspi",
                    payee=self._merchant_name,
                    amount=f"{CURRENCY} {minor // 100:,}.{minor % 100:02d}",
                    reference=payment.wish.comment or payment.wish.external_id or str(number),
                    state=_STATES[payment.word],
                    answers=_ANSWERS if payment.word in OPEN_WORDS else (),
                )
            )
        )

    def pay(self, number: int) -> Response:
        wish = request.get_json(silent=True)
        if not isinstance(wish, dict):
            return _trouble("a JSON object is needed", 400)
        if wish.get("again") or wish.get("currency", CURRENCY) != CURRENCY:
            return _trouble("Kaspi takes tenge, and once for a payment", 409)
        amount = wish.get("amount_minor")
        if amount is not None and (type(amount) is not int or amount <= 0):
            return _trouble("amount_minor must be a positive number", 400)
        trouble = self._act(number, str(wish.get("answer")), amount)
        return trouble or jsonify(_shown(self._book.find(number)))

    def show_book(self) -> Response:
        payments = self._book.payments()
        return jsonify(
            payments=[_shown(payment) for payment in payments],
            debits=[
                {
                    "id": str(payment.number),
                    "reference": payment.wish.external_id,
                    "receipt": str(payment.number),
                    "amount_minor": payment.paid_minor,
                    "currency": CURRENCY,
                }
                for payment in payments
                if payment.word == PAID
            ],
            refunds=[
                {
                    "id": str(done.number),
                    "reference": None,
                    "payment_id": str(done.payment),
                    "amount_minor": done.amount_minor,
                    "currency": CURRENCY,
                    "status": "succeeded",
                }
                for done in self._book.returns()
            ],
            requests=self._book.requests(),
        )

    def turn_knobs(self) -> Response:
        return serve_knobs(self._knobs, OPERATIONS)

    def reset(self) -> Response:
        self._knobs.clear()
        self._book.reset()
        return jsonify(reset=True)

    def _act(self, number: int, answer: str, amount_minor: int | None) -> Response | None:
        try:
            self._book.act(number, answer, amount_minor)
        except KeyError:
            return _trouble("no such payment", 404)
        except NotAllowed:
            return _trouble("the payment's state does not allow this", 409)
        return None


def _shown(payment: Payment | None) -> dict[str, object]:
    if payment is None:
        return {}
    address = f"{request.root_url.rstrip('/')}{_prefix()}/pay/{payment.number}"
    return {
        "id": str(payment.number),
        "reference": payment.wish.external_id,
        "amount_minor": payment.wish.amount_minor,
        "currency": CURRENCY,
        "status": payment.word,
        "url": address,
    }


def _prefix() -> str:
    return request.path.partition("/_sim/")[0]


def _trouble(text: str, status: int) -> Response:
    answer = jsonify(error=text)
    answer.status_code = status
    return answer
