"""A conversation with the shop: what was said, where it stands, and the way to the code."""

from sqlalchemy import select

from domain.database import transaction
from domain.models import Payment, Turn
from tests.workers.shop import Shop
from workers.payments import attend

REFERENCE = "KS-2024-001"


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
