"""Money on its way back: an order goes in, and is followed until it is final.

The three answers are those of providers/contract.py: a RefundOutcome, ProviderRefused (nothing will
move), ProviderUncertain (it may have moved: nobody sends it again).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from domain.money import Money
from providers.contract import Call, Charge, Reason


class RefundStatus(StrEnum):
    """A provider's word about a refund, in ours."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """One refund as a provider must know it.

    `reference` is ours: a dashed lower-case UUID, another one than the payment's. `receipt` is the
    provider's id of the money that came in. `refunded_before` is what went back of the same payment
    by other refunds until now, for providers that only say how much is left. `reason` is for the
    provider's record and holds no names.
    """

    reference: str
    charge: Charge
    receipt: str
    amount: Money
    refunded_before: Money
    reason: str


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """What a provider says of a refund. Fields that the answer does not carry are None.

    `provider_reference` is the provider's own id of it; `reference` is ours, in the form of
    `RefundOrder.reference`.
    """

    status: RefundStatus
    call: Call
    provider_reference: str | None = None
    amount: Money | None = None
    reference: str | None = None
    reason: Reason | None = None


@runtime_checkable
class Refunds(Protocol):
    """A provider that gives money back when asked."""

    def refund(self, order: RefundOrder) -> RefundOutcome: ...


@runtime_checkable
class FollowsRefunds(Protocol):
    """A provider that can be asked what became of a refund. Asking may be repeated."""

    def check_refund(self, order: RefundOrder) -> RefundOutcome: ...
