"""Omari, Zimbabwe's wallet: the customer gets a code by SMS, and handing it over moves the money.

    start    POST /auth                 the SMS is sent; nothing can move without `confirm`
    confirm  POST /request              the money moves
    check    GET  /query/{reference}    what became of it

There is no webhook, no void and no refund. What is known of Omari, and how surely, stands in
docs/providers/omari.md.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import quote
from uuid import uuid4

from domain.money import Money, MoneyError
from providers.answers import JsonAnswer, not_called
from providers.contract import (
    Call,
    Charge,
    EnterOtp,
    Outcome,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
    Terms,
    WrongOtp,
)
from providers.http import Door
from providers.omari.words import (
    APPROVED,
    CURRENCIES,
    DUPLICATE,
    IN_PROGRESS,
    NOT_FOUND,
    REFUSED,
    TITLE,
    TROUBLE,
    WORDS,
    WRONG_CODE,
)

_MSISDN = re.compile(r"2637[0-9]{8}")
_OTP = re.compile(r"[0-9]{4,8}")
_OTP_REFERENCE = re.compile(r"[A-Za-z0-9]{1,16}")
_RECEIPT = re.compile(r"[\w-]{1,64}", re.ASCII)
_MERCHANT_KEY = re.compile(r"[!-~]{1,512}")
_AMOUNT_LIMIT = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class OmariSettings:
    """One merchant's access to Omari, and the limits that Omari does not publish. Times in seconds.

    `channel` is `WEB` or `POS`, as agreed with Omari for the key. Raises ValueError for what can
    never work; the message does not hold the key.
    """

    base_url: str
    merchant_key: str = field(repr=False)
    channel: str = "WEB"
    connect_seconds: float = 10.0
    call_seconds: float = 30.0
    customer_seconds: int = 300
    otp_tries: int = 3
    hold_seconds: int = 300

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("https://", "http://")):
            raise ValueError("the base URL of Omari must begin with https:// or http://")
        if not _MERCHANT_KEY.fullmatch(self.merchant_key):
            raise ValueError("the merchant key of Omari must be printable characters, no spaces")
        if self.channel not in ("WEB", "POS"):
            raise ValueError("the channel of Omari must be WEB or POS")


class Omari:
    """Takes USD and ZWG from an Omari wallet. Threads may share it."""

    name = "omari"
    title = TITLE
    currencies = CURRENCIES

    def __init__(self, settings: OmariSettings) -> None:
        self._terms = Terms(
            call_seconds=settings.call_seconds,
            hold_seconds=settings.hold_seconds,
            customer_seconds=settings.customer_seconds,
            otp_tries=settings.otp_tries,
        )
        self._channel = settings.channel
        self._door = Door(
            self.name,
            settings.base_url,
            headers={"X-Merchant-Key": settings.merchant_key},
            connect_seconds=settings.connect_seconds,
            total_seconds=settings.call_seconds,
            secrets=(settings.merchant_key,),
            code_field="responseCode",
        )

    def terms(self, payer_number: str | None) -> Terms:  # noqa: ARG002 - the same for all
        """The terms of paying by code."""
        return self._terms

    def start(self, charge: Charge) -> EnterOtp:
        """Let Omari send the customer a code. Nothing moves; a second call sends a second SMS."""
        msisdn = _payer_of("auth", charge)
        answer = self._door.call_json(
            "auth",
            "POST",
            "/auth",
            json={
                "msisdn": msisdn,
                "reference": charge.reference,
                "amount": charge.amount.to_decimal(),
                "currency": charge.amount.currency,
                "channel": self._channel,
            },
            private=(msisdn,),
        )
        otp_reference = answer.fields.get("otpReference")
        if _approved(answer):
            if isinstance(otp_reference, str) and _OTP_REFERENCE.fullmatch(otp_reference):
                return EnterOtp(otp_reference, answer.call)
            raise _uncertain(answer)
        code = _refusal_code(answer)
        if code is None or code in TROUBLE or code in (APPROVED, IN_PROGRESS, DUPLICATE):
            raise _uncertain(answer)
        raise ProviderRefused(answer.call, REFUSED.get(code, Reason.BAD_REQUEST))

    def confirm(self, charge: Charge, otp: str) -> Outcome:
        """Hand the customer's code over: this moves the money. The same number as in `start`."""
        msisdn = _payer_of("request", charge)
        if not _OTP.fullmatch(otp):
            raise WrongOtp(not_called("request", "bad_otp"), Reason.WRONG_OTP)
        answer = self._door.call_json(
            "request",
            "POST",
            "/request",
            json={"msisdn": msisdn, "reference": charge.reference, "otp": otp},
            private=(msisdn, otp),
        )
        if _approved(answer):
            return _succeeded(answer)
        code = _refusal_code(answer)
        if code in WRONG_CODE:
            raise WrongOtp(answer.call, Reason.WRONG_OTP)
        if code is not None and code in REFUSED:
            raise ProviderRefused(answer.call, REFUSED[code])
        raise _uncertain(answer)

    def check(self, charge: Charge) -> Outcome:
        """Ask what became of a payment. Changes nothing, so it may be repeated."""
        payer = (charge.payer_number,) if charge.payer_number else ()
        path = f"/query/{quote(charge.reference, safe='')}"
        answer = self._door.call_json("query", "GET", path, private=payer)
        if _refusal_code(answer) == NOT_FOUND:
            return Outcome(Status.NOT_FOUND, answer.call)
        status = _status_of(answer)
        if status is Status.SUCCEEDED:
            outcome = _succeeded(answer)
            if outcome.amount is None:  # always there in a Success: without it this is none
                raise _uncertain(answer)
            return outcome
        reference = _reference_in(answer)
        if reference not in (None, charge.reference):
            raise _uncertain(answer)
        return Outcome(
            status,
            answer.call,
            amount=_amount_in(answer),
            reference=reference,
            reason=REFUSED.get(_code_in(answer) or ""),
        )

    def probe(self) -> Call:
        """Ask for a payment that nobody ever made."""
        answer = self._door.call_json("probe", "GET", f"/query/{uuid4()}")
        if _refusal_code(answer) != NOT_FOUND:
            raise _uncertain(answer)
        return answer.call


def _payer_of(operation: str, charge: Charge) -> str:
    """The number to charge, once all is as Omari needs it: it drops what is not, without a word."""
    if charge.payer_number is None or not _MSISDN.fullmatch(charge.payer_number):
        raise ProviderRefused(not_called(operation, "bad_msisdn"), Reason.BAD_REQUEST)
    if charge.amount.currency not in CURRENCIES:
        raise ProviderRefused(not_called(operation, "bad_currency"), Reason.BAD_REQUEST)
    if charge.amount.amount_minor <= 0:
        raise ProviderRefused(not_called(operation, "bad_amount"), Reason.BAD_REQUEST)
    return charge.payer_number


def _uncertain(answer: JsonAnswer) -> ProviderUncertain:
    return ProviderUncertain(answer.call, Reason.UNAVAILABLE)


def _code_in(answer: JsonAnswer) -> str | None:
    code = answer.fields.get("responseCode")
    return code if isinstance(code, str) else None


def _approved(answer: JsonAnswer) -> bool:
    """All three together: any of them alone has been seen beside a failure."""
    return answer.ok and answer.fields.get("error") is False and _code_in(answer) == APPROVED


def _refusal_code(answer: JsonAnswer) -> str | None:
    """The code of an answer that says clearly that it is an error."""
    return _code_in(answer) if answer.fields.get("error") is True else None


def _status_of(answer: JsonAnswer) -> Status:
    """What a query's word and code say together; raises ProviderUncertain where they disagree.

    "Failed" beside a code of trouble is the query that failed, not the payment.
    """
    code, word = _code_in(answer), answer.fields.get("status")
    status = WORDS.get(word.upper()) if isinstance(word, str) else None
    if status is Status.SUCCEEDED and _approved(answer):
        return status
    if code == IN_PROGRESS and (word is None or status is Status.OPEN):
        return Status.OPEN
    if status in (Status.OPEN, Status.FAILED, Status.EXPIRED, Status.CANCELLED):
        if _approved(answer):
            return status
        if status is not Status.OPEN and code is not None and code in REFUSED:
            return status
    raise _uncertain(answer)


def _succeeded(answer: JsonAnswer) -> Outcome:
    """A success with its receipt; one without is not a success that we understand."""
    receipt = answer.fields.get("paymentReference")
    if not isinstance(receipt, str) or not _RECEIPT.fullmatch(receipt):
        raise _uncertain(answer)
    debit_reference = answer.fields.get("debitReference")
    if not isinstance(debit_reference, str) or not _RECEIPT.fullmatch(debit_reference):
        debit_reference = None
    return Outcome(
        Status.SUCCEEDED,
        answer.call,
        receipt=receipt,
        debit_reference=debit_reference,
        amount=_amount_in(answer),
        reference=_reference_in(answer),
    )


def _amount_in(answer: JsonAnswer) -> Money | None:
    """Amount and currency where the answer carries them; half of them, or nonsense, is uncertain.

    None would mean "nothing to compare with", so an amount that we cannot read must not be None.
    """
    amount, currency = answer.fields.get("amount"), answer.fields.get("currency")
    if amount is None and currency is None:
        return None
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        raise _uncertain(answer)
    if not isinstance(currency, str) or not 0 < amount < _AMOUNT_LIMIT:
        raise _uncertain(answer)
    try:
        money = Money.from_decimal(Decimal(amount), currency)
    except MoneyError:
        money = None
    if money is None:
        raise _uncertain(answer)
    return money


def _reference_in(answer: JsonAnswer) -> str | None:
    """Our reference as the answer repeats it, or None where it carries none."""
    reference = answer.fields.get("reference")
    if reference is None:
        return None
    if not isinstance(reference, str):
        raise _uncertain(answer)
    return reference.lower()
