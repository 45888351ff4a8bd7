"""Proves the books, by a way of its own: from evidence and transfers, not from the sums that
`settle` keeps.

Each proof is one query that lists what contradicts it; no row, no contradiction.
"""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

_PROOFS = {
    "a booking says another sum than its transfers": """
        SELECT 'booking ' || b.reference, b.paid_minor || ' paid, transfers say ' ||
        coalesce(t.posted, 0) FROM booking b LEFT JOIN (
            SELECT booking_id, sum(CASE WHEN credit = 'booking:' || booking_id THEN amount_minor
                                        WHEN debit = 'booking:' || booking_id THEN -amount_minor
                                        ELSE 0 END) AS posted
            FROM transfer GROUP BY booking_id
        ) t ON t.booking_id = b.id
        WHERE b.paid_minor <> coalesce(t.posted, 0)""",
    "a booking was paid more than it costs": """
        SELECT 'booking ' || reference, paid_minor || ' of ' || total_minor
        FROM booking WHERE paid_minor > total_minor""",
    "money was credited without a provider's word, or not as it says": """
        SELECT 'payment ' || r.payment_id,
               'receipt ' || r.receipt || ': ' || r.credited || ' credited'
        FROM (SELECT payment_id, provider, receipt, currency, sum(amount_minor) AS credited,
                     min(evidence_id) AS evidence_id
              FROM transfer WHERE kind IN ('capture', 'surplus')
              GROUP BY payment_id, provider, receipt, currency) r
        JOIN payment p ON p.id = r.payment_id
        LEFT JOIN evidence e ON e.id = r.evidence_id
        WHERE e.id IS NULL OR e.word <> 'succeeded' OR e.receipt IS DISTINCT FROM r.receipt
           OR e.provider <> p.provider OR r.currency <> p.currency
           OR coalesce(e.amount_minor, p.amount_minor) <> r.credited
           OR coalesce(e.currency, p.currency) <> r.currency""",
    "a provider's word of success was neither credited nor put into review": """
        SELECT 'payment ' || coalesce(e.payment_id::text, 'unknown'), 'evidence ' || e.id
        FROM evidence e LEFT JOIN payment p ON p.id = e.payment_id
        WHERE e.word = 'succeeded' AND p.review IS NULL AND NOT EXISTS (
            SELECT FROM transfer t
            WHERE t.provider = e.provider AND t.receipt = e.receipt
              AND t.payment_id = e.payment_id)""",
    "one receipt was credited to two payments": """
        SELECT 'receipt ' || receipt, count(DISTINCT payment_id) || ' payments'
        FROM transfer WHERE receipt IS NOT NULL
        GROUP BY provider, receipt HAVING count(DISTINCT payment_id) > 1""",
    "a payment succeeded without money, or money came without success": """
        SELECT 'payment ' || p.id, p.status
        FROM payment p LEFT JOIN (
            SELECT DISTINCT payment_id FROM transfer WHERE kind IN ('capture', 'surplus')
        ) t ON t.payment_id = p.id
        WHERE (p.status = 'succeeded') <> (t.payment_id IS NOT NULL)""",
    "a transfer is in another currency than its booking": """
        SELECT 'transfer ' || t.id, t.currency || ' for ' || b.currency
        FROM transfer t JOIN booking b ON b.id = t.booking_id WHERE t.currency <> b.currency""",
    "a payment's story has a gap": """
        SELECT 'payment ' || p.id, 'version ' || p.version || ', ' || count(e.id) || ' lines'
        FROM payment p LEFT JOIN payment_event e ON e.payment_id = p.id
        GROUP BY p.id HAVING count(e.id) <> p.version OR max(e.version) IS DISTINCT FROM
        p.version""",
    "a payment does not stand where its story ends": """
        SELECT 'payment ' || p.id, p.status || ', the story says ' || coalesce(last.to_status,
        'created') FROM payment p LEFT JOIN (
            SELECT DISTINCT ON (payment_id) payment_id, to_status FROM payment_event
            WHERE to_status IS NOT NULL ORDER BY payment_id, version DESC
        ) last ON last.payment_id = p.id
        WHERE p.status <> coalesce(last.to_status, 'created')""",
    "a payment's story jumps": """
        SELECT 'payment ' || payment_id, 'from ' || from_status || ' after ' || before
        FROM (SELECT payment_id, from_status,
                     coalesce(lag(to_status) OVER (PARTITION BY payment_id ORDER BY version),
                              'created') AS before
              FROM payment_event WHERE to_status IS NOT NULL) moves
        WHERE from_status <> before""",
    "an open payment has no time at which somebody looks at it": """
        SELECT 'payment ' || id, status FROM payment
        WHERE next_check_at IS NULL AND status NOT IN ('succeeded', 'failed', 'expired',
        'cancelled')""",
    "a refund gives back more than came in": """
        SELECT 'payment ' || p.id, r.back || ' of ' || coalesce(t.brought, 0)
        FROM payment p
        JOIN (SELECT payment_id, sum(amount_minor) AS back FROM (
                  SELECT payment_id, amount_minor FROM refund
                  -- What a provider took back meanwhile may leave an open one without its money:
                  -- that one waits for a person.
                  WHERE status <> 'failed' AND (status = 'succeeded' OR review IS NULL)
                  UNION ALL
                  SELECT payment_id, amount_minor FROM transfer WHERE kind = 'reversal') each
              GROUP BY payment_id) r ON r.payment_id = p.id
        LEFT JOIN (SELECT payment_id, sum(amount_minor) AS brought FROM transfer
                   WHERE kind IN ('capture', 'surplus') GROUP BY payment_id) t
          ON t.payment_id = p.id
        WHERE r.back > coalesce(t.brought, 0)""",
    "a customer was told that nothing moved when money had": """
        SELECT 'payment ' || m.payment_id, 'told ' || m.told
        FROM message m JOIN payment p ON p.id = m.payment_id
        WHERE p.status = 'succeeded' AND m.told = 'failed'
          AND m.status NOT IN ('expired', 'refused')
          AND NOT EXISTS (SELECT FROM message l WHERE l.payment_id = p.id
                          AND l.told IN ('late', 'surplus'))""",
}

_MONEY_BACK_PROOFS = {
    "a refund's transfers are not what it says": """
        SELECT 'refund ' || r.id, r.status || ' ' || r.amount_minor || ', transfers say '
               || coalesce(t.posted, 0)
        FROM refund r LEFT JOIN (
            SELECT refund_id, sum(amount_minor) AS posted FROM transfer GROUP BY refund_id
        ) t ON t.refund_id = r.id
        WHERE coalesce(t.posted, 0) <> CASE r.status WHEN 'succeeded' THEN r.amount_minor ELSE 0
        END""",
    "money went back without evidence, or not as it says": """
        SELECT t.kind || ' of payment ' || t.payment_id, t.gone || ' by evidence '
               || coalesce(t.evidence_id::text, 'none')
        FROM (SELECT kind, payment_id, refund_id, evidence_id, currency, sum(amount_minor) AS gone
              FROM transfer WHERE kind IN ('refund', 'reversal')
              GROUP BY kind, payment_id, refund_id, evidence_id, currency) t
        LEFT JOIN evidence e ON e.id = t.evidence_id
        LEFT JOIN refund r ON r.id = t.refund_id
        WHERE e.id IS NULL OR e.payment_id IS DISTINCT FROM t.payment_id
           OR e.word <> CASE t.kind WHEN 'refund' THEN 'refunded' ELSE 'reversed' END
           OR (t.kind = 'refund' AND r.payment_id IS DISTINCT FROM t.payment_id)
           OR (t.kind = 'refund' AND coalesce(e.amount_minor, t.gone) <> t.gone)
           OR (t.kind = 'reversal' AND coalesce(e.amount_minor, 0) < t.gone)
           OR coalesce(e.currency, t.currency) <> t.currency""",
    "an account gave back more of a payment than it got": """
        SELECT account || ' for payment ' || payment_id, sum(amount)::text
        FROM (SELECT payment_id, credit AS account, amount_minor AS amount FROM transfer
              WHERE kind IN ('capture', 'surplus')
              UNION ALL
              SELECT payment_id, debit, -amount_minor FROM transfer
              WHERE kind IN ('refund', 'reversal')) each
        GROUP BY payment_id, account HAVING sum(amount) < 0""",
    "a refund under way has neither a time nor a person who looks at it": """
        SELECT 'refund ' || id, status FROM refund
        WHERE next_check_at IS NULL AND review IS NULL
          AND status IN ('approved', 'sending', 'pending', 'uncertain')""",
    "a refund was approved by nobody, or by who asked for it": """
        SELECT 'refund ' || id, status FROM refund
        WHERE approved_by = requested_by
           OR (approved_at IS NULL AND status NOT IN ('requested', 'failed'))""",
}


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something in the books that cannot be true."""

    what: str
    where: str
    detail: str


def prove(db: Session) -> list[Contradiction]:
    """Everything that contradicts the books; an empty list proves them."""
    return [
        Contradiction(what, row[0], row[1])
        for what, query in (_PROOFS | _MONEY_BACK_PROOFS).items()
        for row in db.execute(text(query))
    ]
