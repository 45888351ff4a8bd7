"""What tests of two people's acts share: who works there, a second booking, wishes and answers."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import select

from domain import payments, proposals
from domain.database import transaction
from domain.models import (
    AuditEntry,
    Booking,
    Operator,
    Payment,
    Proposal,
    Staff,
    StaffNotice,
    Transfer,
)
from domain.money import Money
from domain.outside import Method, OutsideMoney, Posted, record
from domain.wishes import NotDone, Tools, Wish
from tests import factories
from tests.domain import world as w

TOOLS = Tools(w.POLICY)


@dataclass(frozen=True, slots=True)
class Office:
    """Ids of what there is: two bookings of one operator, who works there, and a stranger."""

    world: w.World
    other_booking: int
    strange_booking: int
    anna: int
    ben: int
    own: int
    stranger: int


def build(total_minor: int = 50_000, paid_minor: int = 0) -> Office:
    world = w.build(total_minor=total_minor, paid_minor=paid_minor)
    with transaction() as db:
        owner = db.get_one(Operator, world.operator_id)
        elsewhere = factories.operator(db, "Somebody else")
        return Office(
            world,
            factories.booking(db, owner, reference="KS-2024-002", total_minor=20_000).id,
            factories.booking(db, elsewhere, reference="SE-1").id,
            factories.staff(db, "anna@example.com").id,
            factories.staff(db, "ben@example.com").id,
            factories.staff(db, "own@example.com", owner).id,
            factories.staff(db, "stranger@example.com", elsewhere).id,
        )


def uncertain(office: Office, amount_minor: int = 10_000) -> UUID:
    """A payment whose confirming call got no answer, and whose lease is over."""
    payment = w.open_payment(office.world, office.world.request(amount_minor))
    w.walk(payment, "start", "code", "given", "confirm", "lose")
    w.later(payment, 46)
    return payment


def paid(office: Office, receipt: str = "H5PS") -> UUID:
    payment = w.open_payment(office.world)
    w.walk(payment, "start", "code", "given", "confirm")
    w.settle(payment, w.success(payment, receipt))
    return payment


def wish(office: Office, act: str, subject: str, **changed: object) -> Wish:
    """Anna's wish; `detail` is empty."""
    values: dict[str, object] = {
        "proposal_id": uuid4(),
        "act": act,
        "subject": subject,
        "operator_id": office.world.operator_id,
        "detail": {},
        "evidence": "statement of 21 November, line 7",
        "staff_id": office.anna,
    }
    return Wish(**(values | changed))  # type: ignore[arg-type]


def statement(office: Office, payment: UUID, amount_minor: int = 10_000, **changed: object) -> Wish:
    detail = {"amount_minor": amount_minor, "currency": "USD", "receipt": "H5PS"}
    detail |= {key: changed.pop(key) for key in ("currency", "receipt") if key in changed}  # type: ignore[dict-item]
    return wish(office, "settle_by_statement", f"payment:{payment}", detail=detail, **changed)


def moving(office: Office, amount_minor: int = 4_000, **changed: object) -> Wish:
    """From the first booking to the other."""
    values: dict[str, object] = {
        "subject": f"booking:{office.world.booking_id}",
        "detail": transit(office.other_booking, amount_minor),
    }
    return wish(office, "move_money", **(values | changed))  # type: ignore[arg-type]


def taking_back(
    office: Office, transfer_id: int, amount_minor: int = 4_000, **changed: object
) -> Wish:
    """Of money that was recorded for the first booking; it never came."""
    detail = {"amount_minor": amount_minor, "currency": "USD", "cause": "by_mistake"}
    detail |= {"transfer_id": transfer_id}
    detail |= {key: changed.pop(key) for key in ("currency", "cause") if key in changed}
    values: dict[str, object] = {
        "subject": f"booking:{office.world.booking_id}",
        "detail": detail,
    }
    return wish(office, "take_back_outside", **(values | changed))  # type: ignore[arg-type]


def transit(to_booking_id: int, amount_minor: int, currency: str = "USD") -> dict[str, object]:
    return {"to_booking_id": to_booking_id, "amount_minor": amount_minor, "currency": currency}


def propose(asked: Wish) -> StrEnum | None:
    """Why it was refused, or None."""
    with transaction() as db:
        done = proposals.propose(db, asked)
        return done.why if isinstance(done, NotDone) else None


def approve(proposal_id: UUID, staff_id: int) -> StrEnum | None:
    with transaction() as db:
        done = proposals.approve(db, proposal_id, staff_id, TOOLS)
        return done.why if isinstance(done, NotDone) else None


def reject(proposal_id: UUID, staff_id: int, why: str = "it is another's") -> StrEnum | None:
    with transaction() as db:
        done = proposals.reject(db, proposal_id, staff_id, why)
        return done.why if isinstance(done, NotDone) else None


def agreed(office: Office, asked: Wish) -> UUID:
    """Proposed by Anna and approved by Ben, as is expected to be allowed."""
    assert propose(asked) is None
    assert approve(asked.proposal_id, office.ben) is None
    return asked.proposal_id


def money(office: Office, amount_minor: int = 4_000, **changed: object) -> OutsideMoney:
    values: dict[str, object] = {
        "record_id": uuid4(),
        "booking_id": office.world.booking_id,
        "amount": Money(amount_minor, "USD"),
        "method": Method.CASH,
        "evidence": "receipt 17",
        "staff_id": office.own,
    }
    return OutsideMoney(**(values | changed))  # type: ignore[arg-type]


def take(money: OutsideMoney) -> Posted | NotDone:
    with transaction() as db:
        return record(db, money)


def cash(office: Office, amount_minor: int = 4_000, **changed: object) -> int:
    """Money taken outside. Returns its transfer."""
    posted = take(money(office, amount_minor, **changed))
    if isinstance(posted, NotDone):
        raise ValueError(posted.why)
    with transaction() as db:
        newest = select(Transfer.id).where(Transfer.kind == "outside").order_by(Transfer.id.desc())
        return db.scalars(newest).first() or 0


def proposal_of(proposal_id: UUID) -> Proposal:
    with transaction() as db:
        return db.get_one(Proposal, proposal_id)


def booking_at(booking_id: int) -> Booking:
    with transaction() as db:
        return db.get_one(Booking, booking_id)


def review(payment: UUID) -> str | None:
    return w.payment_of(payment).review


def acts() -> list[tuple[str, str]]:
    """Who did what, in order."""
    with transaction() as db:
        rows = db.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.actor.partition("@")[0], row.act) for row in rows]


def notices(kind: str) -> list[str]:
    """Who is to see a notice of this kind and has not."""
    with transaction() as db:
        return list(
            db.scalars(
                select(Staff.email)
                .join(StaffNotice, StaffNotice.staff_id == Staff.id)
                .where(StaffNotice.kind == kind, StaffNotice.seen_at.is_(None))
                .order_by(StaffNotice.id)
            )
        )


def hear_mismatch(payment: UUID, receipt: str = "ODD", amount_minor: int = 9_999) -> Payment:
    """The provider speaks of another amount."""
    w.settle(payment, w.success(payment, receipt, amount_minor))
    return w.payment_of(payment)


def late_success(payment: UUID, receipt: str = "LATE") -> payments.Settlement:
    return w.settle(payment, w.success(payment, receipt))
