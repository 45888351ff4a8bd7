"""Rows as years leave them: operators of very different size, bookings by the departure, payments
of which most were paid, and what was written about each. Made by the database itself.
"""

import psycopg

# Bookings of each operator out of 500,000, and the last one has next to none.
_SHARES = (300_000, 100_000, 50_000, 25_000, 10_000, 3_000, 3_000, 3_000, 3_000, 2_975, 25)
_WHOLE = 500_000
_DAYS = 730
_DAYS_OF_TURNS = 60

# Account `operator * 10 + way`; a booking's way is drawn from its number, and its currency is the
# way's. The smallest operator has Omari only.
_WAYS = """
    (VALUES (1, 'omari', 'USD', 10000), (2, 'omari', 'ZWG', 250000), (3, 'kaspi', 'KZT', 4500000),
        (4, 'phonepe', 'INR', 800000), (5, 'cashfree', 'INR', 900000))
    AS way (way, provider, currency, amount)
"""
_STATEMENTS = (
    "INSERT INTO operator (id, name) OVERRIDING SYSTEM VALUE"
    " SELECT operator, 'Crowd Tours ' || operator FROM share",
    "INSERT INTO account (id, operator_id, provider, currency, name, secrets_sealed)"
    " OVERRIDING SYSTEM VALUE"
    " SELECT operator * 10 + way, operator, provider, currency, provider, '' FROM share, {ways}"
    " WHERE operator < 110 OR way = 1",
    "INSERT INTO tour (id, operator_id, name) SELECT operator, operator, 'Tour ' || operator"
    " FROM share",
    # 500 travellers on each departure.
    "INSERT INTO departure (id, tour_id, start_date) OVERRIDING SYSTEM VALUE"
    " SELECT operator * 1000 + number, operator,"
    " current_date - 300 + (number * 3)::int FROM share,"
    " generate_series(0, (last - first) / 500) AS number",
    """CREATE TEMPORARY TABLE place AS
    SELECT n, operator, (operator * 1000 + (n - first) / 500)::bigint AS departure, way.*
    FROM share, generate_series(first, last) AS n
    CROSS JOIN LATERAL (SELECT CASE WHEN operator = 110 OR n % 100 < 55 THEN 1
        WHEN n % 100 < 60 THEN 2 WHEN n % 100 < 75 THEN 3 WHEN n % 100 < 90 THEN 4 ELSE 5 END
        AS drawn) AS draw
    JOIN {ways} ON way = drawn""",
    "CREATE UNIQUE INDEX ON place (n)",
    "ANALYZE place",
    # Payments in the order of time, two to each booking.
    """CREATE TEMPORARY TABLE act AS
    SELECT m, place.n, place.operator * 10 + place.way AS account, provider, currency,
        amount * (1 + m % 15) AS amount, place.way,
        clock_timestamp() - interval '{days} days' * (1 - m::float / {payments}) AS at,
        CASE WHEN m > {payments} - 200 THEN
            CASE WHEN m % 3 = 0 THEN 'created' WHEN way > 2 THEN 'awaiting_customer'
            ELSE 'awaiting_otp' END
        WHEN m % 9973 = 0 THEN 'uncertain'
        WHEN m * 31 % 1000 < 700 THEN 'succeeded' WHEN m * 31 % 1000 < 850 THEN 'failed'
        WHEN m * 31 % 1000 < 920 AND way > 2 THEN 'expired' ELSE 'cancelled' END AS status
    FROM generate_series(1, {payments}) AS m JOIN place ON place.n = 1 + m * 7919::bigint % {whole}
    ORDER BY m""",
    "INSERT INTO contact (id, profile_name, sequence, last_inbound_at) OVERRIDING SYSTEM VALUE"
    " SELECT n, 'Tendai', 0, now() - interval '1 day' * (n % 700) FROM place",
    "INSERT INTO identity (contact_id, address) SELECT n, '+2637' || lpad(n::text, 8, '0')"
    " FROM place",
    """INSERT INTO payment (id, booking_id, contact_id, account_id, provider, reference,
        amount_minor, currency, payer_number, status, version, provider_reference, receipt,
        otp_reference, debit_reference, failure, review, started_at, hold_until, ended_at,
        next_check_at, created_at)
    SELECT {id}, n, n, account, provider, {id}::text, amount, currency,
        CASE WHEN way < 4 THEN '2637' || lpad(n::text, 8, '0') END, status, 3, 'R' || m,
        CASE WHEN status = 'succeeded' THEN 'R' || m END,
        CASE WHEN way < 3 THEN upper(substr(md5(m::text), 1, 4)) END,
        CASE WHEN way < 3 AND status = 'succeeded' THEN 'D' || m END,
        CASE WHEN status = 'failed' THEN (ARRAY['insufficient_funds', 'declined', 'wrong_otp'])
            [1 + m % 3] END,
        CASE WHEN status = 'uncertain' THEN 'uncertain'
            WHEN m % 1993 = 0 AND status = 'succeeded' THEN 'surplus' END,
        at, at + interval '5 minutes',
        CASE WHEN status IN ('succeeded', 'failed', 'expired', 'cancelled')
            THEN at + interval '70 seconds' END,
        CASE WHEN status NOT IN ('succeeded', 'failed', 'expired', 'cancelled') THEN now() END,
        at FROM act""",
    """INSERT INTO payment_event (payment_id, contact_id, version, at, kind, from_status, to_status,
        operation, http_status, milliseconds, code)
    SELECT {id}, n, version, at + interval '20 seconds' * version,
        (ARRAY['opened', 'started', 'ended'])[version],
        CASE WHEN version = 3 THEN 'starting' END, CASE WHEN version = 3 THEN status END,
        CASE WHEN version > 1 THEN 'request' END, CASE WHEN version > 1 THEN 200 END,
        CASE WHEN version > 1 THEN 340 END, CASE WHEN status = 'failed' THEN '51' END
    FROM act, generate_series(1, 3) AS version""",
    """INSERT INTO evidence (id, payment_id, account_id, provider, source, delivery_key, word,
        receipt, amount_minor, currency, at) OVERRIDING SYSTEM VALUE
    SELECT m, {id}, account, provider, 'poll', 'K' || m, status, 'R' || m, amount, currency, at
    FROM act WHERE status = 'succeeded'""",
    """INSERT INTO transfer (kind, debit, credit, amount_minor, currency, booking_id, payment_id,
        evidence_id, provider, receipt, at)
    SELECT CASE WHEN m % 1993 = 0 THEN 'surplus' ELSE 'capture' END,
        'provider:' || provider || ':' || account,
        CASE WHEN m % 1993 = 0 THEN 'suspense:' || account / 10 ELSE 'booking:' || n END,
        amount, currency, n, {id}, m, provider, 'R' || m, at + interval '70 seconds'
    FROM act WHERE status = 'succeeded' ORDER BY at""",
    """INSERT INTO booking (id, reference, reference_key, operator_id, departure_id, lead_name,
        lead_phone, currency, total_minor, paid_minor, payment_status, joined_at, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, 'KS-' || lpad(n::text, 7, '0'), 'KS' || lpad(n::text, 7, '0'), operator, departure,
        (ARRAY['Tendai', 'Rudo', 'Aliya', 'Priya', 'Farai', 'Chipo'])[1 + n % 6] || ' ' ||
        (ARRAY['Moyo', 'Ncube', 'Sharma', 'Akhmetova', 'Dube'])[1 + n % 5],
        '2637' || lpad(n::text, 8, '0'), currency, amount * 40, coalesce(paid, 0),
        CASE WHEN paid > 0 THEN 'DEPOSIT_PAID' ELSE 'PENDING' END,
        CASE WHEN paid > 0 THEN now() END, now() - interval '{days} days'
    FROM place LEFT JOIN (SELECT booking_id, sum(amount_minor) AS paid FROM transfer
        WHERE kind = 'capture' GROUP BY 1) AS sums ON booking_id = n""",
    """INSERT INTO message (direction, contact_id, sid, status, body, created_at, heard_at, phrase,
        payment_id, told, error_code)
    SELECT direction, n, 'SM' || direction || m, CASE WHEN direction = 'in' THEN 'heard'
        WHEN m % 3001 = 0 THEN 'refused' ELSE 'delivered' END, 'a message of some length', at,
        CASE WHEN direction = 'in' THEN at END, CASE WHEN direction = 'out' THEN 'pay.paid' END,
        CASE WHEN direction = 'out' THEN {id} END, CASE WHEN direction = 'out' THEN 'settled' END,
        CASE WHEN m % 3001 = 0 AND direction = 'out' THEN '63016' END
    FROM act, (VALUES ('in'), ('out')) AS way (direction)""",
    """INSERT INTO turn (contact_id, sequence, cause, session, at)
    SELECT n, m * 10 + place, 'message:' || m || ':' || place, jsonb_build_object('v', 1, 'flow',
        'pay', 'step', step, 'payment', NULL, 'answers', jsonb_build_object('booking',
        'KS-' || lpad(n::text, 7, '0'), 'amount', amount::text)), at + interval '9 seconds' * place
    FROM act, unnest(ARRAY['reference', 'amount', 'number', 'starting', 'otp', 'confirming',
        CASE status WHEN 'succeeded' THEN 'paid' WHEN 'failed' THEN 'failed' ELSE 'cancelled' END])
        WITH ORDINALITY AS said (step, place)
    WHERE (at > now() - interval '{turn_days} days' OR place = 7)
        AND (status IN ('succeeded', 'failed') OR place < 4 OR place = 7)
    ORDER BY at, place""",
    "UPDATE contact SET sequence = last FROM (SELECT contact_id, max(sequence) AS last FROM turn"
    " GROUP BY 1) AS heard WHERE contact_id = contact.id",
    "INSERT INTO audit_entry (at, actor, act, subject) SELECT now() - interval '1 minute' * n,"
    " 'anna@example.com', 'number_shown', 'payment:' || n FROM generate_series(1, 20000) AS n",
    *(
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 - ours
        for table in ("operator", "account", "departure", "contact", "evidence", "booking")
    ),
)


def fill(url: str, payments: int) -> None:
    """Fill a migrated database with this many payments over two years, half as many bookings and
    contacts, the ledger, the events, the messages and the turns of the last weeks.
    """
    whole = payments // 2
    values = {
        "payments": payments,
        "whole": whole,
        "days": _DAYS,
        "turn_days": _DAYS_OF_TURNS,
        "ways": _WAYS,
        "id": "lpad(to_hex(m), 32, '0')::uuid",
    }
    with psycopg.connect(url) as db:
        # Triggers and references are checked row by row, and these rows are made right.
        db.execute("SET session_replication_role = replica")
        db.execute("SET work_mem = '256MB'")
        db.execute("CREATE TEMPORARY TABLE share (operator bigint, first bigint, last bigint)")
        first = 1
        for number, share in enumerate(_SHARES, 1):
            last = whole if number == len(_SHARES) else first + share * whole // _WHOLE - 1
            db.execute("INSERT INTO share VALUES (%s, %s, %s)", (number * 10, first, last))
            first = last + 1
        for statement in _STATEMENTS:
            db.execute(statement.format(**values))
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("VACUUM ANALYZE")
        db.execute("CHECKPOINT")
