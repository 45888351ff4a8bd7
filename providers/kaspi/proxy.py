"""Kaspi behind the PHP proxy: every call is a GET, its token in the address.

    start    /create-link/   a link, which lives for about three minutes
             /create/        an invoice in the customer's app, for a day
    check    /status/
    refund   /refund/        its answer may be empty: uncertain, and nothing here can tell

These GETs move money: none is ever repeated, and none is followed elsewhere. No address is logged.
There is no cancelling, no key of ours, and no notice. What is known, and how surely, stands in
docs/providers/kaspi.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from providers.answers import JsonAnswer
from providers.contract import (
    ApproveOnPhone,
    Call,
    Charge,
    NextAct,
    OpenLink,
    Outcome,
    Status,
    Terms,
)
from providers.http import Door
from providers.kaspi.reading import (
    Reply,
    ask,
    chargeable,
    identifier,
    invoice_of,
    known,
    link_of,
    money,
    order,
    outcome_of,
    private,
    refundable,
    uncertain,
    without_identifier,
)
from providers.kaspi.settings import ProxySettings
from providers.kaspi.words import (
    BAD_TOKEN,
    BAD_TOKEN_TEXT,
    CURRENCIES,
    FINE,
    NAME,
    NOT_FOUND,
    REFUSED,
    TITLE,
    WORDS,
    WRONG_STATUS,
)
from providers.refunds import RefundOrder, RefundOutcome, RefundStatus

# An id that no payment has: asking for it shows that the proxy answers and takes the token.
_NOBODYS = "1"


class KaspiProxy:
    """Takes KZT by link or by invoice. Threads may share it."""

    name = NAME
    title = TITLE
    currencies = CURRENCIES

    def __init__(self, settings: ProxySettings) -> None:
        self._pace = settings.pace
        self._access_token = settings.access_token
        self._account = {
            "organizationBin": settings.organization_bin,
            "deviceToken": settings.device_token,
        }
        self._door = Door(
            self.name,
            settings.base_url,
            headers={},
            connect_seconds=settings.pace.connect_seconds,
            total_seconds=settings.pace.call_seconds,
            secrets=(settings.access_token, settings.device_token),
        )

    def terms(self, payer_number: str | None) -> Terms:
        """The terms of an invoice to this number; without one, of a link."""
        return self._pace.terms(payer_number)

    def start(self, charge: Charge) -> NextAct:
        """Make a link, or an invoice to the charge's number. A second call makes a second one."""
        return self._make_link(charge) if charge.payer_number is None else self._invoice(charge)

    def check(self, charge: Charge) -> Outcome:
        """Ask what became of a payment. Changes nothing; an invoice must not be polled."""
        if charge.provider_reference is None:
            return without_identifier(charge)
        number = known(charge.provider_reference)
        reply = self._ask("status", number, private(charge))
        outcome = outcome_of(reply, number, "status", "amount")
        if reply.code == FINE and identifier(reply.fields.get("externalId")) != number:
            raise uncertain(reply)
        return outcome

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """Give money back, at once. A second call gives it back again."""
        refundable(order)
        params = {"externalId": order.receipt, "amount": str(order.amount.to_decimal())}
        reply = self._order("refund", "/refund/", params, private(order.charge))
        returned = identifier(reply.fields.get("returnOperationId"))
        amount = money(reply.fields.get("refundedAmount"))
        same = identifier(reply.fields.get("externalId")) == order.receipt
        if not same or returned is None or amount is None:
            raise uncertain(reply)
        return RefundOutcome(RefundStatus.SUCCEEDED, reply.call, returned, amount)

    def probe(self) -> Call:
        """Ask for a payment that nobody ever made."""
        reply = self._ask("probe", _NOBODYS, ())
        if reply.code not in (FINE, *NOT_FOUND):
            raise uncertain(reply)
        return reply.call

    def _make_link(self, charge: Charge) -> OpenLink:
        chargeable("link", charge)
        reply = self._order("link", "/create-link/", _asked(charge), private(charge))
        return link_of(reply, "paymentLink", "paymentId", "expireDate")

    def _invoice(self, charge: Charge) -> ApproveOnPhone:
        chargeable("invoice", charge)
        params = {"phone": charge.payer_number or "", **_asked(charge)}
        reply = self._order("invoice", "/create/", params, private(charge))
        word = reply.fields.get("status")
        if not isinstance(word, str) or WORDS.get(word) is not Status.OPEN:
            raise uncertain(reply)
        return invoice_of(reply, "externalId", self._pace)

    def _ask(self, operation: str, number: str, hidden: Sequence[str]) -> Reply:
        params = {"access_token": self._access_token, "externalId": number}
        return ask(
            lambda: self._door.call_json(
                operation, "GET", "/status/", params=params, private=hidden
            ),
            _read,
        )

    def _order(
        self, operation: str, path: str, params: Mapping[str, str], hidden: Sequence[str]
    ) -> Reply:
        whole = {"access_token": self._access_token, **params, **self._account}
        return order(
            lambda: self._door.call_json(operation, "GET", path, params=whole, private=hidden),
            _read_refund if operation == "refund" else _read,
        )


def _asked(charge: Charge) -> dict[str, str]:
    return {"amount": str(charge.amount.to_decimal()), "message": charge.description}


def _read(answer: JsonAnswer) -> Reply:
    """A success, Kaspi's own codes passed on, or the proxy's complaint about its token."""
    call, status, data = answer.call, answer.fields.get("status"), answer.fields.get("data")
    fields = data if isinstance(data, dict) else {}
    code = None
    if status is True and answer.ok and answer.fields.get("http_code", 200) == 200:
        code = None if "errors" in fields else FINE
    elif status is False:
        code = _worst(fields.get("errors"))
        complaint = answer.fields.get("error")
        if isinstance(complaint, str) and complaint.strip().lower() == BAD_TOKEN_TEXT:
            call = replace(call, code=BAD_TOKEN)
    if code is not None:
        call = replace(call, code=str(code))
    return Reply(call, code, fields, pause_seconds=answer.pause_seconds("retry-after"))


def _read_refund(answer: JsonAnswer) -> Reply:
    """As any other; 404 says here that the payment is none that could be given back."""
    reply = _read(answer)
    told = (answer.call.http_status, answer.fields.get("http_code"))
    if reply.code is None and answer.fields.get("status") is False and 404 in told:
        return replace(reply, code=WRONG_STATUS, call=replace(reply.call, code="404"))
    return reply


def _worst(errors: object) -> int | None:
    """The one code of several that leaves most open; None where one is no code of theirs."""
    if not isinstance(errors, dict) or not errors:
        return None
    codes = [_integer(key) for key in errors]
    open_ones = [code for code in codes if code not in REFUSED]
    return open_ones[0] if open_ones else codes[0]


def _integer(key: str) -> int | None:
    digits = key.removeprefix("-")
    return int(key) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None
