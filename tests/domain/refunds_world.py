"""What tests of refunds share: two admins and an operator's own, a payment that brought money, and
its refund brought to where it stands.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, text, update

from domain import refunds
from domain.database import transaction
from domain.models import AuditEntry, Operator, PaymentEvent, Refund
from domain.money import Money
from domain.payments import ProviderCall
from domain.policy import Policy
from domain.refunds import Following, NotRefunded, RefundWish, RefundWord, Why
from tests import factories
from tests.domain import world as w

POLICY = Policy()
CALL = ProviderCall("refund", 200, 1)
MOMENTS = (Refund.lease_until, Refund.next_check_at, Refund.negative_since, Refund.ended_at)


@dataclass(frozen=True, slots=True)
class Desk:
    """Ids of what there is: a payment of USD 100.00 that succeeded, and who looks after it."""

    world: w.World
    payment: UUID
    anna: int
    ben: int
    owner: int
    stranger: int
    gone: int


def build(amount_minor: int = 10_000, total_minor: int = 50_000) -> Desk:
    world = w.build(total_minor=total_minor)
    payment = w.open_payment(world, world.request(amount_minor))
    w.walk(payment, "start", "code", "given", "confirm")
    w.settle(payment, w.success(payment, amount_minor=amount_minor))
    with transaction() as db:
        own = db.get_one(Operator, world.operator_id)
        gone = factories.staff(db, "gone@example.com")
        gone.disabled_at = func.clock_timestamp()
        people = [
            factories.staff(db, "anna@example.com"),
            factories.staff(db, "ben@example.com"),
            factories.staff(db, "own@example.com", own),
            factories.staff(db, "stranger@example.com", factories.operator(db, "Somebody else")),
            gone,
        ]
        return Desk(world, payment, *(person.id for person in people))


def wish(desk: Desk, amount_minor: int = 4_000, **changed: object) -> RefundWish:
    values: dict[str, object] = {
        "refund_id": uuid4(),
        "payment_id": desk.payment,
        "amount": Money(amount_minor, "USD"),
        "reason": "the tour was called off",
        "staff_id": desk.anna,
        "way": "provider",
    }
    return RefundWish(**(values | changed))  # type: ignore[arg-type]


def ask(desk: Desk, amount_minor: int = 4_000, alone_minor: int = 0, **changed: object) -> UUID:
    """A refund that is expected to be allowed."""
    with transaction() as db:
        asked = refunds.request(db, wish(desk, amount_minor, **changed), alone_minor)
        assert isinstance(asked, Refund), asked
        return asked.id


def refused(desk: Desk, amount_minor: int = 4_000, **changed: object) -> NotRefunded:
    """A request that is expected not to be."""
    with transaction() as db:
        answer = refunds.request(db, wish(desk, amount_minor, **changed))
        assert isinstance(answer, NotRefunded), answer
        return answer


def approve(refund_id: UUID, staff_id: int) -> Why | None:
    with transaction() as db:
        done = refunds.approve(db, refund_id, staff_id)
        return done.why if isinstance(done, NotRefunded) else None


def send(refund_id: UUID) -> None:
    with transaction() as db:
        locked = refunds.lock(db, refund_id)
        assert refunds.due_act(db, locked) is refunds.RefundAct.SEND
        refunds.begin_send(db, locked, 30, POLICY)


def sent(desk: Desk, amount_minor: int = 4_000) -> UUID:
    """A refund whose one call is under way."""
    refund_id = ask(desk, amount_minor)
    assert approve(refund_id, desk.ben) is None
    send(refund_id)
    return refund_id


def lose(refund_id: UUID, following: Following = Following.PROVIDER) -> None:
    with transaction() as db:
        refunds.lose_answer(db, refunds.lock(db, refund_id), following, POLICY, CALL)


def refuse(refund_id: UUID, reason: str = "declined") -> None:
    with transaction() as db:
        refunds.record_refusal(db, refunds.lock(db, refund_id), reason, CALL)


def hear(refund_id: UUID, status: str, **changed: object) -> None:
    """The provider's word, one that was not heard before."""
    values: dict[str, object] = {"status": status, "digest": uuid4().hex, "call": CALL}
    with transaction() as db:
        word = RefundWord(**(values | changed))  # type: ignore[arg-type]
        refunds.record_word(db, refunds.lock(db, refund_id), word, POLICY)


def due(refund_id: UUID) -> str:
    with transaction() as db:
        return refunds.due_act(db, refunds.lock(db, refund_id)).value


def later(refund_id: UUID, seconds: float) -> None:
    """Let time pass for one refund."""
    moment = func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    with transaction() as db:
        db.execute(
            update(Refund)
            .where(Refund.id == refund_id)
            .values({column: column - moment for column in MOMENTS})
        )


def refund_of(refund_id: UUID) -> Refund:
    with transaction() as db:
        return db.execute(select(Refund).where(Refund.id == refund_id)).scalar_one()


def stands(refund_id: UUID) -> tuple[str, str | None, str | None]:
    """Status, failure and review."""
    found = refund_of(refund_id)
    return found.status, found.failure, found.review


def seconds_until(moment: datetime | None) -> float:
    assert moment is not None
    with transaction() as db:
        now: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    return (moment - now).total_seconds()


def transfers(kind: str) -> list[tuple[str, int]]:
    """Account and minor units of each transfer of a kind: `booking`, `suspense`."""
    with transaction() as db:
        rows = db.execute(
            text(
                "SELECT split_part(debit, ':', 1), amount_minor FROM transfer"
                " WHERE kind = :kind ORDER BY id"
            ),
            {"kind": kind},
        )
        return [(row[0], row[1]) for row in rows]


def story(payment_id: UUID) -> list[str]:
    """The kinds of what happened since the money came."""
    with transaction() as db:
        kinds = list(
            db.execute(
                select(PaymentEvent.kind)
                .where(PaymentEvent.payment_id == payment_id)
                .order_by(PaymentEvent.version)
            ).scalars()
        )
    return kinds[kinds.index("settled") + 1 :]


def acts() -> list[tuple[str, str]]:
    with transaction() as db:
        entries = db.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        return [(entry.actor.partition("@")[0], entry.act) for entry in entries]


def surplus(desk: Desk, receipt: str = "SECOND", amount_minor: int = 10_000) -> None:
    """A second success under the same payment: money that nobody owed."""
    w.settle(desk.payment, w.success(desk.payment, receipt, amount_minor))
