"""A small world for tests of the rules of money: one booking, one customer, one account."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain import payments
from domain.audit import prove
from domain.database import transaction
from domain.models import Booking, Payment, PaymentEvent, Transfer
from domain.money import Money
from domain.payments import Word
from domain.policy import Policy
from domain.sealing import Sealer
from tests import factories

SEALER = Sealer.of("account secrets", "a secret for tests, of a fair length")
POLICY = Policy()


@dataclass(frozen=True, slots=True)
class World:
    """Ids of what there is."""

    operator_id: int
    booking_id: int
    contact_id: int
    account_id: int

    def request(
        self,
        amount_minor: int = 10_000,
        *,
        contact_id: int | None = None,
        payer: str | None = factories.PHONE,
        currency: str = "USD",
    ) -> payments.OpenRequest:
        return payments.OpenRequest(
            booking_id=self.booking_id,
            contact_id=contact_id or self.contact_id,
            account_id=self.account_id,
            provider="omari",
            amount=Money(amount_minor, currency),
            payer_number=payer,
            hold_seconds=300,
            otp_tries=3,
        )


def build(total_minor: int = 50_000, paid_minor: int = 0) -> World:
    """A booking of Tendai Moyo with Kalai Safaris, and the contact of the same number."""
    with transaction() as db:
        owner = factories.operator(db, "Kalai Safaris")
        on = factories.departure(db, factories.tour(db, owner))
        booking = factories.booking(db, owner, on, total_minor=total_minor, paid_minor=paid_minor)
        contact = factories.contact(db)
        account = factories.account(db, owner, SEALER)
        return World(owner.id, booking.id, contact.id, account.id)


def open_payment(world: World, request: payments.OpenRequest | None = None) -> UUID:
    """Open a payment that is expected to be allowed."""
    with transaction() as db:
        opened = payments.open_payment(db, request or world.request(), POLICY)
        assert isinstance(opened, Payment), opened
        return opened.id


def success(payment_id: UUID, receipt: str = "H5PS", amount_minor: int | None = 10_000) -> Word:
    """An authenticated word of success."""
    return Word(
        status="succeeded",
        source="poll",
        delivery_key=f"{payment_id}:{receipt}",
        receipt=receipt,
        amount=None if amount_minor is None else Money(amount_minor, "USD"),
        reference=str(payment_id),
    )


def settle(payment_id: UUID, word: Word | None = None) -> payments.Settlement:
    with transaction() as db:
        return payments.settle(db, payment_id, word or success(payment_id))


def walk(payment_id: UUID, *steps: str) -> None:
    """Bring a payment along: start, code, confirm, lose, expire, cancel."""
    call = payments.ProviderCall("test", 200, 1)
    for step in steps:
        with transaction() as db:
            locked = payments.lock(db, payment_id)
            match step:
                case "start":
                    payments.begin_start(db, locked, 30, POLICY)
                case "code":
                    payments.record_started(db, locked, "ETDC", 300, call)
                case "given":
                    assert payments.begin_confirming(db, locked, POLICY)
                case "confirm":
                    payments.begin_confirm(db, locked, 30, POLICY)
                case "lose":
                    payments.lose_answer(db, locked, POLICY, None)
                case "expire":
                    payments.expire(db, locked)
                case "cancel":
                    assert payments.cancel(db, locked)
                case _:
                    raise ValueError(step)


def later(payment_id: UUID, seconds: float) -> None:
    """Let time pass for one payment: all of its moments move into the past."""
    moment = func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    columns = (
        Payment.lease_until,
        Payment.hold_until,
        Payment.deadline_at,
        Payment.next_check_at,
        Payment.negative_since,
        Payment.ended_at,
    )
    with transaction() as db:
        db.execute(
            update(Payment)
            .where(Payment.id == payment_id)
            .values({column: column - moment for column in columns})
        )


def payment_of(payment_id: UUID) -> Payment:
    with transaction() as db:
        return db.execute(select(Payment).where(Payment.id == payment_id)).scalar_one()


def booking_of(world: World) -> Booking:
    with transaction() as db:
        return db.execute(select(Booking).where(Booking.id == world.booking_id)).scalar_one()


def told(payment_id: UUID) -> list[str]:
    """What the customer was to hear about a payment, in order."""
    with transaction() as db:
        return [
            name
            for name in db.execute(
                select(PaymentEvent.told)
                .where(PaymentEvent.payment_id == payment_id)
                .order_by(PaymentEvent.version)
            ).scalars()
            if name is not None
        ]


def transfers(db: Session) -> list[tuple[str, int]]:
    return [
        (row.kind, row.amount_minor)
        for row in db.execute(select(Transfer).order_by(Transfer.id)).scalars()
    ]


def assert_books_agree() -> None:
    with transaction() as db:
        assert prove(db) == []
