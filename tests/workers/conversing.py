"""A conversation with the shop: what was said, where it stands, the way to the code, and that a
person of staff has it.
"""

from sqlalchemy import select, text

from bot import handing
from domain.database import transaction
from domain.models import Payment, Turn
from tests.workers.shop import Shop
from workers.payments import attend

REFERENCE = "KS-2024-001"
HERE = "A person is with you now"
BACK = "You are writing with the assistant again."


def texts(shop: Shop) -> list[str]:
    return [message.body for message in shop.outgoing()]


def step() -> str:
    """Where the conversation stands, by its last turn."""
    with transaction() as db:
        session = db.scalars(select(Turn.session).order_by(Turn.id.desc())).first() or {}
        return f"{session.get('flow')}.{session.get('step')}"


def pay_until_code(shop: Shop) -> Payment:
    shop.say("pay", REFERENCE, "100", "this number")
    with transaction() as db:
        payment = db.scalars(select(Payment)).one()
    attend(str(payment.id))
    return payment


def take(shop: Shop, staff_id: int) -> None:
    assert handing.take_over(shop.runtime, shop.contact_id, staff_id, None) is None


def new_texts(shop: Shop, known: int) -> list[str]:
    return texts(shop)[known:]


def leave_alone(shop: Shop, hours: float) -> None:
    """The person does not answer for so long."""
    with transaction() as db:
        db.execute(
            text("UPDATE contact SET taken_at = taken_at - make_interval(secs => :seconds)"),
            {"seconds": hours * 3_600},
        )
    assert shop.contact().taken_by is not None
