"""A simulated Cashfree: links, orders, Order Pay, refunds, signed webhooks, and knobs.

    /links…  /orders…  /simulate…   as Cashfree: x-client-id, x-client-secret, x-api-version
    GET, POST /view/link/<token>    the page behind a link; /view/attempt/<id> that of an attempt
    /_sim/…                         see control.py

The last two digits of an amount (paise) decide what happens:

    POST /links      41 refused     44 HTTP 500, for ever under this key
                     45 made, and the answer is lost        46 HTTP 429, come back in 7 s
    "pay"            51 … 54, see payer.py
    a refund's       61 FAILED      62 ONHOLD     63 CANCELLED
                     64 done, and the answer is lost        65 HTTP 502, nothing done
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from flask import Blueprint, Response, request, url_for

from providers.simulators.cashfree.api import Api, ApiTerms
from providers.simulators.cashfree.book import Book
from providers.simulators.cashfree.control import Control
from providers.simulators.cashfree.gate import Gate, Keys, answer, broken, too_many
from providers.simulators.cashfree.hooks import MANNERS, OPERATION, Hooks
from providers.simulators.cashfree.pay import OrderPay
from providers.simulators.cashfree.payer import Payer
from providers.simulators.cashfree.wire import Fields, Value
from providers.simulators.manners import Manners
from providers.simulators.wire_faults import Knob, Knobs, misbehave

OPERATIONS = frozenset(
    {"create_link", "get_link", "get_link_orders", "cancel_link", "create_order", "get_order"}
    | {"terminate_order", "pay_order", "authenticate", "get_payments", "get_payment"}
    | {"create_refund", "get_refund", "get_refunds", "simulate", "get_simulation"}
)
_OWN_FAULTS = frozenset({"rate_limit", "stored_error"})
_WORDS = ("link_status", "order_status", "payment_status", "refund_status", "authenticate_status")
_HUGE_CHARACTERS = 10_000_000
_ROUTES = (
    ("POST", "/links", "create_link"),
    ("GET", "/links/<link_id>", "get_link"),
    ("GET", "/links/<link_id>/orders", "get_link_orders"),
    ("POST", "/links/<link_id>/cancel", "cancel_link"),
    ("POST", "/orders", "create_order"),
    ("POST", "/orders/sessions", "pay_order"),
    ("POST", "/orders/pay/authenticate/<cf_payment_id>", "authenticate"),
    ("GET", "/orders/<order_id>", "get_order"),
    ("PATCH", "/orders/<order_id>", "terminate_order"),
    ("GET", "/orders/<order_id>/payments", "get_payments"),
    ("GET", "/orders/<order_id>/payments/<cf_payment_id>", "get_payment"),
    ("POST", "/orders/<order_id>/refunds", "create_refund"),
    ("GET", "/orders/<order_id>/refunds", "get_refunds"),
    ("GET", "/orders/<order_id>/refunds/<refund_id>", "get_refund"),
    ("POST", "/simulate", "simulate"),
    ("GET", "/simulate/<simulation_id>", "get_simulation"),
)


@dataclass(frozen=True, slots=True)
class CashfreeSimulatorSettings:
    """How this Cashfree behaves. Times in seconds.

    Webhooks go to `webhook_url` (the merchant's dashboard) and to what the merchant gave in a
    request; only addresses of this machine are called. `life_seconds` is how long links and orders
    live, whatever was asked. `retry_seconds` are the pauses before a webhook is sent again.
    """

    app_id: str
    secret_key: str = field(repr=False)
    merchant_name: str = "KALAI SAFARIS"
    webhook_url: str = ""
    life_seconds: float | None = None
    refund_seconds: float = 2.0
    retry_seconds: Sequence[float] = (0.2, 0.5, 1.0)


def create_cashfree(settings: CashfreeSimulatorSettings) -> Blueprint:
    """The simulated Cashfree, to be mounted under any prefix. Each call makes one with a new
    book.
    """
    server = _Cashfree(settings)
    blueprint = Blueprint("cashfree_simulator", __name__, template_folder="../templates")
    for method, rule, operation in _ROUTES:
        blueprint.add_url_rule(rule, operation, server.view(operation), methods=[method])
    server.control.mount(blueprint)
    return blueprint


class _Cashfree:
    """One simulated Cashfree: its book, its knobs, its views."""

    def __init__(self, settings: CashfreeSimulatorSettings) -> None:
        known = dict.fromkeys([*OPERATIONS, "any"], _OWN_FAULTS) | {OPERATION: MANNERS}
        self._manners, self._knobs, self._book = Manners(known), Knobs(), Book()
        hooks = Hooks(
            settings.secret_key,
            settings.webhook_url,
            "2025-01-01",
            settings.retry_seconds,
            self._manners,
        )
        payer = Payer(self._book, hooks)
        self._gate = Gate(Keys(settings.app_id, settings.secret_key), self._book, self._manners)
        terms = ApiTerms(settings.refund_seconds, settings.life_seconds)
        self._api = Api(self._book, hooks, payer, self._manners, terms)
        self._pay = OrderPay(self._book, payer)
        self.control = Control(
            merchant_name=settings.merchant_name,
            book=self._book,
            payer=payer,
            hooks=hooks,
            gate=self._gate,
            manners=self._manners,
            knobs=self._knobs,
            operations=OPERATIONS,
        )

    def view(self, operation: str) -> Callable[..., Response]:
        """The view of one operation of the wire."""

        def serve(**ids: str) -> Response:
            return self._serve(operation, ids)

        return serve

    def _serve(self, operation: str, ids: dict[str, str]) -> Response:
        turned_away = self._gate.turned_away(operation)
        if turned_away is not None:
            return turned_away
        body = _read_body()
        if body is None:
            fields: Fields = {"message": "bad request body", "code": "request_failed"}
            return answer(fields | {"type": "invalid_request_error"}, 400)
        with self._book.lock:
            self._book.count(self._reference(ids, body), operation)
            knob = self._knobs.take(operation) or self._magic_knob(operation, body)
        if knob is not None and knob.fault == "not_found":
            return answer({"message": "not there", "code": "link_not_found", "type": "x"}, 404)
        if knob is None and operation == "create_link" and _paise(body, "link_amount") == 46:
            return too_many(7)
        act = self._act(operation, ids, body)
        if knob is not None and knob.fault == "huge":
            knob = None
            act = _padded(act)
        return misbehave(knob, lambda: self._gate.once(operation, _odd(knob, act)))

    def _reference(self, ids: dict[str, str], body: Fields) -> str:
        """Under which name a request is counted: the link, the refund or the order it is about."""
        orders = self._book.orders
        session = body.get("payment_session_id")
        paid = next((each for each in orders.values() if each.session == session), None)
        order = paid or orders.get(ids.get("order_id", ""))
        if "refund_id" in ids or "refund_id" in body:
            return str(ids.get("refund_id") or body.get("refund_id"))
        if order is not None:
            return order.order_id if order.link is None else order.link.link_id
        named = (ids.get("link_id"), body.get("link_id"), body.get("order_id"))
        given = (*named, ids.get("order_id"), ids.get("cf_payment_id"), body.get("entity_id"))
        return str(next((each for each in given if each), ""))

    def _magic_knob(self, operation: str, body: Fields) -> Knob | None:
        """The fault of a magic amount; what was done once under a reference is answered then."""
        names = {str(body.get("link_id")), str(body.get("refund_id"))}
        if names & {*self._book.links, *self._book.refunds}:
            return None
        if operation == "create_link" and _paise(body, "link_amount") == 45:
            return Knob(operation, "drop_after")
        if operation == "create_refund" and _paise(body, "refund_amount") == 64:
            return Knob(operation, "drop_after")
        if operation == "create_refund" and _paise(body, "refund_amount") == 65:
            return Knob(operation, "status", status=502)
        return None

    def _act(self, operation: str, ids: dict[str, str], body: Fields) -> Callable[[], Value]:
        api, pay = self._api, self._pay
        status = request.args.get("status", "PAID")
        link_page, address = _addresses()
        link_amount = _paise(body, "link_amount")

        def create_link() -> Value:
            if link_amount == 44:
                raise broken()
            return api.create_link(body, link_page)

        acts: dict[str, Callable[[], Value]] = {
            "create_link": create_link,
            "get_link": lambda: api.get_link(**ids),
            "get_link_orders": lambda: api.get_link_orders(**ids, status=status),
            "cancel_link": lambda: api.cancel_link(**ids),
            "create_order": lambda: api.create_order(body),
            "get_order": lambda: api.get_order(**ids),
            "terminate_order": lambda: api.end_order(**ids, body=body),
            "pay_order": lambda: pay.pay(body, address),
            "authenticate": lambda: pay.authenticate(**ids, body=body),
            "get_payments": lambda: api.get_payments(**ids),
            "get_payment": lambda: api.get_payment(**ids),
            "create_refund": lambda: api.create_refund(**ids, body=body),
            "get_refunds": lambda: api.get_refunds(**ids),
            "get_refund": lambda: api.get_refund(**ids),
            "simulate": lambda: pay.simulate(body),
            "get_simulation": lambda: pay.simulation(**ids),
        }
        return acts[operation]


def _addresses() -> tuple[Callable[[str], str], Callable[[str, str], str]]:
    """The addresses of pages; `url_for` knows the prefix only while a request is served."""

    def link_page(token: str) -> str:
        return url_for(".link_page", token=token, _external=True)

    def attempt(endpoint: str, cf_payment_id: str) -> str:
        return url_for(f".{endpoint}", cf_payment_id=cf_payment_id, _external=True)

    return link_page, attempt


def _read_body() -> Fields | None:
    """The JSON object of a request, with amounts as they were written; {} where there is none."""
    raw = request.get_data()
    if not raw:
        return {}
    try:
        body = json.loads(raw, parse_float=Decimal)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _paise(body: Fields, name: str) -> int | None:
    """The digits after the point of an amount, by which it is magic."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return int(Decimal(value) * 100) % 100


def _odd(knob: Knob | None, act: Callable[[], Value]) -> Callable[[], Value]:
    """What a knob changes in the words of an answer, in each of its entities."""

    def change(value: Value) -> Value:
        if isinstance(value, list):
            return [change(each) for each in value]
        if not isinstance(value, dict) or knob is None:
            return value
        if knob.fault == "word":
            return value | {name: knob.word for name in _WORDS if name in value}
        if knob.fault == "field":
            return value | {"loyalty": {"points": 3, "tier": None}, "remarks": ["new"]}
        return value

    return lambda: change(act())


def _padded(act: Callable[[], Value]) -> Callable[[], Value]:
    """An answer far above any limit, whether it is an object or a list."""
    padding: Fields = {"padding": "x" * _HUGE_CHARACTERS}

    def pad() -> Value:
        value = act()
        return [*value, padding] if isinstance(value, list) else {**dict(value), **padding}  # type: ignore[arg-type]

    return pad
