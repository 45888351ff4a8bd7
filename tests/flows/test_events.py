"""Events: told once, told truly, and to the conversation that stands on their payment."""

from dataclasses import replace

import pytest

from flows.conversations import FLOWS, engine
from flows.desk import PaymentStatus, PaymentView
from flows.engine import Heard, Told
from flows.events import EVENTS, UnknownEvent
from flows.flow import table_of
from tests.flows.desk_fake import STATUS_AFTER, FakeBooking, FakeDesk, FakePayment
from tests.flows.transcript import at_the_code, walk

CODE = "836066"


def told(name: str, status: PaymentStatus, **changes: object) -> Told:
    """An event about a payment that now stands at this status."""
    booking = FakeBooking("KS-2024-001")
    payment = FakePayment("payment-9", booking, booking.money(10000), "263774975187", status)
    return Told(name, replace(payment.view(), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_told_as_an_aside_that_names_booking_and_amount(name: str) -> None:
    turn = engine().hear(None, told(name, STATUS_AFTER[name]), FakeDesk(), "en", "n1")
    (say,) = turn.says
    assert (say.told, say.payment) == (name, "payment-9")
    assert "KS-2024-001" in say.text
    assert "USD 100.00" in say.text


def test_what_does_not_agree_is_not_called_unpaid() -> None:
    event = told("not_yet", PaymentStatus.AWAITING_CUSTOMER, disagrees=True)
    (say,) = engine().hear(None, event, FakeDesk(), "en", "n1").says
    assert (say.key, say.told) == ("aside.disagrees", "not_yet")
    assert "does not agree with what was asked: USD 100.00 for booking KS-2024-001" in say.text


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("status", PaymentStatus)
def test_an_event_that_is_no_longer_true_is_not_told(name: str, status: PaymentStatus) -> None:
    turn = engine().hear(None, told(name, status), FakeDesk(), "en", "n1")
    assert bool(turn.says) == (status in EVENTS[name])


def test_nobody_is_told_of_a_failure_when_the_money_moved() -> None:
    for name in ("failed", "expired", "cancelled", "uncertain"):
        turn = engine().hear(None, told(name, PaymentStatus.SUCCEEDED), FakeDesk(), "en", "n1")
        assert turn.says == ()


@pytest.mark.parametrize("name", ["otp_sent", "failed", "expired"])
def test_who_has_cancelled_is_not_asked_or_told_again(name: str) -> None:
    event = told(name, STATUS_AFTER[name], cancel_requested=True)
    assert engine().hear(None, event, FakeDesk(), "en", "n1").says == ()


@pytest.mark.parametrize("status", ["failed", "expired", "cancelled"])
def test_who_was_not_told_in_time_that_it_is_withdrawn_is_told_all_the_same(status: str) -> None:
    """However the provider calls the end: no other event tells of it."""
    event = told("withdrawn", PaymentStatus(status))
    assert len(engine().hear(None, event, FakeDesk(), "en", "n1").says) == 1


def test_nothing_was_taken_is_said_of_a_failure_only() -> None:
    for name in EVENTS:
        turn = engine().hear(None, told(name, STATUS_AFTER[name]), FakeDesk(), "en", "n1")
        assert ("Nothing was taken" in turn.says[0].text) == (name == "failed")


def test_an_unknown_event_is_an_error_of_ours() -> None:
    with pytest.raises(UnknownEvent):
        engine().hear(None, told("exploded", PaymentStatus.FAILED), FakeDesk(), "en", "n1")


def test_an_aside_leaves_the_conversation_and_its_buttons_as_they_were() -> None:
    player = walk("pay KS-2024-001")
    before = player.session
    player.hear(told("settled", PaymentStatus.SUCCEEDED))
    assert player.session == before
    player.hear(player.tap("Pay USD 500.00", player.said))
    assert player.said[-1].key == "pay.number.ask"


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_moves_the_conversation_that_stands_on_its_payment(name: str) -> None:
    player = at_the_code()
    player.walk(CODE)
    player.walk(f"* {name}")
    assert player.said[-1].told == name
    assert player.session is not None
    assert player.session.payment == "payment-1"
    assert player.session.flow == "pay"


def test_every_event_of_the_moves_is_known() -> None:
    pay = FLOWS[1]
    for name in ("otp_sent", "otp_wrong", "settled", "failed", "expired", "uncertain", "late"):
        assert name in EVENTS
        assert table_of(pay).sources(name)


def test_a_wish_to_cancel_that_the_provider_does_not_know_yet_is_no_payment_under_way() -> None:
    class Asked(FakeDesk):
        """A desk whose provider is still being asked for the code that nobody wants."""

        def live_payment(self) -> PaymentView:
            event = told("otp_sent", PaymentStatus.STARTING, cancel_requested=True)
            return event.payment

    turn = engine().hear(None, Heard("pay"), Asked(), "en", "n1")
    assert turn.session.step == "reference"
