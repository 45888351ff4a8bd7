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
              AND t.payment_id = e.payment_id)
          -- Two people have said what became of it, since this money was first told of.
          AND NOT EXISTS (SELECT FROM evidence f JOIN evidence o ON o.payment_id = f.payment_id
                          WHERE f.payment_id = e.payment_id AND f.delivery_key LIKE 'proposal:%'
                          AND f.id > o.id AND (o.id = e.id OR o.word = e.word
                              AND (o.provider, o.receipt, o.amount_minor, o.currency)
                                = (e.provider, e.receipt, e.amount_minor, e.currency)))""",
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
              WHERE kind IN ('capture', 'surplus', 'move') AND payment_id IS NOT NULL
              UNION ALL
              SELECT payment_id, debit, -amount_minor FROM transfer
              WHERE kind IN ('refund', 'reversal', 'move') AND payment_id IS NOT NULL) each
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


_BY_PEOPLE_PROOFS = {
    "money from outside is not what somebody of staff wrote down": """
        SELECT 'transfer ' || t.id, t.amount_minor || ' by evidence '
               || coalesce(e.id::text, 'none')
        FROM transfer t JOIN booking b ON b.id = t.booking_id
        LEFT JOIN evidence e ON e.id = t.evidence_id AND e.source = 'person'
        WHERE t.kind = 'outside' AND (
            e.id IS NULL OR e.word <> 'outside' OR e.currency IS DISTINCT FROM t.currency
            OR e.amount_minor IS DISTINCT FROM t.amount_minor
            OR t.debit <> 'outside:' || b.operator_id OR t.credit <> 'booking:' || b.id
            OR NOT EXISTS (SELECT FROM audit_entry a
                WHERE a.subject = 'booking:' || b.id AND a.act = 'outside_recorded'
                  AND a.detail ->> 'record' = e.delivery_key
                  AND a.detail ->> 'amount_minor' = t.amount_minor::text))""",
    "money was moved in another way than two people agreed": """
        SELECT 'evidence ' || coalesce(m.evidence_id::text, 'none'), m.low || ' moved'
        FROM (SELECT evidence_id, count(*) AS rows, min(amount_minor) AS low,
                     max(amount_minor) AS high,
                     string_agg(payment_id::text, ' ') AS payments,
                     max(debit) FILTER (WHERE debit LIKE 'booking:%') AS giving,
                     max(credit) FILTER (WHERE debit LIKE 'booking:%') AS put_into,
                     max(debit) FILTER (WHERE credit LIKE 'booking:%') AS taken_from,
                     max(credit) FILTER (WHERE credit LIKE 'booking:%') AS taking
              FROM transfer WHERE kind = 'move' GROUP BY evidence_id) m
        LEFT JOIN evidence e ON e.id = m.evidence_id
        LEFT JOIN proposal p ON p.status = 'approved' AND p.act = 'move_money'
                            AND 'proposal:' || p.id = e.delivery_key
        WHERE p.id IS NULL OR e.word <> 'move' OR m.rows <> 2 OR m.low <> m.high
           OR e.amount_minor IS DISTINCT FROM m.low OR p.detail ->> 'amount_minor' <> m.low::text
           -- Either row names the payment that was agreed to, or neither does.
           OR m.payments IS DISTINCT FROM
              (p.detail ->> 'payment_id') || ' ' || (p.detail ->> 'payment_id')
           OR m.giving IS DISTINCT FROM p.subject
           OR m.taking IS DISTINCT FROM 'booking:' || (p.detail ->> 'to_booking_id')
           OR m.put_into IS DISTINCT FROM 'suspense:' || p.operator_id
           OR m.taken_from IS DISTINCT FROM m.put_into""",
    "money from outside was taken back in another way than two people agreed": """
        SELECT 'transfer ' || t.id, t.amount_minor || ' of transfer '
               || coalesce(t.takes_back_id::text, 'none')
        FROM transfer t LEFT JOIN evidence e ON e.id = t.evidence_id
        LEFT JOIN transfer o ON o.id = t.takes_back_id AND o.kind = 'outside'
        LEFT JOIN proposal p ON p.status = 'approved' AND p.act = 'take_back_outside'
                            AND 'proposal:' || p.id = e.delivery_key
        WHERE t.kind = 'taken_back' AND (
            o.id IS NULL OR p.id IS NULL OR e.word <> 'taken_back'
            OR (t.debit, t.credit, t.currency) <> (o.credit, o.debit, o.currency)
            OR e.amount_minor IS DISTINCT FROM t.amount_minor
            OR (p.subject, p.detail ->> 'transfer_id', p.detail ->> 'amount_minor')
               IS DISTINCT FROM (t.debit, o.id::text, t.amount_minor::text))""",
    "more of money from outside was taken back than had come": """
        SELECT 'transfer ' || o.id, sum(t.amount_minor) || ' of ' || o.amount_minor
        FROM transfer o JOIN transfer t ON t.takes_back_id = o.id
        GROUP BY o.id HAVING sum(t.amount_minor) > o.amount_minor""",
    "what people wrote down of money was not posted once": """
        SELECT 'evidence ' || e.id, e.word || ', ' || count(t.id) || ' transfers'
        FROM evidence e LEFT JOIN transfer t ON t.evidence_id = e.id
        WHERE e.source = 'person' AND e.word IN ('outside', 'move', 'taken_back')
        GROUP BY e.id HAVING count(t.id) <> CASE e.word WHEN 'move' THEN 2 ELSE 1 END""",
    "a proposal was not decided by two people who said so": """
        SELECT 'proposal ' || p.id, p.act || ' ' || p.status FROM proposal p
        WHERE (p.status = 'approved' AND (p.decided_by IS NULL OR p.decided_by = p.proposed_by
                                          OR p.not_before > p.decided_at))
           OR NOT EXISTS (SELECT FROM audit_entry a
                WHERE a.subject = p.subject AND a.act = p.act || '_proposed'
                  AND a.staff_id = p.proposed_by AND a.detail ->> 'proposal' = p.id::text)
           OR (p.status <> 'proposed' AND NOT EXISTS (SELECT FROM audit_entry a
                WHERE a.subject = p.subject AND a.staff_id = p.decided_by
                  AND a.act = p.act || CASE WHEN p.status = 'approved' THEN '_approved'
                      WHEN p.decided_by = p.proposed_by THEN '_withdrawn' ELSE '_rejected' END
                  AND a.detail ->> 'proposal' = p.id::text))""",
    "what two people agreed to is not in the books": """
        SELECT 'proposal ' || p.id, p.act FROM proposal p
        WHERE p.status = 'approved' AND NOT CASE p.act
            WHEN 'settle_by_statement' THEN EXISTS (
                SELECT FROM evidence e JOIN transfer t ON t.evidence_id = e.id
                WHERE e.delivery_key = 'proposal:' || p.id AND e.source = 'statement'
                  AND 'payment:' || e.payment_id = p.subject
                  AND e.amount_minor::text = p.detail ->> 'amount_minor')
            WHEN 'close_as_not_paid' THEN EXISTS (
                SELECT FROM evidence e JOIN payment_event v ON v.payment_id = e.payment_id
                WHERE e.delivery_key = 'proposal:' || p.id AND v.kind = 'closed_by_staff'
                  AND 'payment:' || e.payment_id = p.subject)
            WHEN 'close_review' THEN EXISTS (
                SELECT FROM evidence e WHERE e.delivery_key = 'proposal:' || p.id
                  AND 'payment:' || e.payment_id = p.subject)
            WHEN 'move_money' THEN EXISTS (
                SELECT FROM evidence e WHERE e.delivery_key = 'proposal:' || p.id
                  AND e.word = 'move')
            WHEN 'take_back_outside' THEN EXISTS (
                SELECT FROM evidence e WHERE e.delivery_key = 'proposal:' || p.id
                  AND e.word = 'taken_back')
            WHEN 'refunded_outside' THEN EXISTS (
                SELECT FROM refund r WHERE r.id = p.id AND r.status = 'succeeded'
                  AND r.way = 'outside' AND 'payment:' || r.payment_id = p.subject
                  AND (r.requested_by, r.approved_by) = (p.proposed_by, p.decided_by)
                  AND r.amount_minor::text = p.detail ->> 'amount_minor')
            WHEN 'conclude_refund' THEN EXISTS (
                SELECT FROM evidence e WHERE e.source = 'person' AND e.delivery_key
                    = split_part(p.subject, ':', 2) || ':' || CASE p.detail ->> 'finding'
                      WHEN 'given_back' THEN 'refunded' ELSE 'not_refunded' END)
            ELSE true END""",
    "a finding of two people has no agreement behind it": """
        SELECT 'evidence ' || e.id, e.delivery_key
        FROM evidence e LEFT JOIN proposal p
          ON 'proposal:' || p.id = e.delivery_key AND p.status = 'approved'
        WHERE e.delivery_key LIKE 'proposal:%' AND p.id IS NULL
        UNION ALL
        SELECT 'payment ' || v.payment_id, v.kind FROM payment_event v
        WHERE v.kind = 'closed_by_staff' AND NOT EXISTS (
            SELECT FROM evidence e WHERE e.payment_id = v.payment_id AND e.word = 'not_paid'
              AND e.delivery_key LIKE 'proposal:%')""",
    "a surplus waits, and the payment is before nobody": """
        SELECT 'payment ' || p.id, s.held::text
        FROM payment p JOIN (
            SELECT payment_id, sum(CASE WHEN credit LIKE 'suspense:%' THEN amount_minor
                                        WHEN debit LIKE 'suspense:%' THEN -amount_minor
                                        ELSE 0 END) AS held
            FROM transfer GROUP BY payment_id) s ON s.payment_id = p.id
        WHERE s.held > 0 AND p.review IS NULL""",
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
        for what, query in (_PROOFS | _MONEY_BACK_PROOFS | _BY_PEOPLE_PROOFS).items()
        for row in db.execute(text(query))
    ]
