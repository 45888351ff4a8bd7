"""The desk that conversations work at, with the database behind it. One desk serves one turn,
inside its transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, Select, bindparam, select
from sqlalchemy.orm import Session

from bot import views
from bot.accounts import Accounts
from bot.vault import Vault
from domain import bookings, payments
from domain.contacts import phone_of
from domain.hearing import Speaker
from domain.models import Payment
from domain.money import Money
from domain.policy import Policy
from domain.sealing import Sealer, Unreadable
from domain.states import AWAITING_OTP, CONFIRMING, ENDED, SUCCEEDED, UNCERTAIN
from flows.desk import (
    BookingView,
    CancelAnswer,
    Lookup,
    OtpAnswer,
    PaymentView,
    ProviderView,
    Refusal,
    Refused,
    ResendAnswer,
    Sender,
    Several,
)
from providers.contract import Provider
from providers.registry import PROVIDERS

log = structlog.get_logger(__name__)

# Made once, because every conversation that begins asks for the live payment.
_NEWEST = (
    select(Payment)
    .where(Payment.contact_id == bindparam("contact", type_=BigInteger))
    .order_by(Payment.created_at.desc())
    .limit(1)
)
_LIVE = _NEWEST.where(Payment.status.not_in(ENDED))


@dataclass(frozen=True, slots=True)
class Tools:
    """What a desk works with beside the transaction."""

    policy: Policy
    accounts: Accounts
    vault: Vault
    answers: Sealer
    otp_digits: int


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
        known = bookings.facts(self._db, booking_id, self._contact.id)
        return views.booking_view(known, self._tools.policy)

    # Providers

    def providers(self, booking: BookingView) -> tuple[str, ...]:
        known = self._named(booking.reference)
        if not known:
            return ()
        operator_id = known[0].operator_id
        return tuple(self._tools.accounts.defaults(self._db, operator_id, booking.total.currency))

    def provider(self, name: str) -> ProviderView:
        entry = PROVIDERS[name]
        digits = self._tools.otp_digits if entry.takes_otp else 0
        return ProviderView(name, entry.title, entry.payer_region, digits)

    # Payments

    def open_payment(
        self, reference: str, amount: Money, provider: str, payer_number: str | None
    ) -> PaymentView | Refused:
        known = self._named(reference)
        if len(known) != 1:
            raise ValueError("a payment is opened for a booking that the conversation was given")
        (booking,) = known
        self._known.clear()
        accounts = self._tools.accounts.defaults(self._db, booking.operator_id, booking.currency)
        if provider not in accounts:
            return Refused(Refusal.NO_PROVIDER, self._view(booking.id))
        try:
            adapter = self._tools.accounts.adapter(self._db, accounts[provider])
        except (Unreadable, ValueError) as error:
            log.error("account_unusable", account=accounts[provider], error=type(error).__name__)
            return Refused(Refusal.NO_PROVIDER, self._view(booking.id))
        request = self._request(booking.id, accounts[provider], adapter, amount, payer_number)
        opened = payments.open_payment(self._db, request, self._tools.policy)
        return self._opened(opened, booking.id)

    def _request(
        self, booking_id: int, account_id: int, adapter: Provider, amount: Money, payer: str | None
    ) -> payments.OpenRequest:
        return payments.OpenRequest(
            booking_id=booking_id,
            contact_id=self._contact.id,
            account_id=account_id,
            provider=adapter.name,
            amount=amount,
            payer_number=payer,
            hold_seconds=adapter.terms.hold_seconds,
            otp_tries=adapter.terms.otp_tries,
        )

    def _opened(
        self, opened: Payment | payments.NotOpened, booking_id: int
    ) -> PaymentView | Refused:
        booking = self._view(booking_id)
        if isinstance(opened, payments.NotOpened):
            return Refused(Refusal(opened.why), booking, opened.until)
        return views.payment_view(opened, booking)

    def open_again(self, payment_id: str) -> PaymentView | Refused:
        earlier = self._own(payment_id)
        if earlier is None:
            raise ValueError("only one's own payment can be made again")
        view = self._view(earlier.booking_id)
        amount = Money(earlier.amount_minor, earlier.currency)
        return self.open_payment(view.reference, amount, earlier.provider, earlier.payer_number)

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
        return views.payment_view(payment, self._view(payment.booking_id))

    def _lock(self, payment_id: str) -> payments.Locked | None:
        payment = self._own(payment_id)
        if payment is None:
            return None
        self._known.clear()
        return payments.lock(self._db, payment.id)

    def submit_otp(self, payment_id: str, otp: str) -> OtpAnswer:
        locked = self._lock(payment_id)
        if locked is None or locked.payment.status != AWAITING_OTP:
            return OtpAnswer.NOT_WAITED_FOR
        payment = locked.payment
        if payment.deadline_at is not None and payment.deadline_at <= locked.now:
            payments.expire(self._db, locked)
            return OtpAnswer.EXPIRED
        # Into the vault before the commit: a worker that sees `confirming` must find the code.
        self._tools.vault.put(payment.id, payment.otp_try, otp)
        if payments.begin_confirming(self._db, locked, self._tools.policy):
            return OtpAnswer.TAKEN
        self._tools.vault.delete(payment.id, payment.otp_try)
        return OtpAnswer.BALANCE_CHANGED

    def cancel_payment(self, payment_id: str) -> CancelAnswer:
        locked = self._lock(payment_id)
        if locked is None:
            return CancelAnswer.NOTHING
        if payments.cancel(self._db, locked):
            return CancelAnswer.CANCELLED
        status = locked.payment.status
        if status == SUCCEEDED:
            return CancelAnswer.ALREADY_PAID
        return CancelAnswer.TOO_LATE if status in (CONFIRMING, UNCERTAIN) else CancelAnswer.NOTHING

    def resend_otp(self, payment_id: str) -> ResendAnswer:
        locked = self._lock(payment_id)
        if locked is None or locked.payment.status in ENDED:
            return ResendAnswer.NOTHING
        payment = locked.payment
        if payment.status in (CONFIRMING, UNCERTAIN):
            return ResendAnswer.TOO_LATE
        pause = timedelta(seconds=self._tools.policy.otp_resend_seconds)
        if payment.status != AWAITING_OTP or payment.created_at + pause > locked.now:
            return ResendAnswer.TOO_SOON
        adapter = self._tools.accounts.adapter(self._db, payment.account_id)
        amount = Money(payment.amount_minor, payment.currency)
        request = self._request(
            payment.booking_id, payment.account_id, adapter, amount, payment.payer_number
        )
        opened = payments.replace(self._db, locked, request, self._tools.policy)
        too_many = isinstance(opened, payments.NotOpened)
        return ResendAnswer.TOO_MANY if too_many else ResendAnswer.RESENT

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

    def opt_out(self) -> None:
        self._contact.opted_out_at = self.now
