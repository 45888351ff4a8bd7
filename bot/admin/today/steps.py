"""How far people come on the way from "pay" to paid, and so where they leave."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from bot.admin.scope import Scope
from bot.admin.today.days import Span
from bot.admin.today.queries import within
from domain.models import Payment


def of_payments(db: Session, scope: Scope, span: Span) -> Sequence[int]:
    """How far the payments opened on these days have come: opened, sent to the provider, at the
    customer (a code, a link or an invoice), paid.
    """
    reached_customer = or_(
        Payment.otp_reference.is_not(None),
        Payment.link_url.is_not(None),
        Payment.link_qr.is_not(None),
        Payment.provider_reference.is_not(None),
    )
    paid = Payment.status == "succeeded"
    row = db.execute(
        select(
            func.count(),
            func.count().filter(or_(Payment.started_at.is_not(None), paid)),
            func.count().filter(or_(reached_customer, paid)),
            func.count().filter(paid),
        ).where(within(Payment.created_at, span), scope.keeps_account(Payment.account_id))
    ).one()
    return tuple(row)


# How far a contact's conversation came, by where each of its turns left it. A payment that stands
# in the session was opened, wherever the conversation is by now.
_STEPS = text("""
    WITH paid AS (
        SELECT DISTINCT payment.contact_id FROM transfer
        JOIN payment ON payment.id = transfer.payment_id
        WHERE transfer.at >= :began AND transfer.at < :over
            AND transfer.kind IN ('capture', 'surplus')
    ), said AS (
        -- Each turn's document is opened once, not once for each comparison.
        SELECT contact_id, session ->> 'step' AS step, session ->> 'payment' AS payment
        FROM turn WHERE at >= :began AND at < :over AND session ->> 'flow' = 'pay' OFFSET 0
    ), furthest AS (
        SELECT contact_id, max(CASE
            WHEN step IN ('otp', 'link', 'phone', 'confirming', 'uncertain', 'paid') THEN 5
            WHEN step = 'starting' OR payment IS NOT NULL THEN 4
            WHEN step IN ('way', 'number', 'consent', 'ready') THEN 3
            WHEN step = 'amount' THEN 2
            ELSE 1 END) AS step
        FROM said GROUP BY contact_id
    )
    SELECT CASE WHEN paid.contact_id IS NULL THEN step ELSE 6 END AS reached, count(*) AS contacts
    FROM furthest LEFT JOIN paid USING (contact_id) GROUP BY 1
""")
_MOST_STEPS = 6


def of_conversations(db: Session, span: Span) -> Sequence[int]:
    """How many customers' conversations came so far on these days: wanted to pay, found a booking
    to pay, named an amount, opened a payment, got a code, a link or an invoice, paid. Of all
    operators: before a booking is named, nobody knows whose customer it is. A booking that takes no
    money now, because it is paid in full, cancelled or paused, is none to pay.
    """
    rows = db.execute(_STEPS, {"began": span.began, "over": span.over})
    found = {int(row.reached): int(row.contacts) for row in rows}
    return [
        sum(number for reached, number in found.items() if reached >= step)
        for step in range(1, _MOST_STEPS + 1)
    ]
