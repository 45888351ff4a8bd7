"""Cashfree, in the chat: a payment link in rupees, asked about, voided and refunded.

    start    POST /links                     the link; its id is our reference
    check    GET  /links/{id}                and, once it may be paid:
             GET  /links/{id}/orders         the orders that the link's page made
             GET  /orders/{id}/payments      every success is a receipt
    cancel   POST /links/{id}/cancel
    refund   POST /orders/{id}/refunds       of the order that holds the receipt

A failed attempt is not the end of a link: only the link's own word is. What is known of Cashfree,
and how surely, stands in docs/providers/cashfree.md.
"""

from dataclasses import dataclass
from uuid import uuid4

from providers.answers import TURNED_AWAY, JsonAnswer
from providers.cashfree import notices, refunding
from providers.cashfree.api import Api, CashfreeSettings, not_found, refusal, replayed, uncertain
from providers.cashfree.asking import expiry, life_seconds, link_body, phone_of
from providers.cashfree.reading import (
    Attempt,
    attempts,
    identifier,
    in_order,
    instant,
    key_of,
    money,
)
from providers.cashfree.words import (
    ATTEMPT_PENDING,
    ATTEMPT_SUCCEEDED,
    CURRENCIES,
    LINK_WORDS,
    TITLE,
)
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
from providers.notices import Notice, NoticeRequest
from providers.references import our_reference, wire_reference
from providers.refunds import RefundOrder, RefundOutcome

_LONGEST_LINK = 2_000
# Plain http is what a simulator on this machine gives.
_SENDABLE = ("https://", "http://127.0.0.1:", "http://localhost:")


@dataclass(frozen=True, slots=True)
class _Found:
    """Every attempt to pay a link, and the last answer that told of them."""

    attempts: list[Attempt]
    answer: JsonAnswer

    def with_word(self, word: str) -> list[Attempt]:
        return [each for each in self.attempts if each.word == word]


class Cashfree:
    """Takes INR by payment link. Threads may share it."""

    name = "cashfree"
    title = TITLE
    currencies = CURRENCIES

    def __init__(self, settings: CashfreeSettings) -> None:
        self._settings = settings
        self._api = Api(settings)
        link_seconds = life_seconds(settings)
        self._terms = Terms(
            call_seconds=settings.call_seconds,
            hold_seconds=min(link_seconds, LONGEST_HOLD_SECONDS),
            customer_seconds=link_seconds,
            watches_paid=True,
        )

    def terms(self, payer_number: str | None) -> Terms:  # noqa: ARG002 - the same for all
        """The terms of paying by link."""
        return self._terms

    def start(self, charge: Charge) -> OpenLink:
        """Make the link. A second start with the same reference makes no second one: it is
        uncertain, or the first link again.
        """
        phone, expires_at = phone_of(charge), expiry(self._settings)
        answer = self._api.write_alone(
            "create_link",
            "/links",
            link_body(charge, phone, expires_at, self._settings),
            key_of(charge.reference, "link"),
            private=(phone,),
        )
        if not answer.ok:
            raise refusal(answer)
        if replayed(answer):
            raise uncertain(answer, Reason.DUPLICATE)
        fields = answer.fields
        url, link_id = fields.get("link_url"), identifier(fields.get("cf_link_id"))
        if not _sendable(url) or link_id is None or fields.get("link_status") != "ACTIVE":
            raise uncertain(answer)
        if our_reference(fields.get("link_id")) != charge.reference:
            raise uncertain(answer)
        ends_at = instant(fields.get("link_expiry_time")) or expires_at
        return OpenLink(str(url), link_id, ends_at, answer.call, qr=str(url))

    def check(self, charge: Charge) -> Outcome:
        """Ask what became of a link. Changes nothing, so it may be repeated."""
        return self._check(charge, self._api.until(steps=2))

    def can_cancel(self, charge: Charge) -> bool:  # noqa: ARG002 - every link
        """Whether the link can be voided: every one can, until it is paid."""
        return True

    def cancel(self, charge: Charge) -> Outcome:
        """Void the link. Where Cashfree will not, the answer is how the link stands."""
        until = self._api.until(steps=2)
        path = f"/links/{wire_reference(charge.reference)}/cancel"
        # A new key each time: the result of a key is kept for ever, even when it was an error, and
        # voiding twice does no harm.
        answer = self._api.write("cancel_link", "POST", path, None, str(uuid4()), _phones(charge))
        if answer.ok:
            return self._judge(charge, answer, until)
        if answer.call.http_status in TURNED_AWAY:
            raise refusal(answer)
        return self._check(charge, until)

    def refund(self, order: RefundOrder) -> RefundOutcome:
        """Send money back, all of it or a part."""
        try:
            found = self._find(order, self._api.until(steps=1))
        except ProviderUncertain as lost:
            unsent = lost
        else:
            return refunding.send(self._api, found)
        # Nothing was asked for yet: that is sure, and so it is a refusal.
        raise ProviderRefused(unsent.call, Reason.UNAVAILABLE, unsent.retry_after_seconds)

    def check_refund(self, order: RefundOrder) -> RefundOutcome:
        """Ask what became of a refund."""
        until = self._api.until(steps=2)
        return refunding.ask(self._api, self._find(order, until), until)

    def read_notice(self, request: NoticeRequest) -> Notice:
        """A webhook, signed with the present secret key or the one before."""
        return notices.read_notice(request, self._settings.secrets)

    def probe(self) -> Call:
        """Ask for a link that nobody ever made."""
        answer = self._api.read("probe", f"/links/{uuid4().hex}", self._api.until(steps=2))
        if not not_found(answer):
            raise uncertain(answer)
        return answer.call

    def _check(self, charge: Charge, until: float) -> Outcome:
        path = f"/links/{wire_reference(charge.reference)}"
        answer = self._api.read("get_link", path, until, private=_phones(charge))
        if not_found(answer):
            return Outcome(Status.NOT_FOUND, answer.call)
        if not answer.ok:
            raise uncertain(answer)
        return self._judge(charge, answer, until)

    def _judge(self, charge: Charge, answer: JsonAnswer, until: float) -> Outcome:
        """What a link's word means, once its attempts were looked at where they matter.

        Money that came in wins over every word: a link may expire while it is being paid.
        """
        fields = answer.fields
        reference, status = our_reference(fields.get("link_id")), _status_in(answer)
        paid = money(fields.get("link_amount_paid"), fields.get("link_currency"))
        if reference is None or paid is None:
            raise uncertain(answer)
        if status is Status.OPEN and paid.amount_minor == 0:
            return _unpaid(charge, answer, status)
        found = self._attempts(charge, until)
        taken = found.with_word(ATTEMPT_SUCCEEDED)
        if taken:
            return _succeeded(found, taken, reference)
        if status is Status.SUCCEEDED or paid.amount_minor > 0:
            raise uncertain(found.answer)
        if found.with_word(ATTEMPT_PENDING):
            status = Status.OPEN
        return _unpaid(charge, answer, status)

    def _attempts(self, charge: Charge, until: float) -> _Found:
        """Every attempt under every order of a link."""
        link_id, private = wire_reference(charge.reference), _phones(charge)
        path = f"/links/{link_id}/orders"
        # Without `ALL` only paid orders are told, and an attempt that is pending stays unseen.
        answer = self._api.read("get_link_orders", path, until, {"status": "ALL"}, private)
        if not answer.ok or answer.fields:
            raise uncertain(answer)
        found: list[Attempt] = []
        for order in answer.items:
            order_id = identifier(order.get("order_id"))
            if order_id is None or order.get("link_id", link_id) != link_id:
                raise uncertain(answer)
            path = f"/orders/{order_id}/payments"
            last = self._api.read("get_payments", path, until, private=private)
            found += attempts(last, order_id)
            answer = last
        return _Found(in_order(found), answer)

    def _find(self, order: RefundOrder, until: float) -> refunding.OrderRefund:
        """The order of Cashfree's that holds this receipt."""
        found = self._attempts(order.charge, until)
        for each in found.attempts:
            if each.payment_id == order.receipt:
                return refunding.OrderRefund(
                    order.reference, each.order_id, order.receipt, order.amount, order.reason
                )
        raise uncertain(found.answer)


def _status_in(answer: JsonAnswer) -> Status:
    word = answer.fields.get("link_status")
    if not isinstance(word, str) or word not in LINK_WORDS:
        raise uncertain(answer)
    return LINK_WORDS[word]


def _unpaid(charge: Charge, answer: JsonAnswer, status: Status) -> Outcome:
    """An outcome without money; another payment's is not ours."""
    reference = our_reference(answer.fields.get("link_id"))
    if reference != charge.reference:
        raise uncertain(answer)
    amount = money(answer.fields.get("link_amount"), answer.fields.get("link_currency"))
    return Outcome(status, answer.call, amount=amount, reference=reference)


def _succeeded(found: _Found, taken: list[Attempt], reference: str) -> Outcome:
    first, *others = [each.to_receipt(found.answer) for each in taken]
    return Outcome(
        Status.SUCCEEDED,
        found.answer.call,
        receipt=first.receipt,
        amount=first.amount,
        reference=reference,
        also=tuple(others),
    )


def _sendable(url: object) -> bool:
    if not isinstance(url, str) or not url.startswith(_SENDABLE):
        return False
    return len(url) <= _LONGEST_LINK and url.isprintable() and " " not in url


def _phones(charge: Charge) -> tuple[str, ...]:
    return (charge.customer_phone,) if charge.customer_phone else ()
