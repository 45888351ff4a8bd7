"""One traveller with one booking, as the tests of workers and turns see them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import requests
from sqlalchemy import func, select, text, update

from bot.runtime import Runtime
from bot.turns import drain
from domain import inbox, payments
from domain.database import transaction
from domain.models import Account, Booking, Contact, Message, Payment, PaymentEvent
from domain.money import Money
from domain.sealing import Sealer
from tests import factories
from tests.conftest import WHATSAPP_NUMBER
from tests.domain.world import later
from workers.payments import attend

MERCHANT_KEY = "test_merchant_key_0001"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Outside:
    """The simulated Omari and Twilio behind one address."""

    url: str

    def reset(self) -> None:
        for path in ("/omari/_sim/reset", "/_sim/twilio/reset"):
            requests.post(self.url + path, timeout=10).raise_for_status()

    def omari(self, operation: str, fault: str, **more: object) -> None:
        """Turn one of Omari's knobs: auth, request or query."""
        wish = {"operation": operation, "fault": fault, **more}
        requests.post(f"{self.url}/omari/_sim/knobs", json=wish, timeout=10).raise_for_status()

    def omari_behaves(self) -> None:
        requests.delete(f"{self.url}/omari/_sim/knobs", timeout=10).raise_for_status()

    def end_session(self, phone: str) -> None:
        requests.post(f"{self.url}/omari/_sim/end/{phone}", timeout=10).raise_for_status()

    def twilio(self, *faults: dict[str, object]) -> None:
        """How Twilio's API misbehaves from now on."""
        wish = {"faults": list(faults)}
        requests.post(f"{self.url}/_sim/twilio/knobs", json=wish, timeout=10).raise_for_status()

    def debits(self) -> list[int]:
        book = requests.get(f"{self.url}/omari/_sim/book", timeout=10).json()
        return [debit["amount_minor"] for debit in book["debits"]]

    def asked(self, payment_id: UUID, operation: str) -> int:
        """How often Omari got this operation for this payment."""
        book = requests.get(f"{self.url}/omari/_sim/book", timeout=10).json()
        return int(book["requests"].get(str(payment_id), {}).get(operation, 0))

    def code(self, phone: str) -> str:
        inbox = requests.get(f"{self.url}/omari/_sim/sms/{phone}", timeout=10).json()
        return str(inbox[-1]["otp"])

    def sent(self, phone: str = factories.PHONE) -> list[str]:
        """What Twilio was handed for this number, in order."""
        return [message["body"] for message in self.messages(phone)]

    def messages(self, phone: str = factories.PHONE) -> list[dict[str, Any]]:
        path = f"{self.url}/_sim/twilio/messages"
        found = requests.get(path, params={"to": f"+{phone}"}, timeout=10).json()["messages"]
        return [message for message in found if message["direction"] != "inbound"]

    def book(self) -> list[dict[str, Any]]:
        """Every message in both directions, as Twilio has it."""
        found = requests.get(f"{self.url}/_sim/twilio/book", timeout=10).json()
        messages: list[dict[str, Any]] = found["messages"]
        return messages

    def receives(self, body: str, address: str = f"+{factories.PHONE}") -> None:
        """A customer writes, and our webhook cannot be reached."""
        wish = {"from": address, "body": body, "profile_name": "Tendai"}
        requests.post(f"{self.url}/_sim/twilio/inbound", json=wish, timeout=20)


@dataclass(frozen=True, slots=True)
class Shop:
    """Ids of what there is, and what happens to it."""

    runtime: Runtime
    outside: Outside
    booking_id: int
    contact_id: int
    account_id: int
    phone: str = factories.PHONE

    # What the customer does

    def file(self, body: str, contact_id: int | None = None, **details: object) -> int:
        """File a message without hearing it. Returns its id."""
        sid = f"SM{next(_numbers):032x}"
        address = f"+{self.phone}"
        if contact_id is not None:
            address = f"+{self.phone[:-2]}{contact_id:02d}"
        inbox.file_message(address, sid, self.runtime.messages.seal(body), details)
        with transaction() as db:
            return db.execute(select(Message.id).where(Message.sid == sid)).scalar_one()

    def say(self, *bodies: str, **details: object) -> None:
        for body in bodies:
            self.file(body, **details)
            drain(self.runtime, self.contact_id)

    def open(self, amount_minor: int = 10_000, **changed: Any) -> UUID:
        """A payment that was just opened, by the booking's traveller or another contact."""
        request = self.request(amount_minor, **changed)
        with transaction() as db:
            opened = payments.open_payment(db, request, self.runtime.policy)
            assert isinstance(opened, Payment), opened
            return opened.id

    def request(self, amount_minor: int = 10_000, **changed: Any) -> payments.OpenRequest:
        """What the booking's traveller would ask for."""
        return payments.OpenRequest(
            **{
                "booking_id": self.booking_id,
                "contact_id": self.contact_id,
                "account_id": self.account_id,
                "provider": "omari",
                "amount": Money(amount_minor, "USD"),
                "payer_number": self.phone,
                "hold_seconds": 300,
                "otp_tries": 3,
                **changed,
            }
        )

    def give_code(self, payment_id: UUID, code: str | None = None) -> None:
        """The customer types the code: into the vault, the payment to `confirming`."""
        payment = self.payment(payment_id)
        otp = code or self.outside.code(str(payment.payer_number))
        self.runtime.vault.put(payment_id, payment.otp_try, otp)
        with transaction() as db:
            locked = payments.lock(db, payment_id)
            assert payments.begin_confirming(db, locked, self.runtime.policy)

    def until(self, status: str, **changed: Any) -> UUID:
        """A payment brought to where it stands, through Omari where it has been there."""
        payment_id = self.open(**changed)
        if status == "created":
            return payment_id
        if status == "starting":
            self._lease(payment_id, payments.begin_start)
            return payment_id
        attend(str(payment_id))
        if status == "awaiting_otp":
            return payment_id
        self.give_code(payment_id)
        if status == "leased":
            self._lease(payment_id, payments.begin_confirm)
        return payment_id

    def _lease(self, payment_id: UUID, begin: Any) -> None:
        with transaction() as db:
            begin(db, payments.lock(db, payment_id), 30, self.runtime.policy)

    def another_contact(self, number: int = 11) -> int:
        with transaction() as db:
            return factories.contact(db, f"+{self.phone[:-2]}{number:02d}").id

    # What became of it

    def payment(self, payment_id: UUID) -> Payment:
        with transaction() as db:
            return db.get_one(Payment, payment_id)

    def status(self, payment_id: UUID) -> str:
        return self.payment(payment_id).status

    def booking(self) -> Booking:
        with transaction() as db:
            return db.get_one(Booking, self.booking_id)

    def contact(self) -> Contact:
        with transaction() as db:
            return db.get_one(Contact, self.contact_id)

    def message(self, message_id: int) -> Message:
        with transaction() as db:
            return db.get_one(Message, message_id)

    def outgoing(self, contact_id: int | None = None) -> Sequence[Message]:
        with transaction() as db:
            return db.scalars(
                select(Message)
                .where(
                    Message.direction == "out",
                    Message.contact_id == (contact_id or self.contact_id),
                )
                .order_by(Message.id)
            ).all()

    def told(self, contact_id: int | None = None) -> list[str]:
        """What the customer was told about payments, in order."""
        return [row.told for row in self.outgoing(contact_id) if row.told is not None]

    def events(self, payment_id: UUID) -> list[str]:
        with transaction() as db:
            return list(
                db.scalars(
                    select(PaymentEvent.kind)
                    .where(PaymentEvent.payment_id == payment_id)
                    .order_by(PaymentEvent.version)
                )
            )

    def is_due(self, payment_id: UUID) -> bool:
        """Whether the payment stands in a sweep's way, now or later."""
        return self.payment(payment_id).next_check_at is not None

    def somebody_waits_for_a_lock(self) -> bool:
        query = "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        query += " WHERE NOT l.granted AND a.datname = current_database())"
        with transaction() as db:
            return bool(db.execute(text(query)).scalar_one())

    # Time

    def later(self, payment_id: UUID, seconds: float) -> None:
        """Let time pass for one payment."""
        later(payment_id, seconds)

    def replies_later(self, seconds: float) -> None:
        """Let time pass for everything in the outbox, and for what is filed."""
        with transaction() as db:
            for column in ("due_at", "claimed_at", "expires_at", "created_at"):
                db.execute(
                    text(f"UPDATE message SET {column} = {column} - make_interval(secs => :s)"),  # noqa: S608
                    {"s": seconds},
                )

    def change_account(self, **values: Any) -> None:
        with transaction() as db:
            db.execute(update(Account).where(Account.id == self.account_id).values(**values))


def build(runtime: Runtime, outside: Outside) -> Shop:
    """A booking of Tendai Moyo with Kalai Safaris, who wrote a moment ago."""
    secret = runtime.settings.secret_key.get_secret_value()
    with transaction() as db:
        owner = factories.operator(db, "Kalai Safaris")
        on = factories.departure(db, factories.tour(db, owner))
        booking = factories.booking(db, owner, on)
        contact = factories.contact(db)
        contact.last_inbound_at = func.clock_timestamp()
        account = factories.account(
            db,
            owner,
            Sealer.of("account secrets", secret),
            base_url=f"{outside.url}/omari",
            merchant_key=MERCHANT_KEY,
        )
        found = (booking.id, contact.id, account.id)
    return Shop(runtime, outside, *found)


__all__ = ["MERCHANT_KEY", "WHATSAPP_NUMBER", "Outside", "Shop", "build"]
