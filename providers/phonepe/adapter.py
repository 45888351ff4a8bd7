"""PhonePe, India, its API of today (v2): the customer pays behind a link, on a page, or by UPI QR.

    start         POST …/pay              a link, a page or a QR code (providers/phonepe/ways.py)
    check         GET  …/status           what became of it
    cancel        POST /paylinks/…/cancel   links only
    refund        POST /payments/v2/refund
    check_refund  GET  /payments/v2/refund/…/status
    read_notice   a webhook; its body is not signed, so it is a reason to ask and no more

What is known of PhonePe, and how surely, stands in docs/providers/phonepe.md.
"""

from datetime import UTC, datetime
from uuid import uuid4

from providers.contract import (
    LONGEST_HOLD_SECONDS,
    Call,
    Charge,
    OpenLink,
    Outcome,
    ProviderUncertain,
    Status,
    Terms,
)
from providers.notices import Notice, NoticeRequest
from providers.phonepe.api import Api, Wanted, Watch
from providers.phonepe.notices import read_webhook
from providers.phonepe.outcomes import (
    BAD_REQUEST,
    is_unknown,
    outcome_in,
    refund_outcome_in,
    refuse,
    status_in,
)
from providers.phonepe.reading import (
    Unreadable,
    check_charge,
    private_of,
    uncertain,
)
from providers.phonepe.settings import Checkout, PhonePeSettings
from providers.phonepe.ways import PAY_PATHS, life_seconds, opened, pay_body, status_of
from providers.phonepe.words import (
    CHECK_DELAYS_SECONDS,
    CURRENCIES,
    NAME,
    PAY_REFUSED,
    REFUND_REFUSED,
    TITLE,
    UNKNOWN_ORDER,
    UNKNOWN_REFUND,
)
from providers.references import wire_reference
from providers.refunds import RefundOrder, RefundOutcome, RefundStatus


class PhonePe:
    """Takes INR by PhonePe's API v2. Threads may share it."""

    name = NAME
    title = TITLE
    currencies = CURRENCIES

    def __init__(self, settings: PhonePeSettings) -> None:
        self._settings = settings
        self._api = Api(settings)
        seconds = life_seconds(settings.checkout, settings.timeouts.link_seconds)
        self._terms = Terms(
            call_seconds=settings.timeouts.call_seconds,
            hold_seconds=min(seconds, LONGEST_HOLD_SECONDS),
            customer_seconds=seconds,
            check_delays_seconds=CHECK_DELAYS_SECONDS,
            watches_paid=True,
        )

    def terms(self, payer_number: str | None) -> Terms:  # noqa: ARG002 - the same for all
        """The terms of paying by link."""
        return self._terms

    def start(self, charge: Charge) -> OpenLink:
        """Let PhonePe make the link, page or code. The same reference twice is refused there; as
        the first may be paid, that is uncertain here.
        """
        check_charge("pay", charge.amount)
        settings, now = self._settings, datetime.now(UTC)
        answer = self._api.write(
            Wanted(
                "pay",
                "POST",
                PAY_PATHS[settings.checkout],
                json=pay_body(charge, settings, now),
                private=private_of(charge),
            ),
            self._api.watch(),
        )
        refuse(answer, PAY_REFUSED)
        if status_in(answer) is not Status.OPEN:
            raise uncertain(answer.call)
        try:
            return opened(answer, settings, now)
        except Unreadable:
            raise uncertain(answer.call) from None

    def check(self, charge: Charge) -> Outcome:
        """Ask what became of a payment. Changes nothing, so it may be repeated."""
        return self._ask(charge, self._api.watch())

    def probe(self) -> Call:
        """Ask for an order that nobody ever made."""
        path, params = status_of(self._settings.checkout, str(uuid4()))
        answer = self._api.read(Wanted("probe", "GET", path, params=params), self._api.watch())
        if not is_unknown(answer, UNKNOWN_ORDER):
            raise uncertain(answer.call)
        return answer.call

    def can_cancel(self, charge: Charge) -> bool:  # noqa: ARG002 - the same for all of an account
        """Only links can be cancelled."""
        return self._settings.checkout is Checkout.LINK

    def cancel(self, charge: Charge) -> Outcome:
        """Let PhonePe close a link that nobody paid, then ask: their refusal may mean "paid"."""
        watch = self._api.watch()
        path = f"/paylinks/v1/{wire_reference(charge.reference)}/cancel"
        try:
            answer = self._api.write(Wanted("cancel", "POST", path, json={}), watch)
        except ProviderUncertain as error:
            # What a done cancel says is not documented: an empty body would do.
            if error.call.http_status is None or error.call.http_status >= BAD_REQUEST:
                raise
        else:
            if not answer.ok and answer.call.http_status != BAD_REQUEST:
                raise uncertain(answer.call)
        return self._ask(charge, watch)

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """Ask for money back. The same reference twice is refused there, so it never doubles."""
        wanted = Wanted(
            "refund",
            "POST",
            "/payments/v2/refund",
            json={
                "merchantRefundId": wire_reference(order.reference),
                "originalMerchantOrderId": wire_reference(order.charge.reference),
                "amount": order.amount.amount_minor,
            },
            private=private_of(order.charge),
        )
        answer = self._api.write(wanted, self._api.watch())
        refuse(answer, REFUND_REFUSED)
        return refund_outcome_in(answer)

    def check_refund(self, order: RefundOrder) -> RefundOutcome:
        """Ask what became of a refund. Changes nothing, so it may be repeated."""
        path = f"/payments/v2/refund/{wire_reference(order.reference)}/status"
        wanted = Wanted("refund_status", "GET", path, private=private_of(order.charge))
        answer = self._api.read(wanted, self._api.watch())
        if is_unknown(answer, UNKNOWN_REFUND) or is_unknown(answer, UNKNOWN_ORDER):
            return RefundOutcome(RefundStatus.NOT_FOUND, answer.call)
        return refund_outcome_in(answer)

    def read_notice(self, request: NoticeRequest) -> Notice:
        """A webhook, authenticated by the username and password of the account."""
        return read_webhook(
            request, self._settings.webhook_username, self._settings.webhook_password
        )

    def _ask(self, charge: Charge, watch: Watch) -> Outcome:
        """Ask where the account makes its payments; where they know nothing of one that they had
        accepted, it was made in another way, before the account's setting changed.
        """
        outcome = self._ask_at(self._settings.checkout, charge, watch)
        if charge.provider_reference is not None:
            for checkout in Checkout:
                if outcome.status is not Status.NOT_FOUND:
                    break
                if checkout is not self._settings.checkout:
                    outcome = self._ask_at(checkout, charge, watch)
        return outcome

    def _ask_at(self, checkout: Checkout, charge: Charge, watch: Watch) -> Outcome:
        path, params = status_of(checkout, charge.reference)
        wanted = Wanted(
            "status",
            "GET",
            path,
            params=params,
            private=private_of(charge),
        )
        answer = self._api.read(wanted, watch)
        if is_unknown(answer, UNKNOWN_ORDER):
            return Outcome(Status.NOT_FOUND, answer.call)
        try:
            return outcome_in(answer, charge)
        except Unreadable:
            raise uncertain(answer.call) from None
