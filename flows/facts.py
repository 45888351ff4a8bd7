"""Facts about bookings and payments in words: what a booking owes, what became of a payment, when
to try again.
"""

import math
from collections.abc import Callable
from datetime import datetime

from babel.dates import format_date

from flows.answers import spoken
from flows.desk import BookingView, CancelledView, Desk, PaymentStatus, PaymentView, WayKind
from flows.phrases import Rendered, Words
from flows.standing import by_kind, is_dropped

Facts = Callable[[Words, Desk], Rendered]

MOST_BOOKINGS_LISTED = 5
SHORTEST_NAMING_WORD = 4

# What these states mean to the customer depends on what they pay by.
TOLD_BY_KIND = (PaymentStatus.STARTING, PaymentStatus.AWAITING_CUSTOMER)

# The reasons that providers give and we have words for; another one is told as "declined".
KNOWN_FAILURES = frozenset(
    {
        "insufficient_funds",
        "limit",
        "no_wallet",
        "blocked",
        "wrong_otp",
        "tries_exceeded",
        "duplicate",
        "bad_request",
        "unavailable",
        "declined",
        "expired",
        "closed_by_staff",
    }
)


def under_way(desk: Desk) -> PaymentView | None:
    """The sender's payment that is not over, unless they cancelled it and only the provider does
    not know yet.
    """
    live = desk.live_payment()
    return None if live is None or is_dropped(live) else live


def trip(words: Words, booking: BookingView) -> Rendered:
    """Tour and date, as far as they are known: `Victoria Falls Safari, 10 Feb 2026`."""
    if booking.tour is None:
        return words.render("facts.no_tour", {})
    if booking.start_date is None:
        return words.render("facts.no_date", {"tour": booking.tour})
    date = format_date(booking.start_date, "d MMM yyyy", locale=words.language)
    return words.render("facts.trip", {"tour": booking.tour, "date": date})


def owed(words: Words, booking: BookingView) -> Rendered:
    """Total, paid and balance in one line."""
    return words.render(
        "facts.owed", {"total": booking.total, "paid": booking.paid, "balance": booking.balance}
    )


def when(words: Words, now: datetime, until: datetime | None) -> Rendered:
    """In how many minutes to try again, or that it is not known."""
    if until is None or until <= now:
        return words.render("facts.later", {})
    minutes = math.ceil((until - now).total_seconds() / 60)
    if minutes > 90:
        return words.render("facts.in_hours", {"hours": math.ceil(minutes / 60)})
    if minutes == 1:
        return words.render("facts.in_a_minute", {})
    return words.render("facts.in_minutes", {"minutes": minutes})


def lasting(words: Words, now: datetime, until: datetime | None) -> Rendered:
    """How long something still lasts: `about 3 minutes`."""
    if until is None:
        return words.render("facts.a_short_time_long", {})
    minutes = math.ceil((until - now).total_seconds() / 60)
    if minutes > 90:
        return words.render("facts.hours_long", {"hours": math.ceil(minutes / 60)})
    if minutes <= 1:
        return words.render("facts.a_minute_long", {})
    return words.render("facts.minutes_long", {"minutes": minutes})


def refund_time(words: Words, days: int | None) -> Rendered:
    """How long a refund takes to arrive."""
    if days is None:
        return words.render("facts.refund_unknown", {})
    if days <= 0:
        return words.render("facts.refund_at_once", {})
    if days == 1:
        return words.render("facts.refund_in_a_day", {})
    return words.render("facts.refund_in_days", {"days": days})


def standing(words: Words, booking: BookingView) -> Rendered:
    """Paid in full, deposit paid or part paid."""
    if booking.balance.amount_minor <= 0:
        return words.render("facts.paid_in_full", {})
    if booking.deposit_due is None and booking.paid.amount_minor > 0:
        return words.render("facts.deposit_paid", {})
    return words.render("facts.part_paid", {})


def receipt(words: Words, payment: PaymentView) -> Rendered:
    """The receipt of a payment that succeeded."""
    booking = payment.booking
    return words.render(
        "facts.receipt",
        {
            "amount": payment.amount,
            "provider": payment.provider_title,
            "receipt": payment.receipt or payment.id,
            "operator": booking.operator,
            "trip": trip(words, booking),
            "booking": booking.reference,
            "shared": booking.display_reference,
            "standing": standing(words, booking),
            "owed": owed(words, booking),
        },
    )


def reason(words: Words, payment: PaymentView) -> Rendered:
    """Why a payment failed, in plain words."""
    why = payment.failure if payment.failure in KNOWN_FAILURES else "declined"
    if why == "expired" and payment.kind is not WayKind.CODE:
        why = "not_in_time"
    return words.render_one_of("reason", why, {"provider": payment.provider_title})


def payment_line(words: Words, payment: PaymentView) -> Rendered:
    """One payment in one line: `USD 100.00 for KS-2024-001: waiting for your code.`"""
    status = payment.status
    if payment.cancel_requested and status is not PaymentStatus.SUCCEEDED:
        status = PaymentStatus.CANCELLED
    told = by_kind(status.value, payment.kind) if status in TOLD_BY_KIND else status.value
    if status is PaymentStatus.AWAITING_CUSTOMER and payment.disagrees:
        told = "disagrees"
    state = words.render_one_of("state", told, {"provider": payment.provider_title})
    return words.render(
        "facts.payment",
        {"amount": payment.amount, "booking": payment.booking.reference, "state": state},
    )


def on_tour(bookings: tuple[BookingView, ...], text: str) -> tuple[BookingView, ...]:
    """The bookings whose tour is named in a text, by one of the longer words of its name."""
    said = set(spoken(text))
    return tuple(
        booking
        for booking in bookings
        if booking.tour is not None
        and any(
            len(word) >= SHORTEST_NAMING_WORD for word in said.intersection(spoken(booking.tour))
        )
    )


def booking_lines(words: Words, bookings: tuple[BookingView, ...]) -> Rendered:
    """Each booking in two lines, or three with the tour's reference; the first few of them."""
    lines = [_booking_line(words, booking) for booking in bookings[:MOST_BOOKINGS_LISTED]]
    left_out = len(bookings) - MOST_BOOKINGS_LISTED
    if left_out > 0:
        lines.append(words.render("facts.more_bookings", {"count": left_out}))
    return Rendered("\n".join(lines))


def _booking_line(words: Words, booking: BookingView) -> Rendered:
    values: dict[str, object] = {
        "reference": booking.reference,
        "trip": trip(words, booking),
        "owed": owed(words, booking),
    }
    if booking.display_reference == booking.reference:
        return words.render("facts.booking", values)
    return words.render("facts.booking_on_tour", values | {"shared": booking.display_reference})


def _cancelled_line(words: Words, cancelled: CancelledView) -> Rendered:
    booking = cancelled.booking
    return words.render(
        "facts.cancelled",
        {
            "reference": booking.reference,
            "trip": trip(words, booking),
            "money": _money_of(words, cancelled),
        },
    )


def _money_of(words: Words, cancelled: CancelledView) -> Rendered:
    """What was given back of a cancelled booking, what is to be, and what to ask about."""
    operator, values = cancelled.booking.operator, {"given": cancelled.given_back}
    owing = {"operator": operator, "left": cancelled.to_give_back}
    untraced = {"operator": operator, "untraced": cancelled.untraced}
    if cancelled.to_give_back.amount_minor and cancelled.given_back.amount_minor:
        money = words.render("facts.given_back_in_part", values | owing)
    elif cancelled.to_give_back.amount_minor:
        money = words.render("facts.to_give_back", owing)
    elif cancelled.given_back.amount_minor:
        money = words.render("facts.given_back", values)
    elif cancelled.untraced.amount_minor:
        return words.render("facts.ask_about", untraced)
    else:
        return words.render("facts.nothing_to_pay", {})
    if not cancelled.untraced.amount_minor:
        return money
    return Rendered(f"{money} {words.render('facts.ask_about_other', untraced)}")


def own_bookings(
    words: Words, bookings: tuple[BookingView, ...], cancelled: tuple[CancelledView, ...]
) -> Rendered | None:
    """The sender's bookings with what each owes, and those that were cancelled lately; None for who
    has none.
    """
    lines = [booking_lines(words, bookings)] if bookings else []
    lines += [_cancelled_line(words, each) for each in cancelled]
    return Rendered("\n".join(lines)) if lines else None


def status(words: Words, desk: Desk) -> Rendered:
    """The payment under way, or else the last one, and the sender's bookings."""
    parts = []
    payment = under_way(desk) or desk.last_payment()
    if payment is not None:
        parts.append(payment_line(words, payment))
    bookings = own_bookings(words, desk.own_bookings(), desk.cancelled_bookings())
    if bookings is not None:
        parts.append(bookings)
    return Rendered("\n\n".join(parts) or words.render("facts.nothing_known", {}))
