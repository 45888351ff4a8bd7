"""Two operators with like data, so that whatever one may not see of the other can be looked for."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.runtime import Runtime
from domain import outbox, outside, proposals, refunds
from domain.database import transaction
from domain.models import AuditEntry, Message, Staff, TourAccount, Transfer
from domain.money import Money
from domain.policy import Policy
from domain.sealing import Sealer
from domain.wishes import NotDone, Wish
from tests import factories
from tests.domain import world as w

_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Side:
    """What one operator has. `marks` are words that stand in its rows and in no other's, `phone` a
    whole number, which no page shows unasked.
    """

    operator_id: int
    staff_id: int
    tour_id: int
    departure_id: int
    booking_id: int
    contact_id: int
    account_id: int
    payment_id: UUID
    refund_id: UUID
    proposal_id: UUID
    message_id: int
    transfer_id: int
    marks: tuple[str, ...]
    phone: str


def side(runtime: Runtime, number: int, name: str) -> Side:
    """One operator: a departure, a booking paid in part, a refund and a proposal that wait, a
    conversation, an account.
    """
    word = name.partition(" ")[0]
    secret = runtime.settings.secret_key.get_secret_value()
    with transaction() as db:
        owner = factories.operator(db, name)
        tour = factories.tour(db, owner, 60 + number, f"{word} Tour")
        on = factories.departure(db, tour, date(2027, 3, number))
        phone = f"26377497{number}{number}{number}{number}"
        booking = factories.booking(
            db, owner, on, reference=f"{word.upper()}-001", name=f"{word} Traveller", phone=phone
        )
        contact = factories.contact(db, f"+{phone}")
        contact.profile_name = f"{word}friend"
        contact.last_inbound_at = contact.person_wanted_at = func.clock_timestamp()
        account = factories.account(db, owner, Sealer.of("account secrets", secret))
        account.name = f"{word} account"
        person = Staff(
            email=f"{word.lower()}@example.com",
            role="operator",
            operator_id=owner.id,
            approver_from=func.clock_timestamp(),
        )
        db.add(person)
        db.flush()
        db.add(
            TourAccount(tour_id=tour.id, provider="omari", currency="USD", account_id=account.id)
        )
        ids = owner.id, person.id, tour.id, on.id, booking.id, contact.id, account.id
    world = w.World(ids[0], ids[4], ids[5], ids[6])
    payment_id = w.open_payment(world, world.request(20_000, payer=phone))
    w.walk(payment_id, "start", "code", "given", "confirm")
    receipt = f"{word.upper()}RECEIPT"
    w.settle(payment_id, w.success(payment_id, receipt, 20_000))
    with transaction() as db:
        refund_id, proposal_id = _waiting(db, payment_id, ids[0], ids[1])
        message_id = _spoken(db, ids[5], payment_id, word)
        transfer_id = _cash(db, ids[4], ids[1])
        db.add(
            AuditEntry(
                staff_id=ids[1],
                actor=f"{word.lower()}@example.com",
                act="account_activated",
                subject=f"account:{ids[6]}",
                detail={},
            )
        )
    marks = (name, f"{word} T", f"{word.upper()}-001", receipt, f"{word}friend", f"{word} account")
    marks += (str(payment_id), f"{word.lower()}@example.com", f"•••• {phone[-4:]}")
    return Side(*ids, payment_id, refund_id, proposal_id, message_id, transfer_id, marks, phone)


def _waiting(db: Session, payment_id: UUID, operator_id: int, staff_id: int) -> tuple[UUID, UUID]:
    """A refund by the provider and a proposal, both asked for by the operator's own."""
    refund = refunds.request(
        db,
        refunds.RefundWish(
            refund_id=uuid4(),
            payment_id=payment_id,
            amount=Money(1_000, "USD"),
            reason="a seat less",
            staff_id=staff_id,
            way="provider",
        ),
    )
    proposal = proposals.propose(
        db,
        Wish(
            proposal_id=uuid4(),
            act="refunded_outside",
            subject=f"payment:{payment_id}",
            operator_id=operator_id,
            detail={"amount_minor": 1_000, "currency": "USD"},
            evidence="paid back in cash",
            staff_id=staff_id,
        ),
    )
    if isinstance(refund, refunds.NotRefunded) or isinstance(proposal, NotDone):
        raise ValueError(f"{refund} {proposal}")
    return refund.id, proposal.id


def _cash(db: Session, booking_id: int, staff_id: int) -> int:
    """Money taken outside the chat. Returns its transfer."""
    record = outside.OutsideMoney(
        uuid4(), booking_id, Money(500, "USD"), outside.Method.CASH, "receipt book 7", staff_id
    )
    if isinstance(outside.record(db, record), NotDone):
        raise ValueError("not recorded")
    db.flush()
    posted = Transfer.kind == "outside", Transfer.booking_id == booking_id
    return db.scalars(select(Transfer.id).where(*posted)).one()


def _spoken(db: Session, contact_id: int, payment_id: UUID, word: str) -> int:
    """A conversation: one message in, one reply that did not arrive."""
    db.add(
        Message(
            direction="in",
            contact_id=contact_id,
            sid=f"SM{word}",
            status="heard",
            body=f"{word} says hello",
            heard_at=func.clock_timestamp(),
        )
    )
    outbox.add_replies(
        db, contact_id, [outbox.Reply(phrase="paid", body=f"{word} paid", payment_id=payment_id)]
    )
    db.flush()
    reply = db.scalars(
        select(Message).where(Message.contact_id == contact_id, Message.direction == "out")
    ).one()
    reply.status, reply.due_at, reply.error_code = "refused", None, "63016"
    db.flush()
    return reply.id
