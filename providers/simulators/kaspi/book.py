"""The simulated Kaspi's own book: payments, what was given back, devices, what was asked."""

import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

OPEN_WORDS = ("QrTokenCreated", "Wait", "RemotePaymentCreated")
PAID = "Processed"
LOST = "Error"
VOID = "RemotePaymentCanceled"
CURRENCY = "KZT"
FIRST_TRADE_POINT = 1
TRADE_POINTS = {FIRST_TRADE_POINT: "Almaty, Abay Ave 1", 2: "Astana, Mangilik El 10"}

# The last two digits of an amount (tiyn) that decide what becomes of a payment by itself.
_PAYS_ITSELF, _FAILS_ITSELF, _PAYS_ANOTHER_AMOUNT = 6, 7, 9
_ANOTHER_MINOR = 100


class NotAllowed(Exception):
    """The payment's state does not allow this."""


@dataclass(frozen=True, slots=True)
class Timers:
    """How long things live, in seconds; `auto_seconds` until a magic payment ends by itself."""

    activation_seconds: float
    confirmation_seconds: float
    invoice_seconds: float
    auto_seconds: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What a merchant orders. `phone` is given for an invoice: its last ten digits."""

    amount_minor: int
    trade_point_id: int
    external_id: str | None = None
    comment: str = ""
    phone: str | None = None


@dataclass(slots=True)
class Payment:
    """One link, QR token or invoice. Moments are of the wall clock, in seconds."""

    number: int
    wish: Wish
    word: str
    made_at: float
    ends_at: float
    confirm_by: float | None = None
    paid_minor: int = 0
    returned_minor: int = 0
    asked_at: float | None = None

    @property
    def is_invoice(self) -> bool:
        return self.wish.phone is not None

    @property
    def left_minor(self) -> int:
        """What can still be given back."""
        return self.paid_minor - self.returned_minor


@dataclass(frozen=True, slots=True)
class Return:
    """Money given back."""

    number: int
    payment: int
    amount_minor: int


@dataclass(slots=True)
class _Books:
    payments: dict[int, Payment] = field(default_factory=dict)
    returns: list[Return] = field(default_factory=list)
    devices: dict[str, tuple[str, int]] = field(default_factory=dict)
    requests: dict[str, Counter[str]] = field(default_factory=dict)


class KaspiBook:
    """Every method is one transaction; threads may share the book."""

    def __init__(self, device_token: str, timers: Timers) -> None:
        self._lock = threading.RLock()
        self._timers = timers
        self._device_token = device_token
        self.reset()

    def reset(self) -> None:
        """Forget everything but the device that the merchant began with."""
        with self._lock:
            self._books = _Books()
            self._books.devices[self._device_token] = ("first", FIRST_TRADE_POINT)
            self._number = 12_800_000_000

    def receive(self, operation: str, key: str) -> None:
        """Note that a request came, whatever becomes of it."""
        with self._lock:
            self._books.requests.setdefault(key, Counter())[operation] += 1

    def trade_point_of(self, device_token: str) -> int | None:
        """Where a device stands; None for one that is not registered."""
        with self._lock:
            device = self._books.devices.get(device_token)
        return None if device is None else device[1]

    def register(self, device_id: str, trade_point_id: int) -> str | None:
        """The token of a device, the same for the same; None when it stands elsewhere already."""
        with self._lock:
            for token, (name, trade_point) in self._books.devices.items():
                if name == device_id:
                    return token if trade_point == trade_point_id else None
            token = secrets.token_hex(16)
            self._books.devices[token] = (device_id, trade_point_id)
        return token

    def delete(self, device_token: str) -> bool:
        """Whether there was such a device; there is none any more."""
        with self._lock:
            return self._books.devices.pop(device_token, None) is not None

    def make(self, wish: Wish) -> Payment:
        """Make a payment that waits for its customer. The same wish twice makes two."""
        invoice, now = wish.phone is not None, time.time()
        life = self._timers.invoice_seconds if invoice else self._timers.activation_seconds
        with self._lock:
            self._number += 1
            word = "RemotePaymentCreated" if invoice else "QrTokenCreated"
            payment = Payment(self._number, wish, word, now, now + life)
            self._books.payments[payment.number] = payment
        return payment

    def find(self, number: int) -> Payment | None:
        """The payment as it stands now."""
        with self._lock:
            payment = self._books.payments.get(number)
            if payment is not None:
                self._pass_time(payment)
        return payment

    def asked_too_soon(self, payment: Payment, pause_seconds: float) -> bool:
        """Whether an invoice was asked about within the pause; counts as asking."""
        with self._lock:
            before, payment.asked_at = payment.asked_at, time.time()
        return payment.is_invoice and before is not None and before + pause_seconds > time.time()

    def act(self, number: int, answer: str, amount_minor: int | None) -> None:
        """Do what the customer does. Raises KeyError for no payment, NotAllowed for no way.

        `late` pays what is over, as money that was under way does.
        """
        with self._lock:
            payment = self.find(number)
            if payment is None:
                raise KeyError(number)
            confirming = payment.word == "Wait"
            waits = payment.word in OPEN_WORDS and time.time() < payment.ends_at
            ways = {
                "pay": waits or confirming,
                "confirm": confirming,
                "scan": waits and not confirming,
                "decline": waits or confirming,
                "error": waits or confirming,
                "expire": payment.word in OPEN_WORDS,
                "late": payment.word not in (PAID, VOID),
            }
            if not ways.get(answer, False):
                raise NotAllowed(answer)
            self._follow(payment, answer, amount_minor)

    def void(self, number: int) -> bool:
        """Whether the invoice stood open; it is cancelled now."""
        with self._lock:
            payment = self.find(number)
            if payment is None or not payment.is_invoice or payment.word not in OPEN_WORDS:
                return False
            payment.word = VOID
        return True

    def give_back(self, payment: Payment, amount_minor: int) -> Return | None:
        """Give money back; None for more than is left."""
        with self._lock:
            if not 0 < amount_minor <= payment.left_minor:
                return None
            payment.returned_minor += amount_minor
            self._number += 1
            done = Return(self._number, payment.number, amount_minor)
            self._books.returns.append(done)
        return done

    def payments(self) -> list[Payment]:
        """All payments, oldest first, as they stand now."""
        with self._lock:
            for payment in self._books.payments.values():
                self._pass_time(payment)
            return list(self._books.payments.values())

    def returns(self) -> list[Return]:
        """All that was given back, oldest first."""
        with self._lock:
            return list(self._books.returns)

    def requests(self) -> dict[str, dict[str, int]]:
        """How often each operation came: by the merchant's reference or comment where something is
        made, by Kaspi's id where it is named.
        """
        with self._lock:
            return {key: dict(count) for key, count in self._books.requests.items()}

    def _follow(self, payment: Payment, answer: str, amount_minor: int | None) -> None:
        if answer in ("pay", "confirm", "late"):
            self._take(payment, amount_minor)
        elif answer == "scan":
            payment.word = "Wait"
            payment.confirm_by = time.time() + self._timers.confirmation_seconds
        elif answer == "expire" and payment.word != "Wait":
            payment.ends_at = time.time()
        else:
            payment.word = LOST

    def _take(self, payment: Payment, amount_minor: int | None) -> None:
        payment.word = PAID
        payment.paid_minor = amount_minor or payment.wish.amount_minor
        if amount_minor is None and payment.wish.amount_minor % 100 == _PAYS_ANOTHER_AMOUNT:
            payment.paid_minor += _ANOTHER_MINOR

    def _pass_time(self, payment: Payment) -> None:
        """What happens by itself: no confirmation in time, and magic amounts.

        A link that nobody opens keeps its word for ever, so that nobody may rely on hearing its
        end.
        """
        now, magic = time.time(), payment.wish.amount_minor % 100
        if payment.word == "Wait" and payment.confirm_by is not None and payment.confirm_by <= now:
            payment.word = LOST
        if payment.word in OPEN_WORDS and payment.made_at + self._timers.auto_seconds <= now:
            if magic == _PAYS_ITSELF:
                self._take(payment, None)
            if magic == _FAILS_ITSELF:
                payment.word = LOST
