"""The desk that conversations work at, with the database behind it. One desk serves one turn,
inside its transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Select, bindparam, select
from sqlalchemy.orm import Session

from bot import till, views
from bot.offers import offers, way_of, way_view
from bot.till import Tools
from domain import bookings, outbox, payments
from domain.contacts import phone_of
from domain.hearing import Speaker
from domain.models import Payment
from domain.money import Money
from domain.sealing import Unreadable
from domain.states import AWAITING_CUSTOMER, AWAITING_OTP, ENDED
from flows.desk import (
    BookingView,
    CancelledView,
    Lookup,
    Pause,
    PaymentView,
    Refusal,
    Refused,
    Sender,
    Several,
    WayView,
)
from flows.desk_answers import CancelAnswer, OtpAnswer, ResendAnswer
from providers.registry import WAYS

# Made once, because every conversation that begins asks for the live payment.
_NEWEST = (
    select(Payment)
    .where(Payment.contact_id == bindparam("contact", type_=BigInteger))
    .order_by(Payment.created_at.desc())
    .limit(1)
)
_LIVE = _NEWEST.where(Payment.status.not_in(ENDED))


class DatabaseDesk:
    """Implements flows.desk.Desk. The contact is locked by the turn; bookings and payments are
    locked here, in order.
    """

    def __init__(
        self, db: Session, tools: Tools, contact: Speaker, address: str, now: datetime
    ) -> None:
        self._db = db
        self._tools = tools
        self._contact = contact
        self._phone = phone_of(address)
        self._known: dict[str, list[bookings.BookingFacts]] = {}
        self.now = now

    @property
    def sender(self) -> Sender:
        return Sender(self._phone, self._contact.profile_name)

    # Bookings

    def find_booking(self, reference: str) -> BookingView | Several | Lookup:
        # One's own first: the tries of others must not keep anybody from their own booking.
        found = self._named(reference)
        if not found:
            if bookings.too_many_tries(self._db, self._contact.id, reference, self._tools.policy):
                return Lookup.TOO_MANY_TRIES
            bookings.count_try(self._db, self._contact.id, reference)
            return Lookup.UNKNOWN
        seen = self._views(found)
        return seen[0] if len(seen) == 1 else Several(seen)

    def prove_booking(self, reference: str, surname: str) -> BookingView | Lookup:
        if bookings.too_many_tries(self._db, self._contact.id, reference, self._tools.policy):
            return Lookup.TOO_MANY_TRIES
        proved = bookings.prove(self._db, self._contact.id, reference, surname)
        if proved is None:
            bookings.count_try(self._db, self._contact.id, reference)
            return Lookup.UNKNOWN
        self._known.clear()
        return self._view(proved)

    def own_bookings(self) -> tuple[BookingView, ...]:
        return self._views(bookings.own_bookings(self._db, self._contact.id, self._phone))

    def cancelled_bookings(self) -> tuple[CancelledView, ...]:
        found = bookings.own_cancelled(self._db, self._contact.id, self._phone)
        return tuple(views.cancelled_view(each, self._tools.policy) for each in found)

    def booking(self, reference: str) -> BookingView | None:
        found = self._named(reference)
        return self._views(found)[0] if len(found) == 1 else None

    def _named(self, reference: str) -> list[bookings.BookingFacts]:
        """The sender's own bookings of this reference. A turn reads them once: the contact is
        locked, and what the turn itself changes clears `_known`.
        """
        if reference not in self._known:
            self._known[reference] = bookings.find_own(
                self._db, self._contact.id, self._phone, reference
            )
        return self._known[reference]

    def _views(self, known: Sequence[bookings.BookingFacts]) -> tuple[BookingView, ...]:
        return tuple(views.booking_view(each, self._tools.policy) for each in known)

    def _view(self, booking_id: int) -> BookingView:
        known = bookings.facts(self._db, booking_id)
        return views.booking_view(known, self._tools.policy)

    # Providers

    def ways(self, booking: BookingView) -> tuple[WayView, ...]:
        known = self._named(booking.reference)
        if len(known) != 1:
            return ()
        found = offers(self._db, self._tools.accounts, known[0])
        return found.ways(self._tools.otp_digits)

    def pause_of(self, booking: BookingView) -> Pause | None:
        known = self._named(booking.reference)
        if len(known) != 1:
            return None
        return offers(self._db, self._tools.accounts, known[0]).pause()

    def way(self, key: str) -> WayView:
        return way_view(key, self._tools.otp_digits)

    # Payments

    def open_payment(
        self, reference: str, amount: Money, way: str, payer_number: str | None
    ) -> PaymentView | Refused:
        known = self._named(reference)
        if len(known) != 1:
            raise ValueError("a payment is opened for a booking that the conversation was given")
        (booking,) = known
        self._known.clear()
        provider = WAYS[way][0].name
        found = offers(self._db, self._tools.accounts, booking)
        if provider in found.paused:
            return Refused(Refusal.PAUSED, self._view(booking.id), words=found.paused[provider])
        account_id = found.accounts.get(provider)
        if account_id is None:
            return Refused(Refusal.NO_PROVIDER, self._view(booking.id))
        adapter = self._tools.accounts.usable(self._db, account_id)
        if adapter is None:
            return Refused(Refusal.NO_PROVIDER, self._view(booking.id))
        request = till.request(
            booking.id, self._contact.id, account_id, adapter, amount, payer_number
        )
        opened = payments.open_payment(self._db, request, self._tools.policy)
        return self._opened(opened, booking.id)

    def _opened(
        self, opened: Payment | payments.NotOpened, booking_id: int
    ) -> PaymentView | Refused:
        booking = self._view(booking_id)
        if isinstance(opened, payments.NotOpened):
            return Refused(Refusal(opened.why), booking, opened.until)
        return views.payment_view(self._db, opened, booking, self._tools.links)

    def open_again(self, payment_id: str) -> PaymentView | Refused:
        earlier = self._own(payment_id)
        if earlier is None:
            raise ValueError("only one's own payment can be made again")
        view = self._view(earlier.booking_id)
        amount = Money(earlier.amount_minor, earlier.currency)
        way = way_of(earlier.provider, earlier.payer_number)
        return self.open_payment(view.reference, amount, way, earlier.payer_number)

    def payment(self, payment_id: str) -> PaymentView | None:
        return self._payment_view(self._own(payment_id))

    def live_payment(self) -> PaymentView | None:
        return self._payment_view(self._newest(_LIVE))

    def last_payment(self) -> PaymentView | None:
        return self._payment_view(self._newest(_NEWEST))

    def _own(self, payment_id: str) -> Payment | None:
        return self._db.execute(
            select(Payment).where(
                Payment.id == UUID(payment_id), Payment.contact_id == self._contact.id
            )
        ).scalar_one_or_none()

    def _newest(self, query: Select[Payment]) -> Payment | None:
        return self._db.execute(query, {"contact": self._contact.id}).scalar_one_or_none()

    def _payment_view(self, payment: Payment | None) -> PaymentView | None:
        if payment is None:
            return None
        booking = self._view(payment.booking_id)
        return views.payment_view(self._db, payment, booking, self._tools.links)

    def _lock(self, payment_id: str) -> payments.Locked | None:
        payment = self._own(payment_id)
        if payment is None:
            return None
        self._known.clear()
        return payments.lock(self._db, payment.id)

    def submit_otp(self, payment_id: str, otp: str) -> OtpAnswer:
        return till.submit_otp(self._db, self._tools, self._lock(payment_id), otp)

    def cancel_payment(self, payment_id: str) -> CancelAnswer:
        return till.cancel(self._db, self._lock(payment_id))

    def resend_otp(self, payment_id: str) -> ResendAnswer:
        return till.begin_anew(self._db, self._tools, self._lock(payment_id), AWAITING_OTP)

    def new_link(self, payment_id: str) -> ResendAnswer:
        return till.begin_anew(self._db, self._tools, self._lock(payment_id), AWAITING_CUSTOMER)

    def ask_now(self, payment_id: str) -> None:
        till.ask_now(self._db, self._lock(payment_id))

    def ask_and_tell(self, payment_id: str) -> None:
        till.ask_and_tell(self._db, self._lock(payment_id))

    # The conversation itself

    def seal(self, text: str) -> str:
        return self._tools.answers.seal(text).decode()

    def unseal(self, sealed: str) -> str | None:
        try:
            return self._tools.answers.open(sealed.encode())
        except Unreadable:
            return None

    def ask_for_person(self) -> None:
        self._contact.person_wanted_at = self._contact.person_wanted_at or self.now

    def awaits_person(self) -> bool:
        return self._contact.person_wanted_at is not None

    def was_sent(self, phrase: str, since: datetime) -> bool:
        return outbox.was_sent(self._db, self._contact.id, phrase, since)

    def opt_out(self) -> None:
        self._contact.opted_out_at = self.now
