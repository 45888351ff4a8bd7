"""A simulated Omari: its wire protocol, an inbox for the SMS it sends, and knobs to make it fail.

    POST /auth   POST /request   GET /query/<reference>      as Omari, header X-Merchant-Key
    GET  /_sim/sms/<msisdn>      the SMS that a number got
    GET  /_sim/book              auths, debits, and how often each operation was asked
    GET  /_sim/knobs             the knobs that are turned; POST turns one (see wire_faults),
                                 DELETE clears them
    POST /_sim/end/<msisdn>      the payments that a number was sent codes for run out now
    POST /_sim/reset             an empty book, no knobs

The end of the paying number decides what happens, so that every outcome can be tried by hand:

    auth      0048 no wallet    0061 above the limit    0062 restricted    0500 HTTP 500
    request   0005 declined     0051 insufficient funds
              0096 answers 096 and takes nothing        0091 takes the money and answers 091
              0504 takes the money, the answer is lost
              0035 takes the money, answers after `late_seconds`
              0404 takes the money, the answer is lost, for `hidden_seconds` a query finds nothing

A message that Omari would not understand is dropped: the connection closes without an answer.
"""

import json
import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from flask import Blueprint, Response, jsonify, request

from providers.simulators.knob_view import METHODS, serve_knobs
from providers.simulators.omari_book import Asked, OmariBook, Standing, Terms
from providers.simulators.wire_faults import Knob, Knobs, cut_connection, misbehave

OPERATIONS = frozenset({"auth", "request", "query"})
MESSAGES = {
    "003": "Invalid merchant",
    "005": "Do not honour",
    "009": "Request in progress",
    "025": "Not found",
    "026": "Duplicate reference",
    "048": "No customer",
    "051": "Insufficient funds",
    "054": "Expired",
    "055": "Invalid OTP",
    "061": "Exceeds limit",
    "062": "Restricted",
    "075": "Tries exceeded",
    "091": "Timeout",
    "096": "Malfunction",
}

_MAGIC_AT_AUTH = {"0048": "048", "0061": "061", "0062": "062"}
_MAGIC_REFUSED = {"0005": "005", "0051": "051"}
_HARARE = timezone(timedelta(hours=2))
_MSISDN = re.compile(r"2637[0-9]{8}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OTP = re.compile(r"[0-9]{4,8}")
_UNKNOWN_CODE = "777"


@dataclass(frozen=True, slots=True)
class OmariSimulatorSettings:
    """How this Omari behaves. Times in seconds; `book_path` makes its book survive a kill.

    `error_status` is the HTTP status of business errors: both 200 and 400 are seen in the world.
    """

    merchant_key: str = field(repr=False)
    merchant_name: str = "KALAI SAFARIS"
    session_seconds: float = 300.0
    otp_tries: int = 3
    opening_balance_minor: int = 100_000_000
    fixed_otp: str | None = field(default=None, repr=False)
    book_path: Path | None = None
    error_status: int = 200
    late_seconds: float = 35.0
    hidden_seconds: float = 40.0


def create_omari(settings: OmariSimulatorSettings) -> Blueprint:
    """The simulated Omari, to be mounted under any prefix. Each call makes one with a new book."""
    omari = _Omari(settings)
    blueprint = Blueprint("omari_simulator", __name__)
    blueprint.before_request(omari.guard)
    for rule, endpoint, view, methods in (
        ("/auth", "auth", omari.auth, ["POST"]),
        ("/request", "request", omari.request, ["POST"]),
        ("/query/<reference>", "query", omari.query, ["GET"]),
        ("/_sim/sms/<msisdn>", "sms", omari.sms, ["GET"]),
        ("/_sim/book", "book", omari.show_book, ["GET"]),
        ("/_sim/knobs", "knobs", omari.turn_knobs, METHODS),
        ("/_sim/end/<msisdn>", "end", omari.end, ["POST"]),
        ("/_sim/reset", "reset", omari.reset, ["POST"]),
    ):
        blueprint.add_url_rule(rule, endpoint, view, methods=methods)
    return blueprint


class _Omari:
    """One simulated Omari: its book, its knobs, its views."""

    def __init__(self, settings: OmariSimulatorSettings) -> None:
        self._settings = settings
        self._knobs = Knobs()
        terms = Terms(
            settings.merchant_name,
            settings.session_seconds,
            settings.otp_tries,
            settings.opening_balance_minor,
            settings.fixed_otp,
        )
        self._book = OmariBook(settings.book_path, terms)

    def guard(self) -> Response | None:
        """Only the merchant may call; what is below /_sim is for whoever runs the simulator."""
        if "/_sim/" in request.path:
            return None
        key = request.headers.get("X-Merchant-Key", "")
        if secrets.compare_digest(key.encode(), self._settings.merchant_key.encode()):
            return None
        return _reply({"error": True, "message": MESSAGES["003"], "responseCode": "003"}, 401)

    def auth(self) -> Response:
        asked = _read_auth()
        if asked is None:
            return cut_connection()
        self._book.receive("auth", asked.reference)
        if asked.msisdn.endswith("0500"):
            return Response("<h1>Internal Server Error</h1>", 500, mimetype="text/html")
        knob = self._knobs.take("auth")
        return misbehave(knob, lambda: self._authorise(asked, knob))

    def request(self) -> Response:
        fields = _read_fields("msisdn", "reference", "otp")
        if fields is None or not _OTP.fullmatch(fields["otp"]):
            return cut_connection()
        msisdn, reference = fields["msisdn"], fields["reference"].lower()
        self._book.receive("request", reference)
        knob = self._knobs.take("request")
        if knob is None:
            knob = self._magic_knob(msisdn)
        return misbehave(knob, lambda: self._pay(msisdn, reference, fields["otp"], knob))

    def query(self, reference: str) -> Response:
        reference = reference.lower()
        self._book.receive("query", reference)
        knob = self._knobs.take("query")
        return misbehave(knob, lambda: self._tell(reference, knob))

    def sms(self, msisdn: str) -> Response:
        return jsonify(self._book.inbox(msisdn))

    def show_book(self) -> Response:
        return jsonify(self._book.listing())

    def turn_knobs(self) -> Response:
        return serve_knobs(self._knobs, OPERATIONS)

    def end(self, msisdn: str) -> Response:
        self._book.end(msisdn)
        return _reply({"ended": True}, 200)

    def reset(self) -> Response:
        self._knobs.clear()
        self._book.reset()
        return _reply({"reset": True}, 200)

    def _magic_knob(self, msisdn: str) -> Knob | None:
        """Numbers whose payment succeeds although the answer does not arrive, or not in time."""
        if msisdn.endswith(("0504", "0404")):
            return Knob("request", "drop_after")
        if msisdn.endswith("0035"):
            return Knob("request", "slow_after", seconds=self._settings.late_seconds)
        return None

    def _authorise(self, asked: Asked, knob: Knob | None) -> Response:
        code = _MAGIC_AT_AUTH.get(asked.msisdn[-4:])
        if code is not None:
            return self._error(code)
        otp_reference = self._book.authorise(asked)
        if otp_reference is None:
            return self._error("026")
        return self._success({"message": "Auth Success", "otpReference": otp_reference}, knob)

    def _pay(self, msisdn: str, reference: str, otp: str, knob: Knob | None) -> Response:
        if msisdn.endswith("0096"):
            return self._error("096")
        code = self._book.pay(msisdn, reference, otp, refusal=_MAGIC_REFUSED.get(msisdn[-4:]))
        standing = self._book.standing(reference)
        if code != "000" or standing is None:
            return self._error(code)
        if msisdn.endswith("0091"):
            return self._error("091")
        return self._success({"message": "Payment Success", **_receipts(standing)}, knob)

    def _tell(self, reference: str, knob: Knob | None) -> Response:
        standing = self._book.standing(reference)
        hidden = knob is not None and knob.fault == "not_found"
        if standing is None or hidden or self._is_hidden(standing):
            return self._error("025")
        fields: dict[str, object] = {
            "message": MESSAGES.get(standing.code, standing.word),
            "status": standing.word,
            "reference": reference,
            "amount": Decimal(standing.asked.amount_text),
            "currency": standing.asked.currency,
            "channel": standing.asked.channel,
            "created": f"{datetime.fromtimestamp(standing.created_at, _HARARE):%Y-%m-%dT%H:%M:%S}",
        }
        if standing.code == "000":
            return self._success({**fields, **_receipts(standing)}, knob)
        error = standing.word != "Pending"
        fields = {"error": error, "responseCode": standing.code, **fields}
        status = self._settings.error_status if error else 200
        return _reply(fields | _oddities(knob, fields), status)

    def _is_hidden(self, standing: Standing) -> bool:
        """The number of a wallet whose debits are not seen at once."""
        if standing.debited_at is None or not standing.asked.msisdn.endswith("0404"):
            return False
        return time.time() < standing.debited_at + self._settings.hidden_seconds

    def _error(self, code: str) -> Response:
        fields: dict[str, object] = {"message": MESSAGES[code], "responseCode": code}
        return _reply({"error": True, **fields}, self._settings.error_status)

    def _success(self, fields: dict[str, object], knob: Knob | None) -> Response:
        fields = {"error": False, "responseCode": "000", **fields}
        return _reply(fields | _oddities(knob, fields), 200)


def _read_auth() -> Asked | None:
    """The body of /auth if it is as documented."""
    fields = _read_fields("msisdn", "reference", "currency", "channel")
    if fields is None or fields["currency"] not in ("USD", "ZWG"):
        return None
    body = json.loads(request.get_data(), parse_float=Decimal)
    amount = body.get("amount")
    if fields["channel"] not in ("WEB", "POS") or not isinstance(amount, int | Decimal):
        return None
    if isinstance(amount, bool) or not 0 < amount < 10**10 or amount * 100 != int(amount * 100):
        return None
    return Asked(
        fields["msisdn"],
        fields["reference"].lower(),
        int(amount * 100),
        fields["currency"],
        fields["channel"],
    )


def _read_fields(*names: str) -> dict[str, str] | None:
    """These fields of the JSON body, all of them text, with a number and a reference in shape."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        return None
    fields = {name: body.get(name) for name in names}
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    if len(texts) < len(names) or not _MSISDN.fullmatch(texts["msisdn"]):
        return None
    return texts if _UUID.fullmatch(texts["reference"]) else None


def _receipts(standing: Standing) -> dict[str, object]:
    return {
        "paymentReference": standing.payment_reference,
        "debitReference": standing.debit_reference,
    }


def _oddities(knob: Knob | None, fields: dict[str, object]) -> dict[str, object]:
    """What a knob changes in the words of an answer: the status where it has one, else the code."""
    if knob is not None and knob.fault == "word":
        return {"status": knob.word} if "status" in fields else {"responseCode": _UNKNOWN_CODE}
    if knob is not None and knob.fault == "field":
        return {"loyalty": {"points": 3, "tier": None}, "remarks": ["new in this version"]}
    return {}


def _reply(fields: dict[str, object], status: int) -> Response:
    """JSON in which an amount keeps both of its digits (`3.50`), as Omari writes it."""
    amount = fields.get("amount")
    text = json.dumps(fields, default=str)
    if isinstance(amount, Decimal):
        text = text.replace(f'"amount": "{amount}"', f'"amount": {amount}')
    return Response(text, status, mimetype="application/json")
