"""Today: sums of a day and of a week, by hand-made rows at moments that the test names."""

import itertools
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.admin.scope import Scope
from bot.admin.today import days, queries, steps
from bot.admin.today.figures import Bucket, figures, lasting
from domain import ledger
from domain.database import transaction
from domain.models import Booking, Evidence, Message, Payment, PaymentEvent, Transfer, Turn
from domain.money import Money
from tests.bot.admin.conftest import House, SignIn
from tests.bot.admin.payments_listed import NOON, Shelf, paid_for, shelf

__all__ = ["shelf"]

DAY = NOON.date()
ALL = Scope(None)
_numbers = itertools.count(1)


def span(on: date = DAY, length: str = "1", zone: str = "UTC") -> days.Span:
    found, ignored = days.read(str(on), length, NOON + timedelta(days=30), ZoneInfo(zone))
    assert ignored is None
    return found


def money_for(
    shelf: Shelf, reference: str, *, minutes: float = 0, took: float = 60, kind: str = "capture"
) -> UUID:
    """A payment of 100.00 whose money came so many minutes before NOON, `took` seconds after it
    was opened.
    """
    at = NOON - timedelta(minutes=minutes)
    opened = minutes + took / 60
    payment_id = paid_for(shelf, reference, minutes=opened, status="succeeded", started_at=at)
    with transaction() as db:
        payment = db.get_one(Payment, payment_id)
        booking = db.get_one(Booking, payment.booking_id)
        receipt = f"R{next(_numbers)}"
        evidence = Evidence(
            payment_id=payment.id,
            provider=payment.provider,
            source="poll",
            delivery_key=receipt,
            word="succeeded",
            receipt=receipt,
        )
        db.add(evidence)
        db.flush()
        to = ledger.booking_account(booking.id)
        if kind == "surplus":
            to = ledger.suspense_account(booking.operator_id)
        else:
            ledger.raise_paid(booking, Money(payment.amount_minor, payment.currency), at)
        db.add(
            Transfer(
                kind=kind,
                debit=ledger.provider_account(payment.provider, payment.account_id),
                credit=to,
                amount_minor=payment.amount_minor,
                currency=payment.currency,
                booking_id=booking.id,
                payment_id=payment.id,
                evidence_id=evidence.id,
                provider=payment.provider,
                receipt=receipt,
                at=at,
            )
        )
    return payment_id


def posted(kind: str, shelf: Shelf, payment_id: UUID | None, amount_minor: int) -> None:
    """Money taken back by a provider, taken outside, or of that taken back, at NOON."""
    with transaction() as db:
        booking = db.get_one(Booking, shelf.bookings["KS-1"])
        evidence = Evidence(
            provider="omari", source="person", delivery_key=f"E{next(_numbers)}", word=kind
        )
        db.add(evidence)
        db.flush()
        accounts = [ledger.outside_account(booking.operator_id), ledger.booking_account(booking.id)]
        amount = Money(amount_minor, "USD")
        came = select(Transfer.id).where(Transfer.kind == "outside")
        if kind in ("reversal", "taken_back"):
            accounts.reverse()
            ledger.lower_paid(booking, amount)
        else:
            ledger.raise_paid(booking, amount, NOON)
        db.add(
            Transfer(
                kind=kind,
                debit=accounts[0],
                credit=accounts[1],
                amount_minor=amount_minor,
                currency="USD",
                booking_id=booking.id,
                payment_id=payment_id,
                evidence_id=evidence.id,
                takes_back_id=db.scalars(came).first() if kind == "taken_back" else None,
                at=NOON,
            )
        )


def test_money_is_summed_by_provider_and_currency(house: House, shelf: Shelf) -> None:
    first = money_for(shelf, "KS-1")
    money_for(shelf, "KS-2", minutes=11 * 60, kind="surplus")
    money_for(shelf, "KZ-1", minutes=30)
    money_for(shelf, "OT-1", minutes=30)
    money_for(shelf, "KS-1", minutes=13 * 60)  # the day before
    posted("reversal", shelf, first, 2_500)
    posted("outside", shelf, None, 700)
    posted("taken_back", shelf, None, 200)
    with transaction() as db:
        whole = queries.ledger(db, ALL, span()).money
        own = queries.ledger(db, Scope(house.operator_id), span()).money
        foreign = queries.ledger(db, Scope(house.stranger_id), span()).money
        before = queries.ledger(db, ALL, span(DAY - timedelta(days=1))).money
        week = queries.ledger(db, ALL, span(DAY, "7")).money
    kaspi = queries.Taken("kaspi", "KZT", 1, 10_000, 0, 0)
    outside = queries.Taken(None, "USD", 1, 700, 0, 200)
    assert whole == [kaspi, queries.Taken("omari", "USD", 3, 30_000, 10_000, 2_500), outside]
    assert own == [kaspi, queries.Taken("omari", "USD", 2, 20_000, 10_000, 2_500), outside]
    assert foreign == [queries.Taken("omari", "USD", 1, 10_000, 0, 0)]
    assert before == [queries.Taken("omari", "USD", 1, 10_000, 0, 0)]
    assert week[1].came_minor == 40_000


def test_payments_are_counted_by_the_hour_and_by_the_day(house: House, shelf: Shelf) -> None:
    money_for(shelf, "KS-1", minutes=1, took=120)  # 11:57 → 11:59
    paid_for(shelf, "KS-2", minutes=30)
    paid_for(shelf, "OT-1", minutes=30)
    paid_for(shelf, "KS-2", minutes=24 * 60)
    with transaction() as db:
        hours = figures(db, ALL, span()).buckets
        own = figures(db, Scope(house.operator_id), span()).buckets
        there = figures(db, ALL, span(zone="Asia/Kolkata")).buckets
        week = figures(db, ALL, span(DAY, "7")).buckets
    assert len(hours) == 24
    assert hours[11] == Bucket(datetime(2026, 3, 10, 11, tzinfo=UTC), 3, 1)
    assert sum(each.opened for each in hours) == 3
    assert (own[11].opened, own[11].paid) == (2, 1)
    # 11:30 and 11:57 are 17:00 and 17:27 there.
    assert (there[17].opened, there[17].paid) == (3, 1)
    assert [(each.opened, each.paid) for each in week] == [(0, 0)] * 5 + [(1, 0), (3, 1)]


def test_hours_that_are_still_to_come_are_not_shown() -> None:
    zone = ZoneInfo("UTC")
    present, _ = days.read("", "", NOON + timedelta(minutes=20), zone)
    assert present.starts()[-1] == NOON
    # The clocks of this zone went forward on this day.
    changed = span(date(2026, 3, 29), zone="Europe/Paris")
    assert len(changed.starts()) == 23


def test_half_of_those_who_paid_took_no_longer(house: House, shelf: Shelf) -> None:
    for seconds in (20, 50, 3_000):
        money_for(shelf, "KS-1", took=seconds)
    money_for(shelf, "OT-1", took=9_000)
    with transaction() as db:
        assert queries.ledger(db, Scope(house.operator_id), span()).speed == queries.Speed(
            3, timedelta(seconds=50)
        )
        nothing = queries.ledger(db, ALL, span(DAY - timedelta(days=9))).speed
        assert nothing == queries.Speed(0, None)
    assert [lasting(timedelta(seconds=each)) for each in (50, 200, 7_500, 200_000)] == [
        "50 s",
        "3 min 20 s",
        "2 h 5 min",
        "2 days",
    ]
    assert lasting(None) == "–"


def talked(contact_id: int, steps: str, payment: UUID | None = None, minutes: float = 0) -> None:
    """Turns of a conversation about paying that ended at these steps."""
    with transaction() as db:
        for number, step in enumerate(steps.split()):
            turn = next(_numbers)
            session = {"v": 1, "flow": "pay", "step": step, "payment": None, "answers": {}}
            if payment is not None and number == len(steps.split()) - 1:
                session["payment"] = str(payment)
            db.add(
                Turn(
                    contact_id=contact_id,
                    sequence=turn,
                    cause=f"message:{turn}",
                    session=session,
                    at=NOON - timedelta(minutes=minutes),
                )
            )


def test_the_way_to_paid_shows_where_customers_leave(shelf: Shelf) -> None:
    who = shelf.contacts
    paid = money_for(shelf, "KS-1")
    talked(who["KS-1"], "reference amount number starting otp confirming paid", paid)
    talked(who["KS-2"], "reference amount number")
    failed = paid_for(shelf, "KZ-1")
    talked(who["KZ-1"], "reference surname amount cancelled", failed)
    talked(who["OT-1"], "reference closed")
    talked(who["OT-1"], "amount number starting link", minutes=24 * 60)  # the day before
    with transaction() as db:
        assert steps.of_conversations(db, span()) == [4, 3, 3, 2, 1, 1]
        shown = figures(db, ALL, span())
        assert steps.of_conversations(db, span(DAY, "7")) == [4, 4, 4, 3, 2, 1]
    assert [step.left for step in shown.funnel.steps] == [1, 0, 1, 1, 0, 0]
    assert shown.funnel.summary == (
        "Of 4 customers who wanted to pay, 1 did. Most left after “Wanted to pay”: 1."
    )


def test_an_operators_way_is_counted_in_payments(house: House, shelf: Shelf) -> None:
    money_for(shelf, "KS-1")
    paid_for(shelf, "KS-2", started_at=NOON, otp_reference="ETDC")
    paid_for(shelf, "KS-2", started_at=NOON)
    paid_for(shelf, "KS-2")
    paid_for(shelf, "OT-1", started_at=NOON, otp_reference="ABCD")
    talked(shelf.contacts["OT-1"], "reference amount")
    with transaction() as db:
        shown = figures(db, Scope(house.operator_id), span()).funnel
        foreign = figures(db, Scope(house.stranger_id), span()).funnel
    assert [step.reached for step in shown.steps] == [4, 3, 2, 1]
    assert shown.summary.startswith("Of 4 payments, 1 was paid.")
    assert [step.reached for step in foreign.steps] == [1, 1, 1, 0]


def failed_with(shelf: Shelf, reference: str, failure: str, code: str | None) -> None:
    payment_id = paid_for(shelf, reference, failure=failure)
    with transaction() as db:
        db.add(
            PaymentEvent(
                payment_id=payment_id,
                contact_id=shelf.contacts[reference],
                version=1,
                kind="refused",
                from_status="starting",
                to_status="failed",
                code=code,
            )
        )


def test_failures_are_told_by_reason_with_the_providers_codes(house: House, shelf: Shelf) -> None:
    failed_with(shelf, "KS-1", "insufficient_funds", "51")
    failed_with(shelf, "KS-1", "insufficient_funds", "51")
    failed_with(shelf, "KS-2", "insufficient_funds", "A1")
    failed_with(shelf, "KZ-1", "insufficient_funds", "-99")
    failed_with(shelf, "KZ-1", "strange_new_reason", None)
    failed_with(shelf, "OT-1", "declined", "05")
    paid_for(shelf, "KS-1", status="expired")
    with transaction() as db:
        reasons = figures(db, Scope(house.operator_id), span()).reasons
    assert [(each.words, each.payments, each.providers, each.codes) for each in reasons] == [
        (
            "Failed: not enough money in the wallet",
            4,
            "Omari (3), Kaspi (1)",
            "Omari 51 (2), Kaspi -99 (1), Omari A1 (1)",
        ),
        ("Expired", 1, "Omari (1)", ""),
        ("Failed: strange_new_reason", 1, "Kaspi (1)", ""),
    ]


def refused_reply(shelf: Shelf, reference: str, payment_id: UUID | None) -> None:
    with transaction() as db:
        db.add(
            Message(
                direction="out",
                contact_id=shelf.contacts[reference],
                status="refused",
                payment_id=payment_id,
            )
        )


def test_what_waits_for_people_is_counted(house: House, shelf: Shelf) -> None:
    own = paid_for(shelf, "KS-1", review="uncertain", status="uncertain")
    foreign = paid_for(shelf, "OT-1", review="surplus")
    refused_reply(shelf, "KS-1", own)
    refused_reply(shelf, "KS-1", None)
    refused_reply(shelf, "OT-1", foreign)
    with transaction() as db:
        assert queries.waiting(db, ALL) == queries.Waiting(2, 3)
        assert queries.waiting(db, Scope(house.operator_id)) == queries.Waiting(1, 1)


def test_the_page_says_it_in_words_numbers_and_charts(
    house: House, sign_in: SignIn, shelf: Shelf
) -> None:
    money_for(shelf, "KS-1")
    failed_with(shelf, "KS-1", "declined", "05")
    client = sign_in(house.admin)
    page = unescape(client.get(f"/admin/?on={DAY}").text)
    assert "USD 100.00" in page
    assert "Most were opened from 11:00 to 12:00: 1 opened, 0 paid." in page
    assert "Failed: declined without a reason" in page
    # Somebody may well have named a booking that takes no money now.
    assert "Found a booking to pay" in page
    assert "because it is paid in full, cancelled or paused, counts in the first step alone" in page
    assert page.count('<canvas role="img" aria-label=') == 3
    assert page.count("data-chart=") == 3
    assert re.search(r"\sstyle=|<script>|\son\w+=", page) is None
    assert "/admin/static/charts.js" in page
    # A phone shows what of it nobody owed, where there is any.
    surplus = '<td class="tp-num tp-at-3l tp-named" data-label="Of it surplus">'
    assert surplus not in page
    money_for(shelf, "KS-2", kind="surplus")
    assert surplus in client.get(f"/admin/?on={DAY}").text
    own = unescape(sign_in(house.foreign).get(f"/admin/?on={DAY}").text)
    assert "USD 100.00" not in own
    assert "Counted in payments" in own


@pytest.mark.usefixtures("shelf")
def test_days_are_reached_by_links_and_by_address(house: House, sign_in: SignIn) -> None:
    client = sign_in(house.admin)
    page = client.get("/admin/").text
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    assert f'href="/admin/?on={yesterday}"' in page
    assert 'href="/admin/?days=7"' in page
    assert "The last 7 days" in client.get("/admin/?days=7").text
    week = client.get("/admin/?on=2026-03-10&days=7").text
    assert "4 Mar 2026 to 10 Mar 2026" in week
    assert 'href="/admin/?on=2026-03-03&amp;days=7"' in week
    assert 'href="/admin/?on=2026-03-17&amp;days=7"' in week
    for wrong in ("soon", "2999-01-01", "1066-10-14"):
        page = client.get(f"/admin/?on={wrong}").text
        assert "This is today." in page
        assert "<h1>Today</h1>" in page
