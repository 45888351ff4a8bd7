"""One payment by link and its provider, as tests of callbacks and pages see them."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from bot.runtime import Runtime
from domain.database import transaction
from domain.models import Account, Evidence, Payment
from domain.money import Money
from domain.payments.story import move, write_event
from domain.sealing import Sealer
from domain.states import AWAITING_CUSTOMER, CREATED, STARTING
from providers.contract import Status
from providers.notices import Notice, NoticeForged, NoticeKind, NoticeRequest, NoticeUnreadable
from tests import factories

PROVIDER = "phonepe"


@dataclass(frozen=True)
class Teller:
    """A provider at the edge that does one thing: it tells. What it says stands in the body, and
    its signature is the account's password in a header.
    """

    password: str

    def read_notice(self, request: NoticeRequest) -> Notice:
        if request.headers.get("x-password") != self.password:
            raise NoticeForged("wrong password")
        try:
            said = json.loads(request.body)
            amount = Money(said["amount"], said["currency"]) if "amount" in said else None
            status = Status(said["status"]) if "status" in said else None
            return Notice(
                delivery_key=said["key"],
                kind=NoticeKind(said["kind"]),
                reference=said.get("reference"),
                word=said.get("word", "WORD"),
                status=status,
                amount=amount,
                shown=said.get("shown", "shown"),
            )
        except (ValueError, KeyError):
            raise NoticeUnreadable from None


@dataclass
class Counter:
    """A runtime with one payment of INR 150.00, and what rings after commits."""

    runtime: Runtime
    payment_id: UUID
    account_id: int
    rung: list[Any] = field(default_factory=list)

    def payment(self) -> Payment:
        with transaction() as db:
            return db.get_one(Payment, self.payment_id)

    def change(self, **values: Any) -> None:
        """Change the payment as no customer could; `seconds_left` moves its deadline."""
        with transaction() as db:
            payment = db.get_one(Payment, self.payment_id)
            if "seconds_left" in values:
                left = timedelta(seconds=values.pop("seconds_left"))
                payment.deadline_at = func.clock_timestamp() + left
            for name, value in values.items():
                setattr(payment, name, value)

    def move(self, *statuses: str) -> None:
        for status in statuses:
            with transaction() as db:
                move(db, db.get_one(Payment, self.payment_id), status, "moved")

    def open_link(self, **link: Any) -> None:
        """The customer has a link for 20 minutes."""
        self.move(STARTING, AWAITING_CUSTOMER)
        self.change(seconds_left=1_200, next_check_at=None, **link)

    def evidence(self) -> list[Evidence]:
        with transaction() as db:
            return list(db.scalars(select(Evidence).order_by(Evidence.id)))

    def add_account(self, password: str, **more: Any) -> int:
        """Another operator's account with the same provider."""
        with transaction() as db:
            return _account(self.runtime, db, password, **more).id


def _account(runtime: Runtime, db: Any, password: str, **more: Any) -> Account:
    sealer = Sealer.of("account secrets", runtime.settings.secret_key.get_secret_value())
    account = factories.account(
        db, factories.operator(db), sealer, merchant_key=password, currency="INR"
    )
    account.provider = PROVIDER
    for name, value in more.items():
        setattr(account, name, value)
    db.flush()
    # What PhonePe itself says and how it signs is of no interest here.
    runtime.accounts._built[account.id, account.secrets_sealed] = Teller(password)  # type: ignore[assignment]
    return account


def _add_payment(
    db: Any, counter: Counter, provider: str, booking_id: int, contact_id: int
) -> None:
    payment = Payment(
        id=counter.payment_id,
        booking_id=booking_id,
        contact_id=contact_id,
        account_id=counter.account_id,
        provider=provider,
        reference=str(counter.payment_id),
        amount_minor=15_000,
        currency="INR",
        status=CREATED,
        version=0,
        hold_until=func.clock_timestamp() + timedelta(minutes=5),
    )
    db.add(payment)
    db.flush()
    write_event(db, payment, "opened")


def build(runtime: Runtime) -> Counter:
    with transaction() as db:
        account = _account(runtime, db, "first")
        owner = factories.operator(db, "Kalai <Safaris>")
        booking = factories.booking(db, owner, currency="INR")
        counter = Counter(runtime, uuid4(), account.id)
        _add_payment(db, counter, PROVIDER, booking.id, factories.contact(db).id)
    runtime.database.ring = counter.rung.extend
    return counter


def real_account(runtime: Runtime, counter: Counter, provider: str, secrets: Any) -> int:
    """An account with a provider's own adapter, and the counter's payment with it."""
    with transaction() as db:
        sealer = Sealer.of("account secrets", runtime.settings.secret_key.get_secret_value())
        before = db.get_one(Payment, counter.payment_id)
        account = Account(
            operator_id=db.scalars(select(Account.operator_id)).first(),
            provider=provider,
            currency="INR",
            name=provider,
            secrets_sealed=sealer.seal(json.dumps(secrets)),
            is_default=False,
        )
        db.add(account)
        db.flush()
        counter.payment_id, counter.account_id = uuid4(), account.id
        contact = factories.contact(db, "+919812345678")
        _add_payment(db, counter, provider, before.booking_id, contact.id)
        return account.id
