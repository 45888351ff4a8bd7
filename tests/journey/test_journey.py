"""From a customer's first word to the receipt, through every process, with real servers and
simulators.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from domain.database import transaction
from domain.models import Booking, ContactIdentity, Evidence, Message, Turn
from tests.journey.customer import Customer
from tests.journey.house import House
from tests.journey.waiting import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


def turns_of(customer: Customer) -> list[tuple[int, str]]:
    with transaction() as db:
        rows = db.execute(
            select(Turn.sequence, Turn.cause)
            .join(ContactIdentity, ContactIdentity.contact_id == Turn.contact_id)
            .where(ContactIdentity.address == f"+{customer.phone}")
            .order_by(Turn.sequence)
        )
        return [(sequence, cause) for sequence, cause in rows]


def test_a_customer_pays_with_omari(house: House) -> None:
    tendai = house.customer()
    tendai.say("hello")  # opens WhatsApp's window of 24 hours at the simulated Twilio
    assert tendai.post("pay") == 200
    tendai.hears("booking reference")
    assert tendai.post(tendai.reference.lower().replace("-", " ")) == 200
    tendai.hears("USD 500.00")
    tendai.post("100")
    tendai.hears("Which Omari number")
    tendai.post("this number")
    code = tendai.code()
    tendai.hears("PIN")
    tendai.post(f"Omari: your OTP is {code}. Do not share.")
    receipt = tendai.hears("Receipt")

    assert "USD 100.00" in receipt
    assert "BK-T005-20270210" in receipt
    house.assert_told_the_truth_once()
    (payment,) = tendai.payments()
    assert payment.status == "succeeded"
    assert tendai.receipts() == [payment.provider_reference]
    assert str(payment.provider_reference) in receipt
    with transaction() as db:
        booking = db.get_one(Booking, payment.booking_id)
        assert (booking.paid_minor, booking.payment_status) == (10_000, "DEPOSIT_PAID")
        words = select(Evidence.word).where(Evidence.payment_id == payment.id)
        assert db.execute(words).scalars().all() == ["succeeded"]
        texts = db.execute(select(Message.body)).scalars().all()
    sequences = [sequence for sequence, _cause in turns_of(tendai)]
    assert sequences == list(range(1, len(sequences) + 1))
    assert not any(code in text for text in texts), "no message row holds the code"
    assert code not in house.logs()
    assert tendai.phone not in house.logs()


def test_a_wrong_code_then_cancel_then_pay_again(house: House) -> None:
    tendai = house.customer()
    tendai.pay_until_code()
    code = tendai.code()
    tendai.hears("PIN")
    tendai.say("000000" if code != "000000" else "111111")
    tendai.hears("2")
    eventually("the wrong code is told", lambda: tendai.payments()[0].otp_try == 2)
    tendai.say("cancel")
    eventually("it is cancelled", lambda: tendai.payments()[0].status == "cancelled")

    tendai.pay_until_code("full")
    eventually("a second code", lambda: tendai.code() != code)
    tendai.say(tendai.code())
    tendai.hears("Receipt")

    house.assert_told_the_truth_once()
    assert [payment.status for payment in tendai.payments()] == ["cancelled", "succeeded"]
    assert len(tendai.receipts()) == 1


def test_fifty_copies_of_one_webhook_at_once_are_one_turn_and_one_reply(house: House) -> None:
    tendai = house.customer()
    tendai.say("hello")
    sid = f"SM{'a' * 32}"
    with ThreadPoolExecutor(50) as pool:
        codes = list(pool.map(lambda _: tendai.post("help", sid=sid), range(50)))
    assert set(codes) == {200}
    house.assert_told_the_truth_once()
    assert len(tendai.replies()) == 2
    assert len(turns_of(tendai)) == 2


def test_two_messages_at_once_on_two_web_processes_are_both_heard_in_order(house: House) -> None:
    tendai = house.customer()
    tendai.say("hello")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tendai.post, ["menu", "help"]))
    house.assert_told_the_truth_once()
    with transaction() as db:
        newest = select(func.max(Message.id)).where(Message.direction == "in").scalar_subquery()
        filed = db.execute(
            select(Message.id)
            .where(Message.direction == "in", Message.id > newest - 3)
            .order_by(Message.id)
        ).scalars()
        assert turns_of(tendai)[1:] == [
            (sequence, f"message:{number}")
            for sequence, number in enumerate(list(filed)[-2:], start=2)
        ]
    assert len(tendai.replies()) == 3
