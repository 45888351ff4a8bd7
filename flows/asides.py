"""Events about a payment that the conversation does not stand on, each in one message."""

from dataclasses import replace
from datetime import datetime

from flows import facts
from flows.linking import carrying_link, is_open, remaining_seconds
from flows.phrases import Words
from flows.standing import by_kind
from flows.turns import Reply, Told

# Said the same whether the conversation stands on the payment or not.
SAID_THE_SAME = frozenset(
    {"withdrawn", "paid_again", "refund_sent", "refunded", "refunded_outside"}
)
TOLD_BY_KIND = frozenset({"withdrawn", "expired", "cancelled"})


def aside(words: Words, told: Told, now: datetime) -> Reply:
    """One message that names amount and booking, and moves nothing."""
    payment = told.payment
    values = {
        "amount": told.amount or payment.amount,
        "booking": payment.booking.reference,
        "provider": payment.provider_title,
        "operator": payment.booking.operator,
        "reference": payment.otp_reference or "–",
        "end": payment.payer_hint,
        "tries": payment.otp_tries_left,
        "receipt": payment.receipt or payment.id,
        "shared": payment.booking.display_reference,
        "balance": payment.booking.balance,
        "reason": facts.reason(words, payment),
        "lasting": facts.lasting(words, now, payment.expires_at),
        "time": facts.refund_time(words, told.days),
    }
    name = by_kind(told.name, payment.kind) if told.name in TOLD_BY_KIND else told.name
    if told.name == "not_yet" and payment.disagrees:
        name = "disagrees"
    reply = Reply(f"aside.{name}", words.render_one_of("aside", name, values))
    if told.name == "link_made" and is_open(payment, now):
        return carrying_link(reply, words, payment, now)
    if told.name == "invoice_sent":
        return replace(reply, expires_seconds=remaining_seconds(payment, now))
    return reply
