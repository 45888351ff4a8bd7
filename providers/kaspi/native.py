"""Kaspi's own API, scheme r3: JSON over mutual TLS, a device token in every order.

    start          POST /v01/qr/create-link        a link, which lives for about three minutes
                   POST /v01/remote/create         an invoice in the customer's app, for a day
    check          GET  /<version>/payment/status/<id>
    cancel         POST /v01/remote/cancel         invoices only
    refund         POST /v01/payment/return
    check_refund   GET  /v01/payment/details       by what is left to be given back

Nothing here has a key of ours: what makes or returns something is never sent twice. There are no
notices. What is known, and how surely, stands in docs/providers/kaspi.md.
"""

from providers.answers import not_called
from providers.contract import (
    ApproveOnPhone,
    Call,
    Charge,
    NextAct,
    OpenLink,
    Outcome,
    ProviderRefused,
    Reason,
    Terms,
)
from providers.kaspi.native_wire import NativeWire
from providers.kaspi.reading import (
    chargeable,
    identifier,
    invoice_of,
    known,
    link_of,
    money,
    outcome_of,
    private,
    refundable,
    uncertain,
    without_identifier,
)
from providers.kaspi.settings import NativeSettings
from providers.kaspi.words import CURRENCIES, FINE, NAME, NO_TRADE_POINTS, TITLE
from providers.references import wire_reference
from providers.refunds import RefundOrder, RefundOutcome, RefundStatus
from providers.wire_json import JsonValue


class KaspiNative:
    """Takes KZT by link or by invoice. Threads may share it."""

    name = NAME
    title = TITLE
    currencies = CURRENCIES

    def __init__(self, settings: NativeSettings) -> None:
        self._wire = NativeWire(settings)
        self._pace = settings.pace
        self._device_token = settings.device_token
        self._organization_bin = settings.organization_bin
        self._status_path = f"/{settings.status_version}/payment/status/"

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
        reply = self._wire.ask("status", f"{self._status_path}{number}", private=private(charge))
        return outcome_of(reply, number, "Status", "Amount")

    def can_cancel(self, charge: Charge) -> bool:
        """Invoices only: a link cannot be voided."""
        return charge.payer_number is not None and identifier(charge.provider_reference) is not None

    def cancel(self, charge: Charge) -> Outcome:
        """Void an invoice that nobody has paid yet."""
        number = identifier(charge.provider_reference)
        if charge.payer_number is None or number is None:
            raise ProviderRefused(not_called("cancel", "no_invoice"), Reason.BAD_REQUEST)
        body = self._order(QrPaymentId=int(number))
        reply = self._wire.order("cancel", "/v01/remote/cancel", body, private(charge))
        return outcome_of(reply, number, "Status", "Amount")

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """Give money back, at once. A second call gives it back again."""
        refundable(order)
        body = self._order(QrPaymentId=int(order.receipt), Amount=order.amount.to_decimal())
        reply = self._wire.order("refund", "/v01/payment/return", body, private(order.charge))
        returned = identifier(reply.fields.get("ReturnOperationId"))
        if returned is None:
            raise uncertain(reply)
        return RefundOutcome(RefundStatus.SUCCEEDED, reply.call, provider_reference=returned)

    def check_refund(self, order: RefundOrder) -> RefundOutcome:
        """Find out by what is left whether a refund was done.

        Right as long as every refund of the payment is ours: one made in Kaspi's own app makes the
        sum fit neither way, and that is uncertain.
        """
        refundable(order)
        params = {"QrPaymentId": order.receipt, "DeviceToken": self._device_token}
        reply = self._wire.ask("details", "/v01/payment/details", params, private(order.charge))
        total = money(reply.fields.get("TotalAmount"))
        left = money(reply.fields.get("AvailableReturnAmount"))
        same = identifier(reply.fields.get("QrPaymentId")) == order.receipt
        if reply.code != FINE or not same or total is None or left is None:
            raise uncertain(reply)
        before = total - order.refunded_before
        if left == before - order.amount:
            return RefundOutcome(RefundStatus.SUCCEEDED, reply.call, amount=order.amount)
        if left == before:
            return RefundOutcome(RefundStatus.NOT_FOUND, reply.call)
        raise uncertain(reply)

    def probe(self) -> Call:
        """Ask for the merchant's trade points: certificate and BIN are proved by that."""
        reply = self._wire.ask("probe", f"/v01/partner/tradepoints/{self._organization_bin}")
        if reply.code not in (FINE, NO_TRADE_POINTS):
            raise uncertain(reply)
        return reply.call

    def _make_link(self, charge: Charge) -> OpenLink:
        chargeable("link", charge)
        body = self._order(
            Amount=charge.amount.to_decimal(), ExternalId=wire_reference(charge.reference)
        )
        reply = self._wire.order("link", "/v01/qr/create-link", body, private(charge))
        return link_of(reply, "PaymentLink", "PaymentId", "ExpireDate")

    def _invoice(self, charge: Charge) -> ApproveOnPhone:
        chargeable("invoice", charge)
        body = self._order(
            Amount=charge.amount.to_decimal(),
            PhoneNumber=f"8{(charge.payer_number or '')[1:]}",
            Comment=charge.description,
        )
        reply = self._wire.order("invoice", "/v01/remote/create", body, private(charge))
        return invoice_of(reply, "QrPaymentId", self._pace)

    def _order(self, **fields: JsonValue) -> dict[str, JsonValue]:
        return {
            "OrganizationBin": self._organization_bin,
            "DeviceToken": self._device_token,
            **fields,
        }
