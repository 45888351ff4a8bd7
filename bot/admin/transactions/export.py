"""The list as CSV, of any length.

Columns: `payment_id`; `opened_at`, `ended_at` (ISO 8601, UTC); `status`; `amount` (major units, a
point before the minor ones), `currency`; `provider`, `operator`; `booking`, `tour_reference`,
`traveller`; `contact` and `paid_from` (the last four characters of the number);
`otp_reference`, `provider_reference`, `receipt`, `debit_reference`; `failure` and `review` (our
names of them); `came` and `went_back`, as `amount`, by the ledger.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from bot.admin.showing import masked
from bot.admin.transactions import queries
from bot.admin.transactions.forms import Filters
from domain.database import transaction
from domain.money import Money
from domain.staff.trail import By, entry

HEADER = (
    "payment_id",
    "opened_at",
    "ended_at",
    "status",
    "amount",
    "currency",
    "provider",
    "operator",
    "booking",
    "tour_reference",
    "traveller",
    "contact",
    "paid_from",
    "otp_reference",
    "provider_reference",
    "receipt",
    "debit_reference",
    "failure",
    "review",
    "came",
    "went_back",
)
_ROWS_AT_ONCE = 1_000


def write_down(db: Session, by: By, filters: Filters) -> None:
    """Who takes the table away, and which."""
    db.add(entry(by, "payments_exported", "payments", filters.as_detail()))


def rows(listing: queries.Listing, rows_at_once: int = _ROWS_AT_ONCE) -> Iterator[Sequence[object]]:
    """The lines below the header, newest first. Each page is a transaction of its own, because a
    download may take as long as its reader likes.
    """
    before: queries.Cursor | None = None
    while True:
        with transaction() as db:
            page = queries.page(db, listing, before, rows_at_once)
        yield from (_line(row) for row in page.rows)
        if page.older is None:
            return
        before = (page.rows[-1].created_at, page.rows[-1].id)


def _line(row: queries.PaymentRow) -> Sequence[object]:
    return (
        str(row.id),
        _moment(row.created_at),
        _moment(row.ended_at),
        row.status,
        _amount(row.amount_minor, row),
        row.currency,
        row.provider,
        row.operator,
        row.booking,
        row.shared,
        row.traveller,
        _number(row.contact),
        _number(row.payer_number),
        row.otp_reference,
        row.provider_reference,
        row.receipt,
        row.debit_reference,
        row.failure,
        row.review,
        _amount(row.came_minor, row),
        _amount(row.back_minor, row),
    )


def _amount(minor: int, row: queries.PaymentRow) -> str:
    return str(Money(minor, row.currency).to_decimal())


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="seconds")


def _number(address: str | None) -> str | None:
    return None if address is None else masked(address)
