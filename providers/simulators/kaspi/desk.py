"""What the simulated Kaspi does with an order, whichever way it came in: codes, magic, knobs."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from flask import Response, url_for

from providers.simulators.kaspi.book import PAID, KaspiBook, Wish
from providers.simulators.wire_faults import Knob, Knobs, misbehave

OPERATIONS = frozenset(
    {"link", "qr", "invoice", "status", "details", "refund", "cancel", "client_info"}
    | {"tradepoints", "register", "delete"}
)
MESSAGES = {
    0: "OK",
    -999: "Сервис временно недоступен",
    -10000: "Отсутствует сертификат клиента",
    -1401: "Неверный номер телефона",
    -1404: "Клиент не найден",
    -1501: "Устройство не найдено",
    -1503: "Устройство добавлено в другую торговую точку",
    -1601: "Покупка не найдена",
    -99000001: "Покупка с заданным id не найдена",
    -99000002: "Торговая точка не найдена",
    -99000003: "Торговая точка покупки не соответствует текущему устройству",
    -99000005: "Сумма возврата не может превышать сумму покупки",
    -99000006: "Ошибка возврата",
    -99000011: "Невозможно вернуть покупку (не подходящий статус покупки)",
    -99000020: "Частичный возврат невозможен",
    990000028: "Некорректная сумма операции",
}
ODD_CODE = 777
TOO_MANY = 429
_KAZAKHSTAN = timezone(timedelta(hours=5))
_INTEGER = re.compile(r"-?[0-9]{1,11}", re.ASCII)
_NUMBER_MARK = re.compile(r'"@([0-9.]+)@"')
# The last two digits of an amount (tiyn), and what they do where something is made …
_CODE_AT_MAKING = {1: 990000028, 2: -1501, 3: -999}
_LOSES_ANSWER, _ANSWERS_LATE = 4, 5
# … and where money is given back.
_RETURNS_SILENTLY, _SAYS_NOTHING = 13, 14
_RETURNS_AND_ERRS, _CANNOT_RETURN_PART, _ERRS = 16, 17, 18
_CODE_OF_PHONE = {"1401": -1401, "1404": -1404}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer before it is written: Kaspi's code, and its data. `http_status` 0 is an empty 200;
    `pause_seconds` goes with 429.
    """

    code: int
    data: object = None
    http_status: int = 200
    pause_seconds: float = 0.0


EMPTY = Said(0, http_status=0)


class KaspiDesk:
    """Serves orders from the book, as its knobs and the magic amounts say."""

    def __init__(
        self, book: KaspiBook, knobs: Knobs, late_seconds: float, poll_seconds: float
    ) -> None:
        self._book = book
        self._knobs = knobs
        self._late_seconds = late_seconds
        self._poll_seconds = poll_seconds

    def serve(
        self,
        operation: str,
        key: str,
        act: Callable[[], Said],
        write: Callable[[Said], Response],
        amount_minor: int = 0,
    ) -> Response:
        """Answer one request: `act` does the work at most once, `write` says it in its way."""
        self._book.receive(operation, key)
        knob = self._knobs.take(operation)
        if knob is None and operation in ("link", "qr", "invoice"):
            knob = self._magic_knob(operation, amount_minor)
        return misbehave(knob, lambda: write(_spoken(operation, knob, act)))

    def make(self, wish: Wish) -> Said:
        """Make a payment; the data is that of `/qr/create-link`, or the id of an invoice."""
        code = _CODE_AT_MAKING.get(wish.amount_minor % 100)
        if wish.amount_minor <= 0:
            code = 990000028
        if code is None and wish.phone is not None:
            code = _CODE_OF_PHONE.get(wish.phone[-4:])
        if code is not None:
            return Said(code)
        payment = self._book.make(wish)
        if payment.is_invoice:
            return Said(0, {"QrPaymentId": payment.number})
        ends = datetime.fromtimestamp(payment.ends_at, _KAZAKHSTAN)
        return Said(
            0,
            {
                "PaymentLink": url_for(".page", number=payment.number, _external=True),
                "ExpireDate": ends.isoformat(timespec="milliseconds"),
                "PaymentId": payment.number,
                "PaymentMethods": ["Gold", "Red", "Loan"],
                "PaymentBehaviorOptions": {
                    "StatusPollingInterval": 5,
                    "LinkActivationWaitTimeout": 180,
                    "PaymentConfirmationTimeout": 65,
                },
            },
        )

    def status(self, number: int) -> Said:
        """The word of a payment, with its amount and transaction where money came."""
        payment = self._book.find(number)
        if payment is None:
            return Said(-1601)
        if self._book.asked_too_soon(payment, self._poll_seconds):
            return Said(ODD_CODE, None, TOO_MANY, self._poll_seconds)
        data: dict[str, object] = {"Status": payment.word}
        if payment.word == PAID:
            data |= {"TransactionId": f"T{number}", "Amount": tenge(payment.paid_minor)}
        return Said(0, data)

    def details(self, number: int) -> Said:
        """What was paid, and what of it could still be given back."""
        payment = self._book.find(number)
        if payment is None or payment.word != PAID:
            return Said(-1601)
        made = datetime.fromtimestamp(payment.made_at, _KAZAKHSTAN)
        return Said(
            0,
            {
                "QrPaymentId": number,
                "TotalAmount": tenge(payment.paid_minor),
                "AvailableReturnAmount": tenge(payment.left_minor),
                "TransactionDate": made.isoformat(timespec="seconds"),
            },
        )

    def give_back(self, number: int, trade_point_id: int, amount_minor: int) -> Said:
        """Give money back, whole or in part, at the trade point that took it."""
        payment, magic = self._book.find(number), amount_minor % 100
        if payment is None:
            return Said(-99000001)
        if payment.wish.trade_point_id != trade_point_id:
            return Said(-99000003)
        if payment.word != PAID:
            return Said(-99000011)
        if magic in (_SAYS_NOTHING, _CANNOT_RETURN_PART, _ERRS):
            return {_SAYS_NOTHING: EMPTY, _ERRS: Said(-99000006)}.get(magic, Said(-99000020))
        done = self._book.give_back(payment, amount_minor)
        if done is None:
            return Said(-99000005)
        if magic in (_RETURNS_SILENTLY, _RETURNS_AND_ERRS):
            return EMPTY if magic == _RETURNS_SILENTLY else Said(-99000006)
        return Said(0, {"ReturnOperationId": done.number})

    def void(self, number: int) -> Said:
        """Cancel an invoice that still stands open."""
        if not self._book.void(number):
            return Said(-99000001)
        return Said(0, {"Status": "RemotePaymentCanceled"})

    def _magic_knob(self, operation: str, amount_minor: int) -> Knob | None:
        """Amounts whose payment is made although the answer does not arrive, or not in time."""
        if amount_minor % 100 == _LOSES_ANSWER:
            return Knob(operation, "drop_after")
        if amount_minor % 100 == _ANSWERS_LATE:
            return Knob(operation, "slow_after", seconds=self._late_seconds)
        return None


def tenge(amount_minor: int) -> str:
    """An amount to be written as a JSON number with two decimals."""
    return f"@{amount_minor // 100}.{amount_minor % 100:02d}@"


def write_body(fields: Mapping[str, object], said: Said) -> Response:
    """The answer's bytes; amounts keep both of their decimals, as Kaspi writes them."""
    if said.http_status == 0:
        return Response(b"", 200, mimetype="application/json")
    text = _NUMBER_MARK.sub(r"\1", json.dumps(fields, ensure_ascii=False))
    headers = {"Retry-After": f"{said.pause_seconds:.0f}"} if said.pause_seconds else {}
    return Response(text, said.http_status, headers, mimetype="application/json")


def _spoken(operation: str, knob: Knob | None, act: Callable[[], Said]) -> Said:
    """What is answered, with what a knob changes in its words.

    A `word` that is a number is a StatusCode, and nothing is done; an empty one is an empty body.
    """
    if knob is None:
        return act()
    if knob.fault == "not_found" and operation in ("status", "details"):
        return Said(-1601)
    if knob.fault == "word" and _INTEGER.fullmatch(knob.word):
        return Said(int(knob.word))
    said = act()
    if knob.fault == "word":
        return _odd(said, knob.word)
    if knob.fault == "field" and isinstance(said.data, dict):
        return replace(said, data={**said.data, "Loyalty": {"points": 3, "tier": None}})
    return said


def _odd(said: Said, word: str) -> Said:
    if word == "":
        return EMPTY
    if isinstance(said.data, dict):
        names = [name for name in ("Status", "status") if name in said.data]
        if names:
            return replace(said, data={**said.data, names[0]: word})
    return replace(said, code=ODD_CODE, data=None)
