"""The simulated Kaspi's own API, scheme r3, below `/r3/v01` and, for the status, `/r3/v02`."""

import json
import re
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from flask import Blueprint, Response, request

from providers.simulators.kaspi.book import (
    TRADE_POINTS,
    KaspiBook,
    NotAllowed,
    Wish,
)
from providers.simulators.kaspi.desk import MESSAGES, KaspiDesk, Said, write_body

_REQUEST_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DEVICE_ID = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_PHONE = re.compile(r"8[0-9]{10}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
# How the test calls of Kaspi name what a customer does.
_TEST_ACTS = {"scan": "scan", "confirm": "confirm", "scanerror": "error", "confirmerror": "error"}


class KaspiNativeFront:
    """Reads native requests, lets the desk serve them, and writes the envelope."""

    def __init__(self, book: KaspiBook, desk: KaspiDesk, organization_bin: str) -> None:
        self._book = book
        self._desk = desk
        self._organization_bin = organization_bin
        self._lock = threading.Lock()
        self._request_ids: set[str] = set()

    def mount(self, blueprint: Blueprint) -> None:
        """Put all addresses of the API onto the blueprint."""
        for rule, name, view, method in (
            ("/r3/v01/qr/create-link", "link", partial(self.make, "link"), "POST"),
            ("/r3/v01/qr/create", "qr", partial(self.make, "qr"), "POST"),
            ("/r3/v01/remote/create", "invoice", partial(self.make, "invoice"), "POST"),
            ("/r3/v01/remote/cancel", "cancel", self.cancel, "POST"),
            ("/r3/v01/remote/client-info", "client_info", self.client_info, "GET"),
            ("/r3/<version>/payment/status/<number>", "status", self.status, "GET"),
            ("/r3/v01/payment/details", "details", self.details, "GET"),
            ("/r3/v01/payment/return", "refund", self.give_back, "POST"),
            ("/r3/v01/partner/tradepoints/<organization>", "tradepoints", self.places, "GET"),
            ("/r3/v01/device/register", "register", self.register, "POST"),
            ("/r3/v01/device/delete", "delete", self.delete, "POST"),
            ("/r3/v01/health/ping", "ping", self.ping, "GET"),
            ("/r3/v01/test/payment/<action>", "test", self.test, "POST"),
        ):
            blueprint.add_url_rule(rule, f"native_{name}", self._numbered(view), methods=[method])

    def make(self, operation: str) -> Response:
        body = _body()
        amount_minor = _minor(body.get("Amount"))
        external, comment = _text(body, "ExternalId"), _text(body, "Comment")
        phone = _text(body, "PhoneNumber")

        def act() -> Said:
            place = self._place(body)
            if place is None:
                return Said(-1501)
            if operation == "invoice" and not _PHONE.fullmatch(phone):
                return Said(-1401)
            number = phone[-10:] if operation == "invoice" else None
            said = self._desk.make(Wish(amount_minor, place, external or None, comment, number))
            return _as_qr(said) if operation == "qr" else said

        return self._desk.serve(operation, external or comment, act, _write, amount_minor)

    def status(self, version: str, number: str) -> Response:
        def act() -> Said:
            said = self._desk.status(_integer(number))
            if version == "v01" and isinstance(said.data, dict):
                return Said(said.code, {"Status": said.data["Status"]})
            return said

        if version not in ("v01", "v02"):
            return Response(status=404)
        return self._desk.serve("status", number, act, _write)

    def details(self) -> Response:
        number = request.args.get("QrPaymentId", "")
        known = self._book.trade_point_of(request.args.get("DeviceToken", "")) is not None
        return self._desk.serve(
            "details",
            number,
            lambda: self._desk.details(_integer(number)) if known else Said(-1501),
            _write,
        )

    def give_back(self) -> Response:
        body = _body()
        number, amount_minor = _integer(body.get("QrPaymentId")), _minor(body.get("Amount"))

        def act() -> Said:
            place = self._place(body)
            return (
                Said(-1501) if place is None else self._desk.give_back(number, place, amount_minor)
            )

        return self._desk.serve("refund", str(number), act, _write)

    def cancel(self) -> Response:
        body = _body()
        number = _integer(body.get("QrPaymentId"))
        known = self._place(body) is not None
        return self._desk.serve(
            "cancel",
            str(number),
            lambda: self._desk.void(number) if known else Said(-1501),
            _write,
        )

    def client_info(self) -> Response:
        phone = request.args.get("phoneNumber", "")
        known = self._book.trade_point_of(request.args.get("deviceToken", "")) is not None
        fine = _PHONE.fullmatch(phone) is not None
        said = Said(0, {"ClientName": "Айгерим С."}) if fine else Said(-1401)
        return self._desk.serve("client_info", "", lambda: said if known else Said(-1501), _write)

    def places(self, organization: str) -> Response:
        ours = organization == self._organization_bin
        found = [
            {"TradePointId": number, "TradePointName": name}
            for number, name in TRADE_POINTS.items()
        ]
        return self._desk.serve(
            "tradepoints", organization, lambda: Said(0, found) if ours else Said(-14000002), _write
        )

    def register(self) -> Response:
        body = _body()
        name, place = _text(body, "DeviceId"), body.get("TradePointId")

        def act() -> Said:
            ours = body.get("OrganizationBin") == self._organization_bin
            if not ours or not isinstance(place, int) or place not in TRADE_POINTS:
                return Said(-99000002)
            token = self._book.register(name, place) if _DEVICE_ID.fullmatch(name) else None
            return Said(-1503) if token is None else Said(0, {"DeviceToken": token})

        return self._desk.serve("register", name, act, _write)

    def delete(self) -> Response:
        token = _text(_body(), "DeviceToken")
        return self._desk.serve(
            "delete", "", lambda: Said(0) if self._book.delete(token) else Said(-1501), _write
        )

    def ping(self) -> Response:
        return _write(Said(0))

    def test(self, action: str) -> Response:
        """Kaspi's own calls for testing: a customer scans, confirms, or fails to."""
        number = _integer(_body().get("qrPaymentId"))
        try:
            self._book.act(number, _TEST_ACTS.get(action, ""), None)
        except (KeyError, NotAllowed):
            return _write(Said(-1601))
        return _write(Said(0))

    def _place(self, body: Mapping[str, object]) -> int | None:
        """The trade point of the device that orders, if the merchant is the right one."""
        if body.get("OrganizationBin") != self._organization_bin:
            return None
        return self._book.trade_point_of(_text(body, "DeviceToken"))

    def _numbered(self, view: Callable[..., Response]) -> Callable[..., Response]:
        """A request needs a number of its own, which nobody used before."""

        def checked(**parts: str) -> Response:
            number = request.headers.get("X-Request-ID", "")
            with self._lock:
                used = number in self._request_ids
                self._request_ids.add(number)
            if used or not _REQUEST_ID.fullmatch(number):
                return Response("X-Request-ID", 400, mimetype="text/plain")
            return view(**parts)

        return checked


def _write(said: Said) -> Response:
    message = MESSAGES.get(said.code, "Ошибка")
    return write_body({"StatusCode": said.code, "Message": message, "Data": said.data}, said)


def _as_qr(said: Said) -> Said:
    """The same answer in the words of `/qr/create`."""
    if not isinstance(said.data, dict):
        return said
    names = {
        "PaymentLink": "QrToken",
        "PaymentId": "QrPaymentId",
        "PaymentBehaviorOptions": "QrPaymentBehaviorOptions",
    }
    return Said(said.code, {names.get(name, name): value for name, value in said.data.items()})


def _body() -> dict[str, object]:
    try:
        value = json.loads(request.get_data(), parse_float=Decimal)
    except ValueError:
        return {}
    right = request.mimetype == "application/json"
    return value if right and isinstance(value, dict) else {}


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _minor(value: object) -> int:
    """An amount in tenge as tiyn; 0 for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 < value < 10**10:
        return 0
    return int(value * 100) if value * 100 == int(value * 100) else 0


def _integer(value: object) -> int:
    text = str(value)
    return int(text) if _NUMBER.fullmatch(text) else 0
