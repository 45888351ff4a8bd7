"""What the two APIs of the simulated PhonePe share: settings, book, knobs, what the customer does,
and telling the merchant of it.

The paise of an amount decide what happens by itself, so that every outcome can be tried by hand:

    .11 paid at once        .12 declined             .13 expires at once
    .14 paid, but told as pending three times        .15 paid, one rupee less is told
    .16 paid twice          .17 refused              .18 HTTP 500, nothing is made
    .19 made, the answer is lost
    .21 refunds fail        .22 refunds are told as pending three times     .23 refunds are refused
"""

from dataclasses import dataclass, field

from flask import url_for

from providers.simulators.manners import Manner, Manners
from providers.simulators.phonepe.book import (
    CANCELLED,
    EXPIRED,
    FAILED,
    V1_CODES,
    NotNow,
    Order,
    PhonePeBook,
    Refund,
)
from providers.simulators.phonepe.webhooks import (
    Sender,
    callback_delivery,
    order_delivery,
    order_fields,
    refund_delivery,
    v1_status,
    webhook_authorization,
)
from providers.simulators.wire_faults import Knobs

OPERATIONS = frozenset({"token", "pay", "status", "cancel", "refund", "refund_status"})
MANNERS = {
    "webhook": frozenset({"none", "duplicate", "late", "reversed"}),
    "pay": frozenset({"early"}),
    "status": frozenset({"pending"}),
    "refund": frozenset({"fail"}),
    "refund_status": frozenset({"pending"}),
}
REFUSED_AMOUNT, BROKEN_AMOUNT, LOST_AMOUNT = 17, 18, 19
REFUND_FAILS, REFUND_WAITS, REFUND_REFUSED = 21, 22, 23
_PAID, _DECLINED, _EXPIRED, _PENDING, _LESS, _TWICE = 11, 12, 13, 14, 15, 16
_HIDDEN_POLLS = 3
_RUPEE_MINOR = 100


@dataclass(frozen=True, slots=True)
class PhonePeSimulatorSettings:
    """How this PhonePe behaves. Times in seconds.

    `webhook_url` is where v2 sends its webhooks, as a merchant sets it on the dashboard; v1 calls
    what each request names. `shortest_seconds` is the least life of an order.
    """

    client_id: str = "SIMULATED_CLIENT"
    client_secret: str = field(default="simulated-client-secret", repr=False)
    client_version: str = "1"
    webhook_username: str = "simulated_user"
    webhook_password: str = field(default="Simulated1", repr=False)
    webhook_url: str = ""
    merchant_id: str = "SIMULATEDMERCHANT"
    salt_key: str = field(default="simulated-salt-key", repr=False)
    salt_index: str = "1"
    merchant_name: str = "KALAI SAFARIS"
    token_seconds: int = 3_600
    shortest_seconds: int = 300
    page_seconds: float = 1_200.0
    webhook_pauses_seconds: tuple[float, ...] = (0.1, 0.3, 1.0)


class World:
    """One simulated PhonePe, beneath both of its APIs."""

    def __init__(self, settings: PhonePeSimulatorSettings) -> None:
        self.settings = settings
        self.book = PhonePeBook()
        self.knobs = Knobs()
        self.manners = Manners(MANNERS)
        self.sender = Sender(settings.webhook_pauses_seconds)
        self._authorization = webhook_authorization(
            settings.webhook_username, settings.webhook_password
        )

    def page_url(self, order_id: str) -> str:
        """The absolute address of an order's page."""
        return url_for(".page", order_id=order_id, _external=True)

    def begin(self, order: Order) -> None:
        """What happens to a new order before its maker gets an answer."""
        pending = self.manners.take_whole("status")
        if pending is not None:
            order.hidden_polls = _HIDDEN_POLLS if pending.times is None else pending.times
        magic = order.amount_minor % _RUPEE_MINOR
        if magic == _DECLINED:
            self.act(order.id, "decline", None)
        elif magic == _EXPIRED:
            self.act(order.id, "expire", None)
        elif magic in (_PAID, _PENDING, _LESS, _TWICE):
            order.hidden_polls = _HIDDEN_POLLS if magic == _PENDING else order.hidden_polls
            less = order.amount_minor - _RUPEE_MINOR if magic == _LESS else None
            self.act(order.id, "pay", less)
            if magic == _TWICE:
                self.act(order.id, "again", None)
        else:
            early = self.manners.take("pay", "early")
            if early is not None:
                self.book.pay(order.id, None, "pay")
                self.tell(order, early)

    def act(self, order_id: str, answer: str, amount_minor: int | None) -> None:
        """What the customer does, and the merchant is told. Raises NoSuchThing and NotNow."""
        if answer in ("pay", "again", "late"):
            order = self.book.pay(order_id, amount_minor, answer)
        elif answer == "decline":
            order = self.book.end(order_id, FAILED, "INVALID_MPIN")
        elif answer == "insufficient":
            order = self.book.end(order_id, FAILED, "Z9")
        elif answer == "expire":
            order = self.book.end(order_id, EXPIRED)
        elif answer == "cancel":
            order = self.book.end(order_id, CANCELLED)
        elif answer == "attempt":
            order = self.book.fail_attempt(order_id)
        else:
            raise NotNow("the answer must be pay, again, late, decline, expire, cancel or attempt")
        if order.kind != "v1" or order.state in V1_CODES:
            self.tell(order, self.manners.take("webhook", *MANNERS["webhook"]))

    def tell(self, order: Order, manner: Manner | None) -> None:
        """The webhook or callback of an order as it stands now."""
        settings = self.settings
        if order.kind == "v1":
            fields = v1_status(settings.merchant_id, order, order.word)
            salt = (settings.salt_key, settings.salt_index)
            self.sender.send(callback_delivery(order.callback_url, fields, salt), manner)
        elif order.state != CANCELLED:
            delivery = order_delivery(
                settings.webhook_url, settings.merchant_id, self._authorization, order
            )
            self.sender.send(delivery, manner)

    def tell_refund(self, refund: Refund) -> None:
        """The webhook of a refund; v1's are only told when asked."""
        if refund.order.kind != "v1":
            delivery = refund_delivery(
                self.settings.webhook_url, self.settings.merchant_id, self._authorization, refund
            )
            self.sender.send(delivery, self.manners.take("webhook", *MANNERS["webhook"]))

    def prepare(self, refund: Refund) -> None:
        """How a new refund will end, by knobs and by the amount of its order."""
        magic = refund.order.amount_minor % _RUPEE_MINOR
        if self.manners.take("refund", "fail") is not None or magic == REFUND_FAILS:
            refund.ends = FAILED
        pending = self.manners.take_whole("refund_status")
        if pending is not None:
            refund.polls_left = _HIDDEN_POLLS if pending.times is None else pending.times
        elif magic == REFUND_WAITS:
            refund.polls_left = _HIDDEN_POLLS

    def told_fields(self, order: Order) -> dict[str, object]:
        """An order as a question gets it now."""
        return order_fields(order, self.book.told(order))
