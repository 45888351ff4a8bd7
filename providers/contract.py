"""What every provider promises: a charge goes in, one of three answers comes out.

answered, and we know the words      an Outcome, or what the customer does next (EnterOtp, OpenLink,
ApproveOnPhone) answered, refused, nothing moved     ProviderRefused (WrongOtp: the same payment may
try another
code) no answer, or words we do not know   ProviderUncertain: money may have moved; ask, never
resend
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from domain.money import Money


class Status(StrEnum):
    """A provider's word about one payment, in ours. A word that an adapter does not know is never
    one of these.
    """

    SUCCEEDED = "succeeded"
    OPEN = "open"  # stands open: waits for the customer, or is being worked on
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    NOT_FOUND = "not_found"


class Reason(StrEnum):
    """Why a provider refused, as far as a customer can do something about it. Each has words in
    flows/phrases.
    """

    INSUFFICIENT_FUNDS = "insufficient_funds"
    LIMIT = "limit"
    NO_WALLET = "no_wallet"
    BLOCKED = "blocked"
    WRONG_OTP = "wrong_otp"
    TRIES_EXCEEDED = "tries_exceeded"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    BAD_REQUEST = "bad_request"
    UNAVAILABLE = "unavailable"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Charge:
    """One payment as a provider must know it.

    `reference` is ours, minted and stored before any call: a dashed lower-case UUID.
    `payer_number` is international digits without plus (`263771234567`), or None where the provider
    needs none.
    """

    reference: str
    amount: Money
    payer_number: str | None = field(repr=False)
    description: str
    provider_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What one HTTP call was, for the payment's story. Holds no secret, OTP or phone number.

    `http_status` is None where no answer came. `body` is the answer redacted and cut; `digest` is
    the sha256 of the raw bytes (hex), "" where there was none.
    """

    operation: str
    http_status: int | None
    milliseconds: int
    code: str | None = None
    body: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a provider says became of a payment. Fields that the answer does not carry are None.

    `receipt` is the provider's own id of the money (unique at the provider), present whenever
    status is SUCCEEDED.
    """

    status: Status
    call: Call
    receipt: str | None = None
    debit_reference: str | None = None
    amount: Money | None = None
    reference: str | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class EnterOtp:
    """The provider sent the customer a code; `otp_reference` is shown so that they know which."""

    otp_reference: str
    call: Call


@dataclass(frozen=True, slots=True)
class OpenLink:
    """The customer pays behind a link."""

    url: str = field(repr=False)
    provider_reference: str
    expires_at: datetime
    call: Call


@dataclass(frozen=True, slots=True)
class ApproveOnPhone:
    """The customer approves in the provider's own app."""

    provider_reference: str
    expires_at: datetime
    call: Call


NextAct = EnterOtp | OpenLink | ApproveOnPhone


class ProviderError(Exception):
    """Base of both bad answers. `str()` is safe to log: operation, HTTP status, code."""

    def __init__(self, call: Call, reason: Reason) -> None:
        super().__init__(
            f"{call.operation}: http={call.http_status} code={call.code} reason={reason}"
        )
        self.call = call
        self.reason = reason


class ProviderRefused(ProviderError):
    """Answered and refused for good: nothing moved."""


class WrongOtp(ProviderRefused):
    """The code was wrong; the same payment may try another while tries are left."""


class ProviderUncertain(ProviderError):
    """Not answered, or in words that we do not know. For a write: money may have moved."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a provider's way of paying allows. Times in seconds.

    `call_seconds` is the total deadline of one call, connect included; `hold_seconds` how long a
    waiting payment holds the booking's balance; `customer_seconds` how long the customer has to act
    (enter the code, open
    the link); `otp_tries` how many codes one payment may try (0 where no code is typed).
    """

    call_seconds: float
    hold_seconds: int
    customer_seconds: int
    otp_tries: int = 0


@runtime_checkable
class Provider(Protocol):
    """What every adapter has. Times out by itself; raises ProviderRefused and ProviderUncertain,
    nothing else.
    """

    name: str
    title: str
    currencies: frozenset[str]
    terms: Terms

    def start(self, charge: Charge) -> NextAct: ...

    def check(self, charge: Charge) -> Outcome: ...


@runtime_checkable
class ConfirmsByOtp(Protocol):
    """A provider whose money moves when the customer's code is handed over."""

    def confirm(self, charge: Charge, otp: str) -> Outcome: ...


@runtime_checkable
class Cancels(Protocol):
    """A provider that can void a payment that nobody has paid yet."""

    def cancel(self, charge: Charge) -> Outcome: ...
