"""What is below /_sim of the simulated PhonePe: for whoever runs it, and for tests."""

from flask import Blueprint, Response, jsonify, request

from providers.simulators.knob_view import METHODS, serve_knobs
from providers.simulators.phonepe.answers import reply
from providers.simulators.phonepe.book import NoSuchThing, NotNow
from providers.simulators.phonepe.world import OPERATIONS, World


class Control:
    """The views of the control API."""

    def __init__(self, world: World) -> None:
        self._world = world

    def mount(self, blueprint: Blueprint) -> None:
        """Add the views to the simulator."""
        for rule, endpoint, view, methods in (
            ("/_sim/book", "book", self.show_book, ["GET"]),
            ("/_sim/pay/<order_id>", "act", self.pay, ["POST"]),
            ("/_sim/expire/<order_id>", "expire", self.expire, ["POST"]),
            ("/_sim/knobs", "knobs", self.turn_knobs, METHODS),
            ("/_sim/webhooks", "webhooks", self.show_webhooks, ["GET"]),
            ("/_sim/reset", "reset", self.reset, ["POST"]),
        ):
            blueprint.add_url_rule(rule, endpoint, view, methods=methods)

    def show_book(self) -> Response:
        return jsonify(self._world.book.listing())

    def show_webhooks(self) -> Response:
        return jsonify(self._world.sender.listing())

    def pay(self, order_id: str) -> Response:
        wish = request.get_json(silent=True)
        fields = wish if isinstance(wish, dict) else {}
        answer, amount = str(fields.get("answer", "")), fields.get("amount_minor")
        if fields.get("currency", "INR") != "INR" or not isinstance(amount, int | None):
            return reply({"error": "only INR, in paise"}, 400)
        if fields.get("again") is True and answer == "pay":
            answer = "again"
        return self._act(order_id, answer, amount)

    def expire(self, order_id: str) -> Response:
        return self._act(order_id, "expire", None)

    def turn_knobs(self) -> Response:
        return serve_knobs(self._world.knobs, OPERATIONS, self._world.manners)

    def reset(self) -> Response:
        self._world.knobs.clear()
        self._world.manners.clear()
        self._world.sender.clear()
        self._world.book.reset()
        return reply({"reset": True})

    def _act(self, order_id: str, answer: str, amount_minor: int | None) -> Response:
        try:
            self._world.act(order_id, answer, amount_minor)
            return reply({"status": self._world.book.order(order_id).word})
        except NoSuchThing:
            return reply({"error": "there is no such payment"}, 404)
        except NotNow as problem:
            return reply({"error": str(problem)}, 409)
