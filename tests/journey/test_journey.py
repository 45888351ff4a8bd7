"""From a customer's first word to the receipt, through every process, with real servers and simulators."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from domain.database import transaction
from domain.models import Booking, Evidence, Message, Transfer, Turn
from tests.journey.house import House, eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


def begin(house: House, amount: str = "100") -> None:
    """Up to the moment when the customer is asked for the code."""
    house.say("pay")
    house.hears("booking reference")
    house.say("ks 2024-001")
    house.hears("USD 500.00")
    house.say(amount)
    house.hears("Which Omari number")
    house.say("this number")
    house.hears("code")


def test_a_customer_pays_with_omari(house: House) -> None:
    house.start_all()
    house.sample()

    house.say("hello")  # opens WhatsApp's window of 24 hours at the simulated Twilio
    assert house.post("pay") == 200
    house.hears("booking reference")
    assert house.post("ks 2024-001") == 200
    house.hears("USD 500.00")
    house.post("100")
    house.hears("Which Omari number")
    house.post("this number")
    code = house.code()
    house.hears("PIN")
    house.post(f"Omari: your OTP is {code}. Do not share.")
    receipt = house.hears("Receipt")

    assert "USD 100.00" in receipt
    assert "BK-T005-20270210" in receipt
    house.assert_told_the_truth_once()
    (payment,) = house.payments()
    assert payment.status == "succeeded"
    assert payment.provider_reference in receipt
    book = house.omari_book()
    assert [debit["payment_reference"] for debit in book["debits"]] == [payment.provider_reference]
    with transaction() as db:
        booking = db.execute(select(Booking)).scalar_one()
        assert (booking.paid_minor, booking.payment_status) == (10_000, "DEPOSIT_PAID")
        assert db.execute(select(Transfer.kind)).scalars().all() == ["capture"]
        assert db.execute(select(Evidence.word)).scalars().all() == ["succeeded"]
        heard = db.execute(select(Turn.sequence).order_by(Turn.sequence)).scalars().all()
        assert heard == list(range(1, len(heard) + 1))
        texts = db.execute(select(Message.body)).scalars().all()
    assert not any(code in text for text in texts), "no message row holds the code"
    assert code not in house.logs()
    assert "263774975187" not in house.logs()


def test_a_wrong_code_then_cancel_then_pay_again(house: House) -> None:
    house.start_all()
    house.sample()
    begin(house)
    code = house.code()
    house.say("000000" if code != "000000" else "111111")
    house.hears("2 tries left")
    house.say("cancel")
    house.hears("ancelled")
    assert house.payments()[0].status == "cancelled"

    begin(house, "full")
    eventually("a second SMS", lambda: house.code() != code)
    house.say(house.code())
    house.hears("Receipt")

    house.assert_told_the_truth_once()
    assert [payment.status for payment in house.payments()] == ["cancelled", "succeeded"]
    assert len(house.omari_book()["debits"]) == 1


def test_fifty_copies_of_one_webhook_at_once_are_one_turn_and_one_reply(house: House) -> None:
    house.start_all()
    house.say("hello")
    sid = f"SM{'a' * 32}"
    with ThreadPoolExecutor(50) as pool:
        codes = list(pool.map(lambda _: house.post("help", sid=sid), range(50)))
    assert set(codes) == {200}
    house.assert_told_the_truth_once()
    assert len(house.replies()) == 2
    with transaction() as db:
        assert len(db.execute(select(Turn.id)).all()) == 2


def test_two_messages_at_once_on_two_web_processes_are_both_heard_in_order(house: House) -> None:
    house.start_all()
    house.say("hello")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(house.post, ["menu", "help"]))
    house.assert_told_the_truth_once()
    with transaction() as db:
        turns = db.execute(select(Turn.sequence, Turn.cause).order_by(Turn.sequence)).all()
        filed = db.execute(
            select(Message.id).where(Message.direction == "in").order_by(Message.id)
        ).scalars()
        assert [row.sequence for row in turns] == [1, 2, 3]
        assert [row.cause for row in turns] == [f"message:{number}" for number in filed]
    assert len(house.replies()) == 3
