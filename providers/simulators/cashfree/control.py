"""The simulated Cashfree's other side: the customer's pages, and what drives it by hand.

    GET  /_sim/book              payments, debits, refunds, and how often each operation was asked
    POST /_sim/pay/<id>          {"answer": "pay" | "decline" | "drop" | "pending" | "settle" |
                                 "fail" | "expire", "amount_minor", "currency", "again"}
    POST /_sim/expire/<id>       a link or an order runs out now
    POST /_sim/reverse/<id>      Cashfree gives its last money back by itself
    GET  /_sim/webhooks          every delivery that was tried
    GET, POST, DELETE /_sim/knobs      POST /_sim/reset

`<id>` is Cashfree's own: `cf_link_id` or `cf_order_id`.
"""

from flask import Blueprint, Response, request

from providers.simulators.cashfree.book import Book, Link, Payment
from providers.simulators.cashfree.gate import Gate
from providers.simulators.cashfree.hooks import Hooks
from providers.simulators.cashfree.payer import ANSWERS, ENDINGS, NotNow, Payer, Wish
from providers.simulators.cashfree.wire import reply, rupees
from providers.simulators.knob_view import METHODS, serve_knobs
from providers.simulators.manners import Manners
from providers.simulators.pay_page import PayPage, show
from providers.simulators.wire_faults import Knobs

_BUTTONS = (("pay", "Pay"), ("decline", "Decline"), ("drop", "Leave"), ("pending", "Keep waiting"))


class Control:
    """The views below /_sim and /view."""

    def __init__(
        self,
        merchant_name: str,
        book: Book,
        payer: Payer,
        hooks: Hooks,
        gate: Gate,
        manners: Manners,
        knobs: Knobs,
        operations: frozenset[str],
    ) -> None:
        self._merchant_name = merchant_name
        self._book = book
        self._payer = payer
        self._hooks = hooks
        self._gate = gate
        self._manners = manners
        self._knobs = knobs
        self._operations = operations

    def mount(self, blueprint: Blueprint) -> None:
        for rule, endpoint, view, methods in (
            ("/view/link/<token>", "link_page", self.link_page, ["GET", "POST"]),
            ("/view/attempt/<cf_payment_id>", "attempt_page", self.attempt_page, ["GET", "POST"]),
            ("/_sim/book", "book", self.show_book, ["GET"]),
            ("/_sim/pay/<number>", "sim_pay", self.pay, ["POST"]),
            ("/_sim/expire/<number>", "sim_expire", self.expire, ["POST"]),
            ("/_sim/reverse/<number>", "sim_reverse", self.reverse, ["POST"]),
            ("/_sim/webhooks", "webhooks", self.webhooks, ["GET"]),
            ("/_sim/knobs", "knobs", self.turn_knobs, METHODS),
            ("/_sim/reset", "reset", self.reset, ["POST"]),
        ):
            blueprint.add_url_rule(rule, endpoint, view, methods=methods)

    def link_page(self, token: str) -> Response | tuple[str, int]:
        with self._book.lock:
            link = next((each for each in self._book.links.values() if each.token == token), None)
            if link is None:
                return "There is no such link.", 404
            if request.method == "POST" and link.status in ("ACTIVE", "PARTIALLY_PAID"):
                answer = request.form.get("answer", "")
                if answer not in dict(_BUTTONS):
                    return "That is none of the answers.", 400
                self._payer.act(link, Wish(answer))
            is_open = link.status in ("ACTIVE", "PARTIALLY_PAID")
            return self._page(link, link.link_id, link.status, _BUTTONS if is_open else ())

    def attempt_page(self, cf_payment_id: str) -> Response | tuple[str, int]:
        with self._book.lock:
            payment = self._book.payments.get(cf_payment_id)
            if payment is None:
                return "There is no such payment.", 404
            if request.method == "POST" and payment.status == "PENDING":
                answer = request.form.get("answer", "")
                if answer not in ENDINGS:
                    return "That is none of the answers.", 400
                self._payer.finish(payment, ENDINGS[answer])
            buttons = _BUTTONS[:3] if payment.status == "PENDING" else ()
            return self._page(payment, payment.order.order_id, payment.status, buttons)

    def show_book(self) -> Response:
        return reply(self._book.listing())

    def pay(self, number: str) -> Response:
        wish = _wish(request.get_json(silent=True))
        if wish is None:
            return reply({"error": "no such answer"}, 400)
        with self._book.lock:
            thing = self._book.by_number(number)
            if thing is None:
                return _unknown()
            try:
                self._payer.act(thing, wish)
            except NotNow as problem:
                return reply({"error": str(problem)}, 409)
            return reply({"id": number, "status": thing.status})

    def expire(self, number: str) -> Response:
        with self._book.lock:
            thing = self._book.by_number(number)
            if thing is None:
                return _unknown()
            self._payer.expire(thing)
            return reply({"id": number, "status": thing.status})

    def reverse(self, number: str) -> Response:
        with self._book.lock:
            thing = self._book.by_number(number)
            if thing is None:
                return _unknown()
            try:
                refund = self._payer.reverse(thing, self._book.number())
            except NotNow as problem:
                return reply({"error": str(problem)}, 409)
            return reply({"id": number, "refund": refund.cf_refund_id})

    def webhooks(self) -> Response:
        return reply(self._hooks.sent())

    def turn_knobs(self) -> Response:
        return serve_knobs(self._knobs, self._operations, self._manners)

    def reset(self) -> Response:
        self._knobs.clear()
        self._manners.clear()
        self._book.forget()
        self._gate.forget()
        self._hooks.forget()
        return reply({"reset": True})

    def _page(
        self,
        thing: Link | Payment,
        reference: str,
        status: str,
        answers: tuple[tuple[str, str], ...],
    ) -> Response:
        page = PayPage(
            "Cashfree",
            self._merchant_name,
            f"{thing.currency} {rupees(thing.amount_minor):,}",
            reference,
            f"This payment is {status.lower().replace('_', ' ')}.",
            answers,
        )
        return Response(show(page), mimetype="text/html")


def _wish(given: object) -> Wish | None:
    """What the customer shall do, or None for what nobody can."""
    if not isinstance(given, dict) or given.get("answer") not in ANSWERS:
        return None
    amount_minor, currency = given.get("amount_minor"), given.get("currency")
    if amount_minor is not None and (not isinstance(amount_minor, int) or amount_minor < 1):
        return None
    if currency is not None and not isinstance(currency, str):
        return None
    return Wish(str(given["answer"]), amount_minor, currency, given.get("again") is True)


def _unknown() -> Response:
    return reply({"error": "there is none with this id"}, 404)
