"""A small desk in memory: bookings, payments and a clock, as a conversation sees them. It stands
for the outside.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from domain.money import Money
from domain.references import reference_key
from flows.desk import (
    BookingView,
    CancelledView,
    Lookup,
    Pause,
    PaymentStatus,
    PaymentView,
    Refusal,
    Refused,
    Sender,
    Several,
    WayKind,
    WayView,
)
from flows.desk_answers import CancelAnswer, OtpAnswer, ResendAnswer

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SENDER_PHONE = "263774975187"
UNPAID_STATUSES = (PaymentStatus.FAILED, PaymentStatus.EXPIRED, PaymentStatus.CANCELLED)
OVER = (*UNPAID_STATUSES, PaymentStatus.SUCCEEDED)
WAYS = {
    way.key: way
    for way in (
        WayView("omari", "omari", "Omari", WayKind.CODE, "ZW", 6),
        WayView("kaspi", "kaspi", "Kaspi", WayKind.LINK, None, 0),
        WayView("kaspi_invoice", "kaspi", "Kaspi", WayKind.PHONE, "KZ", 0),
        WayView("phonepe", "phonepe", "PhonePe", WayKind.LINK, None, 0),
        WayView("cashfree", "cashfree", "Cashfree", WayKind.LINK, None, 0),
    )
}
LINK_LIFE_SECONDS = {
    "omari": 300,
    "kaspi": 180,
    "kaspi_invoice": 24 * 60 * 60,
    "phonepe": 1200,
    "cashfree": 900,
}
BEFORE_THE_CODE = (PaymentStatus.CREATED, PaymentStatus.STARTING, PaymentStatus.AWAITING_OTP)


@dataclass
class FakeBooking:
    """A booking with money in minor units; `phone` and `surname` are who may pay for it."""

    reference: str
    phone: str = SENDER_PHONE
    surname: str = "Moyo"
    total: int = 50000
    paid: int = 10000
    deposit_due: int | None = None
    minimum: int = 1000
    held_for_seconds: int | None = None
    held: int = 0
    currency: str = "USD"
    shared: str = "BK-T005-20260210"
    tour: str | None = "Victoria Falls Safari"
    start_date: date | None = date(2026, 2, 10)
    operator: str = "Kalai Safaris"
    cancelled: bool = False
    given_back: int = 0
    untraced: int = 0
    proved: bool = False

    def view(self) -> BookingView:
        """As the desk shows it."""
        balance = self.total - self.paid
        free = max(0, balance - self.held)
        until = self.held_for_seconds
        return BookingView(
            reference=self.reference,
            display_reference=self.shared if self.paid else self.reference,
            operator=self.operator,
            tour=self.tour,
            start_date=self.start_date,
            total=self.money(self.total),
            paid=self.money(self.paid),
            balance=self.money(balance),
            free=self.money(free),
            minimum=self.money(min(self.minimum, free)),
            deposit_due=None if self.deposit_due is None else self.money(self.deposit_due),
            held_until=None if until is None else NOW + timedelta(seconds=until),
            cancelled=self.cancelled,
        )

    def money(self, minor: int) -> Money:
        """An amount in this booking's currency."""
        return Money(minor, self.currency)


@dataclass
class FakePayment:
    """A payment as the worker behind the desk would move it along."""

    id: str
    booking: FakeBooking
    amount: Money
    number: str | None
    status: PaymentStatus = PaymentStatus.CREATED
    way: str = "omari"
    otp_reference: str | None = None
    tries_left: int = 3
    receipt: str | None = None
    failure: str | None = None
    codes: list[str] = field(default_factory=list)
    cancel_requested: bool = False
    disagrees: bool = False
    shows: str = "link,picture"
    expires_at: datetime | None = None

    def view(self) -> PaymentView:
        """As the desk shows it."""
        way = WAYS[self.way]
        is_open = way.kind is WayKind.LINK and self.status is PaymentStatus.AWAITING_CUSTOMER
        shows = self.shows.split(",") if is_open else []
        return PaymentView(
            id=self.id,
            status=self.status,
            way=way.key,
            kind=way.kind,
            provider_title=way.title,
            amount=self.amount,
            payer_hint=f"…{self.number[-3:]}" if self.number else "",
            otp_reference=self.otp_reference,
            otp_tries_left=self.tries_left,
            receipt=self.receipt,
            failure=self.failure,
            cancel_requested=self.cancel_requested,
            disagrees=self.disagrees,
            link=f"https://pay.example/go/{self.id}" if "link" in shows else None,
            picture=f"https://pay.example/qr/{self.id}.png" if "picture" in shows else None,
            expires_at=self.expires_at,
            booking=self.booking.view(),
        )


@dataclass
class FakeDesk:
    """The desk of one sender. Tests reach in to move payments and bookings along."""

    bookings: list[FakeBooking] = field(default_factory=list)
    payments: list[FakePayment] = field(default_factory=list)
    phone: str | None = SENDER_PHONE
    refuse: Refusal | None = None
    otp_answer: OtpAnswer | None = None
    resend_answer: ResendAnswer = ResendAnswer.RESENT
    offers: str = "omari"
    has_provider: bool = True
    paused: str | None = None
    pause_words: str | None = None
    shows: str = "link,picture"
    later_seconds: int = 0
    asked: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    lookups_left: int = 100
    asked_for_person: int = 0
    sent: list[tuple[str, datetime]] = field(default_factory=list)
    opted_out: bool = False

    @property
    def sender(self) -> Sender:
        return Sender(self.phone, "Tariro Moyo")

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.later_seconds)

    def find_booking(self, reference: str) -> BookingView | Several | Lookup:
        if self.lookups_left <= 0:
            return Lookup.TOO_MANY_TRIES
        wanted = reference_key(reference)
        own = [booking for booking in self.bookings if self._is_own(booking)]
        named = [booking for booking in own if reference_key(booking.reference) == wanted]
        found = named or [booking for booking in own if reference_key(booking.shared) == wanted]
        if not found:
            return Lookup.UNKNOWN
        if len(found) > 1:
            return Several(tuple(booking.view() for booking in found))
        return found[0].view()

    def prove_booking(self, reference: str, surname: str) -> BookingView | Lookup:
        if self.lookups_left <= 0:
            return Lookup.TOO_MANY_TRIES
        for booking in self.bookings:
            named = reference_key(booking.reference) == reference_key(reference)
            if named and booking.surname.casefold() == surname.casefold():
                booking.proved = True
                return booking.view()
        self.lookups_left -= 1
        return Lookup.UNKNOWN

    def own_bookings(self) -> tuple[BookingView, ...]:
        return tuple(
            booking.view()
            for booking in self.bookings
            if self._is_own(booking) and not booking.cancelled
        )

    def cancelled_bookings(self) -> tuple[CancelledView, ...]:
        return tuple(
            CancelledView(
                booking=booking.view(),
                to_give_back=booking.money(booking.paid - booking.untraced),
                given_back=booking.money(booking.given_back),
                untraced=booking.money(booking.untraced),
            )
            for booking in self.bookings
            if self._is_own(booking) and booking.cancelled
        )

    def booking(self, reference: str) -> BookingView | None:
        return next((b.view() for b in self.bookings if b.reference == reference), None)

    def ways(self, booking: BookingView) -> tuple[WayView, ...]:
        paused = (self.paused or "").split(",")
        return tuple(way for way in self._all_ways(booking) if way.key not in paused)

    def way(self, key: str) -> WayView:
        return WAYS[key]

    def pause_of(self, booking: BookingView) -> Pause | None:
        paused = self._all_ways(booking) and not self.ways(booking)
        return Pause(self.pause_words) if paused else None

    def _all_ways(self, booking: BookingView) -> tuple[WayView, ...]:
        if not self.has_provider or booking.cancelled:
            return ()
        return tuple(WAYS[key] for key in self.offers.split(","))

    def open_payment(
        self, reference: str, amount: Money, way: str, payer_number: str | None
    ) -> PaymentView | Refused:
        booking = next(b for b in self.bookings if b.reference == reference)
        if self.refuse is not None:
            return Refused(self.refuse, booking.view(), NOW + timedelta(minutes=4))
        if way in (self.paused or "").split(","):
            return Refused(Refusal.PAUSED, booking.view(), words=self.pause_words)
        if (payer_number is None) != (WAYS[way].payer_region is None):
            raise ValueError("a number is given to the ways that ask for one, and to no other")
        live = self._live()
        if live is not None:
            self.cancel_payment(live.id)
        payment = FakePayment(
            id=f"payment-{len(self.payments) + 1}",
            booking=booking,
            amount=amount,
            number=payer_number,
            way=way,
            shows=self.shows,
        )
        self.payments.append(payment)
        return payment.view()

    def open_again(self, payment_id: str) -> PaymentView | Refused:
        old = self.find(payment_id)
        return self.open_payment(old.booking.reference, old.amount, old.way, old.number)

    def payment(self, payment_id: str) -> PaymentView | None:
        return self.find(payment_id).view()

    def live_payment(self) -> PaymentView | None:
        live = self._live()
        return None if live is None else live.view()

    def last_payment(self) -> PaymentView | None:
        return self.payments[-1].view() if self.payments else None

    def submit_otp(self, payment_id: str, otp: str) -> OtpAnswer:
        payment = self.find(payment_id)
        answer = self.otp_answer
        if answer is None:
            waits = payment.status is PaymentStatus.AWAITING_OTP
            answer = OtpAnswer.TAKEN if waits else OtpAnswer.NOT_WAITED_FOR
        if answer is OtpAnswer.TAKEN:
            payment.codes.append(otp)
            payment.status = PaymentStatus.CONFIRMING
        if answer is OtpAnswer.EXPIRED:
            payment.status = PaymentStatus.EXPIRED
        if answer is OtpAnswer.BALANCE_CHANGED:
            payment.status = PaymentStatus.CANCELLED
        return answer

    def cancel_payment(self, payment_id: str) -> CancelAnswer:
        payment = self.find(payment_id)
        if payment.status in BEFORE_THE_CODE:
            payment.status = PaymentStatus.CANCELLED
            return CancelAnswer.CANCELLED
        if payment.status is PaymentStatus.AWAITING_CUSTOMER:
            payment.cancel_requested = True
            return CancelAnswer.CANCELLED
        if payment.status is PaymentStatus.SUCCEEDED:
            return CancelAnswer.ALREADY_PAID
        return CancelAnswer.NOTHING if payment.status in OVER else CancelAnswer.TOO_LATE

    def resend_otp(self, payment_id: str) -> ResendAnswer:
        payment = self.find(payment_id)
        if payment.status in (PaymentStatus.CONFIRMING, PaymentStatus.UNCERTAIN):
            return ResendAnswer.TOO_LATE
        if self.resend_answer is ResendAnswer.RESENT:
            payment.status = PaymentStatus.CANCELLED
            self.open_again(payment_id)
        return self.resend_answer

    def new_link(self, payment_id: str) -> ResendAnswer:
        payment = self.find(payment_id)
        if payment.status is PaymentStatus.UNCERTAIN:
            return ResendAnswer.TOO_LATE
        if self.resend_answer is ResendAnswer.RESENT:
            self.open_again(payment_id)
        return self.resend_answer

    def ask_now(self, payment_id: str) -> None:
        self.asked.append(payment_id)

    def ask_and_tell(self, payment_id: str) -> None:
        self.questions.append(payment_id)

    def seal(self, text: str) -> str:
        return f"sealed({text[::-1]})"

    def unseal(self, sealed: str) -> str | None:
        return sealed[len("sealed(") : -1][::-1] if sealed.startswith("sealed(") else None

    def ask_for_person(self) -> None:
        self.asked_for_person += 1

    def awaits_person(self) -> bool:
        return self.asked_for_person > 0

    def was_sent(self, phrase: str, since: datetime) -> bool:
        return any(key == phrase and at > since for key, at in self.sent)

    def opt_out(self) -> None:
        self.opted_out = True

    def find(self, payment_id: str) -> FakePayment:
        """A payment by its id."""
        return next(payment for payment in self.payments if payment.id == payment_id)

    def happen(self, event: str, payment: FakePayment, values: dict[str, str]) -> PaymentView:
        """Do to a payment what the worker does before this event, and show it."""
        payment.status = STATUS_AFTER[event]
        payment.otp_reference = values.get("reference", payment.otp_reference)
        payment.failure = values.get("reason", payment.failure)
        payment.disagrees = values.get("disagrees") == "yes"
        if event == "withdrawn":
            payment.cancel_requested = True
        if event in ("link_made", "invoice_sent"):
            payment.expires_at = self.now + timedelta(seconds=LINK_LIFE_SECONDS[payment.way])
        if event == "otp_wrong":
            payment.tries_left -= 1
        if event in ("settled", "late"):
            payment.receipt = values.get("receipt", "H5PS")
            payment.booking.paid += payment.amount.amount_minor
        if event == "surplus":
            payment.receipt = values.get("receipt", "H5PS")
        return replace(payment.view())

    def _live(self) -> FakePayment | None:
        return next((p for p in reversed(self.payments) if p.status not in OVER), None)

    def _is_own(self, booking: FakeBooking) -> bool:
        return booking.proved or (self.phone is not None and booking.phone == self.phone)


STATUS_AFTER = {
    "link_made": PaymentStatus.AWAITING_CUSTOMER,
    "invoice_sent": PaymentStatus.AWAITING_CUSTOMER,
    "not_yet": PaymentStatus.AWAITING_CUSTOMER,
    "withdrawn": PaymentStatus.AWAITING_CUSTOMER,
    "paid_again": PaymentStatus.SUCCEEDED,
    "refund_sent": PaymentStatus.SUCCEEDED,
    "refunded": PaymentStatus.SUCCEEDED,
    "refunded_outside": PaymentStatus.SUCCEEDED,
    "otp_sent": PaymentStatus.AWAITING_OTP,
    "code_resent": PaymentStatus.AWAITING_OTP,
    "otp_wrong": PaymentStatus.AWAITING_OTP,
    "code_lost": PaymentStatus.AWAITING_OTP,
    "uncertain": PaymentStatus.UNCERTAIN,
    "settled": PaymentStatus.SUCCEEDED,
    "late": PaymentStatus.SUCCEEDED,
    "surplus": PaymentStatus.SUCCEEDED,
    "failed": PaymentStatus.FAILED,
    "expired": PaymentStatus.EXPIRED,
    "cancelled": PaymentStatus.CANCELLED,
}
