"""PhonePe's old API (v1), for merchants who have a salt key: the customer pays on PhonePe's page.

    start         POST /pg/v1/pay                      a page
    check         GET  /pg/v1/status/{merchant}/{reference}
    refund        POST /pg/v1/refund
    check_refund  GET  /pg/v1/status/{merchant}/{reference of the refund}
    read_notice   a signed callback

Each request is JSON in base64 with a checksum (providers/phonepe/checksums.py). Nothing can be
cancelled.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from providers.answers import TURNED_AWAY, JsonAnswer
from providers.contract import (
    LONGEST_HOLD_SECONDS,
    Call,
    Charge,
    OpenLink,
    Outcome,
    ProviderRefused,
    ProviderUncertain,
    Reason,
    Status,
    Terms,
)
from providers.http import Door
from providers.notices import Notice, NoticeRequest
from providers.phonepe.checksums import checksum, encode
from providers.phonepe.notices import read_callback
from providers.phonepe.reading import (
    Unreadable,
    amount_in,
    answered,
    check_charge,
    id_in,
    indian_number,
    link_in,
    object_in,
    private_of,
    reference_in,
    uncertain,
)
from providers.phonepe.settings import PhonePeV1Settings
from providers.phonepe.words import (
    CURRENCIES,
    NAME,
    TITLE,
    V1_CHECK_DELAYS_SECONDS,
    V1_LIFE_SECONDS,
    V1_NOT_FOUND,
    V1_REFUND_STATES,
    V1_REFUSED,
    V1_STATES,
)
from providers.references import wire_reference
from providers.refunds import RefundOrder, RefundOutcome, RefundStatus
from providers.wire_json import JsonValue


class PhonePeV1:
    """Takes INR by PhonePe's API v1. Threads may share it."""

    name = NAME
    title = TITLE
    currencies = CURRENCIES

    def __init__(self, settings: PhonePeV1Settings) -> None:
        self._settings = settings
        self._terms = Terms(
            call_seconds=settings.timeouts.call_seconds,
            hold_seconds=min(V1_LIFE_SECONDS, LONGEST_HOLD_SECONDS),
            customer_seconds=V1_LIFE_SECONDS,
            check_delays_seconds=V1_CHECK_DELAYS_SECONDS,
            watches_paid=True,
        )
        self._door = Door(
            NAME,
            settings.payment_url,
            headers={},
            connect_seconds=settings.timeouts.connect_seconds,
            total_seconds=settings.timeouts.call_seconds,
            secrets=(settings.salt_key,),
        )

    def terms(self, payer_number: str | None) -> Terms:  # noqa: ARG002 - the same for all
        """The terms of paying on their page."""
        return self._terms

    def start(self, charge: Charge) -> OpenLink:
        """Let PhonePe make the page. The same reference twice is refused there; as the first may
        be paid, that is uncertain here.
        """
        check_charge("pay", charge.amount)
        reference = wire_reference(charge.reference)
        body: dict[str, JsonValue] = {
            "merchantId": self._settings.merchant_id,
            "merchantTransactionId": reference,
            "merchantUserId": reference,
            "amount": charge.amount.amount_minor,
            "redirectUrl": self._settings.surroundings.return_url,
            "redirectMode": "REDIRECT",
            "callbackUrl": self._settings.surroundings.callback_url,
        }
        number = indian_number(charge.customer_phone)
        if number is not None:
            body["mobileNumber"] = number
        body["paymentInstrument"] = {"type": "PAY_PAGE"}
        answer = self._write("pay", "/pg/v1/pay", body, charge)
        if answer.fields.get("code") != "PAYMENT_INITIATED":
            raise uncertain(answer.call)
        try:
            data = object_in(answer.fields, "data")
            page = object_in(object_in(data, "instrumentResponse"), "redirectInfo")
            if id_in(data, "merchantTransactionId") != reference:
                raise uncertain(answer.call)
            url = link_in(page, "url")
        except Unreadable:
            raise uncertain(answer.call) from None
        ends_at = datetime.now(UTC) + timedelta(seconds=V1_LIFE_SECONDS)
        return OpenLink(url, reference, ends_at, answer.call)

    def check(self, charge: Charge) -> Outcome:
        """Ask what became of a payment. Changes nothing, so it may be repeated."""
        answer = self._read("status", wire_reference(charge.reference), charge)
        status = V1_STATES.get(_code_of(answer))
        if status is Status.NOT_FOUND:
            return Outcome(Status.NOT_FOUND, answer.call)
        if status is None or (status is Status.SUCCEEDED and not _is_success(answer)):
            raise uncertain(answer.call)
        try:
            return _outcome(answer, status)
        except Unreadable:
            raise uncertain(answer.call) from None

    def probe(self) -> Call:
        """Ask for a payment that nobody ever made."""
        answer = self._read("probe", uuid4().hex, None)
        if _code_of(answer) != V1_NOT_FOUND:
            raise uncertain(answer.call)
        return answer.call

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """Ask for money back. The same reference twice is refused there, so it never doubles."""
        body: Mapping[str, JsonValue] = {
            "merchantId": self._settings.merchant_id,
            "merchantUserId": wire_reference(order.charge.reference),
            "originalTransactionId": wire_reference(order.charge.reference),
            "merchantTransactionId": wire_reference(order.reference),
            "amount": order.amount.amount_minor,
            "callbackUrl": self._settings.surroundings.callback_url,
        }
        return _refund_outcome(self._write("refund", "/pg/v1/refund", body, order.charge))

    def check_refund(self, order: RefundOrder) -> RefundOutcome:
        """Ask what became of a refund. Changes nothing, so it may be repeated."""
        answer = self._read("refund_status", wire_reference(order.reference), order.charge)
        if _code_of(answer) == V1_NOT_FOUND:
            return RefundOutcome(RefundStatus.NOT_FOUND, answer.call)
        return _refund_outcome(answer)

    def read_notice(self, request: NoticeRequest) -> Notice:
        """A callback, authenticated by the salt key of the account."""
        return read_callback(request, self._settings.salt_key, self._settings.salt_index)

    def _write(
        self, operation: str, path: str, body: Mapping[str, JsonValue], charge: Charge
    ) -> JsonAnswer:
        encoded = encode(body)
        answer = self._call(operation, "POST", path, encoded + path, charge, {"request": encoded})
        if answer.call.http_status in TURNED_AWAY:
            pause_seconds = answer.pause_seconds("retry-after")
            raise ProviderRefused(answer.call, Reason.UNAVAILABLE, pause_seconds)
        reason = V1_REFUSED.get(_code_of(answer))
        if reason is not None and answer.fields.get("success") is False:
            raise ProviderRefused(answer.call, reason)
        if not answer.ok:
            raise uncertain(answer.call)
        return answer

    def _read(self, operation: str, reference: str, charge: Charge | None) -> JsonAnswer:
        path = f"/pg/v1/status/{self._settings.merchant_id}/{reference}"
        answer = self._call(operation, "GET", path, path, charge, None)
        if answer.call.http_status in TURNED_AWAY:
            pause_seconds = answer.pause_seconds("retry-after")
            raise ProviderUncertain(answer.call, Reason.UNAVAILABLE, pause_seconds)
        return answer

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        signed: str,
        charge: Charge | None,
        json: Mapping[str, JsonValue] | None,
    ) -> JsonAnswer:
        settings = self._settings
        headers = {
            "X-VERIFY": checksum(signed, settings.salt_key, settings.salt_index),
            "X-MERCHANT-ID": settings.merchant_id,
        }
        private = private_of(charge) if charge is not None else ()
        return answered(
            lambda: self._door.call_json(
                operation, method, path, json=json, headers=headers, private=private
            )
        )


def _code_of(answer: JsonAnswer) -> str:
    code = answer.fields.get("code")
    return code if isinstance(code, str) else ""


def _is_success(answer: JsonAnswer) -> bool:
    return answer.ok and answer.fields.get("success") is True


def _outcome(answer: JsonAnswer, status: Status) -> Outcome:
    data = object_in(answer.fields, "data")
    amount = amount_in(data)
    if status is Status.SUCCEEDED and (amount is None or data.get("state") != "COMPLETED"):
        raise Unreadable("amount")
    instrument = object_in(data, "paymentInstrument")
    return Outcome(
        status,
        answer.call,
        receipt=id_in(data, "transactionId") if status is Status.SUCCEEDED else None,
        debit_reference=id_in(instrument, "utr") if instrument.get("utr") else None,
        amount=amount,
        reference=reference_in(data, "merchantTransactionId"),
    )


def _refund_outcome(answer: JsonAnswer) -> RefundOutcome:
    status = V1_REFUND_STATES.get(_code_of(answer))
    if status is None or (status is RefundStatus.SUCCEEDED and not _is_success(answer)):
        raise uncertain(answer.call)
    try:
        data = object_in(answer.fields, "data")
        return RefundOutcome(
            status,
            answer.call,
            provider_reference=id_in(data, "transactionId") if data.get("transactionId") else None,
            amount=amount_in(data),
            reference=reference_in(data, "merchantTransactionId"),
        )
    except Unreadable:
        raise uncertain(answer.call) from None
