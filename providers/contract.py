"""What every provider promises: a charge goes in, one of three answers comes out.

    answered, and we know the words      an Outcome, or what the customer does next (EnterOtp,
                                         OpenLink, ApproveOnPhone)
    answered, refused, nothing moved     ProviderRefused (WrongOtp: another code may be tried)
    no answer, or words we do not know   ProviderUncertain: money may have moved; ask, never resend

Money on its way back is in providers/refunds.py, what a provider tells us unasked in
providers/notices.py.
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

    `reference` is ours, minted and stored before any call: a dashed lower-case UUID. On the wire it
    is that, or its 32 hex digits, as the provider's guide says. `payer_number` is the number that
    is charged, international digits without plus (`263771234567`), or None where none is.
    `provider_reference` is the id that `start` gave, once that is committed. `customer_name` and
    `customer_phone` (digits as above) are whom we talk with, for providers that ask; they may be
    unknown.
    """

    reference: str
    amount: Money
    payer_number: str | None = field(repr=False)
    description: str
    provider_reference: str | None = None
    customer_name: str = field(default="", repr=False)
    customer_phone: str | None = field(default=None, repr=False)


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
class Receipt:
    """Money that came in beside the first of an order: the provider's own id of it, and how
    much.
    """

    receipt: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a provider says became of a payment. Fields that the answer does not carry are None.

    `receipt` is the provider's own id of the money (unique at the provider), present whenever
    status is SUCCEEDED. `also` is what was taken beside it under the same order, one entry to a
    success. `reference` is ours, in the form of `Charge.reference`.
    """

    status: Status
    call: Call
    receipt: str | None = None
    debit_reference: str | None = None
    amount: Money | None = None
    reference: str | None = None
    reason: Reason | None = None
    also: tuple[Receipt, ...] = ()


@dataclass(frozen=True, slots=True)
class EnterOtp:
    """The provider sent the customer a code; `otp_reference` is shown so that they know which."""

    otp_reference: str
    call: Call


@dataclass(frozen=True, slots=True)
class OpenLink:
    """The customer pays behind a link, or scans a picture.

    `url` may be sent as it is, unless `launcher` names a script (https): then it is a token for
    that script, and is opened from our own page only. It is None where there is only a picture.
    `qr` is what the picture says, or the picture itself as `data:image/png;base64,…`; None: there
    is none worth sending. `expires_at` is aware UTC.
    """

    url: str | None = field(repr=False)
    provider_reference: str
    expires_at: datetime
    call: Call
    qr: str | None = field(default=None, repr=False)
    launcher: str | None = None


@dataclass(frozen=True, slots=True)
class ApproveOnPhone:
    """The customer approves in the provider's own app."""

    provider_reference: str
    expires_at: datetime
    call: Call


NextAct = EnterOtp | OpenLink | ApproveOnPhone


class ProviderError(Exception):
    """Base of both bad answers. `str()` is safe to log: operation, HTTP status, code.

    `retry_after_seconds` is how long the provider asked us to leave it alone, or 0.
    """

    def __init__(self, call: Call, reason: Reason, retry_after_seconds: float = 0) -> None:
        super().__init__(
            f"{call.operation}: http={call.http_status} code={call.code} reason={reason}"
        )
        self.call = call
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class ProviderRefused(ProviderError):
    """Answered and refused for good: nothing moved."""


class WrongOtp(ProviderRefused):
    """The code was wrong; the same payment may try another while tries are left."""


class ProviderUncertain(ProviderError):
    """Not answered, or in words that we do not know. For a write: money may have moved."""


# What somebody may still pay keeps others from paying; so nothing holds a balance for longer.
LONGEST_HOLD_SECONDS = 1_800


@dataclass(frozen=True, slots=True)
class Terms:
    """What a provider's way of paying allows. Times in seconds.

    `call_seconds` is the total deadline of one call, connect included; `hold_seconds` how long a
    waiting payment holds the booking's balance; `customer_seconds` how long the customer has to act
    (enter the code, open the link); `otp_tries` how many codes one payment may try (0 where no code
    is typed).

    `check_delays_seconds` is the published schedule of questions, the last one repeated; empty: our
    own. `expiry_grace_seconds`: a payment that still stands open so long after its deadline is
    expired, where the provider itself never says so; None: it does say so.
    `watches_paid`: one order can be paid more than once, so that one that is paid is asked about
    for a week more. `negative_wait_seconds`: how long after an unanswered write a negative word
    does not count yet; None: as the policy says.
    """

    call_seconds: float
    hold_seconds: int
    customer_seconds: int
    otp_tries: int = 0
    check_delays_seconds: tuple[float, ...] = ()
    expiry_grace_seconds: float | None = None
    negative_wait_seconds: float | None = None
    watches_paid: bool = False


@runtime_checkable
class Provider(Protocol):
    """What every adapter has. Times out by itself; raises ProviderRefused and ProviderUncertain,
    nothing else.
    """

    name: str
    title: str
    currencies: frozenset[str]

    def terms(self, payer_number: str | None) -> Terms:
        """The terms of paying with this number, or without one."""

    def start(self, charge: Charge) -> NextAct: ...

    def check(self, charge: Charge) -> Outcome: ...

    def probe(self) -> Call:
        """Ask something harmless, to see whether the provider is there. Raises as the others."""


@runtime_checkable
class ConfirmsByOtp(Protocol):
    """A provider whose money moves when the customer's code is handed over."""

    def confirm(self, charge: Charge, otp: str) -> Outcome: ...


@runtime_checkable
class Cancels(Protocol):
    """A provider that can void a payment that nobody has paid yet."""

    def can_cancel(self, charge: Charge) -> bool:
        """Whether this one can be voided: some are for one of a provider's ways only."""

    def cancel(self, charge: Charge) -> Outcome: ...
