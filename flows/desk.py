"""The desk: what a conversation may ask of the world behind it. Everything with a database arrives
through here.

The webhook's side implements it (bot/desk.py); tests of conversations use a small one of their own.
Every method works inside the turn's one transaction: what it did is undone with the turn.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from domain.money import Money
from flows.desk_answers import CancelAnswer, OtpAnswer, ResendAnswer


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes. `phone` is international digits without plus, None for a WhatsApp user id without
    a number.
    """

    phone: str | None
    name: str


@dataclass(frozen=True, slots=True)
class BookingView:
    """A booking as its traveller may see it.

    `reference` is the one that its traveller knows, and what we call it; `display_reference` the
    tour's, which its travellers share, once anything is paid, and `reference` before.
    `free` is the balance less what other open payments hold; `held_until` is when the first hold
    ends, or None.
    `minimum` is the least one payment may be (never above `free`); `deposit_due` what is missing of
    the deposit, or None.
    """

    reference: str
    display_reference: str
    operator: str
    tour: str | None
    start_date: date | None
    total: Money
    paid: Money
    balance: Money
    free: Money
    minimum: Money
    deposit_due: Money | None
    held_until: datetime | None
    cancelled: bool


@dataclass(frozen=True, slots=True)
class CancelledView:
    """A cancelled booking, with what of its money is still to be given back, and what was.
    `untraced` was paid too, but only its operator knows what becomes of it.
    """

    booking: BookingView
    to_give_back: Money
    given_back: Money
    untraced: Money


class Lookup(StrEnum):
    """Why a reference led to no single booking. UNKNOWN says the same whether it exists or is
    another's.
    """

    UNKNOWN = "unknown"
    TOO_MANY_TRIES = "too_many_tries"


@dataclass(frozen=True, slots=True)
class Several:
    """A shared reference that names more than one of the sender's own bookings."""

    bookings: tuple[BookingView, ...]


class PaymentStatus(StrEnum):
    """Where a payment stands (design of the payment's life: docs/architecture.md)."""

    CREATED = "created"
    STARTING = "starting"
    AWAITING_OTP = "awaiting_otp"
    AWAITING_CUSTOMER = "awaiting_customer"
    CONFIRMING = "confirming"
    UNCERTAIN = "uncertain"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class WayKind(StrEnum):
    """How a customer pays: by a code that is typed here, by a link or picture, or by approving in
    the provider's app what was sent to a phone number.
    """

    CODE = "code"
    LINK = "link"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class WayView:
    """A way of paying, as a conversation must know it.

    `key` names it at the desk; a provider may have several. `payer_region` (ISO 3166) is where the
    number charged must be from, None where no number is asked for. `otp_digits` is the length of
    its codes, 0 where none is typed.
    """

    key: str
    provider: str
    title: str
    kind: WayKind
    payer_region: str | None
    otp_digits: int


@dataclass(frozen=True, slots=True)
class Pause:
    """There would be ways to pay, but they are paused now. `words` are the operator's own to
    customers, if there are any.
    """

    words: str | None


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment as its payer may see it. `payer_hint` is the end of the number charged (`…187`).

    `way` is the key of its way. `link` is an address of ours to open, None once it is over or where
    there is only a picture; `picture` the address of its QR code. `expires_at` (aware UTC) is until
    when the customer can act, None where that is not known. `cancel_requested`: its
    customer cancelled it, or it waits for them and is to be cancelled; the provider may not know.
    `disagrees`: its provider told of money that does not agree with what was asked, and a person is
    to look at it.
    """

    id: str
    status: PaymentStatus
    way: str
    kind: WayKind
    provider_title: str
    amount: Money
    payer_hint: str
    otp_reference: str | None
    otp_tries_left: int
    receipt: str | None
    failure: str | None
    cancel_requested: bool
    disagrees: bool
    link: str | None
    picture: str | None
    expires_at: datetime | None
    booking: BookingView


class Refusal(StrEnum):
    """Why a payment was not opened. Each has words in flows/phrases under `pay.refused.<value>`."""

    ALREADY_PAID = "already_paid"
    ABOVE_FREE = "above_free"
    BELOW_MINIMUM = "below_minimum"
    HELD = "held"
    NUMBER_LIMIT = "number_limit"
    CONTACT_LIMIT = "contact_limit"
    NUMBER_BUSY = "number_busy"
    BUSY = "busy"
    NO_PROVIDER = "no_provider"
    CANCELLED = "cancelled"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Refused:
    """A payment that was not opened; `booking` is as it stands now, under the lock; `until` when to
    try again, if known; `words` an operator's own words to customers, where it is paused.
    """

    why: Refusal
    booking: BookingView
    until: datetime | None = None
    words: str | None = None


class Desk(Protocol):
    """What a conversation may ask. Money moves only through `open_payment` and `submit_otp`."""

    @property
    def sender(self) -> Sender: ...

    @property
    def now(self) -> datetime:
        """The turn's time by the database's clock, aware UTC."""

    def find_booking(self, reference: str) -> BookingView | Several | Lookup:
        """The sender's own booking by its reference or shared reference, in any spelling."""

    def prove_booking(self, reference: str, surname: str) -> BookingView | Lookup:
        """A booking under another number, for who knows its reference and the lead traveller's
        surname.

        A wrong pair counts as a try and answers UNKNOWN; what was proved is the sender's own from
        then on.
        """

    def own_bookings(self) -> tuple[BookingView, ...]:
        """The sender's bookings that are not cancelled, soonest departure first, at most ten."""

    def cancelled_bookings(self) -> tuple[CancelledView, ...]:
        """The sender's cancelled bookings that hold money or were cancelled lately, the last one
        first, at most three.
        """

    def booking(self, reference: str) -> BookingView | None:
        """A booking that this conversation was already given, as it stands now."""

    def ways(self, booking: BookingView) -> tuple[WayView, ...]:
        """The ways in which this booking can be paid now, in the order in which to offer them;
        what is paused is left out.
        """

    def way(self, key: str) -> WayView:
        """One of the ways that `ways` gave, also when it cannot be used any more."""

    def pause_of(self, booking: BookingView) -> Pause | None:
        """That there would be ways to pay this booking but they are paused now, else None."""

    def open_payment(
        self, reference: str, amount: Money, way: str, payer_number: str | None
    ) -> PaymentView | Refused:
        """Open a payment: booking locked, balance held, the provider's call promised. Cancels the
        sender's earlier one.
        """

    def open_again(self, payment_id: str) -> PaymentView | Refused:
        """Open a payment like an earlier one of the sender's: same booking, amount, way and
        number.
        """

    def payment(self, payment_id: str) -> PaymentView | None:
        """One of the sender's own payments as it stands now."""

    def live_payment(self) -> PaymentView | None:
        """The sender's newest payment that is not over, or None."""

    def last_payment(self) -> PaymentView | None:
        """The sender's newest payment of all, or None."""

    def submit_otp(self, payment_id: str, otp: str) -> OtpAnswer:
        """Hand the customer's code over: into the vault, the payment to `confirming`. Never stored
        elsewhere.
        """

    def cancel_payment(self, payment_id: str) -> CancelAnswer:
        """Cancel what has not been paid. CANCELLED for a link or an invoice means that the wish is
        noted: the provider is told after the turn, and until then it might still be paid.
        """

    def resend_otp(self, payment_id: str) -> ResendAnswer:
        """A new code, where one is waited for: cancels the payment and opens a successor."""

    def new_link(self, payment_id: str) -> ResendAnswer:
        """A new link: cancels the payment and opens a successor by the same way."""

    def ask_now(self, payment_id: str) -> None:
        """Ask the provider at once what became of a payment. Harmless when repeated."""

    def ask_and_tell(self, payment_id: str) -> None:
        """Ask at once, because the customer says that they have paid; and should the provider not
        say how it ended, let them hear of that, once for each time.
        """

    def seal(self, text: str) -> str:
        """Encrypt what a session must remember and nobody may read, such as a phone number that
        awaits a yes.
        """

    def unseal(self, sealed: str) -> str | None:
        """What `seal` was given, or None where it can no longer be read."""

    def ask_for_person(self) -> None:
        """Put the contact on the list of those who wait for a person."""

    def awaits_person(self) -> bool:
        """Whether the contact is on that list, and nobody of staff has come yet."""

    def was_sent(self, phrase: str, since: datetime) -> bool:
        """Whether the contact was sent this phrase since then."""

    def opt_out(self) -> None:
        """Send this contact nothing more until they write again."""
