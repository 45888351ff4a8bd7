"""The simulated PHP proxy to Kaspi, below `/proxy`: everything is a GET with its token in it."""

import re
import secrets
from dataclasses import replace

from flask import Blueprint, Response, request

from providers.simulators.kaspi.book import KaspiBook, Wish
from providers.simulators.kaspi.desk import MESSAGES, KaspiDesk, Said, tenge, write_body

_AMOUNT = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,2}))?", re.ASCII)
_PHONE = re.compile(r"7[0-9]{10}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class KaspiProxyFront:
    """Reads the proxy's requests, lets the desk serve them, and writes the proxy's envelope."""

    def __init__(
        self, book: KaspiBook, desk: KaspiDesk, access_token: str, organization_bin: str
    ) -> None:
        self._book = book
        self._desk = desk
        self._access_token = access_token
        self._organization_bin = organization_bin

    def mount(self, blueprint: Blueprint) -> None:
        """Put all addresses of the proxy onto the blueprint."""
        for path, view in (
            ("create-link", self.link),
            ("create", self.invoice),
            ("status", self.status),
            ("refund", self.give_back),
        ):
            blueprint.add_url_rule(f"/proxy/{path}/", f"proxy_{path}", view, methods=["GET"])

    def guard(self) -> Response | None:
        """Only who knows the token may ask."""
        token = request.args.get("access_token", "")
        if secrets.compare_digest(token.encode(), self._access_token.encode()):
            return None
        return write_body({"status": False, "error": "Invalid access token"}, Said(0, None, 401))

    def link(self) -> Response:
        comment, amount_minor = request.args.get("message", ""), _minor()

        def act() -> Said:
            place = self._place()
            if place is None:
                return Said(-1501)
            return _renamed(
                self._desk.make(Wish(amount_minor, place, comment=comment)),
                PaymentLink="paymentLink",
                PaymentId="paymentId",
                ExpireDate="expireDate",
            )

        return self._desk.serve("link", comment, act, _write, amount_minor)

    def invoice(self) -> Response:
        comment, amount_minor = request.args.get("message", ""), _minor()
        phone = request.args.get("phone", "")

        def act() -> Said:
            place = self._place()
            if place is None:
                return Said(-1501)
            if not _PHONE.fullmatch(phone):
                return Said(-1401)
            said = self._desk.make(Wish(amount_minor, place, comment=comment, phone=phone[-10:]))
            if not isinstance(said.data, dict):
                return said
            return replace(
                said, data={"externalId": str(said.data["QrPaymentId"]), "status": "Wait"}
            )

        return self._desk.serve("invoice", comment, act, _write, amount_minor)

    def status(self) -> Response:
        number = request.args.get("externalId", "")

        def act() -> Said:
            said = _renamed(self._desk.status(_integer(number)), Status="status")
            if not isinstance(said.data, dict):
                return said
            return replace(said, data={"externalId": number, **said.data})

        return self._desk.serve("status", number, act, _write)

    def give_back(self) -> Response:
        number, amount_minor = request.args.get("externalId", ""), _minor()

        def act() -> Said:
            place = self._place()
            if place is None:
                return Said(-1501)
            said = self._desk.give_back(_integer(number), place, amount_minor)
            if said.code in (-99000001, -99000011):  # the proxy has one word for both
                return Said(said.code, None, 404)
            if not isinstance(said.data, dict):
                return said
            return replace(
                said,
                data={
                    "externalId": number,
                    "returnOperationId": said.data["ReturnOperationId"],
                    "refundedAmount": tenge(amount_minor),
                },
            )

        return self._desk.serve("refund", number, act, _write)

    def _place(self) -> int | None:
        if request.args.get("organizationBin") != self._organization_bin:
            return None
        return self._book.trade_point_of(request.args.get("deviceToken", ""))


def _write(said: Said) -> Response:
    if said.http_status == 404:
        return write_body({"status": False, "error": "Payment not found or not processed"}, said)
    if said.code != 0:
        errors = {str(said.code): MESSAGES.get(said.code, "Ошибка")}
        return write_body({"status": False, "data": {"errors": errors}}, said)
    return write_body({"status": True, "data": said.data, "http_code": 200}, said)


def _renamed(said: Said, **names: str) -> Said:
    """The same answer with only these fields, under the proxy's names."""
    if not isinstance(said.data, dict):
        return said
    return replace(said, data={names[name]: said.data[name] for name in names})


def _minor() -> int:
    """The request's amount in tiyn; 0 for none."""
    found = _AMOUNT.fullmatch(request.args.get("amount", ""))
    if found is None:
        return 0
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _integer(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else 0
