"""The figures of the page, in the shape in which it shows them: bars, their numbers, and a sentence
that says the same.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from bot.admin.payment.words import NOTES
from bot.admin.scope import Scope
from bot.admin.showing import provider_title, status_words
from bot.admin.today import queries, steps
from bot.admin.today.days import Span

_OF_PAYMENTS = ("Payment opened", "Sent to the provider", "Code, link or invoice sent", "Paid")
_OF_CONVERSATIONS = (
    "Wanted to pay",
    "Found a booking to pay",
    "Named an amount",
    "Opened a payment",
    "Got a code, a link or an invoice",
    "Paid",
)
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Bucket:
    """An hour or a day: payments opened in it, and payments that were paid in it."""

    began: datetime
    opened: int
    paid: int


@dataclass(frozen=True, slots=True)
class Step:
    """A step on the way to "paid": how many came so far, and how many of those went no further."""

    title: str
    reached: int
    left: int
    share_percent: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """The way to "paid". `counts`: customers, or payments."""

    counts: str
    steps: Sequence[Step]
    summary: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why payments ended without money, in words: with whom, and with which codes of theirs."""

    words: str
    payments: int
    providers: str
    codes: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All that the page shows."""

    money: Sequence[queries.Taken]
    buckets: Sequence[Bucket]
    busiest: str
    opened: int
    paid: int
    median: str
    funnel: Funnel
    reasons: Sequence[Reason]
    waiting: queries.Waiting


def figures(db: Session, scope: Scope, span: Span) -> Figures:
    """What happened on these days, as far as whoever looks may see it."""
    # Helpers take longer to begin than they save, and a processor from who waits for a reply.
    db.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
    ledger, opened = queries.ledger(db, scope, span), queries.opened(db, scope, span)
    buckets = [Bucket(at, opened.get(at, 0), ledger.paid.get(at, 0)) for at in span.starts()]
    return Figures(
        money=ledger.money,
        buckets=buckets,
        busiest=_busiest(buckets, span),
        opened=sum(each.opened for each in buckets),
        paid=ledger.speed.paid,
        median=lasting(ledger.speed.median),
        funnel=_funnel(db, scope, span),
        reasons=_reasons(queries.unpaid(db, scope, span)),
        waiting=queries.waiting(db, scope),
    )


def lasting(time: timedelta | None) -> str:
    """`48 s`, `3 min 20 s`, `2 h 5 min`, `3 days`; a dash for None."""
    if time is None:
        return "–"
    seconds = round(time.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < 172_800:
        return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
    return f"{seconds // 86_400} days"


def _busiest(buckets: Sequence[Bucket], span: Span) -> str:
    most = max(buckets, key=lambda bucket: bucket.opened, default=None)
    if most is None or not most.opened:
        return "No payment was opened."
    here = most.began.astimezone(span.zone)
    when = f"on {here:%A}" if span.is_week else f"from {here:%H:%M} to {here.hour + 1:02d}:00"
    return f"Most were opened {when}: {most.opened} opened, {most.paid} paid."


def _funnel(db: Session, scope: Scope, span: Span) -> Funnel:
    """Customers by their conversations; for an operator payments, because a conversation is about
    nobody's booking at first.
    """
    if scope.operator_id is None:
        titles: Sequence[str] = _OF_CONVERSATIONS
        counts = "customers"
        numbers = steps.of_conversations(db, span)
    else:
        titles, counts = _OF_PAYMENTS, "payments"
        numbers = steps.of_payments(db, scope, span)
    further = [*numbers[1:], numbers[-1]]
    way = [
        Step(title, reached, reached - after, round(100 * reached / numbers[0]) if reached else 0)
        for title, reached, after in zip(titles, numbers, further, strict=True)
    ]
    return Funnel(counts, way, _told(counts, way))


def _told(counts: str, way: Sequence[Step]) -> str:
    if not way[0].reached:
        return "Nobody began to pay."
    paid = way[-1].reached
    words = f"Of {way[0].reached} {counts}, {paid} {'was' if paid == 1 else 'were'} paid."
    if counts == "customers":
        words = f"Of {way[0].reached} customers who wanted to pay, {paid} did."
    most = max(way, key=lambda step: step.left)
    if most.left:
        words += f" Most left after “{most.title}”: {most.left}."
    return words


def _reasons(rows: Sequence[queries.Unpaid]) -> list[Reason]:
    """One line for each reason, the most frequent first."""
    found: dict[str, list[queries.Unpaid]] = {}
    for row in rows:
        found.setdefault(_reason(row), []).append(row)
    reasons = [
        Reason(
            words,
            sum(row.payments for row in same),
            _counted((provider_title(row.provider), row.payments) for row in same),
            _counted(
                (f"{provider_title(row.provider)} {row.code}", row.payments)
                for row in same
                if row.code
            ),
        )
        for words, same in found.items()
    ]
    return sorted(reasons, key=lambda reason: (-reason.payments, reason.words))


def _reason(row: queries.Unpaid) -> str:
    """`Failed: not enough money in the wallet`."""
    title = status_words(row.status)[0]
    if row.failure is None or row.failure == row.status:
        return title
    return f"{title}: {NOTES.get(row.failure, row.failure)}"


def _counted(names: Iterable[tuple[str, int]]) -> str:
    """`Omari (12), Kaspi (3)`: the most frequent first, and no more than can be read."""
    counts: Counter[str] = Counter()
    for name, number in names:
        counts[name] += number
    shown = [f"{name} ({number})" for name, number in counts.most_common(_MOST_NAMES)]
    return ", ".join([*shown, "…"] if len(counts) > _MOST_NAMES else shown)
