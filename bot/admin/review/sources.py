"""What belongs on the review list, by kind: rows of one shape, found by partial indexes.

Each source is a table and a condition, with the columns that its lines show. `:operator_id` is the
viewer's; what has none is the admins' business alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.admin.conversations import tied
from bot.admin.scope import Scope

# By then, what a worker should have done is not late but stuck.
LATE_MINUTES = 10
_LOOKED_UP = 1_000
_LATE = f"now() - interval '{LATE_MINUTES} minutes'"

# What lines show beside: it is not there where they are only counted.
_PAYMENT = "LEFT JOIN payment ON payment.id = {table}.payment_id"
_BOOKING = """LEFT JOIN booking ON booking.id = payment.booking_id
    LEFT JOIN operator ON operator.id = booking.operator_id"""
# Both kinds of subject that are shown with their booking have names of eight characters.
_SUBJECT = """LEFT JOIN operator ON operator.id = proposal.operator_id
    LEFT JOIN payment ON payment.id = CASE WHEN proposal.subject LIKE 'payment:%'
        THEN substr(proposal.subject, 9)::uuid END
    LEFT JOIN booking ON booking.id = coalesce(payment.booking_id,
        CASE WHEN proposal.subject LIKE 'booking:%' THEN substr(proposal.subject, 9)::bigint END)"""

_MY_PAYMENT = "payment.account_id IN (SELECT id FROM account WHERE operator_id = :operator_id)"
# Looked up for each row that is found: there are few, which no statistics know.
_OF_MY_PAYMENT = """(SELECT account.operator_id FROM payment
    JOIN account ON account.id = payment.account_id
    WHERE payment.id = {table}.payment_id) = :operator_id"""
# Marked, or asked about for so long: see the index ix_payment_review.
_MARKED = "(payment.review IS NOT NULL OR payment.status = 'uncertain')"
# The last event that says why.
_SINCE = """coalesce((SELECT at FROM payment_event
    WHERE payment_id = payment.id
        AND kind IN ('answer_lost', 'mismatch', 'surplus', 'reversed')
    ORDER BY version DESC LIMIT 1), payment.created_at)"""

# Of a payment that succeeded more than once the words are others; see bot.admin.payment.whole.
_SURPLUS = """CASE WHEN NOT EXISTS (SELECT FROM transfer WHERE payment_id = payment.id
            AND kind IN ('capture', 'surplus') AND receipt <> payment.receipt) THEN 'surplus'
        WHEN payment.link_url IS NULL THEN 'paid_twice' ELSE 'link_paid_twice' END"""


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one kind. `table` and `where` find them, `order` says which are the oldest, `mine` is
    the condition for an operator's own; `columns` are what a line shows, from what `beside` joins.
    """

    table: str
    where: str
    order: str
    mine: str
    columns: Mapping[str, str]
    beside: str = ""


# Columns of every line, where its source says nothing else.
_COLUMNS: Mapping[str, str] = {
    "at": "NULL::timestamptz",
    "what": "NULL::text",
    "payment_id": "NULL::uuid",
    "refund_id": "NULL::uuid",
    "proposal_id": "NULL::uuid",
    "message_id": "NULL::bigint",
    "contact_id": "NULL::bigint",
    "amount_minor": "NULL::bigint",
    "currency": "NULL::text",
    "reference": "NULL::text",
    "name": "NULL::text",
    "operator": "NULL::text",
}
_BOOKED = {
    "payment_id": "payment.id",
    "contact_id": "payment.contact_id",
    "amount_minor": "payment.amount_minor",
    "currency": "payment.currency",
    "reference": "booking.reference",
    "name": "booking.lead_name",
    "operator": "operator.name",
}


def _payments(where: str, what: str = "coalesce(payment.review, 'uncertain')") -> Source:
    return Source(
        "payment",
        f"{_MARKED} AND {where}",
        "payment.created_at",
        _MY_PAYMENT,
        {**_BOOKED, "at": _SINCE, "what": what},
        _BOOKING,
    )


def _beside_payment(
    table: str, where: str, order: str, columns: Mapping[str, str], mine: str = ""
) -> Source:
    """Rows of a table that name a payment."""
    theirs = mine or _OF_MY_PAYMENT.format(table=table)
    beside = f"{_PAYMENT.format(table=table)} {_BOOKING}"
    return Source(table, where, order, theirs, columns, beside)


def _refunds(where: str, what: str, at: str = "refund.created_at") -> Source:
    amount = {"refund_id": "refund.id", "amount_minor": "refund.amount_minor"}
    columns = {**_BOOKED, **amount, "at": at, "what": what}
    return _beside_payment("refund", where, at, columns)


def _messages(where: str, order: str, what: str, scope: Scope) -> Source:
    mine = f"""({_OF_MY_PAYMENT.format(table="message")}
        OR message.payment_id IS NULL AND {tied.seen(scope, "message.contact_id")})"""
    named = {"message_id": "message.id", "contact_id": "message.contact_id"}
    columns = {**_BOOKED, **named, "at": "message.created_at", "what": what}
    return _beside_payment("message", where, order, columns, mine)


def of(scope: Scope) -> Mapping[str, Sequence[Source]]:
    """The kinds, in the order in which they are offered, and where their rows are."""
    return {
        "uncertain": (
            _payments(
                "(payment.review = 'uncertain' OR payment.review IS NULL"
                f" AND payment.created_at < {_LATE})"
            ),
        ),
        "mismatch": (
            _payments(
                "payment.review NOT IN ('uncertain', 'surplus', 'reversed', 'reversed_beyond')"
            ),
        ),
        "surplus": (_payments("payment.review = 'surplus'", _SURPLUS),),
        "reversed": (_payments("payment.review IN ('reversed', 'reversed_beyond')"),),
        "refunds": (
            _refunds(
                "(refund.review IS NOT NULL"
                f" OR refund.status = 'uncertain' AND refund.sent_at < {_LATE})",
                "coalesce(refund.review, 'uncertain_refund')",
            ),
        ),
        "stuck": _stuck(scope),
        "messages": (refused(scope, _unseen(scope)),),
        "people": (_people(scope),),
        "approvals": _approvals(),
    }


def refused(scope: Scope, more: str = "") -> Source:
    """Replies that did not arrive, with another condition, if any."""
    return _messages(
        f"message.status = 'refused'{more}",
        "message.id",
        "coalesce(message.error_code, '')",
        scope,
    )


def _unseen(scope: Scope) -> str:
    unseen = "status = 'refused' AND reviewed_at IS NULL"
    return " AND message.reviewed_at IS NULL" + _among("message", unseen, "id", scope)


def _among(table: str, where: str, order: str, scope: Scope) -> str:
    """Whose a contact is takes some looking up, so an operator's are looked for among the newest
    thousand of all: a list that nobody works off must not slow every page.
    """
    if scope.operator_id is None:
        return ""
    newest = f"SELECT id FROM {table} WHERE {where} ORDER BY {order} DESC LIMIT {_LOOKED_UP}"  # noqa: S608 - of constants
    return f" AND {table}.id IN ({newest})"


def _stuck(scope: Scope) -> Sequence[Source]:
    """Due for so long and nobody attended to it. A sweep moves the due time of what it hands over,
    so a payment that stands in a call or before it is looked for by when that began, too.
    """
    in_call = f"""payment.id IN (
        SELECT id FROM payment WHERE next_check_at < {_LATE}
        UNION SELECT id FROM payment
        WHERE status IN ('created', 'starting', 'confirming') AND cancel_requested_at IS NULL
            AND coalesce(confirm_begun_at, started_at, created_at) < {_LATE})"""  # noqa: S608 - of constants
    since = f"""CASE WHEN payment.next_check_at < {_LATE} THEN payment.next_check_at
        ELSE coalesce(payment.confirm_begun_at, payment.started_at, payment.created_at) END"""
    late_payment = Source(
        "payment",
        in_call,
        "payment.created_at",
        _MY_PAYMENT,
        {**_BOOKED, "at": since, "what": "'late_payment'"},
        _BOOKING,
    )
    late_event = _beside_payment(
        "payment_event",
        "payment_event.told IS NOT NULL AND payment_event.heard_at IS NULL"
        f" AND payment_event.at < {_LATE}",
        "payment_event.at",
        {**_BOOKED, "at": "payment_event.at", "what": "'late_event'"},
    )
    return (
        late_payment,
        _refunds(f"refund.next_check_at < {_LATE}", "'late_refund_work'", "refund.next_check_at"),
        _messages(
            f"message.direction = 'out' AND message.due_at < {_LATE}",
            "message.due_at",
            "'late_reply'",
            scope,
        ),
        _messages(
            "message.direction = 'in' AND message.heard_at IS NULL"
            f" AND message.created_at < {_LATE}",
            "message.created_at",
            "'late_hearing'",
            scope,
        ),
        late_event,
    )


def _people(scope: Scope) -> Source:
    return Source(
        "contact",
        "contact.person_wanted_at IS NOT NULL"
        + _among("contact", "person_wanted_at IS NOT NULL", "person_wanted_at", scope),
        "contact.person_wanted_at",
        tied.seen(scope, "contact.id"),
        {
            "at": "contact.person_wanted_at",
            "what": "'person_wanted'",
            "contact_id": "contact.id",
            "name": "contact.profile_name",
        },
    )


def _approvals() -> Sequence[Source]:
    proposed = Source(
        "proposal",
        "proposal.status = 'proposed'",
        "proposal.created_at",
        "proposal.operator_id = :operator_id",
        {
            "at": "proposal.created_at",
            "what": "proposal.act",
            "proposal_id": "proposal.id",
            "amount_minor": "(proposal.detail ->> 'amount_minor')::bigint",
            "currency": "proposal.detail ->> 'currency'",
            "reference": "booking.reference",
            "name": "booking.lead_name",
            "operator": "operator.name",
        },
        _SUBJECT,
    )
    return (proposed, _refunds("refund.status = 'requested'", "'refund'"))


def select(source: Source, scope: Scope, rows: int) -> str:
    """The oldest rows of a source, each with every column of a line. They are chosen first, and
    only then is looked up what stands beside them.
    """
    columns = {**_COLUMNS, **source.columns}
    shown = ", ".join(f"{expression} AS {name}" for name, expression in columns.items())
    table = source.table
    oldest = f"SELECT {table}.* {found(source, scope)} ORDER BY {source.order} LIMIT {rows}"  # noqa: S608 - of constants
    return f"SELECT {shown} FROM ({oldest}) AS {table} {source.beside}"  # noqa: S608 - of constants


def found(source: Source, scope: Scope) -> str:
    """FROM and WHERE of a source, for what this scope sees."""
    mine = "" if scope.operator_id is None else f" AND {source.mine}"
    return f"FROM {source.table} WHERE {source.where}{mine}"
