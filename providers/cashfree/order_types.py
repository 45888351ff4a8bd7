"""What goes into Cashfree's orders and comes out, for software that pays without the chat."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.money import Money
from providers.cashfree.api import CashfreeSettings
from providers.contract import Call, ProviderRefused, Reason, Status, WrongOtp

PHONE_REQUIRED = "Phone number required"
INVALID_METHOD = "Payment method must be 'UPI' or 'NETBANKING'"
INVALID_CODE = "Invalid OTP format"
CODE_REFUSED = "Invalid OTP or payment failed"
CODE_NOT_OFFERED = "This bank asks for a code, which is not offered here"


class Method(StrEnum):
    """How an order is paid."""

    UPI = "UPI"
    NETBANKING = "NETBANKING"


@dataclass(frozen=True, slots=True)
class OrdersSettings:
    """Whose orders, and whether codes of banks are taken."""

    access: CashfreeSettings
    takes_codes: bool = False


class OrderRefused(ProviderRefused):
    """Refused for good; `words` are for people."""

    def __init__(self, call: Call, reason: Reason, words: str) -> None:
        super().__init__(call, reason)
        self.words = words


class CodeRefused(WrongOtp):
    """The code was refused and the order is not paid; `words` are for people."""

    def __init__(self, call: Call, words: str) -> None:
        super().__init__(call, Reason.WRONG_OTP)
        self.words = words


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to make. `reference` is ours, a dashed lower-case UUID; `phone` international digits
    without plus; `note` and `email` may be empty.
    """

    reference: str
    amount: Money
    customer_id: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    email: str = field(default="", repr=False)
    note: str = ""


@dataclass(frozen=True, slots=True)
class OrderState:
    """How an order stands. `session` lets its holder pay the order; `word` is Cashfree's own."""

    reference: str
    provider_reference: str
    word: str
    status: Status
    amount: Money
    expires_at: datetime | None
    call: Call
    session: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OrderAttempt:
    """One try to pay an order. `status` is SUCCEEDED or OPEN: after a failed one another may
    follow.
    """

    payment_id: str
    word: str
    status: Status
    amount: Money | None


@dataclass(frozen=True, slots=True)
class PayPage:
    """The customer pays behind a link; `qr` is a `data:` picture, where there is one."""

    payment_id: str
    url: str | None = field(repr=False)
    qr: str | None = field(repr=False)
    call: Call


@dataclass(frozen=True, slots=True)
class EnterBankCode:
    """The bank sent the customer a code; `CashfreeOrders.confirm` hands it over."""

    payment_id: str
    call: Call


Initiated = PayPage | EnterBankCode
