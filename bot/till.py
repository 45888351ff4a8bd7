"""What a conversation does with a payment that is open: the code is taken, it is cancelled, begun
anew, or the provider is asked at once. The payment is locked by the desk.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from bot.accounts import Accounts
from bot.links import Links
from bot.offers import offers
from bot.vault import Vault
from domain import payments
from domain.money import Money
from domain.payments import Locked, NotOpened, OpenRequest
from domain.policy import Policy
from domain.sealing import Sealer
from domain.states import (
    AWAITING_CUSTOMER,
    AWAITING_OTP,
    CONFIRMING,
    ENDED,
    SUCCEEDED,
    UNCERTAIN,
)
from flows.desk_answers import CancelAnswer, OtpAnswer, ResendAnswer
from providers.contract import Provider


@dataclass(frozen=True, slots=True)
class Tools:
    """What a desk works with beside the transaction."""

    policy: Policy
    accounts: Accounts
    vault: Vault
    answers: Sealer
    links: Links
    otp_digits: int


def request(
    booking_id: int,
    contact_id: int,
    account_id: int,
    adapter: Provider,
    amount: Money,
    payer_number: str | None,
) -> OpenRequest:
    """What is asked for when a payment is opened, by its provider's terms."""
    terms = adapter.terms(payer_number)
    return OpenRequest(
        booking_id=booking_id,
        contact_id=contact_id,
        account_id=account_id,
        provider=adapter.name,
        amount=amount,
        payer_number=payer_number,
        hold_seconds=terms.hold_seconds,
        otp_tries=terms.otp_tries,
    )


def submit_otp(db: Session, tools: Tools, locked: Locked | None, otp: str) -> OtpAnswer:
    """Take the customer's code, if the payment waits for one."""
    if locked is None or locked.payment.status != AWAITING_OTP:
        return OtpAnswer.NOT_WAITED_FOR
    payment = locked.payment
    if payment.deadline_at is not None and payment.deadline_at <= locked.now:
        payments.expire(db, locked)
        return OtpAnswer.EXPIRED
    # Into the vault before the commit: a worker that sees `confirming` must find the code.
    tools.vault.put(payment.id, payment.otp_try, otp)
    if payments.begin_confirming(db, locked, tools.policy):
        return OtpAnswer.TAKEN
    tools.vault.delete(payment.id, payment.otp_try)
    return OtpAnswer.BALANCE_CHANGED


def cancel(db: Session, locked: Locked | None) -> CancelAnswer:
    """Cancel, unless it is too late."""
    if locked is None:
        return CancelAnswer.NOTHING
    if payments.cancel(db, locked):
        return CancelAnswer.CANCELLED
    status = locked.payment.status
    if status == SUCCEEDED:
        return CancelAnswer.ALREADY_PAID
    return CancelAnswer.TOO_LATE if status in (CONFIRMING, UNCERTAIN) else CancelAnswer.NOTHING


def begin_anew(db: Session, tools: Tools, locked: Locked | None, waits: str) -> ResendAnswer:
    """Another payment in the place of one that stands at `waits`: a new code, a new link."""
    if locked is None or locked.payment.status in ENDED:
        return ResendAnswer.NOTHING
    payment = locked.payment
    # What a person must look at may have been paid: another one would take the money twice.
    if payment.status in (CONFIRMING, UNCERTAIN) or payment.review is not None:
        return ResendAnswer.TOO_LATE
    pause = timedelta(seconds=tools.policy.otp_resend_seconds)
    if payment.status != waits or payment.created_at + pause > locked.now:
        return ResendAnswer.TOO_SOON
    if payment.provider in offers(db, tools.accounts, locked.booking).paused:
        return ResendAnswer.TOO_MANY
    anew = request(
        payment.booking_id,
        payment.contact_id,
        payment.account_id,
        tools.accounts.adapter(db, payment.account_id),
        Money(payment.amount_minor, payment.currency),
        payment.payer_number,
    )
    opened = payments.replace(db, locked, anew, tools.policy)
    return ResendAnswer.TOO_MANY if isinstance(opened, NotOpened) else ResendAnswer.RESENT


def ask_now(db: Session, locked: Locked | None) -> None:
    """Let the provider be asked at once, where it is the provider's word that we wait for."""
    if locked is not None and locked.payment.status in (AWAITING_CUSTOMER, UNCERTAIN):
        payments.ask_now(db, locked.payment, locked.now)


def ask_and_tell(db: Session, locked: Locked | None) -> None:
    """The same for a customer who says that they have paid, and is told if nobody knows of it."""
    ask_now(db, locked)
    if locked is not None and locked.payment.status == AWAITING_CUSTOMER:
        payments.says_paid(db, locked.payment)
