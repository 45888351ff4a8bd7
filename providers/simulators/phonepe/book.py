"""The simulated PhonePe's own book: orders of every kind, the attempts to pay them, refunds."""

import secrets
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

OPEN, COMPLETED, FAILED, EXPIRED, CANCELLED = "OPEN", "COMPLETED", "FAILED", "EXPIRED", "CANCELLED"
PENDING = "PENDING"
# What an open order is called, by the API that made it; v1 has codes instead.
OPEN_WORDS = {"link": "ACTIVE", "page": PENDING, "qr": PENDING, "v1": "PAYMENT_PENDING"}
V1_CODES = {
    COMPLETED: "PAYMENT_SUCCESS",
    FAILED: "PAYMENT_ERROR",
    EXPIRED: "TIMED_OUT",
    CANCELLED: "PAYMENT_ERROR",
    PENDING: "PAYMENT_PENDING",
}


class NoSuchThing(LookupError):
    """No order or refund has this id."""


class NotNow(ValueError):
    """Where it stands, this cannot be done; the message says why."""


@dataclass(slots=True)
class Attempt:
    """One try of the customer; amounts in paise, times in seconds since 1970."""

    id: str
    utr: str
    state: str
    amount_minor: int
    at: float


@dataclass(slots=True)
class Order:
    """One thing to be paid. `kind` is `link`, `page`, `qr` or `v1`; `url` is where the customer
    pays; `hidden_polls` how often a final state is still told as open.
    """

    id: str
    reference: str
    kind: str
    amount_minor: int
    expires_at: float
    url: str
    return_url: str = ""
    callback_url: str = ""
    currency: str = "INR"
    state: str = OPEN
    error: str = ""
    told_amount_minor: int = 0
    hidden_polls: int = 0
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def paid(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.state == COMPLETED]

    @property
    def word(self) -> str:
        """The state as the wire has it."""
        if self.state == OPEN:
            return OPEN_WORDS[self.kind]
        if self.kind == "v1":
            return V1_CODES[self.state]
        return FAILED if self.state == EXPIRED and self.kind != "link" else self.state


@dataclass(slots=True)
class Refund:
    """One refund. `polls_left` is how often it is still told as pending."""

    id: str
    reference: str
    order: Order
    amount_minor: int
    state: str = PENDING
    ends: str = COMPLETED
    polls_left: int = 0
    at: float = field(default_factory=time.time)


def new_id(prefix: str) -> str:
    """An id as PhonePe makes them: letters, the date, digits."""
    stamp = time.strftime("%y%m%d%H%M%S", time.gmtime())
    return f"{prefix}{stamp}{secrets.randbelow(10**10):010d}"


class PhonePeBook:
    """Every method is one step under one lock; threads may share the book."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._orders: dict[str, Order] = {}
            self._refunds: dict[str, Refund] = {}
            self._requests: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))

    def receive(self, operation: str, reference: str) -> None:
        with self._lock:
            self._requests[reference][operation] += 1

    def add(self, order: Order) -> bool:
        """False where the reference was used before."""
        with self._lock:
            if any(known.reference == order.reference for known in self._orders.values()):
                return False
            self._orders[order.id] = order
            return True

    def order(self, order_id: str) -> Order:
        with self._lock:
            if order_id not in self._orders:
                raise NoSuchThing
            return self._timely(self._orders[order_id])

    def find(self, reference: str, kinds: frozenset[str]) -> Order:
        with self._lock:
            for order in self._orders.values():
                if order.reference == reference and order.kind in kinds:
                    return self._timely(order)
        raise NoSuchThing

    def told(self, order: Order) -> str:
        """The word that a question gets now: a final one may be told late."""
        with self._lock:
            if order.state != OPEN and order.hidden_polls > 0:
                order.hidden_polls -= 1
                return OPEN_WORDS[order.kind]
            return order.word

    def pay(self, order_id: str, amount_minor: int | None, how: str) -> Order:
        """The customer pays. `how` is `pay`, `again` (a second success under the same order) or
        `late` (after its end).
        """
        with self._lock:
            order = self.order(order_id)
            if order.state == COMPLETED and (how != "again" or order.kind == "v1"):
                raise NotNow("it is paid")
            if order.state not in (OPEN, COMPLETED) and how != "late":
                raise NotNow("it is over")
            order.attempts.append(_attempt(COMPLETED, amount_minor or order.amount_minor))
            if order.state != COMPLETED:
                order.told_amount_minor = amount_minor or order.amount_minor
            order.state, order.error = COMPLETED, ""
            return order

    def fail_attempt(self, order_id: str) -> Order:
        """One try fails; the order stays open."""
        with self._lock:
            order = self._open(order_id)
            order.attempts.append(_attempt(FAILED, order.amount_minor))
            return order

    def end(self, order_id: str, state: str, error: str = "") -> Order:
        """An open order ends unpaid."""
        with self._lock:
            order = self._open(order_id)
            order.state, order.error = state, error
            if state == EXPIRED:
                order.expires_at = min(order.expires_at, time.time() - 1)
            return order

    def add_refund(self, refund: Refund) -> bool:
        """False where the reference was used before. Raises NotNow for more than was paid."""
        with self._lock:
            known = [*self._refunds.values()]
            if any(refund.reference == other.reference for other in known):
                return False
            if refund.order.state != COMPLETED:
                raise NotNow("it is not paid")
            earlier = [r for r in known if r.order is refund.order and r.state != FAILED]
            back = sum(r.amount_minor for r in earlier)
            if back + refund.amount_minor > sum(a.amount_minor for a in refund.order.paid):
                raise NotNow("it is more than was paid")
            self._refunds[refund.id] = refund
            return True

    def find_refund(self, reference: str) -> Refund:
        with self._lock:
            for refund in self._refunds.values():
                if refund.reference == reference:
                    return refund
        raise NoSuchThing

    def poll_refund(self, refund: Refund) -> bool:
        """One question; True where it made the refund final."""
        with self._lock:
            if refund.state != PENDING:
                return False
            if refund.polls_left > 0:
                refund.polls_left -= 1
                return False
            refund.state = refund.ends
            return True

    def listing(self) -> dict[str, object]:
        with self._lock:
            for order in self._orders.values():
                self._timely(order)
            return {
                "payments": [_listed(order) for order in self._orders.values()],
                "debits": [
                    _debit(order, attempt)
                    for order in self._orders.values()
                    for attempt in order.paid
                ],
                "refunds": [
                    {
                        "id": refund.id,
                        "reference": refund.reference,
                        "payment_id": refund.order.id,
                        "amount_minor": refund.amount_minor,
                        "currency": refund.order.currency,
                        "status": refund.state,
                    }
                    for refund in self._refunds.values()
                ],
                "requests": {key: dict(counts) for key, counts in self._requests.items()},
            }

    def _open(self, order_id: str) -> Order:
        order = self.order(order_id)
        if order.state != OPEN:
            raise NotNow("it is over")
        return order

    def _timely(self, order: Order) -> Order:
        if order.state == OPEN and order.expires_at <= time.time():
            order.state = EXPIRED
        return order


def _attempt(state: str, amount_minor: int) -> Attempt:
    utr = f"{secrets.randbelow(10**12):012d}"
    return Attempt(new_id("OM"), utr, state, amount_minor, time.time())


def _listed(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "reference": order.reference,
        "amount_minor": order.amount_minor,
        "currency": order.currency,
        "status": order.word,
        "url": order.url,
    }


def _debit(order: Order, attempt: Attempt) -> dict[str, object]:
    """As a merchant gets to know it: v1 names the transaction, v2 the order for its first one."""
    is_first = attempt is min(order.paid, key=lambda paid: paid.id)
    receipt = order.id if is_first and order.kind != "v1" else attempt.id
    return {
        "id": attempt.id,
        "reference": order.reference,
        "receipt": receipt,
        "amount_minor": attempt.amount_minor,
        "currency": order.currency,
    }
